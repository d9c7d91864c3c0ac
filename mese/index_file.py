"""An entity index as one safetensors file, memory-mapped.

The safetensors package copies a tensor when it hands it to NumPy; expansion wants to read a few
rows of a gigabyte, so the header is read here and each array mapped at its offset.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from mese.index import EntityIndex, Neighbours, row_moments
from mese.index_faults import constants_fault, neighbours_fault, states_fault
from mese.publishing import publish

MAX_HEADER = 1_000_000
"""Bytes of a safetensors header that are read at most; ours have a few hundred."""

_DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64, "I32": np.int32}


MEND = "make the bundle anew with `python -m train represent`"

_MALFORMED = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading a header raises that holds something else, `Infinity` for a size among it."""

Arrays = Mapping[str, NDArray[Any]]


class BundleError(ValueError):
    """A bundle that is missing, broken, or made for another corpus; the message says the mend."""


def index_file(folder: Path, modality: str) -> Path:
    """Where a folder holds a modality's index."""
    return folder / f"index-{modality}.safetensors"


def read_index(path: Path, size: int) -> EntityIndex:
    """The memory-mapped index of a file for `size` entities; raises `BundleError`.

    The matrices stay unread; a row of theirs that is not finite shows in the row's constants.
    """
    arrays = map_tensors(path)
    known = _constants(path, arrays, size)
    if "row_scale" not in arrays:  # written before indexes held them; one pass over the matrix
        known["row_mean"], known["row_scale"] = row_moments(known["mean_log_prob"])
    flat = not known["row_scale"].any()
    return EntityIndex(
        **known,
        neighbours=_neighbours(path, arrays, size, flat),
        mean_state=_mean_state(path, arrays, size),
    )


def check_index(path: Path, size: int) -> None:
    """Raise `BundleError` for a file that `read_index` refuses; never passes over a matrix."""
    arrays = map_tensors(path)
    known = _constants(path, arrays, size)
    _neighbours(path, arrays, size, flat="row_scale" in known and not known["row_scale"].any())
    _mean_state(path, arrays, size)


def _constants(path: Path, arrays: Arrays, size: int) -> dict[str, NDArray[Any]]:
    """The matrices and what is known of their rows; raises `BundleError` if they cannot be."""
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("mean_prob", "mean_log_prob"), (size, size))
    shapes |= dict.fromkeys(("row_sum", "sum_log_prob"), (size,))
    if "row_scale" in arrays:
        shapes |= dict.fromkeys(("row_mean", "row_scale"), (size,))
    known = {key: _of_shape(path, arrays, key, shape) for key, shape in shapes.items()}
    _refuse(path, constants_fault(known))
    return known


def _neighbours(path: Path, arrays: Arrays, size: int, flat: bool) -> Neighbours | None:
    """The neighbours that a file holds, if any; raises `BundleError` for ones that cannot be."""
    if "neighbours.near" not in arrays:  # written before indexes held them
        return None
    wide = (size, *arrays["neighbours.near"].shape[1:2])
    near = _of_shape(path, arrays, "neighbours.near", wide, "i")
    share = _of_shape(path, arrays, "neighbours.share", wide)
    scale = _of_shape(path, arrays, "neighbours.scale", (size,))
    found = Neighbours(near, share, scale)
    _refuse(path, neighbours_fault(found, flat))
    return found


def _mean_state(path: Path, arrays: Arrays, size: int) -> NDArray[Any] | None:
    """The mean mask states that a file holds, if any; raises `BundleError` if they cannot be."""
    if "mean_state" not in arrays:  # written before indexes held them
        return None
    width = max([1, *arrays["mean_state"].shape[1:2]])
    state = _of_shape(path, arrays, "mean_state", (size, width))
    _refuse(path, states_fault(state))
    return state


def _refuse(path: Path, fault: str | None) -> None:
    if fault:
        raise BundleError(f"{path}: {fault}; {MEND}")


def _of_shape(
    path: Path, arrays: Arrays, key: str, shape: tuple[int, ...], kind: str = "f"
) -> NDArray[Any]:
    found = arrays[key].shape if key in arrays else "nothing"
    if found != shape:
        raise BundleError(f"{path}: {key} should be {shape}, found {found}; {MEND}")
    if arrays[key].dtype.kind != kind:
        raise BundleError(f"{path}: {key} holds {arrays[key].dtype} numbers; {MEND}")
    if len(shape) == 1 and not np.isfinite(arrays[key]).all():
        raise BundleError(f"{path}: {key} holds a value that is not finite; {MEND}")
    return arrays[key]


def write_index(folder: Path, modality: str, index: EntityIndex) -> None:
    """Write an index file, whole or not at all."""
    arrays = {
        "mean_prob": index.mean_prob,
        "mean_log_prob": index.mean_log_prob,
        "row_sum": index.row_sum,
        "sum_log_prob": index.sum_log_prob,
        "row_mean": index.row_mean,
        "row_scale": index.row_scale,
    }
    if index.neighbours is not None:
        arrays |= {f"neighbours.{key}": value for key, value in vars(index.neighbours).items()}
    if index.mean_state is not None:
        arrays["mean_state"] = index.mean_state
    path = index_file(folder, modality)
    part = path.with_suffix(".part")
    save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, part)
    publish(part, path)


def mark_of(index: EntityIndex) -> str:
    """Hex sha256 of what an index says of its rows: a light mark, which another has not."""
    known = (index.row_sum, index.sum_log_prob, index.row_mean, index.row_scale)
    return hashlib.sha256(b"".join(np.asarray(row, "<f8").tobytes() for row in known)).hexdigest()


def map_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Memory-map the arrays of a safetensors file; raises `BundleError` when it is malformed."""
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if not 2 <= length <= MAX_HEADER:
                raise ValueError(f"its header claims {length} bytes")
            header = json.loads(stream.read(length))
        specs = {key: spec for key, spec in header.items() if key != "__metadata__"}
        _refuse_overlaps(specs)
        return {key: _map_one(path, 8 + length, spec) for key, spec in specs.items()}
    except _MALFORMED as error:
        raise BundleError(f"{path}: not a readable safetensors file ({error}); {MEND}") from error


def _refuse_overlaps(specs: Mapping[str, Mapping[str, Any]]) -> None:
    end = 0
    for first, last in sorted(spec["data_offsets"] for spec in specs.values()):
        if first < end:
            raise ValueError("two of its arrays lie over one another")
        end = last


def _map_one(path: Path, base: int, spec: Mapping[str, Any]) -> NDArray[Any]:
    dtype, shape = np.dtype(_DTYPES[spec["dtype"]]), tuple(int(n) for n in spec["shape"])
    start, end = (int(offset) for offset in spec["data_offsets"])
    if (
        end - start != dtype.itemsize * int(np.prod(shape))
        or start < 0
        or min(shape, default=1) < 0
    ):
        raise ValueError(f"offsets {start}..{end} do not hold {shape} values")
    if end == start:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype, "r", base + start, shape)
