"""From a corpus to its table: import, train the `demo` preset, represent, evaluate, with the time.

    PYTHONPATH=. python benchmarks/quality.py                      # the embedded corpus
    PYTHONPATH=. python benchmarks/quality.py --folder ../shared/data/photobench

Each step is the command that a user would type, in a home of its own (`--home`, kept, so that a
second call goes on). The README's quality figures come from here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    options = _options()
    if options.folder and not options.folder.is_dir():
        print(f"{options.folder} is not here; nothing was measured")
        return 0
    name = options.folder.name if options.folder else "demo"
    home = options.home or Path("build") / "quality" / name
    environment = {**os.environ, "MESE_HOME": str(home.absolute()), "COLUMNS": "160"}
    bring = ["db", "import", str(options.folder)] if options.folder else ["db", "demo"]
    steps = [
        bring,
        ["train", "fit", "--name", "quality"],
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
    parser.add_argument("--home", type=Path, help="MESE_HOME of the measurement")
    return parser.parse_args()


def _run(arguments: list[str], environment: dict[str, str]) -> float:
    start = time.monotonic()
    subprocess.run([sys.executable, "-m", *arguments], env=environment, check=True)
    return time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
