"""Files that are there whole or not at all.

A file is written beside its place, flushed to disk, and takes its name last: whoever opens it finds
the old one or the whole new one, after a kill or a power cut too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def publish(part: Path, path: Path) -> None:
    """Put a finished file in its place, readable by whoever may read the folder.

    The file is on disk before it takes the name, so that `path` is the old file or the whole new
    one after a kill or a power cut. safetensors writes for its owner alone; a team shares its
    bundles.
    """
    part.chmod(0o644)
    _flush(part)
    os.replace(part, path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    """Wait until a file's contents, or the names in a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Write JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write text, whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    publish(part, path)
