"""From a trained run to a bundle: represent every entity, measure, write the model card."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from mese.bundle import Bundle, clear, write_bundle
from mese.bundle_model import load_model
from mese.corpus import MODALITIES, Corpus
from mese.images import MAX_PIXELS
from mese.index import EntityIndex
from mese.methods import answerable
from mese.model import MultiExpan
from mese.publishing import publish, write_text
from mese.represent import represent
from train.build import Parts, Report, as_kept, prepare
from train.checkpoint import save_weights
from train.evaluate import Row, query_set, score_index, table
from train.loop import RunError, read_summary
from train.presets import FitConfig
from train.split import reported_classes


def package(
    corpus: Corpus,
    run: Path,
    folder: Path,
    features: Path,
    device: str,
    command: str,
    report: Report,
    max_pixels: int = MAX_PIXELS,
    half: bool = False,
) -> Path:
    """Write the bundle of a finished run into `folder`; restartable entity by entity.

    With `half` its matrices are in half precision, and so measured. Raises `RunError` when the run
    is not finished or the corpus is not the one it learnt.
    """
    summary = read_summary(run)
    if not summary.get("finished"):
        raise RunError(f"run {run.name!r} is not finished: run `python -m train fit` again")
    if summary["fingerprint"] != corpus.fingerprint:
        raise RunError(
            f"the corpus has changed since run {run.name!r} learnt it; train a new run on it"
        )
    config = FitConfig(**summary["config"])
    parts = prepare(corpus, config, run, features, device, report, max_pixels)
    model = _as_shipped(run, config)
    made = _represent_all(model, run, parts, device, report)
    indexes = {modality: as_kept(index, half) for modality, index in made.items()}
    rows = table(corpus, parts.vocabulary, reported_classes(corpus, config.dev_share), indexes)
    meta = {**_meta(corpus, run, summary, command, rows), "half": half}
    meta["method"] = dev_method(corpus, parts.vocabulary, summary["dev_classes"], indexes)
    return _write(folder, run, model, corpus, parts, config, indexes, meta, rows)


def _as_shipped(run: Path, config: FitConfig) -> MultiExpan:
    """The run's model with the weights that its bundle will hold.

    What is represented later, a view or an open seed, then fits the index that is made now.
    """
    model = load_model(run, "best.safetensors")
    return model.half().float() if _is_halved(config) else model


def _is_halved(config: FitConfig) -> bool:
    return config.preset == "demo"


def _represent_all(
    model: MultiExpan, run: Path, parts: Parts, device: str, report: Report
) -> dict[str, EntityIndex]:
    pictured = bool((parts.encoded.image >= 0).any())
    return {
        modality: represent(
            model,
            parts.encoded,
            modality,
            parts.features,
            run / f"represent-{modality}",
            device,
            progress=partial(_tell, report, modality),
        )
        for modality in MODALITIES
        if pictured or modality == "text"
    }


def dev_method(
    corpus: Corpus,
    vocabulary: Sequence[int],
    dev: Sequence[str],
    indexes: dict[str, EntityIndex],
) -> str:
    """The method that ranks the dev classes' queries best: what the app uses for this bundle.

    The window search is the paper's, and wins ties; on weakly trained representations the cosine
    is often better. Without dev queries it is the window search.
    """
    queries = query_set(corpus, vocabulary, dev, 3)
    if not len(queries):
        return "window"
    index = next(iter(indexes.values()))
    return max(answerable(index), key=lambda method: score_index(index, queries, method).average)


def _tell(report: Report, modality: str, done: int, of: int) -> None:
    report(f"entities by {modality}", done, of, "")


def _meta(
    corpus: Corpus, run: Path, summary: dict[str, Any], command: str, rows: list[Row]
) -> dict[str, Any]:
    config = summary["config"]
    return {
        "name": run.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "corpus": corpus.name,
        "fingerprint": corpus.fingerprint,
        "image_policy": corpus.image_policy,
        "preset": config["preset"],
        "fit": config,
        "best_epoch": summary["best_epoch"],
        "dev_classes": summary["dev_classes"],
        "fit_command": summary.get("command") or "python -m train fit",
        "command": command,
        "metrics": [row.as_dict() for row in rows],
    }


def _write(
    folder: Path,
    run: Path,
    model: MultiExpan,
    corpus: Corpus,
    parts: Parts,
    config: FitConfig,
    indexes: dict[str, EntityIndex],
    meta: dict[str, Any],
    rows: list[Row],
) -> Path:
    clear(folder)  # until its bundle.json is written, last of all, this is no bundle
    save_weights(folder / "weights.safetensors", model, half=_is_halved(config))
    for name in ("model.json", "tokenizer.json", "backbone.safetensors"):
        part = folder / f"{name}.part"
        shutil.copyfile(run / name, part)
        publish(part, folder / name)
    write_text(folder / "card.md", _card(meta, rows))
    entities = [corpus.entity_by_id[e] for e in parts.vocabulary]
    classes = [corpus.classes_of.get(e, ()) for e in parts.vocabulary]
    write_bundle(folder, meta, entities, classes, indexes)
    for modality in indexes:
        shutil.rmtree(run / f"represent-{modality}", ignore_errors=True)
    return Bundle.open(folder).folder


def _kinds(fit: dict[str, Any]) -> str:
    told = (
        f" A share of {fit['kinds']:g} of every target goes to the entities most alike: by TF-IDF "
        "of their sentences, by what an entity's pictures share, or by both"
    )
    if fit.get("kinds_renewed"):
        told += ", then with what the model had read in the sentences"
    return told + "."


def _card(meta: dict[str, Any], rows: list[Row]) -> str:
    lines = [
        f"# {meta['name']}",
        "",
        f"MultiExpan, preset `{meta['preset']}`, trained on the corpus {meta['corpus']!r} "
        f"(fingerprint {meta['fingerprint'][:16]}, image policy `{meta['image_policy']}`) with "
        "masked-entity prediction."
        + (_kinds(meta["fit"]) if meta["fit"].get("kinds") else "")
        + " No class or gold list was read in training but those of the dev classes "
        f"({', '.join(meta['dev_classes']) or 'none'}), which chose the epoch, the weight of "
        "sentences beside pictures and the way to rank, and which the figures below leave out. "
        "Class names in vocabulary.json are for display. The app ranks "
        f"with `{meta['method']}`, the best on the dev classes."
        + (" Its matrices are in half precision." if meta["half"] else ""),
        "",
        f"Made by `{meta['fit_command']}` and `{meta['command']}` on {meta['created']}.",
        "",
        "| seeds | ranked by | representation | MAP@10 | MAP@100 | Avg |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.seeds} | {r.method} | {r.representation} | {r.scores.map[10]:.1f} | "
        f"{r.scores.map[100]:.1f} | {r.scores.average:.1f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"
