"""The corpus's figures as the paper and its data pipeline ask for them: `python -m db stats`.

Table 2 of the paper has one row a data set; specs/dataset_pipeline.md, "Target reports", lists what
stands behind it. A figure goes with the number it is a share of.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import StoredEntity, StoredMembership
from db.overview import Overview, overview
from db.seeds import RULES, SeedFault, seed_faults
from db.store import Store
from mese.names import fold

COMMON = 100
"""A word that more entities bear joins no pair: it tells them apart from nothing ("river")."""

STOP_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "del",
        "der",
        "des",
        "di",
        "du",
        "el",
        "en",
        "for",
        "in",
        "la",
        "le",
        "of",
        "on",
        "or",
        "the",
        "to",
    )
)
IN_BRACKETS = re.compile(r"\([^()]*\)")
"""Mere disambiguators, "(album)": with them everything would match everything."""


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of`."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; 0 of nothing."""
        return self.count / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Table2Row:
    """The corpus's row of the paper's Table 2; `queries_per_class` is a mean."""

    classes: int
    granularity: str
    queries_per_class: float
    seeds: tuple[int, ...]
    entities: int
    pairs: int
    modality: str


@dataclass(frozen=True, slots=True)
class ClassSizes:
    """Members per fine class; zeros where there is no class."""

    min: int
    mean: float
    max: int


@dataclass(frozen=True, slots=True)
class SharedWords:
    """Pairs of entities whose names share a content word and that share no class.

    At least one of a pair is in a class: these are its hard negatives by name. Words of more than
    `common` entities join none; `words_left_out` says how many words that were.
    """

    pairs: int
    entities: int
    common: int
    words_left_out: int


@dataclass(frozen=True, slots=True)
class Seeds:
    """How many queries keep all rules, and how often each rule is broken."""

    valid: Share
    broken: dict[str, int]


@dataclass(frozen=True, slots=True)
class Statistics:
    """All figures of a corpus."""

    name: str
    table2: Table2Row
    overview: Overview
    class_sizes: ClassSizes
    multi_class_entities: Share
    synonyms: Share
    shared_words: SharedWords
    contexts_without_image: Share
    unreadable_images: Share
    seeds: Seeds


def statistics(store: Store) -> Statistics:
    """Count everything in the store; raises `StoreError` for an empty one."""
    seen = overview(store)
    with store.read() as session:
        names = dict(session.execute(select(StoredEntity.id, StoredEntity.name)).all())
        classes = _classes_of(session)
        several = sum(len(ids) > 1 for ids in classes.values())
        queries, faults = seed_faults(session)
    return Statistics(
        name=seen.name,
        table2=_table2(seen),
        overview=seen,
        class_sizes=_class_sizes(seen),
        multi_class_entities=Share(several, len(classes)),
        synonyms=Share(seen.roles.get("synonym", 0), seen.entities),
        shared_words=shared_words(names, classes),
        contexts_without_image=Share(seen.contexts_without_image, seen.contexts),
        unreadable_images=Share(seen.missing_images, seen.images),
        seeds=_seeds(queries, faults),
    )


def _table2(seen: Overview) -> Table2Row:
    return Table2Row(
        classes=seen.classes,
        granularity="fine" if seen.classes else "none",
        queries_per_class=seen.queries / seen.classes if seen.classes else 0.0,
        seeds=tuple(seen.queries_by_seeds),
        entities=seen.entities,
        pairs=seen.contexts,
        modality="multi" if seen.contexts_without_image < seen.contexts else "text",
    )


def _class_sizes(seen: Overview) -> ClassSizes:
    sizes = [size.members for size in seen.class_sizes]
    if not sizes:
        return ClassSizes(0, 0.0, 0)
    return ClassSizes(min(sizes), sum(sizes) / len(sizes), max(sizes))


def _classes_of(session: Session) -> dict[int, frozenset[int]]:
    """Entity id → ids of its fine classes; entities in none are left out."""
    found: dict[int, set[int]] = defaultdict(set)
    for entity, kind in session.execute(
        select(StoredMembership.entity_id, StoredMembership.class_id)
    ):
        found[entity].add(kind)
    return {entity: frozenset(ids) for entity, ids in found.items()}


def _seeds(queries: int, faults: Sequence[SeedFault]) -> Seeds:
    broken = Counter(fault.rule for fault in faults)
    invalid = len({fault.query for fault in faults})
    return Seeds(Share(queries - invalid, queries), {rule: broken[rule] for rule in RULES})


def shared_words(
    names: Mapping[int, str], classes: Mapping[int, frozenset[int]], common: int = COMMON
) -> SharedWords:
    """Hard negatives by name (step 1, "BM25 hard negatives"), by an inverted index of words.

    `names` and `classes` are by entity id. Costs at most `common`² / 2 pairs a word.
    """
    bearers: dict[str, list[int]] = defaultdict(list)
    for entity, name in names.items():
        for word in content_words(name):
            bearers[word].append(entity)
    pairs: set[tuple[int, int]] = set()
    left_out = 0
    for entities in bearers.values():
        if len(entities) > common:
            left_out += 1
        else:
            pairs.update(_strangers(entities, classes))
    both = {entity for pair in pairs for entity in pair}
    return SharedWords(len(pairs), len(both), common, left_out)


def _strangers(
    entities: Sequence[int], classes: Mapping[int, frozenset[int]]
) -> Iterator[tuple[int, int]]:
    """Pairs that share no class, one of the two being in one."""
    nowhere: frozenset[int] = frozenset()
    for one, other in combinations(sorted(entities), 2):
        mine, others = classes.get(one, nowhere), classes.get(other, nowhere)
        if (mine or others) and mine.isdisjoint(others):
            yield one, other


def content_words(name: str) -> set[str]:
    """The words of a name that tell something, folded; what stands in brackets does not."""
    return set(fold(IN_BRACKETS.sub(" ", name)).split()) - STOP_WORDS
