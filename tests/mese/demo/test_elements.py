"""The elements against the build of the periodic table and facts that anyone can look up."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy import ndimage

from mese.demo.families import elements
from mese.demo.families.elements import levels, looks, shells, table, tile
from mese.demo.families.elements.atom import COLUMNS, Atom, cell_of, symbols
from mese.demo.family import Subject, read_table, several

SUBJECTS = elements.families()[0].subjects
ROWS = read_table(elements.FOLDER / "atoms.csv")
BLOCKS = {"s": range(2), "p": range(12, 18), "d": range(2, 12)}


def subject(name: str) -> Subject:
    return next(s for s in SUBJECTS if name in (s.name, *s.spoken))


def atom(name: str) -> Atom:
    drawing = subject(name).drawing
    assert isinstance(drawing, Atom)
    return drawing


def test_there_are_118_with_symbols_of_their_own() -> None:
    assert [int(row["number"]) for row in ROWS] == list(range(1, 119))
    assert len(set(symbols())) == 118


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["symbol"])
def test_shells_hold_as_many_electrons_as_there_are_protons(row: dict[str, str]) -> None:
    counts = [int(count) for count in several(row["shells"])]
    assert sum(counts) == int(row["number"])
    assert len(counts) == int(row["period"]) - (row["symbol"] == "Pd")
    assert all(count <= 2 * n * n for n, count in enumerate(counts, start=1))
    assert counts[-1] <= 8 or row["symbol"] == "Pd"


@pytest.mark.parametrize("row", [r for r in ROWS if r["group"]], ids=lambda row: row["symbol"])
def test_the_drawn_cell_is_at_the_group_and_period_of_the_table(row: dict[str, str]) -> None:
    column, line = cell_of(int(row["number"]))
    assert (column + 1, line + 1) == (int(row["group"]), int(row["period"]))
    assert column in BLOCKS[row["block"]] or row["symbol"] == "He"


def test_lanthanides_and_actinides_stand_below_the_table_in_fifteen_columns() -> None:
    for first, line in ((57, 7), (89, 8)):
        assert [cell_of(first + n) for n in range(15)] == [(2 + n, line) for n in range(15)]


def test_no_two_elements_share_a_cell() -> None:
    assert len({cell_of(number) for number in range(1, 119)}) == 118
    assert all(0 <= cell_of(number)[0] < COLUMNS for number in range(1, 119))


@pytest.mark.parametrize(
    ("name", "filled"),
    [
        ("hydrogen", {"1s": 1}),
        ("oxygen", {"2s": 2, "2p": 4}),
        ("neon", {"2s": 2, "2p": 6}),
        ("iron", {"4s": 2, "3d": 6}),
        ("chromium", {"4s": 1, "3d": 5}),
        ("palladium", {"4d": 10}),
        ("gadolinium", {"6s": 2, "4f": 7, "5d": 1}),
        ("gold", {"6s": 1, "4f": 14, "5d": 10}),
        ("uranium", {"7s": 2, "5f": 3, "6d": 1}),
        ("lawrencium", {"7s": 2, "5f": 14, "7p": 1}),
    ],
)
def test_configurations_beyond_the_noble_gas(name: str, filled: dict[str, int]) -> None:
    assert levels.outer(atom(name).shells) == filled


def test_boxes_are_filled_by_hund_s_rule() -> None:
    assert levels.arrows(4, 3) == (2, 1, 1)
    assert levels.arrows(5, 5) == (1, 1, 1, 1, 1)
    assert sum(levels.arrows(13, 7)) == 13


@pytest.mark.parametrize(
    ("name", "slot", "values"),
    [
        ("tungsten", "finder", {"Fausto Elhuyar", "Juan José Elhuyar"}),
        ("iron", "number", {"26"}),
        ("gold", "year", set()),
        ("gold", "column", {"silver", "copper"}),
        ("helium", "next", {"hydrogen", "lithium"}),
        ("uranium", "column", {"neodymium"}),
        ("nobelium", "honours", {"the inventor of dynamite"}),
        ("tennessine", "target", {"berkelium"}),
        ("mercury", "melts", {"about minus 39 degrees Celsius"}),
        ("sodium", "shells", {"2, 8 and 1"}),
        ("technetium", "weight", {"97"}),
    ],
)
def test_facts_that_anyone_can_look_up(name: str, slot: str, values: set[str]) -> None:
    assert set(subject(name).slots[slot]) == values


@pytest.mark.parametrize("row", [s for s in SUBJECTS if s.slots["beam"]], ids=lambda s: s.name)
def test_beam_and_target_have_the_protons_of_what_they_make(row: Subject) -> None:
    parts = [atom(row.slots[slot][0]).number for slot in ("beam", "target")]
    assert sum(parts) == atom(row.name).number


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("hydrogen", {"Elements discovered in Britain"}),
        ("silver", {"Period 5 transition metals", "Elements known to antiquity"}),
        ("radon", {"Halogens and noble gases"}),
        (
            "lutetium",
            {"Lanthanides", "Elements discovered in France", "Elements named after places"},
        ),
        ("lawrencium", {"Actinides", "Elements named after people"}),
        ("seaborgium", {"Superheavy elements", "Elements named after people"}),
    ],
)
def test_classes_that_an_element_is_in(name: str, classes: set[str]) -> None:
    made_here = {"Elements discovered in California"}
    assert set(subject(name).classes) - made_here == classes


def test_those_named_after_people_have_one_in_mind() -> None:
    named = [s for s in SUBJECTS if "Elements named after people" in s.classes]
    assert {s.spoken[0] for s in named} >= {"curium", "einsteinium", "gadolinium", "oganesson"}
    assert all(s.slots["honours"] for s in named)


def test_no_sample_is_opened_of_what_nobody_has_seen() -> None:
    for name in ("astatine", "francium", "fermium", "seaborgium", "oganesson"):
        assert not subject(name).slots["sample"]
    assert subject("tin").slots["sample"] == subject("tin").slots["look"]


@pytest.mark.parametrize(
    ("name", "finder", "land"),
    [
        ("oxygen", "Joseph Priestley", "England"),
        ("boron", "Humphry Davy", "England"),
        ("holmium", "Jacques-Louis Soret", "Switzerland"),
        ("lutetium", "Georges Urbain", "France"),
        ("dubnium", "Georgy Flyorov", "Russia"),
    ],
)
def test_the_finder_worked_in_the_land(name: str, finder: str, land: str) -> None:
    assert subject(name).slots["finder"] == (finder,)
    assert subject(name).slots["land"] == (land,)


def test_the_seven_metals_of_antiquity_are_there_and_nothing_later() -> None:
    known = {s.spoken[0] for s in SUBJECTS if "Elements known to antiquity" in s.classes}
    metals = {"gold", "silver", "copper", "iron", "tin", "lead", "mercury"}
    assert known == metals | {"carbon", "sulfur"}


def test_names_of_other_languages_stand_in_the_vocabulary() -> None:
    for listed, usual in (("Wolfram", "tungsten"), ("Natrium", "sodium"), ("Ferrum", "iron")):
        assert subject(usual).name == listed
        assert subject(usual).role == "synonym"
    assert "quicksilver" in subject("Mercury (element)").aliases
    assert subject("Mercury (element)").role == "target"


def test_symbols_that_are_english_words_are_no_aliases() -> None:
    forms = {form for s in SUBJECTS for form in s.spoken}
    assert not forms & {"He", "Be", "As", "In", "At", "No", "Am", "I"}
    assert {"Fe", "Pb", "Og"} <= forms


@pytest.mark.parametrize("name", ["hydrogen", "iron", "lutetium", "oganesson"])
def test_the_table_marks_the_element_s_cell_and_no_other(name: str) -> None:
    side = 20
    marked = np.asarray(table.table(atom(name), side, table.PALE))
    column, row = atom(name).cell
    top = (row + (table.GAP_ROW if row >= 7 else 0)) * side
    spots = np.argwhere((marked == table.PALE.mark).all(axis=2))
    middle = spots.mean(axis=0)
    assert middle == pytest.approx((top + side / 2, (column + 0.5) * side), abs=side * 0.35)
    assert len(spots) < (2 * side) ** 2


def test_a_ring_has_as_many_dots_as_electrons() -> None:
    image = looks.s.plain((0, 0, 0))
    pen = shells.Pen((0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 0), (0, 0, 0))
    shells.paint_shells(image, atom("sulfur"), (224, 224), 200, pen, random.Random(1))
    pixels = np.asarray(image)
    assert ndimage.label(pixels[:, :, 0] > 128)[1] == 2 + 8
    assert ndimage.label(pixels[:, :, 1] > 128)[1] == 6


def test_the_typeface_has_every_sign_that_tiles_show() -> None:
    missing = bytes(tile.font(40).getmask("\uffff"))
    signs = {sign for symbol in symbols() for sign in symbol} | set("0123456789.[]+")
    assert all(bytes(tile.font(40).getmask(sign)) != missing for sign in signs)


@pytest.mark.parametrize("look", looks.LOOKS)
def test_every_form_of_sample_can_be_drawn(look: str) -> None:
    for name in ("gold", "helium", "chlorine", "bromine", "iodine", "sulfur", "oganesson"):
        drawn = looks.LOOKS[look](atom(name), random.Random(3))
        assert drawn.size == (looks.CANVAS, looks.CANVAS)
