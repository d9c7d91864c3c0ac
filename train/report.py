"""What `evaluate` prints: rows of an evaluation for people, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from mese.index import EntityIndex
from mese.metrics import CUTS, FIGURES, Scores
from train.evaluate import Row, sharpness


def print_report(
    console: Console,
    rows: Sequence[Row],
    title: str,
    which: str,
    form: str,
    per_class: bool,
    indexes: Mapping[str, EntityIndex],
) -> None:
    """Rows in the form asked for: text, csv or json; one row a class with `per_class`."""
    if form != "text":
        records = _by_class(rows) if per_class else [row.as_dict() for row in rows]
        print(_as_csv(records) if form == "csv" else json.dumps(records, indent=1))
        return
    if not rows:
        console.print("The store has no queries of these classes; nothing to evaluate.")
        return
    for seeds in sorted({row.seeds for row in rows}):
        part = [row for row in rows if row.seeds == seeds]
        heading = f"{title}: {seeds} seeds, {which}"
        if per_class:
            console.print(_classes(part, heading))
            continue
        console.print(_metrics(part, heading))
        console.print(_hits_over_k(part))
    for modality, index in {} if per_class else indexes.items():
        s = sharpness(index)
        console.print(
            f"{modality}: own-entity probability {s.own:.2f}, entropy of the rest {s.entropy:.2f}"
        )


def _as_csv(records: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]) if records else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().rstrip("\n")


def _by_class(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "class": name,
            "method": row.method,
            "exclusive": row.exclusive,
            "representation": row.representation,
            "seeds": row.seeds,
            "queries": scores.queries,
            **{figure: round(float(v), 2) for figure, v in zip(FIGURES, means, strict=True)},
            "Avg": round(scores.average, 2),
        }
        for row in rows
        for name, scores in row.scores.by_group().items()
        for means in [scores.values.mean(axis=0)]
    ]


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
        table.add_row(_by(row), row.representation, *(f"{v:.1f}" for v in values))
    return table


def _hits_over_k(rows: Sequence[Row]) -> Table:
    """hits/K, a column of its own that never enters Avg, and Avg's 95 % interval over classes."""
    table = _narrow(
        f"P@K (hits/K) and the 95 % interval of Avg over classes, {rows[0].seeds} seeds"
    )
    for k in CUTS:
        table.add_column(f"P@{k}", justify="right")
    table.add_column("Avg from", justify="right")
    table.add_column("to", justify="right")
    for row in rows:
        interval = row.scores.interval()
        values = [*(row.scores.hits_over_k[k] for k in CUTS), interval.low, interval.high]
        table.add_row(_by(row), row.representation, *(f"{v:.1f}" for v in values))
    return table


def _classes(rows: Sequence[Row], title: str) -> Table:
    """Avg of each class under each row, the classes best first under the first row."""
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("class")
    table.add_column("queries", justify="right")
    for row in rows:
        table.add_column(f"{_by(row)} {row.representation}", justify="right")
    parts: list[dict[str, Scores]] = [row.scores.by_group() for row in rows]
    for name in sorted(parts[0], key=lambda name: -parts[0][name].average):
        averages = (f"{part[name].average:.1f}" for part in parts)
        table.add_row(name, str(parts[0][name].queries), *averages)
    return table


def _by(row: Row) -> str:
    return f"{row.method}, exclusive" if row.exclusive else row.method


def _narrow(title: str) -> Table:
    """A table whose nine figures fit into a terminal of 80 columns."""
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("by")
    table.add_column("represented")
    return table
