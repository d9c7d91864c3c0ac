"""What the embedded corpus will hold, before anything is drawn: subjects, sentences, pictures.

An entity has one picture in each of its family's looks, and a context picks one of them as its
own while there are looks. The ten pictures that a search would find for the context are chosen
among everybody's.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mese.demo.candidates import FOUND, Found, Shelf, first_fit, search
from mese.demo.families import all_families
from mese.demo.family import Family, Subject, without_article
from mese.demo.junk import junk
from mese.demo.sentences import Spoken, sentences_of

NO_REFERENCE_EVERY = 10
"""One entity in ten has no reference image, as some of MESED's entities have none."""


@dataclass(frozen=True)
class Picture:
    """One picture to draw; `look` is None for the reference. `path` is below the folder."""

    family: Family = field(repr=False, compare=False)
    subject: Subject
    look: str | None
    path: str


@dataclass(frozen=True)
class Place:
    """A context before it has a number: which entity's, and which of its sentences."""

    family: Family = field(repr=False, compare=False)
    subject: Subject
    number: int
    spoken: Spoken
    own: Picture


class Plan:
    """The whole corpus, with the families in corpus order; made anew it is the same."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families = families
        self.members = [(family, subject) for family in families for subject in family.subjects]
        self.pictures_of: dict[str, list[Picture]] = {
            subject.slug: _pictures(family, subject) for family, subject in self.members
        }
        self.junk = [
            picture_of(junk(), subject, look)
            for subject in junk().subjects
            for look in junk().looks
        ]
        with_one = (m for n, m in enumerate(self.members, start=1) if n % NO_REFERENCE_EVERY)
        self.references = {
            subject.slug: picture_of(family, subject, None) for family, subject in with_one
        }
        self.places: dict[str, list[Place]] = {
            subject.slug: self._places(family, subject) for family, subject in self.members
        }

    def _places(self, family: Family, subject: Subject) -> list[Place]:
        pictures = self.pictures_of[subject.slug]
        order = random.Random(f"looks:{subject.slug}").sample(pictures, len(pictures))
        return [
            Place(family, subject, number, spoken, order[number % len(order)])
            for number, spoken in enumerate(sentences_of(subject, family))
        ]

    @property
    def subjects(self) -> list[Subject]:
        return [subject for _, subject in self.members]

    @property
    def pictures(self) -> list[Picture]:
        """All that is to be drawn, family by family."""
        of_looks = [picture for found in self.pictures_of.values() for picture in found]
        return [*self.references.values(), *of_looks, *self.junk]

    def contexts(self) -> Iterator[Place]:
        """Every context in corpus order."""
        for found in self.places.values():
            yield from found

    def found_for(self, place: Place) -> tuple[Found, ...]:
        """The ten pictures of a context's image search, best rank first."""
        rng = random.Random(f"search:{place.subject.slug}:{place.number}")
        told = self._told(place)
        shelf = Shelf(
            place.own.path,
            [p.path for p in self.pictures_of[place.subject.slug] if p != place.own],
            self._of_each(told, rng, looks=2),
            self._of_each(self._siblings(place.subject, told, rng), rng),
            self._junk(place.family, told, rng),
        )
        return search(shelf, first_fit(rng, bool(told), self.share_told), rng)

    def _told(self, place: Place) -> list[Subject]:
        """The other entities that the sentence speaks of."""
        found = (self._bearers(value, place.family) for value in place.spoken.told)
        return [s for bearers in found for s in bearers if s != place.subject]

    def _bearers(self, value: str, family: Family) -> list[Subject]:
        """Who bears a name: within the family, else the one who bears it anywhere."""
        bearers = self._by_form.get(without_article(value).casefold(), [])
        kin = [subject for of, subject in bearers if of is family]
        everyone = kin or [subject for _, subject in bearers]
        return everyone if len(everyone) == 1 else []

    @cached_property
    def _by_form(self) -> Mapping[str, list[tuple[Family, Subject]]]:
        forms: dict[str, list[tuple[Family, Subject]]] = defaultdict(list)
        for family, subject in self.members:
            names = {without_article(form).casefold() for form in (subject.name, *subject.spoken)}
            for name in names:
                forms[name].append((family, subject))
        return forms

    @cached_property
    def share_told(self) -> float:
        """The share of contexts whose sentence speaks of another entity of the corpus."""
        flags = [bool(self._told(place)) for place in self.contexts()]
        return sum(flags) / len(flags)

    @cached_property
    def _by_class(self) -> Mapping[str, list[Subject]]:
        """Fine class → its members and those of its hard-negative classes."""
        found: dict[str, list[Subject]] = {}
        for family in self.families:
            for c in family.classes:
                near = {other.name for other in family.classes if other.middle == c.middle}
                found[c.name] = [s for s in family.subjects if near & set(s.classes)]
        return found

    def _siblings(
        self, subject: Subject, told: Sequence[Subject], rng: random.Random
    ) -> list[Subject]:
        near = {s.slug: s for name in subject.classes for s in self._by_class[name]}
        return _some([s for s in near.values() if s != subject and s not in told], rng)

    def _strangers(
        self, family: Family, told: Sequence[Subject], rng: random.Random
    ) -> list[Subject]:
        return _some([s for of, s in self.members if of is not family and s not in told], rng)

    def _junk(self, family: Family, told: Sequence[Subject], rng: random.Random) -> list[str]:
        """Pictures of other families' entities, and half as many that show nothing at all."""
        nothing = rng.sample(self.junk, FOUND // 2)
        strangers = self._strangers(family, told, rng)
        return [*self._of_each(strangers, rng), *(picture.path for picture in nothing)]

    def _of_each(
        self, subjects: Sequence[Subject], rng: random.Random, looks: int = 1
    ) -> list[str]:
        return [
            picture.path
            for subject in subjects
            for picture in rng.sample(self.pictures_of[subject.slug], looks)
        ]


def _some(subjects: Sequence[Subject], rng: random.Random) -> list[Subject]:
    return rng.sample(subjects, min(len(subjects), FOUND))


def _pictures(family: Family, subject: Subject) -> list[Picture]:
    return [picture_of(family, subject, look) for look in family.looks]


def picture_of(family: Family, subject: Subject, look: str | None) -> Picture:
    """The picture of a subject in a look, or its reference."""
    return Picture(family, subject, look, f"images/{subject.slug}/{look or 'reference'}.jpg")


def make_plan() -> Plan:
    """The plan of all families. Raises `FactsError` for tables that contradict themselves."""
    return Plan(all_families())
