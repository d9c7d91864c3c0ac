"""A case in the words that its page and its exports share: how it came about, and its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from db.cases import Case
from db.clues import Clues
from db.shown import Shown
from mese.engine import METHOD_WORDS
from pages.parts.text import count
from pages.parts.words import MODALITY_WORDS

SHORT = 12
"""Letters of a stamp or a fingerprint that tell it from others."""


@dataclass(frozen=True)
class Item:
    """A seed or a result of a case, as it was shown."""

    id: int | None
    name: str
    rank: int | None
    score: float | None
    classes: tuple[str, ...]
    kind: str
    picture: str | None
    sentence: str = ""


def seeds_of(case: Case) -> list[Item]:
    """The case's seeds, the open ones last."""
    shown = case.shown
    known = [
        Item(
            entity,
            shown.name_of(entity, seed["name"]),
            None,
            None,
            shown.classes_of(entity),
            "seed",
            shown.picture_of(entity),
        )
        for seed in case.seeds
        for entity in [seed["id"]]
    ]
    return [*known, *map(_open_item, case.open_seeds, _opened(case))]


def _opened(case: Case) -> list[Mapping[str, Any]]:
    """What was kept of each open seed, in the query's order; nothing of one that was not there.

    A case holds their keys, for several may bear one name; one that was saved before keys were
    kept has them in the query's order.
    """
    names, left = case.open_seeds, list(case.shown.opened)
    given = case.document.get("open_keys")
    keys = given if isinstance(given, list) and len(given) == len(names) else [None] * len(names)
    found: list[Mapping[str, Any]] = []
    for name, key in zip(names, keys, strict=True):
        fits = [s for s in left if s["name"] == name and key in (None, s.get("key"))]
        found.append(fits[0] if fits else {})
        left = [seed for seed in left if seed is not found[-1]]
    return found


def _open_item(name: str, seed: Mapping[str, Any]) -> Item:
    sentence = " ".join(seed.get("tokens", ()))
    return Item(None, name, None, None, (), "open", seed.get("picture"), sentence)


def results_of(case: Case) -> list[Item]:
    """The case's results, best first."""
    return items_of(case.results, case.shown)


def items_of(results: Sequence[Mapping[str, Any]], shown: Shown) -> list[Item]:
    """A document's results with what a corpus says of them."""
    return [
        Item(
            entity,
            shown.name_of(entity, result["name"]),
            result["rank"],
            float(result["score"]),
            shown.classes_of(entity),
            shown.kind(entity),
            shown.picture_of(entity),
        )
        for result in results
        for entity in [result["id"]]
    ]


def address_params(case: Case) -> dict[str, str]:
    """The Expand page's parameters that were saved with the case."""
    return dict(parse_qsl(case.address.lstrip("?"), keep_blank_values=False))


def tally(case: Case) -> str:
    """`50 results, 37 of the 44 others in US cities, 3 hard negatives`."""
    words = [count(len(case.results), "result")]
    if case.hits is not None:
        classes = ", ".join(case.shown.wanted)
        words.append(f"{case.hits} of the {case.shown.gold} others in {classes}")
        hard = sum(case.shown.kind(result["id"]) == "hard" for result in case.results)
        words += [count(hard, "hard negative")] * bool(hard)
    return ", ".join(words)


def settings_words(settings: Mapping[str, Any]) -> list[str]:
    """The settings of an expansion, each in a few words; what this program does not know, too."""
    given = dict(settings)
    method = str(given.pop("method", "") or "")
    candidates, seeds = given.pop("candidates", None), given.pop("seeds", None)
    window, rerank = given.pop("window", None), given.pop("rerank", True)
    kept_out = given.pop("keep_out", None) or ()
    words = [f"list of {given.pop('size')}"] if "size" in given else []
    words += [METHOD_WORDS.get(method, method)] if method else []
    words += [f"candidates by {MODALITY_WORDS.get(candidates, candidates)}"] if candidates else []
    words += [f"seeds by {MODALITY_WORDS.get(seeds, seeds)}"] if seeds else []
    words += [f"window of {window}"] if window is not None else []
    words += [] if rerank else ["not re-ranked"]
    words += [count(len(kept_out), "rejected entity")] if kept_out else []
    return words + [f"{name}: {value}" for name, value in given.items()]


def clue_words(item: Item, clues: Clues) -> str:
    """What raters saw in an item's picture: `ann: object, scene; bob: none`."""
    raters = {} if item.id is None else clues.get(item.id, {})
    return "; ".join(f"{rater}: {', '.join(seen)}" for rater, seen in raters.items())


def provenance(case: Case) -> list[tuple[str, str]]:
    """Where a case's list came from: (what, value) pairs in plain text."""
    document, shown = case.document, case.shown
    seconds = document.get("seconds")
    facts = [
        ("Saved", f"{case.made_at:%Y-%m-%d %H:%M} UTC by {case.made_by}, as case {case.id}"),
        ("Settings", ", ".join(settings_words(_mapping(document.get("settings"))))),
        ("Bundle", str(document.get("bundle", ""))),
        ("Bundle's stamp", str(document.get("stamp", ""))),
        # Of two measures: of all that the store held, and of the contexts that the model learnt.
        ("Corpus in the store when saved", _with_mark(shown.corpus, shown.fingerprint)),
        (
            "Corpus that the bundle learnt",
            _with_mark(str(document.get("corpus", "")), str(document.get("fingerprint", ""))),
        ),
        ("Made", str(document.get("made") or "")),
        ("Device", str(document.get("device", ""))),
        ("Time", f"{seconds * 1000:.1f} ms" if isinstance(seconds, int | float) else ""),
        ("Expand's address", f"?{case.address.lstrip('?')}" if case.address else ""),
    ]
    return [(what, value) for what, value in facts if value]


def _with_mark(name: str, fingerprint: str) -> str:
    return f"{name}, fingerprint {fingerprint}" if fingerprint else name


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
