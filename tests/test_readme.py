"""What the README shows to be typed works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def test_the_notebooks_lines_expand_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = BLOCKS
    *lines, last = block.strip().splitlines()
    assert len([line for line in (*lines, last) if line]) == 3
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    found = eval(last, names)
    assert [result.rank for result in found] == list(range(1, 21))
    assert "Chicago" not in {result.name for result in found}
