"""Tables for people: the rows of an evaluation in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from mese.metrics import CUTS
from train.evaluate import Row, Sharpness


def print_table(
    console: Console,
    rows: Sequence[Row],
    sharp: Mapping[str, Sharpness],
    title: str,
    which: str,
    classes: int,
) -> None:
    """The eight metrics and Avg of every row, then hits/K and how sharp each representation is."""
    if not rows:
        console.print("The store has no queries of these classes; nothing to evaluate.")
        return
    for seeds in sorted({row.seeds for row in rows}):
        part = [row for row in rows if row.seeds == seeds]
        console.print(_metrics(part, f"{title}: {seeds} seeds, {classes} {which} classes"))
    for modality, s in sharp.items():
        console.print(
            f"{modality}: own-entity probability {s.own:.2f}, entropy of the rest {s.entropy:.2f}"
        )


def _metrics(rows: Sequence[Row], title: str) -> Table:
    left_out = f" ({rows[0].left_out} left out)" if rows[0].left_out else ""
    table = Table(title=f"{title}, {rows[0].scores.queries} queries{left_out}")
    for name in ("ranked by", "representation"):
        table.add_column(name)
    for kind in ("MAP", "P"):
        for k in CUTS:
            table.add_column(f"{kind}@{k}", justify="right")
    table.add_column("Avg", justify="right")
    for k in CUTS:
        table.add_column(f"P@{k} (hits/K)", justify="right")
    for row in rows:
        s = row.scores
        values = [*(s.map[k] for k in CUTS), *(s.precision[k] for k in CUTS)]
        values += [s.average, *(s.hits_over_k[k] for k in CUTS)]
        table.add_row(row.method, row.representation, *(f"{v:.1f}" for v in values))
    return table
