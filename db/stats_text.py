"""`python -m db stats` on the screen: tables of 80 columns, a histogram in text, or JSON.

The class-size table stands in columns, largest class first: a hundred classes are a screen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TypeVar

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from db.overview import ClassSize
from db.stats import Share, Statistics, Table2Row
from mese.printable import printable
from mese.shell import out

BARS = 10
"""Bars of the histogram, at most."""

BAR_WIDTH = 40

WIDTH = 80

CLASS_COLUMNS = 3
"""Classes beside each other, where their names are short enough."""

Item = TypeVar("Item")


def as_json(figures: Statistics) -> str:
    """All figures as one JSON object; a `Share` is {count, of}."""
    return json.dumps(asdict(figures), ensure_ascii=False, indent=1)


def print_statistics(figures: Statistics) -> None:
    """All figures as tables."""
    out.print(_table2(figures.name, figures.table2))
    out.print(_figures(figures))
    if figures.overview.class_sizes:
        out.print(_class_table(figures.overview.class_sizes))
    out.print(_histogram(figures))


def _table2(name: str, row: Table2Row) -> Table:
    title = Text(f"{printable(name)[:60]}, as a row of the paper's Table 2")  # no markup
    table = Table(title=title, title_justify="left")
    cells = {
        "classes": f"{row.classes:,}",
        "granularity": row.granularity,
        "queries/class": f"{row.queries_per_class:.3g}",
        "seeds": " / ".join(map(str, row.seeds)) or "none",
        "entities": f"{row.entities:,}",
        "pairs": f"{row.pairs:,}",
        "modality": row.modality,
    }
    for head in cells:
        table.add_column(head, justify="right")
    table.add_row(*cells.values())
    return table


def _figures(figures: Statistics) -> Table:
    table = Table(show_header=False)
    table.add_column("what")
    table.add_column("how many", justify="right")
    for what, how_many in _rows(figures):
        table.add_row(what, how_many)
    return table


def _rows(figures: Statistics) -> Iterator[tuple[str, str]]:
    seen, sizes, words = figures.overview, figures.class_sizes, figures.shared_words
    per_entity = seen.contexts_per_entity
    mean = seen.contexts / seen.entities if seen.entities else 0.0
    yield "entities", f"{seen.entities:,}"
    for role, count in seen.roles.items():
        yield f"  of role {role}", _share(Share(count, seen.entities))
    yield "entities in a class", f"{seen.entities_in_a_class:,}"
    yield "  in several classes", _share(figures.multi_class_entities)
    yield "synonyms among the entities", _share(figures.synonyms)
    yield "sentences", f"{seen.sentences:,}"
    yield "contexts (image–sentence pairs)", f"{seen.contexts:,}"
    yield (
        "contexts per entity, min / median / mean / max",
        f"{per_entity.min} / {per_entity.median:g} / {mean:.1f} / {per_entity.max}",
    )
    yield "classes", f"{seen.classes:,}"
    if seen.classes:
        yield "members per class, min / mean / max", f"{sizes.min} / {sizes.mean:.1f} / {sizes.max}"
    yield "pairs that share a word and no class", f"{words.pairs:,}"
    yield "  entities in such pairs", f"{words.entities:,}"
    yield f"  words left out, of over {words.common} entities", f"{words.words_left_out:,}"
    for seeds, count in seen.queries_by_seeds.items():
        yield f"queries of {seeds} seeds", f"{count:,}"
    yield "queries that keep every rule", _share(figures.seeds.valid)
    for rule, count in figures.seeds.broken.items():
        if count:
            yield f"  {rule}", f"{count:,}"
    yield "images", f"{seen.images:,}"
    yield "images that cannot be read", f"{seen.missing_images:,}"
    yield "contexts without an image", _share(figures.contexts_without_image)


def _share(share: Share) -> str:
    return f"{share.count:,} of {share.of:,} ({share.value:.1%})"


def _class_table(sizes: Sequence[ClassSize]) -> Table:
    """Every fine class with its number of members."""
    longest = max((cell_len(size.fine) for size in sizes), default=0)
    numbers = max((len(f"{size.members:,}") for size in sizes), default=0)
    # A name and its number have two blanks and a line around each.
    columns = max(1, min(CLASS_COLUMNS, (WIDTH - 1) // (longest + numbers + 6)))
    table = Table(title="Members per class, largest first", title_justify="left")
    for _ in range(columns):
        table.add_column("class", max_width=WIDTH - numbers - 7, no_wrap=True)
        table.add_column("n", justify="right", no_wrap=True)
    ordered = sorted(sizes, key=lambda size: (-size.members, size.fine))
    for row in in_columns(
        [(Text(printable(size.fine)), f"{size.members:,}") for size in ordered], columns
    ):
        table.add_row(*(cell for pair in row for cell in pair))
    return table


def in_columns(items: Sequence[Item], columns: int) -> list[Sequence[Item]]:
    """The rows of a table that is read down its columns; the last column may be shorter."""
    rows = -(-len(items) // columns)
    return [items[row::rows] for row in range(rows)]


def _histogram(figures: Statistics) -> Table:
    table = Table(title="Contexts per entity", title_justify="left")
    for head in ("contexts", "entities", ""):
        table.add_column(head, justify="right" if head else "left")
    bars = in_bars(figures.overview.contexts_per_entity.histogram)
    most = max((count for _, _, count in bars), default=0)
    for first, last, count in bars:
        label = f"{first}" if first == last else f"{first}–{last}"
        # A bar that counts anything is seen.
        table.add_row(label, f"{count:,}", "█" * -(-count * BAR_WIDTH // most) if most else "")
    return table


def in_bars(histogram: dict[int, int], bars: int = BARS) -> list[tuple[int, int, int]]:
    """(first, last, count) of up to `bars` spans of equal width that cover the whole histogram."""
    if not histogram:
        return []
    low, high = min(histogram), max(histogram)
    width = -(-(high - low + 1) // bars)
    spans = [(first, min(first + width - 1, high)) for first in range(low, high + 1, width)]
    return [
        (first, last, sum(n for value, n in histogram.items() if first <= value <= last))
        for first, last in spans
    ]
