"""`python -m mese`: expand seeds with a bundle, from a plain shell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mese.bundle import BundleError, locate
from mese.corpus import MODALITIES, Expansion
from mese.engine import METHOD_WORDS, METHODS, Engine, Options, SeedRow
from mese.expand import BLOCKS
from mese.mentions import Mention, SeedError, marked, name_of, read_marked
from mese.place import Place
from mese.printable import printable
from mese.provenance import document
from mese.shell import one_of, plainly, say, settings_or_exit, sheet, shell, text_of, write

FEW_SEEDS = 3
"""Below this a class is hardly told apart; the paper's queries have 3 or 5 seeds."""

app = shell("Multi-modal Entity Set Expansion from the shell.")

Modality = Annotated[
    str | None,
    typer.Option(
        help=f"What represents entities: {', '.join(MODALITIES)}; else the bundle's fullest.",
        callback=one_of(MODALITIES),
    ),
]


@app.command()
def expand(
    bundle: Annotated[str, typer.Argument(help="A bundle by name or folder; `demo` is ours.")],
    seeds: Annotated[
        str | None, typer.Option(help='Names, aliases or ids, e.g. "Chicago;Boston;#123".')
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many entities to print.")] = 50,
    method: Annotated[
        str | None,
        typer.Option(
            help=f"One of: {', '.join(METHODS)}; else the bundle's own.", callback=one_of(METHODS)
        ),
    ] = None,
    modality: Modality = None,
    seed_modality: Annotated[
        str | None,
        typer.Option(
            help="What represents the seeds, if not what represents the others (Table 5).",
            callback=one_of(MODALITIES),
        ),
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(
            min=1, max=BLOCKS, help="Candidates that compete at every step; else the release's."
        ),
    ] = None,
    rerank: Annotated[
        bool, typer.Option("--rerank/--no-rerank", help="Whether a second pass orders the list.")
    ] = True,
    keep_out: Annotated[
        str | None, typer.Option(help='Names never to list, e.g. "Georgia;Texas".')
    ] = None,
    opened: Annotated[
        list[str] | None,
        typer.Option(
            "--open",
            help='A seed by a sentence, e.g. "The ferry leaves [[Bergen]] at noon". Repeatable.',
        ),
    ] = None,
    images: Annotated[
        list[Path] | None,
        typer.Option(
            "--open-image",
            help="An image: the first belongs to the first --open, and so on; one without is a "
            "seed of its own. Repeatable.",
        ),
    ] = None,
    placed: Annotated[
        list[str] | None,
        typer.Option(
            "--place",
            help="A sentence about something that is not in the vocabulary, its mention marked as "
            "in --open: how close it is to the seeds, and the rank it would have. Repeatable.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Rank the entities that belong with the seeds, best first."""
    if seeds is None and not opened and not images:
        raise typer.BadParameter("give --seeds, --open or --open-image", param_hint="--seeds")
    settings = settings_or_exit()
    with plainly(BundleError, SeedError, stopped="stopped"):
        engine = Engine.load(
            locate(settings.bundles, bundle), settings.views, settings.device, settings.max_pixels
        )
        chosen = engine.seeds(*_names(seeds))
        out_ids = tuple(engine.seeds(*_names(keep_out)))
        options = Options(limit, method, modality, seed_modality, window, rerank, out_ids)
        rows = _open_rows(engine, _mentions(opened or [], images or []), options)
        expansion = engine.expand(chosen, options, rows)
        newcomers = _newcomers(engine, [read_marked(text) for text in placed or []], options)
        places = engine.place(newcomers, chosen, options, rows)
        if "note" in expansion.settings:
            say(f"Note: {expansion.settings['note']}.", err=True)
        if len(chosen) + len(rows) < FEW_SEEDS:
            count = len(chosen) + len(rows)
            typer.echo(f"Few seeds ({count}): the method is meant for 3 or 5.", err=True)
        if as_json:
            said = document(engine, expansion, rows, datetime.now(UTC))
            if places:
                said["placed"] = [_place_as_json(place) for place in places]
            write(json.dumps(said, ensure_ascii=False, indent=1))
        else:
            paper = sheet()
            _print(paper, engine, expansion, rows)
            _print_places(paper, places)
            write(text_of(paper))


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(";") if name.strip()]


def _mentions(sentences: list[str], images: list[Path]) -> list[Mention]:
    """Open seeds: sentences and images by number, then the images that are left."""
    paired = zip_longest(sentences, images)
    return [
        replace(read_marked(text) if text else Mention(), image=image) for text, image in paired
    ]


def _open_rows(engine: Engine, mentions: list[Mention], options: Options) -> list[SeedRow]:
    """The rows of open seeds, read under the seeds' modality; raises `SeedError`."""
    return _rows(engine, mentions, str(engine.settle(options).seeds))


def _newcomers(engine: Engine, mentions: list[Mention], options: Options) -> list[SeedRow]:
    """What is to be placed, read under the candidates' modality; raises `SeedError`."""
    return _rows(engine, mentions, str(engine.settle(options).candidates))


def _rows(engine: Engine, mentions: list[Mention], modality: str) -> list[SeedRow]:
    if not mentions:
        return []
    read = engine.encode(mentions, modality)
    if read.unreadable:
        raise SeedError(next(iter(read.unreadable.values())))
    return [
        replace(engine.seed_row(read, None, _name(mention), [n]), source=_source(mention))
        for n, mention in enumerate(mentions)
    ]


def _name(mention: Mention) -> str:
    return name_of(mention) or (mention.image.name if mention.image else "")


def _source(mention: Mention) -> str:
    """The sentence as it was marked, and the image's path."""
    image = str(mention.image) if mention.image else ""
    return " · ".join(part for part in (marked(mention), image) if part)


def _print(paper: Console, engine: Engine, expansion: Expansion, rows: Sequence[SeedRow]) -> None:
    seeds = [*map(engine.entity_name, expansion.seeds), *(row.name for row in rows)]
    names = printable(", ".join(seeds))
    table = Table(box=None, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("entity")
    table.add_column("score", justify="right")
    table.add_column("class", style="dim")
    for r in expansion.results:
        table.add_row(str(r.rank), _plain(r.name), f"{r.score:.3f}", _plain(", ".join(r.classes)))
    said = expansion.settings
    how = f"{METHOD_WORDS[str(said['method'])]}, {said['candidates']}"
    if said["seeds"] != said["candidates"]:
        how += f" (seeds by {said['seeds']})"
    paper.print(f"{len(expansion.results)} entities for {names}", markup=False)
    paper.print(f"by {how}, bundle {printable(engine.bundle.name)}", markup=False, style="dim")
    paper.print(table)


def _print_places(paper: Console, places: Sequence[Place]) -> None:
    if not places:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("would be", justify="right")
    table.add_column("placed")
    table.add_column("score", justify="right")
    for place in places:
        table.add_row(f"{place.rank} of {place.of}", _plain(place.name), f"{place.score:.3f}")
    paper.print(f"Placed by {METHOD_WORDS['states']}, each alone", markup=False)
    paper.print(table)


def _place_as_json(place: Place) -> dict[str, object]:
    return {
        "rank": place.rank,
        "of": place.of,
        "name": place.name,
        "score": round(place.score, 6),
        "from": place.source,
    }


def _plain(text: str) -> str:
    """Text that rich shows as it is: `[bold]` in a name is no markup."""
    from rich.markup import escape

    return escape(printable(text))


if __name__ == "__main__":
    app(prog_name="python -m mese")
