"""Playing cards: the 52 of the French pack, by suit and by rank.

Sentences speak of other cards, of all suits alike; what tells the suit are its names abroad, its
trumps and tricks. The picture shows suit, pips and figure.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from PIL import Image

from mese.demo.families.cards import card_looks
from mese.demo.families.cards.faces import Card
from mese.demo.family import (
    CONTEXTS,
    FactsError,
    Family,
    Slots,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
)

FOLDER = Path(__file__).parent
CLASS_NOUNS = frozenset({"card", "cards"})
COMMON_WORDS = frozenset({"spades", "hearts", "diamonds", "clubs"})
"""Suits give no card away, and sentences about one speak of all four."""

FURTHER = (2, 3, 4, 5, 8, 9, 10, 11)
"""How many steps in rank the other cards stand from a card that sentences name beside it."""

Row = Mapping[str, str]


def name_of(rank: str, suit: str) -> str:
    return f"{rank} of {suit.capitalize()}"


def spoken(rank: Row, suit: str, lore: Row | None) -> tuple[str, ...]:
    """The plain name, the other word for its rank, and what else players call it."""
    names = [f"the {name_of(rank['rank'], suit)}"]
    names += [f"the {name_of(rank['other'], suit)}"] if rank["other"] else []
    return (*names, *(several(lore["aliases"]) if lore else ()))


def _next(place: int, ranks: Sequence[Row], suits: Sequence[Row]) -> tuple[str, ...]:
    """One step up or down, in every suit; the ace stands above the king and below the two."""
    steps = (ranks[place - 1], ranks[(place + 1) % len(ranks)])
    return tuple(f"the {name_of(rank['rank'], suit['suit'])}" for rank in steps for suit in suits)


def _others(place: int, first: int, ranks: Sequence[Row], suits: Sequence[Row]) -> tuple[str, ...]:
    """Cards further away in rank, as many of each suit."""
    return tuple(
        f"the {name_of(ranks[(place + step) % len(ranks)]['rank'], suit['suit'])}"
        for k, step in enumerate(FURTHER)
        for suit in (suits[(first + k) % len(suits)],)
    )


def _slots(rank: Row, suit: Row, lore: Row | None) -> Slots:
    own = lore or {"lore": "", "holds": "", "namesake": ""}
    return {
        "foreign": several(suit["foreign"]),
        "colour": (suit["colour"],),
        "tarot": (suit["tarot"],),
        "trick": (suit["trick"],),
        "skat": (suit["skat"],),
        "order": (suit["order"],),
        "points": several(rank["points"]),
        "pips": several(rank["pips"]),
        "packs": several(rank["packs"]),
        "lore": several(own["lore"]),
        "holds": several(own["holds"]),
        "namesake": several(own["namesake"]),
    }


def vocabulary_name(plain: str, lore: Row | None) -> str:
    """The plain name; for a card known by another one that, without its article."""
    if lore and lore["synonym"]:
        return several(lore["aliases"])[0].removeprefix("the ")
    return plain


def _subjects() -> Iterator[Subject]:
    ranks, suits = read_table(FOLDER / "ranks.csv"), read_table(FOLDER / "suits.csv")
    table = {row["card"]: row for row in read_table(FOLDER / "lore.csv")}
    known = {name_of(rank["rank"], suit["suit"]) for rank in ranks for suit in suits}
    if odd := sorted(set(table) - known):
        raise FactsError(f"lore.csv: no such cards {odd}; write them as 'Ace of Spades'")
    for first, suit in enumerate(suits):
        for place, rank in enumerate(ranks):
            plain = name_of(rank["rank"], suit["suit"])
            lore = table.get(plain)
            company = {
                "next": _next(place, ranks, suits),
                "other": _others(place, first, ranks, suits),
            }
            yield Subject(
                f"cards/{slug(plain)}",
                vocabulary_name(plain, lore),
                spoken(rank, suit["suit"], lore),
                tuple(name for name in (suit["class"], rank["class"]) if name),
                dict(_slots(rank, suit, lore)) | company,
                Card(rank["rank"], rank["index"], suit["suit"]),
                int(lore["contexts"] or CONTEXTS) if lore else CONTEXTS,
                bool(lore and lore["synonym"]),
            )


def paint_card(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """A card in a look."""
    card = subject.drawing
    if not isinstance(card, Card):
        raise TypeError(f"{subject.name!r} is no card")
    return card_looks.LOOKS[look](card, rng) if look else card_looks.reference(card)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The pack of cards."""
    return (
        Family(
            name="cards",
            classes=read_classes(FOLDER / "classes.csv"),
            subjects=tuple(_subjects()),
            frames=read_frames(FOLDER / "frames.toml"),
            looks=tuple(card_looks.LOOKS),
            paint=paint_card,
            class_nouns=CLASS_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
    )
