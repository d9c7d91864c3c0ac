"""Hits and others are told apart by the class that all seeds share, and by nothing less."""

from __future__ import annotations

from db.accounts import Role, User
from db.corpus import ClassSize, EntityCard
from db.shown import kind_of
from mese.corpus import Result
from pages.parts.cards import result_card, shared_classes
from pages.parts.case_facts import Item
from pages.parts.case_grid import _card
from pages.parts.figures import class_sunburst, contexts_histogram


def card(entity: int, *classes: str) -> EntityCard:
    return EntityCard(entity, f"e{entity}", (), classes, None, 2)


CARDS = {1: card(1, "cities", "capitals"), 2: card(2, "cities"), 3: card(3), 4: card(4, "capitals")}


def test_the_seeds_class_is_what_all_of_them_share() -> None:
    assert shared_classes([1], CARDS) == ("cities", "capitals")
    assert shared_classes([1, 2], CARDS) == ("cities",)
    assert shared_classes([2, 4], CARDS) == ()
    assert shared_classes([1, 3], CARDS) == ()
    assert shared_classes([1, 99], CARDS) == ()
    assert shared_classes([], CARDS) == ()


def test_a_result_is_a_hit_only_where_the_class_is_known() -> None:
    assert kind_of(["states"], ("cities",), {"states"}) == "hard"
    assert kind_of(["states", "cities"], ("cities",), {"states"}) == "hit"
    assert kind_of(["colours"], ("cities",), {"states"}) == "other"
    assert kind_of(["states"], (), {"states"}) == "plain"
    assert kind_of(["cities", "ports"], ("cities",)) == "hit"
    assert kind_of(["states"], ("cities",)) == "other"
    assert kind_of([], ("cities",)) == "other"
    assert kind_of(["cities"], ()) == "plain"


def test_the_sunburst_adds_up_and_hostile_names_are_no_tags() -> None:
    sizes = [
        ClassSize("World", "Places", "cities", 10),
        ClassSize("World", "Places", "states", 5),
        ClassSize("World", "", "<b>odd</b>", 2),
        ClassSize("Other", "Places", "cities", 1),
    ]
    trace = class_sunburst(sizes)["data"][0]
    rows = dict(zip(trace["ids"], trace["values"], strict=True))
    children: dict[str, int] = {}
    for name, parent, value in zip(trace["ids"], trace["parents"], trace["values"], strict=True):
        if parent:
            children[parent] = children.get(parent, 0) + value
        assert parent == "" or parent in rows, name
    assert children.items() <= rows.items()
    tops = [v for v, p in zip(trace["values"], trace["parents"], strict=True) if not p]
    assert sorted(tops) == [1, 17]
    assert "&lt;b&gt;odd&lt;/b&gt;" in trace["labels"]


def test_the_histogram_keeps_its_pairs() -> None:
    trace = contexts_histogram({2: 3, 12: 40})["data"][0]
    assert dict(zip(trace["x"], trace["y"], strict=True)) == {2: 3, 12: 40}


def test_a_card_turns_nothing_around() -> None:
    user = User("ann", Role.RATER)
    turned = ("\u202egnp\u202c", ("\u2066x\u2069",))
    shown = result_card(user, Result(1, 3, turned[0], 1.0, turned[1]), "plain", None, False)
    assert (shown.name, shown.classes, shown.alt) == ("gnp", "x", "gnp, rank 1")
    kept = _card(user, Item(3, turned[0], 1, 1.0, turned[1], "plain", None), None)
    assert (kept["name"], kept["classes"]) == ("gnp", "x")
