"""How good a model is on the dev classes after an epoch: what chooses the epoch to keep."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mese.corpus import MODALITIES, Corpus
from mese.engine import EXPANDED
from mese.index import EntityIndex
from mese.metrics import score_queries
from mese.model import MultiExpan
from mese.represent import represent
from train.build import Parts
from train.evaluate import query_set, score_index, sharpness
from train.floors import rank_by_cosine
from train.likeness import Judge
from train.picture_likeness import Vectors
from train.presets import FitConfig
from train.split import dev_classes

DEV_CONTEXTS = 8
"""Contexts an entity that a dev evaluation reads: enough to choose an epoch by."""


def dev_scores(
    model: MultiExpan,
    corpus: Corpus,
    config: FitConfig,
    parts: Parts,
    run: Path,
    device: str,
    alone: bool,
) -> dict[str, Any]:
    """Dev-class Avg of each modality by window search and cosine; `dev` chooses the epoch.

    While each modality is read `alone`, both together are not judged, and `dev` is text's.

    Empty where the corpus has no dev classes with queries: then the last epoch is kept.
    """
    classes = sorted(dev_classes(corpus.classes, config.dev_share))
    queries = query_set(corpus, parts.vocabulary, classes, 3)
    if not len(queries):
        return {}
    found: dict[str, Any] = {}
    modalities = MODALITIES[1:] if alone else MODALITIES
    for modality, index in quick_indexes(model, parts, run, device, modalities):
        window = score_index(index, queries, "window").average
        cosine = score_index(index, queries, "cosine").average
        found[modality] = f"{window:.1f}/{cosine:.1f}"
        if "dev" not in found:  # the first is text and image together, where there are images
            found["dev"] = round((window + cosine) / 2, 2)
            sharp = sharpness(index)
            found["own"], found["rest"] = round(sharp.own, 3), round(sharp.entropy, 2)
    return found


def judge_by_dev_classes(corpus: Corpus, config: FitConfig, parts: Parts) -> Judge | None:
    """Avg of the dev classes' queries, ranked by cosine of vectors; None where there are none."""
    classes = sorted(dev_classes(corpus.classes, config.dev_share))
    queries = query_set(corpus, parts.vocabulary, classes, 3)

    def judge(vectors: Vectors) -> float:
        lists = [rank_by_cosine(vectors, seeds, EXPANDED) for seeds in queries.seeds]
        return score_queries(lists, queries.gold).average

    return judge if len(queries) else None


def quick_indexes(
    model: MultiExpan, parts: Parts, run: Path, device: str, modalities: Sequence[str]
) -> Iterator[tuple[str, EntityIndex]]:
    """Each modality's index over at most `DEV_CONTEXTS` contexts an entity."""
    encoded = parts.encoded.take(_first_contexts(parts.encoded.entity, DEV_CONTEXTS))
    for modality in modalities:
        if modality != "text" and (encoded.image < 0).all():
            continue
        work = run / "dev"
        shutil.rmtree(work, ignore_errors=True)
        yield modality, represent(model, encoded, modality, parts.features, work, device)
        shutil.rmtree(work, ignore_errors=True)


def _first_contexts(entity: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Rows of the first `most` contexts of every entity, spread over its list."""
    order = np.argsort(entity, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(entity[order])) + 1)
    picked = [g[np.unique(np.linspace(0, len(g) - 1, most).astype(int))] for g in groups]
    return np.concatenate(picked)
