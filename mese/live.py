"""Contexts through the bundle's model, on the fly: open seeds, and seeds with contexts left out.

A mention is read exactly as in representation (section (d) of specs/multiexpan.md): one `[MASK]`
in its sentence, the window around it where that is long, the 36 patches of its image, and what is
missing masked. So the mean over all of an entity's contexts is its row of the index.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mese.batches import batches
from mese.bundle import Bundle, BundleError
from mese.bundle_model import BundleModel, open_model
from mese.corpus import MODALITIES
from mese.device import AUTO, choose_device, is_gpu
from mese.encoders import EncoderError, encode_patches
from mese.encoding import Encoded, collate
from mese.images import (
    MAX_PIXELS,
    PATCHES,
    UnreadableImage,
    cut_patches,
    open_image,
    to_square,
)
from mese.index_file import MEND
from mese.mentions import Encodings, Mention, SeedError, check_mention

__all__ = ["Encodings", "LiveModel", "Mention"]

MAX_MENTIONS = 1_000
"""Contexts that are read in one call: 120 MB of distributions at MESED's vocabulary."""
BATCH = 64
IMAGES_AT_ONCE = 16
KEPT_IMAGES = 512
"""Images whose features stay in memory: 75 MB of ResNet-50's, 6 MB of the demo's."""

OUT_OF_MEMORY = "the GPU ran out of memory; sentences and images are read on the CPU"

Features = NDArray[np.float16]
"""Patch features of one image, (36, F)."""


class LiveModel:
    """A bundle's model, opened on first use and shared by threads.

    The lock guards opening and the swap to the CPU; a model, once it is opened, is never changed,
    so that any number of threads may run it. `runs_on` is `MESE_DEVICE`; an image of more than
    `max_pixels` counts as one that cannot be read.
    """

    def __init__(self, bundle: Bundle, runs_on: str = AUTO, max_pixels: int = MAX_PIXELS) -> None:
        self._bundle = bundle
        self._runs_on = runs_on
        self._lock = threading.Lock()
        self._opened: BundleModel | None = None
        self._seen = _SeenImages(max_pixels)
        self.note = ""
        """What a user should know of the device; empty where there is nothing."""

    def encode(self, mentions: Sequence[Mention], modality: str) -> Encodings:
        """Distributions and mask states of mentions under a modality, one row each, in order.

        Raises `SeedError` for a mention that cannot be read and `BundleError` for a bundle without
        a model. An image that cannot be read is masked, and told in `Encodings.unreadable`.
        """
        _check(mentions, modality)
        opened = self.open()
        try:
            return _encode(opened, self._seen, mentions, modality)
        except torch.cuda.OutOfMemoryError:
            opened = self._fall_back(opened)
        except EncoderError as error:
            raise BundleError(f"bundle {self._bundle.name!r}: {error}; {MEND}") from error
        return _encode(opened, self._seen, mentions, modality)

    def open(self) -> BundleModel:
        """The model, opened by the first who asks; raises `BundleError`."""
        with self._lock:
            if self._opened is None:
                try:
                    self._opened = open_model(self._bundle, self._device())
                except torch.cuda.OutOfMemoryError:
                    self._opened = self._open_on_cpu()
            return self._opened

    def _device(self) -> str:
        try:
            return choose_device(self._runs_on)
        except ValueError as error:
            raise BundleError(
                f"sentences and images cannot be read: {error} (MESE_DEVICE, then start anew)"
            ) from error

    def _fall_back(self, failed: BundleModel) -> BundleModel:
        with self._lock:
            if self._opened is None or self._opened is failed:  # else another thread has done it
                self._opened = self._open_on_cpu()
            return self._opened

    def _open_on_cpu(self) -> BundleModel:
        self.note = OUT_OF_MEMORY
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return open_model(self._bundle, "cpu")


def _check(mentions: Sequence[Mention], modality: str) -> None:
    if modality not in MODALITIES:
        raise SeedError(f"no modality {modality!r}; there are: {', '.join(MODALITIES)}")
    if len(mentions) > MAX_MENTIONS:
        raise SeedError(
            f"{len(mentions):,} contexts are too many to read at once; "
            f"give at most {MAX_MENTIONS:,}"
        )
    for mention in mentions:
        check_mention(mention)


@torch.inference_mode()
def _encode(
    opened: BundleModel, seen: _SeenImages, mentions: Sequence[Mention], modality: str
) -> Encodings:
    files = [None if modality == "text" else mention.image for mention in mentions]
    features, faults = seen.features(opened, dict.fromkeys(file for file in files if file))
    row_of = {file: row for row, file in enumerate(features)}
    images = np.array([row_of.get(file, -1) if file else -1 for file in files], dtype=np.int64)
    encoded = _as_encoded(opened, mentions, images)
    spoken = np.array([bool(m.tokens) for m in mentions], dtype=bool)
    says = {"text": spoken, "image": images >= 0}.get(modality, spoken | (images >= 0))
    size = opened.model.config.entities
    log_prob = np.full((len(mentions), size), -np.log(size), dtype=np.float32)
    prob = np.full((len(mentions), size), 1 / size, dtype=np.float32)
    state = np.zeros((len(mentions), opened.model.config.dim), dtype=np.float32)
    read = partial(_take, list(features.values()), opened.model.config.features)
    rows = np.flatnonzero(says)
    rows = rows[np.argsort(encoded.lengths[rows], kind="stable")]
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        out, states = _forward(opened, collate(encoded, part, modality, read).arguments)
        if not (np.isfinite(out).all() and np.isfinite(states).all()):
            raise BundleError(
                "the bundle's model gives values that are not finite; make the bundle anew with "
                "`python -m train represent`"
            )
        log_prob[part], prob[part], state[part] = out, np.exp(out), states
    unreadable = {number: faults[file] for number, file in enumerate(files) if file in faults}
    return Encodings(modality, prob, log_prob, says, unreadable, state, opened.device)


def _as_encoded(
    opened: BundleModel, mentions: Sequence[Mention], images: NDArray[np.int64]
) -> Encoded:
    """The mentions as training's arrays; one without a sentence is the mask alone."""
    words = opened.words
    sentences = [
        words.masked(m.tokens, m.start, m.end) if m.tokens else words.empty for m in mentions
    ]
    return Encoded(
        np.array([piece for ids in sentences for piece in ids], dtype=np.int32),
        np.cumsum([0, *map(len, sentences)], dtype=np.int64),
        np.array([ids.index(words.mask) for ids in sentences], dtype=np.int64),
        np.zeros(len(mentions), dtype=np.int64),
        images,
        tuple(words.empty),
        words.pad,
    )


def _take(features: list[Features], width: int, rows: NDArray[np.int64]) -> Features:
    """A `PatchSource` over features in memory; where there are none, all are masked."""
    if not features:
        return np.zeros((len(rows), PATCHES, width), dtype=np.float16)
    return np.stack([features[row] for row in rows])


def _forward(
    opened: BundleModel, arguments: Mapping[str, torch.Tensor]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-distributions (n, V) and mask states (n, d)."""
    moved = {key: value.to(opened.device) for key, value in arguments.items()}
    on_gpu = is_gpu(opened.device)
    with torch.autocast("cuda", torch.bfloat16) if on_gpu else nullcontext():
        states = opened.model.mask_states(**moved)
        log_prob = opened.model.log_prob(states)
    return log_prob.double().cpu().numpy(), states.double().cpu().numpy()


class _SeenImages:
    """Features of images that were read before, by file: a page asks for the same ones again."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Path, int, int], Features] = OrderedDict()

    def features(
        self, opened: BundleModel, files: Iterable[Path]
    ) -> tuple[dict[Path, Features], dict[Path, str]]:
        """Features of the files that can be read, in order, and why the others cannot."""
        found: dict[Path, Features] = {}
        faults: dict[Path, str] = {}
        for part in batches(files, IMAGES_AT_ONCE):
            squares: dict[Path, NDArray[np.uint8]] = {}
            keys = {}
            for file in part:
                try:
                    keys[file] = _key(file)
                    known = self._known(keys[file])
                    if known is None:
                        squares[file] = to_square(open_image(file, self._max_pixels))
                    else:
                        found[file] = known
                except UnreadableImage as error:
                    faults[file] = str(error)
            for file, row in zip(squares, _patch_features(opened, squares.values()), strict=True):
                found[file] = row
                self._keep(keys[file], row)
        return found, faults

    def _known(self, key: tuple[Path, int, int]) -> Features | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[Path, int, int], features: Features) -> None:
        with self._lock:
            self._kept[key] = features
            while len(self._kept) > KEPT_IMAGES:
                self._kept.popitem(last=False)


def _key(file: Path) -> tuple[Path, int, int]:
    """What a file is known by: one that was written anew is read anew."""
    try:
        facts = file.stat()
    except (OSError, ValueError) as error:
        raise UnreadableImage(f"{file.name}: cannot be read ({error})") from error
    return file, facts.st_mtime_ns, facts.st_size


def _patch_features(opened: BundleModel, squares: Iterable[NDArray[np.uint8]]) -> list[Features]:
    """Features as the store of training keeps them: in half precision."""
    stacked = list(squares)
    if not stacked:
        return []
    patches = torch.from_numpy(cut_patches(np.stack(stacked), opened.imagenet_norm))
    made = encode_patches(opened.backbone, patches.to(opened.device))
    return list(made.float().cpu().numpy().astype(np.float16))
