"""Draws contact sheets of the embedded corpus: one row an entity, its reference and all its looks.

    PYTHONPATH=. python docs/contact_sheets.py FAMILY OUT.png [--rows 12] [--start 0] [--class NAME]

To be looked at by whoever adds or changes a family; nothing else reads the sheets.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from mese.demo.build import draw
from mese.demo.families import all_families
from mese.demo.plan import picture_of
from mese.demo.surfaces import SIZE

GAP = 6


def main(
    family: Annotated[str, typer.Argument(help="The family's name.")],
    out: Annotated[Path, typer.Argument(help="The picture to write.")],
    rows: Annotated[int, typer.Option(help="Entities on the sheet.")] = 12,
    start: Annotated[int, typer.Option(help="The first entity.")] = 0,
    of_class: Annotated[str, typer.Option("--class", help="Only members of this class.")] = "",
) -> None:
    """Draw a contact sheet."""
    found = {f.name: f for f in all_families()}
    if family not in found:
        raise typer.BadParameter(f"no family {family!r}; there are {', '.join(found)}")
    chosen = found[family]
    subjects = [s for s in chosen.subjects if not of_class or of_class in s.classes]
    looks = (None, *chosen.looks)
    step = SIZE + GAP
    shown = subjects[start : start + rows]
    sheet = Image.new("RGB", (len(looks) * step, len(shown) * step), "white")
    for row, subject in enumerate(shown):
        for column, look in enumerate(looks):
            picture = draw(picture_of(chosen, subject, look))
            sheet.paste(picture, (column * step, row * step))
    sheet.save(out)
    print(f"{out}: {', '.join(s.name for s in shown)}")


if __name__ == "__main__":
    typer.run(main)
