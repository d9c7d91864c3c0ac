"""The domain: what everything else passes around.

Entities are known by sentences and images (contexts); a query of 3 or 5 seed entities asks for
the rest of their fine-grained semantic class (paper, section 3). These dataclasses are frozen:
`db` or a MESED folder fills them, the model, the metrics and the pages only read them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROLES = ("target", "sibling", "bm25", "random", "synonym")
"""Why an entity is in the vocabulary (specs/dataset_pipeline.md, step 1)."""

IMAGE_POLICIES = ("top1", "reranked", "calibrated")
"""Which candidate image a context uses: the three rows of the paper's Table 1."""

MODALITIES = ("text+image", "text", "image")
"""What a representation was made from; `text+image` is the paper's T+V."""


@dataclass(frozen=True, slots=True)
class SemanticClass:
    """A fine class and its place in the schema; classes with one `middle` are hard negatives."""

    name: str
    middle: str = ""
    coarse: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A thing with a name. `id` is the corpus's own number for it (entity2id.txt)."""

    id: int
    name: str
    aliases: tuple[str, ...] = ()
    role: str = "target"
    reference_image: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of a candidate image (Eq. 1): `value` and its two terms.

    A term is None where it could not be had: no reference image, no detector.
    """

    scorer: str
    value: float
    sentence: float | None = None
    object: float | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of up to 10 images found for a context; `image` is a path below the image root."""

    image: str
    rank: int = 1
    scores: tuple[Score, ...] = ()


@dataclass(frozen=True, slots=True)
class Mention:
    """Where an entity stands in a sentence: tokens `start` to `end`, both inclusive.

    `extra` is what its file said beyond the model (`mese.mesed_style`).
    """

    entity: int
    start: int
    end: int
    candidates: tuple[Candidate, ...] = ()
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A tokenised sentence with its mentions. `line` is its place in sentences.json, from 1.

    `extra` is what its line said beyond the model (`mese.mesed_style`).
    """

    tokens: tuple[str, ...]
    mentions: tuple[Mention, ...]
    line: int = 0
    extra: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One mention of an entity in one sentence, with its image under the corpus's image policy.

    `image` is a path below the corpus's image root, `image_hash` the sha256 of its bytes; both
    are None where the policy gives no image or the file cannot be read.
    """

    id: int
    entity: int
    tokens: tuple[str, ...]
    start: int
    end: int
    image: str | None = None
    image_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """3 or 5 seed entities of one fine class; `index` counts a class's queries from 0."""

    class_name: str
    index: int
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scorer:
    """Who scored candidate images: a name, and the settings that make its scores repeatable."""

    name: str
    settings: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of an image beside its file; `path` lies below the image root."""

    path: str
    sha256: str | None = None
    url: str | None = None
    licence: str | None = None


@dataclass(frozen=True)
class CorpusRecords:
    """A corpus as files or a generator give it: the input of `db.corpus.import_records`.

    `sentences` and `images` may be streams, so that a corpus of MESED's size never sits in memory.
    `layout` says how its folder wrote what the model does not hold (`mese.mesed_layout`).
    """

    name: str
    entities: Sequence[Entity]
    classes: Sequence[SemanticClass]
    members: Mapping[str, Sequence[int]]
    queries: Sequence[Query]
    sentences: Iterable[Sentence]
    image_root: Path
    images: Iterable[ImageFacts] = ()
    scorers: Sequence[Scorer] = ()
    layout: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Corpus:
    """A corpus under one image policy: what training, evaluation and the engine eat.

    `members` maps a fine class's name to the ids of its entities. `contexts` is in store order.
    """

    name: str
    entities: tuple[Entity, ...]
    classes: tuple[SemanticClass, ...]
    members: Mapping[str, frozenset[int]]
    queries: tuple[Query, ...]
    contexts: Sequence[Context]
    image_root: Path
    image_policy: str = "top1"

    @cached_property
    def entity_by_id(self) -> dict[int, Entity]:
        return {entity.id: entity for entity in self.entities}

    @cached_property
    def contexts_of(self) -> dict[int, list[int]]:
        """Entity id → positions in `contexts`."""
        places: dict[int, list[int]] = {entity.id: [] for entity in self.entities}
        for position, context in enumerate(self.contexts):
            places[context.entity].append(position)
        return places

    @cached_property
    def classes_of(self) -> dict[int, tuple[str, ...]]:
        """Entity id → names of the fine classes it belongs to, in schema order."""
        found: dict[int, list[str]] = {}
        for semantic_class in self.classes:
            for entity in self.members.get(semantic_class.name, ()):
                found.setdefault(entity, []).append(semantic_class.name)
        return {entity: tuple(names) for entity, names in found.items()}

    def vocabulary(self, min_contexts: int = 2) -> tuple[int, ...]:
        """Ids that a model can represent, ascending: those with `min_contexts` contexts or more.

        The release keeps entities with at least two usable contexts (specs/multiexpan.md).
        """
        return tuple(sorted(e for e, at in self.contexts_of.items() if len(at) >= min_contexts))

    @cached_property
    def fingerprint(self) -> str:
        """Sha256 over what a model learns from: names, classes and contexts, not pixels."""
        digest = hashlib.sha256()
        digest.update(self.image_policy.encode())
        for entity in sorted(self.entities, key=lambda e: e.id):
            digest.update(json.dumps([entity.id, entity.name, entity.aliases]).encode())
        for name in sorted(self.members):
            digest.update(json.dumps([name, sorted(self.members[name])]).encode())
        for c in self.contexts:
            digest.update(json.dumps([c.entity, c.tokens, c.start, c.end, c.image]).encode())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Result:
    """One row of an expansion. `score` falls with `rank`; `classes` is empty where unknown."""

    rank: int
    id: int
    name: str
    score: float
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """The ranked list that a method returned for seeds, with what is needed to repeat it."""

    seeds: tuple[int, ...]
    results: tuple[Result, ...]
    bundle: str
    settings: Mapping[str, object]
    seconds: float
