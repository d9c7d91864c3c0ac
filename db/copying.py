"""Copying a corpus's images: below MESE_HOME at import, below a new folder at export.

Only files that were judged to be images are copied, each whole or not at all, under the path that
the corpus knows it by.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from mese.images import UnreadableImage, resolve

Progress = Callable[[int, int | None], None]


def copy_images(
    paths: Iterable[str], root: Path, target: Path, progress: Callable[[int], None]
) -> list[str]:
    """Copy images from below `root` to below `target`; returns why some were not, if any.

    One that is there already with the same size is left: a stopped copy goes on where it was.
    """
    faults = []
    target.mkdir(parents=True, exist_ok=True)
    for done, path in enumerate(paths, 1):
        try:
            _copy(resolve(root, path), resolve(target, path))
        except (OSError, UnreadableImage) as error:
            faults.append(f"{path}: not copied ({error})")
        progress(done)
    return faults


def _copy(source: Path, target: Path) -> None:
    if target.exists():
        if target.is_file() and target.stat().st_size == source.stat().st_size:
            return
        raise FileExistsError(f"{target} is there and is another file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:
        try:
            with source.open("rb") as stream:
                shutil.copyfileobj(stream, part)
            os.chmod(part.name, 0o644)
        except BaseException:
            os.unlink(part.name)
            raise
    os.replace(part.name, target)
