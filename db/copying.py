"""Copying a corpus's images: below MESE_HOME at import, below a new folder at export.

Only files that were judged to be images are copied, each whole or not at all, under the path that
the corpus knows it by. Each grows in a folder that is taken away at the end, or by the next copying
after a program was killed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from db.staging import workplace
from mese.images import UnreadableImage, resolve

PREFIX = ".mese-copy-"

Progress = Callable[[int, int | None], None]


def copy_images(
    paths: Iterable[str], root: Path, target: Path, progress: Callable[[int], None]
) -> list[str]:
    """Copy images from below `root` to below `target`; returns why some were not, if any.

    One that is there already with the same size is left: a stopped copy goes on where it was.
    """
    faults = []
    target.mkdir(parents=True, exist_ok=True)
    with workplace(target, PREFIX) as folder:
        for done, path in enumerate(paths, 1):
            try:
                _copy(resolve(root, path), resolve(target, path), folder / "part")
            except (OSError, UnreadableImage) as error:
                faults.append(f"{path}: not copied ({error})")
            progress(done)
    return faults


def _copy(source: Path, target: Path, part: Path) -> None:
    if target.exists():
        if target.is_file() and target.stat().st_size == source.stat().st_size:
            return
        raise FileExistsError(f"{target} is there and is another file")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, part)
    part.chmod(0o644)
    os.replace(part, target)
