"""The representation phase: every context through the model, averaged an entity.

Section (d) of specs/multiexpan.md: in evaluation mode over all contexts of an entity,
P_e = mean softmax and G_e = mean log-softmax, and beside them the mean state at `[MASK]`, which the
head reads both from (`mese.states` ranks by it). Rows are finished entity by entity and written to
memory maps, so that a pass can stop and go on, and V² floats never sit in memory twice.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
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

FILES = ("prob.f32", "log.f32", "state.f32")
"""The unfinished matrices of a pass; those of a version with others are not gone on with."""

Sums = tuple[NDArray[np.float64], ...]
"""Σ softmax, Σ log-softmax and Σ mask state, a row for each entity."""


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
    """Mean distributions and mask states of all entities under a modality.

    `modality` is one of `mese.corpus.MODALITIES`. `work` is a folder for the unfinished matrices; a
    pass that finds its own goes on there, and one that finds another's (other weights, modality or
    contexts) starts afresh. An entity without any image under `image` (or context at all) gets the
    uniform distribution and a state of zeros. All is computed in float32 on either device: the
    means agree between CPU and CUDA within 1e-4 of their size and 1e-5. Raises ValueError when the
    matrices in `work` have another size than its pass left them with.
    """
    size = model.config.entities
    named = f"{weights_hash(model)} {modality} {len(encoded)} {','.join(FILES)}"
    key = hashlib.sha256(named.encode()).hexdigest()
    matrices, done = _open_work(work, size, (size, size, model.config.dim), key)
    order = np.argsort(encoded.entity, kind="stable")
    first = np.searchsorted(encoded.entity[order], np.arange(size + 1))
    model.to(device).eval()
    for start in range(done, size, CHUNK):
        end = min(start + CHUNK, size)
        rows = order[first[start] : first[end]]
        sums = _sum_contexts(model, encoded, rows, modality, patches_of, device, batch, start, end)
        for matrix, mean in zip(matrices, _means(*sums), strict=True):
            matrix[start:end] = mean
        _mark(work, key, end)
        if progress:
            progress(end, size)
    return EntityIndex.from_distributions(*matrices)


def _open_work(
    work: Path, size: int, widths: Sequence[int], key: str
) -> tuple[list[NDArray[np.float32]], int]:
    """The unfinished matrices, (size, width) each, and how many of their rows are finished."""
    work.mkdir(parents=True, exist_ok=True)
    done = _done(work, key)
    matrices: list[NDArray[np.float32]] = []
    for name, width in zip(FILES, widths, strict=True):
        path, need = work / name, 4 * size * width
        if not done:
            path.write_bytes(b"")
            with path.open("r+b") as stream:
                stream.truncate(need)
        elif path.stat().st_size != need:
            raise ValueError(f"{work} belongs to another vocabulary; remove it")
        matrices.append(np.memmap(path, np.float32, "r+", shape=(size, width)))
    return matrices, done


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
) -> tuple[Sums, NDArray[np.float64]]:
    """Sums over the contexts of entities start..end−1, and their contexts' weight, in float64."""
    size, width = model.config.entities, model.config.dim
    sums: Sums = tuple(np.zeros((end - start, columns)) for columns in (size, size, width))
    count = np.zeros(end - start)
    rows, weights = _weigh(encoded, rows, modality)
    by_length = np.argsort(encoded.lengths[rows], kind="stable")
    for at in range(0, len(rows), batch):
        part = by_length[at : at + batch]
        made = collate(encoded, rows[part], modality, patches_of)
        arguments = {key: value.to(device) for key, value in made.arguments.items()}
        states = model.mask_states(**arguments)
        log_prob = model.log_prob(states).double().cpu().numpy()
        owner, weight = encoded.entity[rows[part]] - start, weights[part]
        values = (np.exp(log_prob), log_prob, states.double().cpu().numpy())
        for summed, value in zip(sums, values, strict=True):
            np.add.at(summed, owner, value * weight[:, None])
        np.add.at(count, owner, weight)
    return sums, count


def _means(sums: Sums, count: NDArray[np.float64]) -> Sums:
    prob, log_prob, _ = sums
    size = prob.shape[1]
    bare = count == 0
    prob[bare], log_prob[bare], count = 1 / size, -np.log(size), np.where(bare, 1, count)
    return tuple(summed / count[:, None] for summed in sums)
