"""The shipped bundle was made for the embedded corpus as it is now."""

from __future__ import annotations

from pathlib import Path

from mese.bundle import SHIPPED, Bundle
from mese.corpus import Context, Corpus
from mese.demo.build import make_plan, records_of

MEGABYTE = 1 << 20


def embedded() -> Corpus:
    """The embedded corpus under `top1` without drawing it: what the bundle's fit has learnt."""
    records = records_of(make_plan(), Path("nowhere"))
    contexts = [
        Context(n, m.entity, s.tokens, m.start, m.end, m.candidates[0].image)
        for n, (s, m) in enumerate((s, m) for s in records.sentences for m in s.mentions)
    ]
    return Corpus(
        name=records.name,
        entities=tuple(records.entities),
        classes=tuple(records.classes),
        members={name: frozenset(ids) for name, ids in records.members.items()},
        queries=tuple(records.queries),
        contexts=contexts,
        image_root=records.image_root,
    )


def test_the_shipped_bundle_was_made_for_this_corpus() -> None:
    """When this fails the corpus has changed: remake the bundle (docs/demo-corpus.md)."""
    assert Bundle.open(SHIPPED).meta["fingerprint"] == embedded().fingerprint


def test_the_shipped_bundle_is_small() -> None:
    sizes = [path.stat().st_size for path in SHIPPED.iterdir()]
    assert max(sizes) <= 16 * MEGABYTE
    assert sum(sizes) <= 24 * MEGABYTE
