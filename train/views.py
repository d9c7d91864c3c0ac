"""A bundle's views: text alone and image alone, represented on the machine that asks for them.

The shipped bundle carries text and image together and nothing else, because of its size; the other
two (the paper's Table 5, and the page's switches) are made from the bundle's own weights and the
store's contexts, into MESE_HOME/views/<stamp>. An index appears there whole or not at all, a pass
that was cut off goes on entity by entity, and programs that want the same views take turns.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from db.corpus import load_corpus
from db.store import Store
from mese.bundle import Bundle, BundleError
from mese.bundle_model import open_model
from mese.corpus import Corpus
from mese.encoding import Encoded, encode_contexts
from mese.features import FeatureStore
from mese.images import MAX_PIXELS
from mese.index_file import write_index
from mese.model import MultiExpan
from mese.represent import represent
from train.build import Report, as_kept, fill_features, picture_files, renumber

WHOSE = "bundle"
"""The file in a folder of views that says which folder their bundle lies in."""


def represent_views(
    store: Store,
    bundle: Bundle,
    features: Path,
    device: str,
    report: Report,
    max_pixels: int = MAX_PIXELS,
) -> tuple[str, ...]:
    """Make the indexes that a bundle opened with `views` lacks; gives the modalities made.

    Waits while another program makes them, and then has nothing left to do. Raises `BundleError`
    when the bundle was made from other contexts than the store's, or has no model to run.
    """
    if bundle.views is None:
        raise ValueError("the bundle was opened without a folder for its views")
    if not bundle.missing:
        return ()
    corpus = fitting_corpus(store, bundle)
    with _one_at_a_time(bundle.views, report):
        made = bundle.missing  # others may have made them meanwhile
        if made:
            _drop_older(bundle, bundle.views)
            _represent(corpus, bundle, bundle.views, features, device, report, max_pixels)
        return made


def fitting_corpus(store: Store, bundle: Bundle) -> Corpus:
    """The store's corpus under the bundle's image policy; raises `BundleError` if it is another."""
    corpus = load_corpus(store, str(bundle.meta.get("image_policy", "top1")))
    reason = bundle.mismatch({entity.id: entity.name for entity in corpus.entities})
    if reason:
        raise BundleError(reason)
    if bundle.meta.get("fingerprint") != corpus.fingerprint:
        raise BundleError(
            f"the corpus {corpus.name!r} has changed since bundle {bundle.name!r} was made from "
            "it, so text and image alone cannot be made to match its index; train a new one: "
            "`python -m train fit --name NAME`"
        )
    return corpus


def _represent(
    corpus: Corpus,
    bundle: Bundle,
    views: Path,
    features: Path,
    device: str,
    report: Report,
    max_pixels: int,
) -> None:
    opened = open_model(bundle, device)
    vocabulary = [entity.id for entity in bundle.entities]
    images = picture_files(corpus, vocabulary)
    number = {image: n for n, image in enumerate(images)}
    encoded = encode_contexts(corpus, vocabulary, opened.words, number)
    source: FeatureStore | None = None
    for modality in bundle.missing:
        if modality != "text" and source is None:
            source = fill_features(
                features,
                opened.backbone_name,
                opened.backbone,
                images,
                device,
                opened.imagenet_norm,
                report,
                max_pixels,
            )
            encoded = renumber(encoded, list(images), source)
        half = bundle.meta.get("half") is True
        _make(opened.model, encoded, modality, source, views, device, report, half)


def _make(
    model: MultiExpan,
    encoded: Encoded,
    modality: str,
    source: FeatureStore | None,
    views: Path,
    device: str,
    report: Report,
    half: bool,
) -> None:
    """One index, by way of a folder for the unfinished rows; as precise as the bundle's own."""
    work = views / f"represent-{modality}"
    tell = partial(_tell, report, modality)
    index = represent(model, encoded, modality, source or _no_patches, work, device, progress=tell)
    write_index(views, modality, as_kept(index, half))
    shutil.rmtree(work, ignore_errors=True)


def _no_patches(rows: Any) -> Any:
    raise ValueError("text alone reads no patches")


def _tell(report: Report, modality: str, done: int, of: int) -> None:
    report(f"entities by {modality}", done, of, "")


def _drop_older(bundle: Bundle, views: Path) -> None:
    """Take away the views of what stood in the bundle's folder before it was written anew."""
    here = os.fsencode(bundle.folder.resolve())
    (views / WHOSE).write_bytes(here)
    for note in views.parent.glob(f"*/{WHOSE}"):
        if note.parent != views:
            with suppress(FileNotFoundError):  # another program sweeps at the same time
                _drop(note, here)


def _drop(note: Path, here: bytes) -> None:
    """Take away the views that a note says are of the bundle `here`, if no program makes them."""
    if note.read_bytes() != here:
        return
    with (note.parent / "lock").open("ab") as stream, suppress(BlockingIOError):
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(note.parent, ignore_errors=True)


@contextmanager
def _one_at_a_time(views: Path, report: Report) -> Iterator[None]:
    """Wait until no other program makes these views. A lock goes with the program that has it."""
    views.mkdir(parents=True, exist_ok=True)
    with (views / "lock").open("ab") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another program", 0, None, "")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
