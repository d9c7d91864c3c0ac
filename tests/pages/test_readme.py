"""The README's table of settings is the code's list of settings."""

from __future__ import annotations

import re
from pathlib import Path

from mese.settings import Settings

README = Path(__file__).parents[2] / "README.md"
ROW = re.compile(r"^\| `(MESE_\w+)` \| (?:`([^`]*)`)? *\| (.+) \|$", re.MULTILINE)


def test_every_setting_is_in_the_table_as_it_is_in_the_code() -> None:
    written = ROW.findall(README.read_text(encoding="utf-8"))
    fields = Settings.model_fields.items()
    coded = [(f"MESE_{name.upper()}", str(f.default), f.description) for name, f in fields]
    assert written == coded
