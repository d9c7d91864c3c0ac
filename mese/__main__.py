"""`python -m mese`: expand seeds with a bundle, from a plain shell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from mese.bundle import BundleError, locate
from mese.corpus import MODALITIES, Expansion
from mese.engine import METHODS, Engine, Options, SeedError
from mese.printable import printable
from mese.provenance import document
from mese.shell import one_of, out, plainly, settings_or_exit, shell

FEW_SEEDS = 3
"""Below this a class is hardly told apart; the paper's queries have 3 or 5 seeds."""

app = shell("Multi-modal Entity Set Expansion from the shell.")


@app.command()
def expand(
    bundle: Annotated[str, typer.Argument(help="A bundle by name or folder; `demo` is ours.")],
    seeds: Annotated[str, typer.Option(help='Names or aliases, e.g. "Chicago;Boston;Seattle".')],
    limit: Annotated[int, typer.Option(min=1, help="How many entities to print.")] = 50,
    method: Annotated[
        str | None,
        typer.Option(
            help=f"One of: {', '.join(METHODS)}; else the bundle's own.", callback=one_of(METHODS)
        ),
    ] = None,
    modality: Annotated[
        str | None,
        typer.Option(
            help=f"What represents entities: {', '.join(MODALITIES)}; else the bundle's fullest.",
            callback=one_of(MODALITIES),
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Rank the entities that belong with the seeds, best first."""
    with plainly(BundleError, SeedError):
        engine = Engine.load(locate(settings_or_exit().bundles, bundle))
        chosen = engine.seeds(*(name.strip() for name in seeds.split(";") if name.strip()))
        expansion = engine.expand(chosen, Options(limit, method, modality))
        if len(chosen) < FEW_SEEDS:
            typer.echo(f"Few seeds ({len(chosen)}): the method is meant for 3 or 5.", err=True)
        if as_json:
            said = document(engine, expansion, made=datetime.now(UTC))
            typer.echo(json.dumps(said, ensure_ascii=False, indent=1))
        else:
            _print(engine, expansion)


def _print(engine: Engine, expansion: Expansion) -> None:
    names = printable(", ".join(engine.entity_name(i) for i in expansion.seeds))
    table = Table(box=None, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("entity")
    table.add_column("score", justify="right")
    table.add_column("class", style="dim")
    for r in expansion.results:
        table.add_row(str(r.rank), _plain(r.name), f"{r.score:.3f}", _plain(", ".join(r.classes)))
    out.print(f"{len(expansion.results)} entities for {names}", markup=False)
    out.print(table)


def _plain(text: str) -> str:
    """Text that rich shows as it is: `[bold]` in a name is no markup."""
    from rich.markup import escape

    return escape(printable(text))


if __name__ == "__main__":
    app(prog_name="python -m mese")
