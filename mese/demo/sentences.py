"""Sentences of the embedded corpus: a family's frames filled with an entity's facts.

A sentence holds one mention. No other token of it gives the entity's name away, and few sentences
name the class: what tells an entity and its class apart are the facts.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mese.demo.family import CONTEXTS, Family, Subject, without_article

NAMING = 6
"""One sentence of an entity in this many may name its class."""
BY_ALIAS = 3
"""Sentences of twelve that use another name for the entity, if it has one."""

LENGTHS = range(6, 36)
"""How many tokens a sentence may have."""

FILLER = frozenset(
    {"after", "and", "the", "named", "known", "discovered", "number", "signal"}
    | {"colours", "countries", "metals", "places"}
)
"""Words of class names that tell no class, so that a sentence may hold them."""

COMMON_WORDS = frozenset({"of", "the", "and"})
"""Words of names that many names share; a family adds its own."""


@dataclass(frozen=True)
class Spoken:
    """A tokenised sentence and its mention, `start` to `end`, both inclusive.

    `told` are the facts that fill the frame: what else a picture for this sentence could show.
    `frame` is the frame that was filled.
    """

    tokens: tuple[str, ...]
    start: int
    end: int
    told: tuple[str, ...] = ()
    frame: str = field(default="", compare=False)


def tokenise(text: str) -> list[str]:
    """Words and punctuation apart, case kept: the cut of BERT's basic tokeniser."""
    return re.findall(r"\w+|[^\w\s]", text)


def slots_of(frame: str) -> list[str]:
    """The facts that a frame asks for, in order, lower case: ["landmark", "landmark2"]."""
    return [slot.lower() for slot in re.findall(r"\{(\w+)\}", frame) if slot != "X"]


def serves(frame: str, subject: Subject) -> bool:
    """Whether the subject has all the facts that the frame asks for."""
    needed: dict[str, int] = {}
    for slot in slots_of(frame):
        name = slot.rstrip("23")
        needed[name] = needed.get(name, 0) + 1
    return all(len(subject.slots.get(name, ())) >= count for name, count in needed.items())


def sentences_of(subject: Subject, family: Family) -> list[Spoken]:
    """Up to `subject.contexts` different sentences about it, the same on every call."""
    rng = random.Random(f"sentences:{subject.slug}")
    order = [frame for frame in family.frames if serves(frame, subject)]
    rng.shuffle(order)
    supply = {name: _endless(values, rng) for name, values in subject.slots.items() if values}
    found: list[Spoken] = []
    naming = 0
    for frame in order:
        form = _form(subject, frame, len(found))
        spoken = realise(frame, form, _facts_for(frame, supply))
        naming_it = names_class(subject, spoken, family.class_nouns)
        if len(spoken.tokens) not in LENGTHS or gives_away(subject, spoken, family.common_words):
            continue
        if naming_it and naming == subject.contexts // NAMING:
            continue
        naming += naming_it
        found.append(spoken)
        if len(found) == subject.contexts:
            break
    return found


def _form(subject: Subject, frame: str, number: int) -> str:
    """The usual name, but for every fourth sentence one of the others that suit it, in turn."""
    told = {slot.rstrip("23") for slot in slots_of(frame)}
    others = [form for form in subject.spoken[1:] if not told & subject.unsaid.get(form, set())]
    turn, rest = divmod(number, CONTEXTS // BY_ALIAS)
    return others[turn % len(others)] if others and rest == 1 else subject.spoken[0]


def _endless(values: tuple[str, ...], rng: random.Random) -> Iterator[str]:
    shuffled = rng.sample(values, len(values))
    return itertools.cycle(shuffled)


def _facts_for(frame: str, supply: dict[str, Iterator[str]]) -> dict[str, str]:
    """Slot → value; {slot2} follows {slot} in the supply, so that the two differ."""
    return {slot: next(supply[slot.rstrip("23")]) for slot in slots_of(frame)}


def realise(frame: str, form: str, facts: dict[str, str]) -> Spoken:
    """The frame with {X} spoken as `form` and its slots filled; starts with a capital."""
    tokens: list[str] = []
    start = end = -1
    for word in frame.split():
        slot = re.fullmatch(r"\{(\w+)\}(\W*\w*)", word)
        if slot is None:
            tokens += tokenise(word)
        elif slot[1] == "X":
            tokens += ["the"] if form.startswith("the ") else []
            name = tokenise(without_article(form))
            start, end = len(tokens), len(tokens) + len(name) - 1
            tokens += name
        else:
            tokens += tokenise(facts[slot[1].lower()] + slot[2])
    tokens[0] = tokens[0][0].upper() + tokens[0][1:]
    return Spoken(tuple(tokens), start, end, tuple(facts.values()), frame)


def _others(spoken: Spoken) -> tuple[str, ...]:
    return spoken.tokens[: spoken.start] + spoken.tokens[spoken.end + 1 :]


def names_class(subject: Subject, spoken: Spoken, nouns: frozenset[str]) -> bool:
    """Whether the rest of the sentence names a class: by a noun of the family, or by a word with
    the stem of one in the names of the subject's own classes, as "West Africa" does."""
    others = {token.casefold() for token in _others(spoken)}
    stems = {stem for name in subject.classes for stem in _stems(name, FILLER)}
    return bool(nouns & others) or any(token.startswith(s) for token in others for s in stems)


def gives_away(subject: Subject, spoken: Spoken, common: frozenset[str]) -> bool:
    """Whether the rest of the sentence holds a name of the subject, or a word with its stem.

    A masked "Boise" beside "the Boise River" would be read off, not learnt.
    """
    others = [token.casefold() for token in _others(spoken)]
    for form in (subject.name.split(" (")[0], *subject.spoken):
        name = [token.casefold() for token in tokenise(without_article(form))]
        if _contains(others, name):
            return True
    usual = (subject.name.split(" (")[0], subject.spoken[0])
    stems = {stem for form in usual for stem in _stems(form, common | COMMON_WORDS)}
    return any(token.startswith(stem) for token in others for stem in stems)


def _stems(form: str, common: frozenset[str]) -> set[str]:
    words = (token.casefold() for token in tokenise(form))
    return {word[:4] for word in words if len(word) >= 3 and word not in common}


def _contains(tokens: list[str], part: list[str]) -> bool:
    return any(tokens[i : i + len(part)] == part for i in range(len(tokens) - len(part) + 1))
