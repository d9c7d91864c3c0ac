"""Window search for many queries at once, on a GPU or wherever torch runs.

The same lists as `mese.expand.window_search` (section (e) of specs/multiexpan.md), in the same
precision: affinities and divergences are float64. All queries of a batch take a step together, so
that a step costs a GPU a few kernels however many they are; one query alone is faster in NumPy.

Measured on a CPU only, against NumPy (benchmarks/expansion.py); no GPU was at hand when this was
written, so its times on CUDA are not known, and its lists there are tested where there is one.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mese.expand import (
    RERANK_TIERS,
    SEARCH_TIERS,
    LiveRows,
    Query,
    check_queries,
    check_search,
    order_picks,
    sum_seeds,
    target_of,
    window_search_scored,
    window_width,
)
from mese.index import FLOOR, HALF_UNIT, EntityIndex

CHUNK_BYTES = 256 * 2**20
"""Memory that a batch of queries may take beside the matrices."""
BYTES_A_CELL = 40
"""Of an affinity: itself, the row that is added, and what finding the largest takes; of a cell in
the second pass less."""

Scored = list[list[tuple[int, float]]]
"""Per query (position, score) pairs, best first."""

_loading = threading.Lock()


class DeviceFull(RuntimeError):
    """The device's memory holds neither the matrices nor a batch; NumPy can do without."""


def window_search_batched(
    index: EntityIndex,
    queries: Sequence[Sequence[int]],
    size: int = 100,
    rerank: bool = True,
    seed_index: EntityIndex | None = None,
    *,
    device: str = "cpu",
    window: int | None = None,
    keep_out: Sequence[int] = (),
    rows: Sequence[LiveRows] = (),
) -> Scored:
    """`mese.expand.window_search_scored`, each query on its own, on a torch device.

    The index's matrices stay on the device as long as the index lives. Raises ValueError as
    `window_search` does, and `DeviceFull` where a GPU's memory does not suffice; what it had taken
    is given back then.
    """
    checked = check_queries(index, queries, keep_out, rows)
    check_search(size, window)
    answers: Scored = [[] for _ in checked]
    try:
        there = _on_device(index, device)
        for numbers, picks in _batches(checked, len(index), size, keep_out):
            batch = [checked[number] for number in numbers]
            found = _search(there, seed_index or index, batch, picks, window, keep_out, rerank)
            for number, items in zip(numbers, found, strict=True):
                answers[number] = items
    except torch.cuda.OutOfMemoryError as error:
        _leave_device(index, device)
        raise DeviceFull(
            f"the memory of {device} does not hold the index of {len(index):,} entities and a "
            "batch of queries; the CPU answers instead"
        ) from error
    return answers


def searcher_on(device: str, tell: Callable[[str], None]) -> Callable[..., Scored]:
    """Window search on a device, with `mese.engine.Method`'s arguments; NumPy's for `cpu`.

    Where a GPU's memory does not suffice NumPy answers, and `tell` hears of it, once.
    """
    if device == "cpu":
        return window_search_scored
    told: list[str] = []

    def search(
        index: EntityIndex, queries: Sequence[Sequence[int]], *args: Any, **how: Any
    ) -> Scored:
        if not told:
            try:
                return window_search_batched(index, queries, *args, device=device, **how)
            except DeviceFull as error:
                told.append(str(error))
                tell(told[0])
        return window_search_scored(index, queries, *args, **how)

    return search


@dataclass(frozen=True)
class _OnDevice:
    """An index's arrays as tensors; the matrices keep their precision."""

    prob: torch.Tensor
    log_prob: torch.Tensor
    log_row_sum: torch.Tensor
    sum_log_prob: torch.Tensor
    row_scale: torch.Tensor

    def __len__(self) -> int:
        return len(self.prob)

    @property
    def device(self) -> torch.device:
        return self.prob.device

    def log_cells(self, rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """`EntityIndex.log_cells` at index tensors that broadcast: float64 of their shape."""
        cells = self.prob[rows, columns].double()
        if self.prob.dtype == torch.float16:
            cells *= HALF_UNIT
        return cells.clamp_min(FLOOR).log()


def _on_device(index: EntityIndex, device: str) -> _OnDevice:
    """The index there; moved once, kept with the index and freed with it."""
    key = _key(device)
    with _loading:
        if key not in index.__dict__:
            index.__dict__[key] = _OnDevice(
                *(
                    _tensor(array, device)
                    for array in (
                        index.mean_prob,
                        index.mean_log_prob,
                        index.log_row_sum,
                        index.sum_log_prob,
                        index.row_scale,
                    )
                )
            )
        held: _OnDevice = index.__dict__[key]
        return held


def _leave_device(index: EntityIndex, device: str) -> None:
    with _loading:
        index.__dict__.pop(_key(device), None)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _key(device: str) -> str:
    return f"on {device}"


def _tensor(array: NDArray[Any], device: str) -> torch.Tensor:
    """On the CPU the same memory, mapped or not: nothing here writes into it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
        return torch.from_numpy(np.asarray(array)).to(device)


def _batches(
    queries: Sequence[Query], vocabulary: int, size: int, keep_out: Sequence[int]
) -> Iterator[tuple[list[int], int]]:
    """Numbers of queries that can step together, and how many entities each of them takes.

    They have as many seeds and as many free entities, so that no list ends before another.
    """
    alike: dict[tuple[int, int], list[int]] = {}
    for number, (seeds, _) in enumerate(queries):
        free = vocabulary - len({*seeds, *keep_out})
        alike.setdefault((len(seeds), free), []).append(number)
    for (k, free), numbers in alike.items():
        picks = min(size, free)
        at_once = _at_once(vocabulary, k + picks)
        for start in range(0, len(numbers), at_once):
            yield numbers[start : start + at_once], picks


def _at_once(vocabulary: int, members: int) -> int:
    """Queries whose affinities, and the cells of whose second pass, `CHUNK_BYTES` hold."""
    return max(1, CHUNK_BYTES // (BYTES_A_CELL * (vocabulary + members**2)))


@torch.inference_mode()
def _search(
    index: _OnDevice,
    seed_index: EntityIndex,
    queries: Sequence[Query],
    picks: int,
    window: int | None,
    keep_out: Sequence[int],
    rerank: bool,
) -> Scored:
    if not picks:
        return [[] for _ in queries]
    k = len(queries[0][0])
    members = _grow(index, seed_index, queries, picks, window, keep_out)
    divergence = _rerank_divergence(index, members, k).cpu().numpy() if rerank else None
    found = members[:, k:].cpu().numpy()
    return [
        order_picks(row, None if divergence is None else divergence[number])
        for number, row in enumerate(found)
    ]


def _grow(
    index: _OnDevice,
    seed_index: EntityIndex,
    queries: Sequence[Query],
    picks: int,
    window: int | None,
    keep_out: Sequence[int],
) -> torch.Tensor:
    """The sets of all queries as they grew, seeds first: int64 (Q, k + picks)."""
    seeds = torch.tensor([seeds for seeds, _ in queries], dtype=torch.int64)
    k, every = seeds.shape[1], torch.arange(len(queries), device=index.device)
    members = torch.empty((len(queries), k + picks), dtype=torch.int64, device=index.device)
    members[:, :k] = seeds
    affinity = torch.from_numpy(np.stack([sum_seeds(seed_index, *query) for query in queries]))
    affinity = affinity.to(index.device)
    affinity.scatter_(1, members[:, :k], -torch.inf)
    affinity[:, list(keep_out)] = -torch.inf
    free = len(index) - len({*queries[0][0], *keep_out})
    for added in range(picks):
        width = min(window or window_width(added), free - added)
        if width == 1:
            pick = affinity.argmax(dim=1)
        else:
            candidates = _largest(affinity, width)
            nearest = _search_divergence(index, members[:, : k + added], candidates).argmin(dim=1)
            pick = candidates[every, nearest]
        members[:, k + added] = pick
        # A += z but for z's mean, rounded as NumPy rounds it: product first, then the sum.
        affinity += index.log_prob[pick].double().mul_(index.row_scale[pick][:, None])
        affinity[every, pick] = -torch.inf
    return members


def _largest(values: torch.Tensor, width: int) -> torch.Tensor:
    """Positions of each row's `width` largest, best first; ties to the lower position: (Q, width).

    `topk` says nothing of ties, so rows in which the last value has equals outside are sorted.
    """
    found = values.topk(width, dim=1, sorted=True)
    edge = found.values[:, -1:]
    by_position = found.indices.sort(dim=1).values
    order = values.gather(1, by_position).argsort(dim=1, descending=True, stable=True)
    largest = by_position.gather(1, order)
    tied = (values >= edge).sum(dim=1) > width
    if bool(tied.any()):
        whole = values[tied].argsort(dim=1, descending=True, stable=True)
        largest[tied] = whole[:, :width]
    return largest


def _divergence_but_own(
    index: _OnDevice, members: torch.Tensor, candidates: torch.Tensor, tiers: Any
) -> tuple[torch.Tensor, float]:
    """`mese.expand._divergence_but_own` for all queries, (Q, W), and the target's mass.

    Each sum is taken over a row of its own, so that candidates with equal rows get equal values.
    """
    target = target_of(members.shape[1], len(index), tiers)
    logs = index.log_cells(candidates[:, :, None], members[:, None, :])
    terms = (logs * torch.from_numpy(target.less_weight).to(index.device)).sum(dim=2)
    terms -= index.log_row_sum[candidates] * target.sum_less
    terms += target.entropy
    terms -= index.sum_log_prob[candidates]
    return terms, target.total


def _search_divergence(
    index: _OnDevice, members: torch.Tensor, candidates: torch.Tensor
) -> torch.Tensor:
    """KL(T_{c,e} ‖ P_e) for each query's candidates e, where e itself weighs V·P_e[e]: (Q, W)."""
    terms, mass = _divergence_but_own(index, members, candidates, SEARCH_TIERS)
    log_own = index.log_cells(candidates, candidates) - index.log_row_sum[candidates]
    own = len(index) * log_own.exp()
    total = mass - 1 + own
    terms += own * float(np.log(len(index))) + log_own
    return terms / total - total.log()


def _rerank_divergence(index: _OnDevice, members: torch.Tensor, k: int) -> torch.Tensor:
    """KL(T_c ‖ P_e) for each pick e of each finished set: (Q, picks)."""
    terms, mass = _divergence_but_own(index, members, members[:, k:], RERANK_TIERS)
    return terms / mass - float(np.log(mass))
