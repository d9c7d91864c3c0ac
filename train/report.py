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
        console.print(_hits_over_k(part))
    for modality, s in sharp.items():
        console.print(
            f"{modality}: own-entity probability {s.own:.2f}, entropy of the rest {s.entropy:.2f}"
        )


def _metrics(rows: Sequence[Row], title: str) -> Table:
    left_out = f" ({rows[0].left_out} left out)" if rows[0].left_out else ""
    table = _narrow(f"{title}, {rows[0].scores.queries} queries{left_out}")
    for kind in ("MAP", "P"):
        for k in CUTS:
            table.add_column(f"{kind}@{k}", justify="right")
    table.add_column("Avg", justify="right")
    for row in rows:
        s = row.scores
        values = [*(s.map[k] for k in CUTS), *(s.precision[k] for k in CUTS), s.average]
        table.add_row(row.method, row.representation, *(f"{v:.1f}" for v in values))
    return table


def _hits_over_k(rows: Sequence[Row]) -> Table:
    """hits/K, a column of its own that never enters Avg (design.md, "Metrics")."""
    table = _narrow(f"P@K (hits/K), {rows[0].seeds} seeds")
    for k in CUTS:
        table.add_column(f"P@{k}", justify="right")
    for row in rows:
        values = (f"{row.scores.hits_over_k[k]:.1f}" for k in CUTS)
        table.add_row(row.method, row.representation, *values)
    return table


def _narrow(title: str) -> Table:
    """A table whose nine figures fit into a terminal of 80 columns."""
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("by")
    table.add_column("represented")
    return table
