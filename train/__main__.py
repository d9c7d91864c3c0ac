"""`python -m train`: from the store to a bundle, and what the bundle is worth."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from db.corpus import load_corpus
from db.store import Store, StoreError
from mese.bundle import Bundle, BundleError, locate
from mese.corpus import IMAGE_POLICIES, Corpus
from mese.device import choose_device
from mese.settings import Settings
from mese.shell import one_of, out, plainly, say, settings_or_exit, shell, stage_bars
from train.beside import progress_file, step_back

if TYPE_CHECKING:
    from mese.engine import Method

app = shell("Train MultiExpan on the store's corpus, represent its entities, evaluate the result.")

CLASSES = ("reported", "dev", "all")
FORMATS = ("text", "csv", "json")


def _run_name(name: str) -> str:
    """A run's name is a folder's; one that leads elsewhere is wrong use."""
    if not name or name in (".", "..") or not all(c.isalnum() or c in "-_." for c in name):
        raise typer.BadParameter(f"{name!r} is no run name: use letters, digits, - _ and .")
    return name


def _preset(name: str) -> str:
    from train.presets import PRESETS

    return one_of(PRESETS)(name)


def _above_0(value: float | None) -> float | None:
    if value is not None and not 0 < value < float("inf"):
        raise typer.BadParameter(f"must be above 0, got {value}")
    return value


def _device_name(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise typer.BadParameter(f"{name!r} is no device: auto, cpu, cuda, or cuda:NUMBER")
    return name


Name = Annotated[
    str,
    typer.Option(
        "--name", help="The run's name, a folder below MESE_HOME/runs.", callback=_run_name
    ),
]
Images = Annotated[
    str,
    typer.Option(
        help="Image policy: top1, reranked or calibrated.", callback=one_of(IMAGE_POLICIES)
    ),
]


@app.command()
def fit(
    name: Name,
    preset: Annotated[
        str, typer.Option(help="demo (small, from scratch) or paper.", callback=_preset)
    ] = "demo",
    images: Images = "top1",
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs; else the preset's.")] = None,
    draws: Annotated[
        int | None, typer.Option(min=1, help="Contexts drawn an entity and epoch.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Contexts a step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="AdamW's step size.", callback=_above_0)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Seed of everything that is drawn.")
    ] = None,
    text_encoder: Annotated[
        str | None, typer.Option(help="A Hugging Face BERT-like by name or folder.")
    ] = None,
    dim: Annotated[
        int | None, typer.Option(min=8, help="Width; a named text encoder's own.")
    ] = None,
    backbone: Annotated[str | None, typer.Option(help="A timm architecture.")] = None,
    backbone_weights: Annotated[
        str | None, typer.Option(help="`timm` (local cache) or a weights file.")
    ] = None,
    backbone_steps: Annotated[
        int | None,
        typer.Option(min=0, help="Steps that train the image backbone first; 0: as it is."),
    ] = None,
) -> None:
    """Train a run; the same command again goes on where it stopped.

    In order: the image backbone, the patch features of every picture, the epochs. The presets'
    values stand in train/presets.py. For a trial of minutes: --epochs 2 --draws 8
    --backbone-steps 50.
    """
    from mese.encoders import EncoderError
    from train.loop import RunError
    from train.loop import fit as run_fit
    from train.presets import configure

    with plainly(StoreError, RunError, EncoderError, ValueError, OSError):
        settings = settings_or_exit()
        config = configure(
            preset,
            epochs=epochs,
            draws=draws,
            batch=batch,
            learning_rate=learning_rate,
            seed=seed,
            text_encoder=text_encoder,
            dim=dim,
            backbone=backbone,
            backbone_weights=backbone_weights,
            backbone_steps=backbone_steps,
        )
        corpus = _corpus(settings, images)
        with stage_bars() as report:
            done = run_fit(
                corpus,
                config,
                settings.runs / name,
                settings.features,
                _device(settings),
                report,
                settings.max_pixels,
                _command(),
            )
        score = "" if done["dev"] is None else f", dev Avg {done['dev']:.1f}"
        typer.echo(
            f"Run {name!r} is trained (best epoch {done['best_epoch']}{score}). "
            f"Next: python -m train represent --name {name}"
        )


@app.command()
def represent(
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="The run's name, a folder below MESE_HOME/runs.",
            callback=lambda name: name if name is None else _run_name(name),
        ),
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="The bundle's folder; else MESE_HOME/bundles/NAME.")
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(
            help="Instead of a run: make the text-only and image-only indexes that this bundle "
            "lacks, below MESE_HOME/views; `demo` is ours."
        ),
    ] = None,
    half: Annotated[
        bool,
        typer.Option(
            "--half", help="The bundle's matrices in half precision; its views follow it."
        ),
    ] = False,
    background: Annotated[bool, typer.Option("--background", hidden=True)] = False,
) -> None:
    """Run all contexts through a trained run and write its bundle, with its metrics."""
    if (name is None) == (bundle is None):
        raise typer.BadParameter("give --name NAME for a run, or --bundle BUNDLE for its views")
    if bundle is not None:
        if into is not None or half:
            raise typer.BadParameter(
                "--into and --half go with --name; views lie below MESE_HOME/views, as precise "
                "as their bundle"
            )
        _represent_views(bundle, background)
    elif name is not None:
        _represent_run(name, into, half)


def _represent_run(name: str, into: Path | None, half: bool) -> None:
    from train.loop import RunError
    from train.package import package

    with plainly(StoreError, RunError, ValueError, OSError):
        settings = settings_or_exit()
        run = settings.runs / name
        corpus = _corpus(settings, _image_policy(run))
        with stage_bars() as report:
            folder = package(
                corpus,
                run,
                into or settings.bundles / name,
                settings.features,
                _device(settings),
                _command(),
                report,
                settings.max_pixels,
                half,
            )
        shown = shlex.quote(str(into)) if into else name
        say(f"Bundle written to {folder}. Next: python -m train evaluate {shown}")


def _represent_views(wanted: str, background: bool) -> None:
    with plainly(StoreError, BundleError, ValueError, OSError):
        settings = settings_or_exit()
        bundle = Bundle.open(locate(settings.bundles, wanted), settings.views)
        if background:
            step_back()
        from train.views import represent_views

        store = Store.open(settings.store_url)
        told = progress_file(settings.views / bundle.stamp) if background else stage_bars()
        with told as report:
            made = represent_views(
                store, bundle, settings.features, _device(settings), report, settings.max_pixels
            )
        done = f"{' and '.join(made)} represented" if made else "nothing is missing"
        say(f"Bundle {bundle.name!r}: {done}; it has {', '.join(bundle.modalities)}.")


@app.command()
def evaluate(
    bundle: Annotated[str, typer.Argument(help="A bundle by name or folder; `demo` is ours.")],
    classes: Annotated[
        str,
        typer.Option(
            help="reported (all but dev), dev, or all fine classes.", callback=one_of(CLASSES)
        ),
    ] = "reported",
    floors: Annotated[bool, typer.Option(help="Add the TF-IDF and picture floors.")] = True,
    exclusive: Annotated[
        bool,
        typer.Option(help="Window search as in the release: an entity goes to one query a round."),
    ] = False,
    switches: Annotated[
        bool, typer.Option(help="Rows of Table 5: seeds or candidates without text or image.")
    ] = False,
    per_class: Annotated[bool, typer.Option(help="One row a class, by its Avg.")] = False,
    form: Annotated[
        str, typer.Option("--format", help="text, csv or json.", callback=one_of(FORMATS))
    ] = "text",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where window search runs: auto, cpu, cuda; else MESE_DEVICE.",
            callback=_device_name,
        ),
    ] = None,
) -> None:
    """Print MAP@K and P@K of a bundle on the store's queries, beside the two floors."""
    from train.evaluate import shortest_list, switch_rows, table
    from train.report import print_report
    from train.split import reported_classes

    with plainly(StoreError, BundleError, ValueError, OSError):
        settings = settings_or_exit()
        opened = Bundle.open(locate(settings.bundles, bundle), settings.views)
        corpus = _corpus(settings, str(opened.meta.get("image_policy", "top1")))
        reason = opened.mismatch({e.id: e.name for e in corpus.entities})
        if reason:
            raise BundleError(reason)
        share = float(opened.meta.get("fit", {}).get("dev_share", 0.0))
        chosen = reported_classes(corpus, share, classes)
        vocabulary = [e.id for e in opened.entities]
        indexes = {m: opened.index(m) for m in opened.modalities}
        methods = _methods(_device(settings, device))
        rows = table(corpus, vocabulary, chosen, indexes, floors, exclusive, methods)
        if switches:
            method = str(opened.meta.get("method", "window"))
            method = "window" if exclusive else method
            rows += switch_rows(corpus, vocabulary, chosen, indexes, method, exclusive, methods)
        if exclusive:
            _warn_of_short_lists(shortest_list(len(vocabulary), len(chosen)), len(chosen))
        title = f"{opened.name} on {corpus.name}"
        print_report(
            out,
            rows,
            title=title,
            which=f"{len(chosen)} {classes} classes",
            form="json" if as_json else form,
            per_class=per_class,
            indexes=indexes,
        )


def _methods(device: str) -> dict[str, Method]:
    """The ways to rank, window search among them on the device."""
    from mese.methods import METHODS
    from mese.torch_expand import searcher_on

    window: Method = searcher_on(device, lambda told: say(told, err=True))
    return {**METHODS, "window": window}


def _warn_of_short_lists(shortest: int | None, classes: int) -> None:
    if shortest is not None:
        typer.echo(
            f"--exclusive: {classes} queries a round share too small a vocabulary; the shortest "
            f"list may end at {shortest}, and its figures suffer.",
            err=True,
        )


def _corpus(settings: Settings, images: str) -> Corpus:
    return load_corpus(Store.open(settings.store_url), images)


def _device(settings: Settings, wanted: str | None = None) -> str:
    """The device that an option or MESE_DEVICE names; raises ValueError where it is not here."""
    return choose_device(wanted or settings.device)


def _image_policy(run: Path) -> str:
    from train.loop import RunError, read_summary

    try:
        return str(read_summary(run)["image_policy"])
    except FileNotFoundError as error:
        raise RunError(
            f"there is no run in {run}; train one: python -m train fit --name {run.name}"
        ) from error
    except KeyError as error:
        raise RunError(
            f"{run / 'run.json'} names no image policy; remove the folder {run} and train it again"
        ) from error


def _command() -> str:
    """What was typed, for the model card."""
    return "python -m train " + shlex.join(sys.argv[1:])


if __name__ == "__main__":
    app(prog_name="python -m train")
