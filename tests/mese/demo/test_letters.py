"""Letters and signals against Unicode, the old numerals, the ITU's Morse code and the flag code."""

from __future__ import annotations

import unicodedata
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor
from scipy.spatial import ConvexHull, QhullError

from mese.demo.families.letters import FOLDER, families, glyphs, ordinal
from mese.demo.families.letters.glyphs import FACES, fitted, glyph, has, hull
from mese.demo.families.letters.letter_looks import Letter
from mese.demo.families.letters.signal_flags import COLOURS, flag
from mese.demo.family import FactsError, Subject, read_table

LETTERS = read_table(FOLDER / "alphabets.csv")
SIGNALS = read_table(FOLDER / "signals.csv")
SUBJECTS = {subject.name: subject for family in families() for subject in family.subjects}

LATIN_MORSE = """
    .- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. --
    -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
"""


def row(name: str) -> list[dict[str, str]]:
    return [letter for letter in LETTERS if letter["row"] == name]


def design(sign: str) -> str:
    return next(signal["design"] for signal in SIGNALS if signal["sign"] == sign)


@pytest.mark.parametrize(("name", "count"), [("greek", 24), ("hebrew", 22), ("cyrillic", 33)])
def test_the_alphabets_are_whole_and_in_order(name: str, count: int) -> None:
    capitals = [letter["capital"] for letter in row(name)]
    assert len(set(capitals)) == count
    # Unicode keeps the order of all three, but Ё stands apart: behind Е it belongs.
    order = ["Е\uffff" if capital == "Ё" else capital for capital in capitals]
    assert order == sorted(order)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda r: r["name"])
def test_forms_and_names_are_those_of_unicode(letter: dict[str, str]) -> None:
    script, *_, official = unicodedata.name(letter["capital"]).split(maxsplit=3)
    assert script.casefold() == letter["row"]
    if letter["row"] == "hebrew":
        assert letter["small"] == ""
    else:
        assert letter["small"] == letter["capital"].lower()
    if letter["row"] == "greek":
        assert official.casefold() in {n.casefold() for n in SUBJECTS[letter["name"]].aliases} | {
            letter["name"].casefold()
        }


def test_greek_and_hebrew_numerals_are_ones_tens_and_hundreds() -> None:
    ladder = [n * ten for ten in (1, 10, 100) for n in range(1, 10)]
    # The Greek row has lost its signs for 6, 90 and 900.
    greek = [value for value in ladder if value not in {6, 90, 900}]
    assert [int(letter["value"]) for letter in row("greek")] == greek
    assert [int(letter["value"]) for letter in row("hebrew")] == ladder[:22]


def test_old_cyrillic_numerals_are_those_of_the_greek_letters_they_come_from() -> None:
    greek = {letter["root"]: letter["value"] for letter in row("greek") if letter["root"]}
    compared = [x for x in row("cyrillic") if x["value"] and x["root"] in greek]
    assert len(compared) >= 18
    assert [x["name"] for x in compared if x["value"] != greek[x["root"]]] == []


def test_morse_of_flags_is_the_itu_s() -> None:
    flags = [signal for signal in SIGNALS if signal["row"] == "flag"]
    assert [signal["sign"] for signal in flags] == [chr(ord("A") + n) for n in range(26)]
    assert [signal["morse"] for signal in flags] == LATIN_MORSE.split()


def test_morse_of_pennants_counts_up_in_dots_and_down_in_dashes() -> None:
    for digit, signal in enumerate(SIGNALS[26:]):
        assert signal["sign"] == str(digit)
        expected = "." * digit + "-" * (5 - digit)
        if digit > 5:
            expected = "-" * (digit - 5) + "." * (10 - digit)
        assert signal["morse"] == expected


@pytest.mark.parametrize("script", ["greek", "hebrew", "cyrillic"])
def test_no_two_letters_of_a_row_share_a_morse_signal(script: str) -> None:
    codes = Counter(letter["morse"] for letter in row(script) if letter["morse"])
    # Russian telegraphists send Е and Ё alike; ours leaves Ё without.
    assert max(codes.values()) == 1


def test_twins_have_one_signal_and_another_row() -> None:
    by_usual = {subject.spoken[0]: subject for subject in SUBJECTS.values()}
    for subject in SUBJECTS.values():
        for twin in subject.slots["twin"]:
            other = by_usual[twin]
            assert other.slots["morse"] == subject.slots["morse"]
            assert other.classes != subject.classes
    assert "Bravo" in SUBJECTS["Beta"].slots["twin"]


def test_neighbours_by_hand() -> None:
    assert SUBJECTS["Alpha"].slots["next"] == ("Beta",)
    assert SUBJECTS["Shin"].slots["next"] == ("Resh", "Tav")
    assert SUBJECTS["Yo"].slots["next"] == ("Ye", "Zhe")
    assert SUBJECTS["Bravo"].slots["next"] == ("Alfa", "Charlie")
    assert SUBJECTS["Novenine"].slots["next"] == ("Oktoeight",)
    assert SUBJECTS["Kilo"].slots["near"] == ("Hotel", "India", "Mike", "November")


def test_cousins_by_hand() -> None:
    assert set(SUBJECTS["Dalet"].slots["cousin"]) == {"Delta", "De"}
    assert set(SUBJECTS["Beta"].slots["cousin"]) == {"Bet", "Be", "Ve"}


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "first"), (12, "twelfth"), (20, "twentieth"), (23, "twenty-third"), (30, "thirtieth")],
)
def test_ordinals(number: int, word: str) -> None:
    assert ordinal(number) == word


@pytest.mark.parametrize("letter", LETTERS, ids=lambda r: r["name"])
def test_every_glyph_is_there(letter: dict[str, str]) -> None:
    assert has(letter["capital"])
    assert has(letter["small"])
    for face in FACES:
        assert glyph(letter["capital"], face).getextrema()[1] == 255, face


def test_what_no_font_holds_is_known_to_be_missing() -> None:
    assert not has("漢")


def test_letters_of_a_row_are_told_apart_by_their_shape() -> None:
    for script in ("greek", "hebrew", "cyrillic"):
        masks = {
            x["capital"]: np.asarray(glyph(x["capital"], "sans").resize((40, 48)), dtype=float)
            for x in row(script)
        }
        for one, a in masks.items():
            for other, b in masks.items():
                assert one == other or np.abs(a - b).mean() > 9, (one, other)


def test_a_small_letter_stays_small_beside_a_large_one() -> None:
    """Yod is half as high as Vav, which has its shape else."""
    yod, vav = (np.asarray(fitted(x, "sans", 200, 200)) > 128 for x in "יו")
    assert yod.any(axis=1).sum() < 0.65 * vav.any(axis=1).sum()


def test_lamed_rises_and_qof_descends() -> None:
    low, tall = glyph("ב", "serif").height, glyphs.TALL
    assert abs(low - tall) <= 2
    assert glyph("ל", "serif").height > 1.25 * tall
    assert glyph("ק", "serif").height > 1.2 * tall


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=4, max_size=12))
def test_the_hull_is_scipy_s(points: list[tuple[int, int]]) -> None:
    try:
        expected = ConvexHull(np.array(points))
    except QhullError:
        return  # all on one line
    found = hull([(float(x), float(y)) for x, y in points])
    assert set(found) == {(float(points[k][0]), float(points[k][1])) for k in expected.vertices}


@pytest.mark.parametrize(
    ("sign", "spots"),
    [
        ("A", {(0.2, 0.5): "white", (0.65, 0.5): "blue", (0.95, 0.05): "blue"}),
        ("B", {(0.2, 0.5): "red", (0.95, 0.95): "red"}),
        ("C", {(0.5, y): c for y, c in ((0.1, "blue"), (0.3, "white"), (0.5, "red"))}),
        ("D", {(0.5, 0.1): "yellow", (0.5, 0.3): "blue", (0.5, 0.7): "blue"}),
        ("E", {(0.5, 0.25): "blue", (0.5, 0.75): "red"}),
        ("F", {(0.5, 0.5): "red", (0.1, 0.1): "white", (0.9, 0.9): "white"}),
        ("G", {(0.08, 0.5): "yellow", (0.25, 0.5): "blue", (0.92, 0.5): "blue"}),
        ("H", {(0.25, 0.5): "white", (0.75, 0.5): "red"}),
        ("I", {(0.5, 0.5): "black", (0.1, 0.1): "yellow", (0.5, 0.1): "yellow"}),
        ("J", {(0.5, 0.16): "blue", (0.5, 0.5): "white", (0.5, 0.84): "blue"}),
        ("K", {(0.25, 0.5): "yellow", (0.75, 0.5): "blue"}),
        ("L", {(0.25, 0.25): "yellow", (0.75, 0.25): "black", (0.75, 0.75): "yellow"}),
        ("M", {(0.5, 0.5): "white", (0.5, 0.15): "blue", (0.1, 0.5): "blue"}),
        ("N", {(0.12, 0.12): "blue", (0.37, 0.12): "white", (0.87, 0.87): "blue"}),
        ("O", {(0.75, 0.25): "red", (0.25, 0.75): "yellow"}),
        ("P", {(0.5, 0.5): "white", (0.1, 0.5): "blue", (0.5, 0.1): "blue"}),
        ("Q", {(0.1, 0.1): "yellow", (0.9, 0.9): "yellow"}),
        ("R", {(0.5, 0.5): "yellow", (0.5, 0.1): "yellow", (0.2, 0.2): "red"}),
        ("S", {(0.5, 0.5): "blue", (0.1, 0.5): "white"}),
        ("T", {(0.16, 0.5): "red", (0.5, 0.5): "white", (0.84, 0.5): "blue"}),
        ("U", {(0.25, 0.25): "red", (0.75, 0.25): "white", (0.75, 0.75): "red"}),
        ("V", {(0.5, 0.5): "red", (0.5, 0.1): "white"}),
        ("W", {(0.5, 0.5): "red", (0.25, 0.5): "white", (0.08, 0.5): "blue"}),
        ("X", {(0.5, 0.5): "blue", (0.5, 0.1): "blue", (0.2, 0.2): "white"}),
        ("Y", {(0.05, 0.05): "yellow", (0.95, 0.95): "red", (0.25, 0.05): "red"}),
        ("Z", {(0.5, 0.1): "yellow", (0.9, 0.5): "blue", (0.5, 0.9): "red", (0.1, 0.5): "black"}),
        ("0", {(0.1, 0.5): "yellow", (0.5, 0.5): "red", (0.9, 0.5): "yellow"}),
        ("1", {(0.33, 0.5): "red", (0.8, 0.5): "white"}),
        ("2", {(0.33, 0.5): "white", (0.8, 0.5): "blue"}),
        ("3", {(0.1, 0.5): "red", (0.5, 0.5): "white", (0.9, 0.5): "blue"}),
        ("4", {(0.33, 0.2): "white", (0.9, 0.5): "white", (0.1, 0.2): "red"}),
        ("5", {(0.2, 0.5): "yellow", (0.8, 0.5): "blue"}),
        ("6", {(0.5, 0.4): "black", (0.5, 0.6): "white"}),
        ("7", {(0.5, 0.4): "yellow", (0.5, 0.6): "red"}),
        ("8", {(0.33, 0.2): "red", (0.9, 0.5): "red", (0.1, 0.2): "white"}),
        ("9", {(0.2, 0.4): "white", (0.8, 0.4): "black", (0.2, 0.6): "red", (0.8, 0.6): "yellow"}),
    ],
)
def test_colours_stand_where_the_code_puts_them(
    sign: str, spots: dict[tuple[float, float], str]
) -> None:
    cloth = flag(design(sign))
    for (x, y), colour in spots.items():
        pixel = cloth.getpixel((int(x * cloth.width), int(y * cloth.height)))
        assert pixel == (*ImageColor.getrgb(COLOURS[colour]), 255), (x, y)


def test_flags_of_three_colours_are_alike_in_whatever_order() -> None:
    assert set(SUBJECTS["Charlie"].slots["alike"]) == {"Tango", "Whiskey", "Terrathree"}
    assert SUBJECTS["Charlie"].slots["colours"] == ("blue, white and red",)


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda r: r["name"])
def test_a_flag_shows_the_colours_that_sentences_name(signal: dict[str, str]) -> None:
    cloth = flag(signal["design"])
    counted = cloth.getcolors(4096) or []
    # Fewer pixels than a disc has are the mixtures along the edges.
    shown = {pixel[:3] for count, pixel in counted if count > 3000 and pixel[3] == 255}
    named = signal["colours"].replace(",", "").replace(" and ", " ").split()
    assert shown == {ImageColor.getrgb(COLOURS[word]) for word in named}


def test_ten_diagonal_stripes() -> None:
    """Along the line from the upper hoist to the lower fly all ten stripes of Yankee are met."""
    cloth = flag(design("Y"))
    walk = [cloth.getpixel((round(t * (cloth.width - 1)), round(t * 239))) for t in _shares()]
    assert [walk[0], walk[-1]] == [(*ImageColor.getrgb(COLOURS[c]), 255) for c in ("yellow", "red")]
    clear = [p for p in walk if p in (walk[0], walk[-1])]
    assert 1 + sum(a != b for a, b in pairwise(clear)) == 10


def _shares() -> list[float]:
    return [k / 400 for k in range(401)]


def test_shapes_are_cut() -> None:
    square, tail, taper = (flag(design(sign)).getchannel("A") for sign in "QB0")
    assert square.getextrema() == (255, 255)
    wide, tall = tail.size
    assert tail.getpixel((wide - 4, tall // 2)) == 0  # the notch
    assert tail.getpixel((wide - 4, 1)) == 255
    wide, tall = taper.size
    hoist, fly = (sum(taper.getpixel((x, y)) > 128 for y in range(tall)) for x in (1, wide - 2))
    assert hoist == pytest.approx(tall, abs=2)
    assert fly == pytest.approx(tall / 3, abs=4)


def test_signals_differ_from_one_another() -> None:
    seen = {signal["sign"]: flag(signal["design"]).resize((48, 40)) for signal in SIGNALS}
    pixels = {sign: np.asarray(image, dtype=float) for sign, image in seen.items()}
    pairs = [(a, b) for a in pixels for b in pixels if a < b]
    assert [(a, b) for a, b in pairs if np.abs(pixels[a] - pixels[b]).mean() < 8] == []


@pytest.mark.parametrize(
    "bad", ["plain red", "round | plain red", "square | plain pink", "square | blob red"]
)
def test_a_design_that_cannot_be_drawn_is_named(bad: str) -> None:
    with pytest.raises(FactsError, match=r"signals\.csv"):
        flag(bad)


def test_names_are_shared_across_rows() -> None:
    """Polysemy: one spoken form, several entities."""
    bearers: dict[str, list[Subject]] = {}
    for subject in SUBJECTS.values():
        for form in {form.casefold() for form in subject.spoken}:
            bearers.setdefault(form, []).append(subject)
    shared = {form for form, subjects in bearers.items() if len(subjects) > 1}
    assert {"delta", "alpha", "alfa", "pe"} <= shared


def test_a_letter_carries_its_place() -> None:
    omega = SUBJECTS["Omega"].drawing
    assert omega == Letter("Ω", "ω", 23, 24)
