"""The representation phase: every context through the model, averaged an entity.

Section (d) of specs/multiexpan.md: in evaluation mode over all contexts of an entity,
P_e = mean softmax and G_e = mean log-softmax. Rows are finished entity by entity and written to
memory maps, so that a pass can stop and go on, and V² floats never sit in memory twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mese.encoding import Encoded, PatchSource, collate
from mese.features import weights_hash
from mese.index import EntityIndex
from mese.model import MultiExpan

CHUNK = 32
"""Entities whose rows are finished together; a pass that is cut off repeats at most these."""


def represent(
    model: MultiExpan,
    encoded: Encoded,
    modality: str,
    patches_of: PatchSource,
    work: Path,
    device: str = "cpu",
    batch: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> EntityIndex:
    """Mean distributions of all entities under a modality (`mese.corpus.MODALITIES`).

    `work` is a folder for the unfinished matrices; a pass that finds its own goes on there, and
    one that finds another's (other weights, modality or contexts) starts afresh. An entity without
    any image under `image` (or context at all) gets the uniform distribution. Raises ValueError
    when the matrices in `work` have another size than its pass left them with.
    """
    size = model.config.entities
    key = hashlib.sha256(f"{weights_hash(model)} {modality} {len(encoded)}".encode()).hexdigest()
    prob, log_prob, done = _open_work(work, size, key)
    order = np.argsort(encoded.entity, kind="stable")
    first = np.searchsorted(encoded.entity[order], np.arange(size + 1))
    model.to(device).eval()
    for start in range(done, size, CHUNK):
        end = min(start + CHUNK, size)
        rows = order[first[start] : first[end]]
        sums = _sum_contexts(model, encoded, rows, modality, patches_of, device, batch, start, end)
        prob[start:end], log_prob[start:end] = _means(*sums)
        _mark(work, key, end)
        if progress:
            progress(end, size)
    return EntityIndex.from_distributions(prob, log_prob)


def _open_work(
    work: Path, size: int, key: str
) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
    work.mkdir(parents=True, exist_ok=True)
    files, need = (work / "prob.f32", work / "log.f32"), 4 * size * size
    done = _done(work, key)
    for path in files:
        if not done:
            path.write_bytes(b"")
            with path.open("r+b") as stream:
                stream.truncate(need)
        elif path.stat().st_size != need:
            raise ValueError(f"{work} belongs to another vocabulary; remove it")
    maps = [np.memmap(path, np.float32, "r+", shape=(size, size)) for path in files]
    return maps[0], maps[1], done


def _done(work: Path, key: str) -> int:
    """How many rows the pass `key` has finished; the mark of another pass is removed."""
    try:
        whose, _, count = (work / "done").read_text().partition(" ")
    except FileNotFoundError:
        return 0
    if whose == key and count.isdecimal():
        return int(count)
    (work / "done").unlink()
    return 0


def _mark(work: Path, key: str, done: int) -> None:
    """Note the finished rows and whose they are, in one file: neither is there without the other.

    It is not flushed to disk, as the rows are not: this outlives a killed process, no power cut.
    """
    part = work / "done.part"
    part.write_text(f"{key} {done}")
    os.replace(part, work / "done")


def _weigh(
    encoded: Encoded, rows: NDArray[np.int64], modality: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The contexts to run and how often each counts.

    Under `image` the sentence is masked, so all contexts of an entity with one image give one and
    the same distribution: it is computed once and weighed by how many they are.
    """
    if modality != "image":
        return rows, np.ones(len(rows))
    rows = rows[encoded.image[rows] >= 0]
    pairs = np.stack([encoded.entity[rows], encoded.image[rows]], axis=1)
    _, first, count = np.unique(pairs, axis=0, return_index=True, return_counts=True)
    return rows[first], count.astype(np.float64)


@torch.inference_mode()
def _sum_contexts(
    model: MultiExpan,
    encoded: Encoded,
    rows: NDArray[np.int64],
    modality: str,
    patches_of: PatchSource,
    device: str,
    batch: int,
    start: int,
    end: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Σ softmax, Σ log-softmax and the contexts' weight of entities start..end−1, in float64."""
    size = model.config.entities
    prob, log_prob = np.zeros((end - start, size)), np.zeros((end - start, size))
    count = np.zeros(end - start)
    rows, weights = _weigh(encoded, rows, modality)
    by_length = np.argsort(encoded.lengths[rows], kind="stable")
    for at in range(0, len(rows), batch):
        part = by_length[at : at + batch]
        made = collate(encoded, rows[part], modality, patches_of)
        arguments = {key: value.to(device) for key, value in made.arguments.items()}
        out = model(**arguments).double().cpu().numpy()
        owner, weight = encoded.entity[rows[part]] - start, weights[part]
        np.add.at(log_prob, owner, out * weight[:, None])
        np.add.at(prob, owner, np.exp(out) * weight[:, None])
        np.add.at(count, owner, weight)
    return prob, log_prob, count


def _means(
    prob: NDArray[np.float64], log_prob: NDArray[np.float64], count: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    size = prob.shape[1]
    bare = count == 0
    prob[bare], log_prob[bare], count = 1 / size, -np.log(size), np.where(bare, 1, count)
    return prob / count[:, None], log_prob / count[:, None]
