# MESE Studio from a shell. A fresh machine needs Python 3.11 or newer and make, nothing else:
# the rest is installed into .venv, and only when a list of requirements has changed.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
# Test files that run side by side; 0: one after the other.
WORKERS ?= 2
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; \
	done)
CHROMIUM := $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser) \
	$(shell command -v chromium google-chrome 2>/dev/null))

# A machine's own pip settings may send packages elsewhere than the virtual environment or ask for
# hashes we do not list; those are dropped, while its index, mirror and certificates are kept.
PIP := env -u PIP_USER -u PIP_TARGET -u PIP_PREFIX -u PIP_ROOT -u PIP_CONSTRAINT \
	-u PIP_REQUIREMENT -u PIP_REQUIRE_HASHES -u PIP_NO_DEPS -u PIP_DRY_RUN PIP_USER=0 \
	PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(BIN)/python -m pip install --quiet
UV := env -u VIRTUAL_ENV -u UV_SYSTEM_PYTHON -u UV_TARGET -u UV_PREFIX -u UV_CONSTRAINT \
	$(BIN)/uv

.PHONY: help run test test-slow lint format lock bench clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | \
		awk -F'\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

run: $(VENV)/.run ## install what is missing, build the embedded corpus, start the app
	@$(BIN)/python -m db demo
	@exec $(BIN)/python asgi.py

test: $(VENV)/.dev browser ## all tests but the slow ones
	@$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile $(ARGS)

test-slow: $(VENV)/.dev browser ## the slow tests
	@$(BIN)/python -m pytest -m slow $(ARGS)

lint: $(VENV)/.dev ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/mypy --explicit-package-bases app.py asgi.py pages

format: $(VENV)/.dev ## put the code into ruff's shape
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock: $(VENV)/.dev ## compile requirements*.in into requirements*.txt
	@$(UV) pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--output-file requirements.txt requirements.in
	@$(UV) pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
		--output-file requirements-dev.txt requirements-dev.in

bench: $(VENV)/.dev browser ## run every program in benchmarks/; each prints its own table
	@failed=""; for program in benchmarks/*.py; do \
		[ -e "$$program" ] || { echo "There are no benchmarks yet."; break; }; \
		echo "== $$program"; PYTHONPATH=. $(BIN)/python "$$program" || failed="$$failed $$program"; done; \
		[ -z "$$failed" ] || { echo "These did not end well:$$failed" >&2; exit 1; }

clean: ## remove .venv and caches; your data folder stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the targets above stand on -------------------------------------------------------------

$(BIN)/uv: requirements-dev.txt
	@[ -n "$(PYTHON)" ] || { echo "MESE Studio needs Python 3.11 or newer; none was found. \
	Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@[ -x $(BIN)/python ] || { echo "Making $(VENV) with $(PYTHON) …"; "$(PYTHON)" -m venv $(VENV); } || \
		{ rm -rf $(VENV); echo "Python could not make $(VENV) (on Debian: apt install python3-venv)" >&2; exit 1; }
	@$(PIP) "$$(grep '^uv==' requirements-dev.txt)"
	@touch $@

# uv does not read pip's configuration; where only pip knows the way to a mirror, pip installs.
$(VENV)/.run: requirements.txt | $(BIN)/uv
	@echo "Installing requirements (once; PyTorch makes this take some minutes) …"
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements.txt || $(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.run
	@$(UV) pip install --quiet --python $(BIN)/python -r requirements-dev.txt || $(PIP) -r requirements-dev.txt
	@touch $@

# The browser tests take Debian's Chromium; where it is missing: apt as root, else Playwright's own.
.PHONY: browser
browser: $(VENV)/.dev
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests …"; \
		{ apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium fonts-dejavu-core; } >/dev/null \
		|| echo "apt could not install chromium"; \
	else \
		$(BIN)/playwright install chromium || echo "Playwright could not fetch its Chromium"; \
	fi
endif
