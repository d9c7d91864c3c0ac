"""Colours against Pillow's table of CSS names, known colorimetric values and their pictures."""

from __future__ import annotations

import colorsys
import random

import numpy as np
import pytest
from PIL import ImageColor

from mese.demo import surfaces
from mese.demo.families import colours
from mese.demo.families.colours import hue, looks
from mese.demo.family import Subject

FAMILY = colours.families()[0]
SUBJECTS = FAMILY.subjects
CODES = {s.spoken[0]: s.slots["hex"][0] for s in SUBJECTS}
REBECCA_PURPLE = "#663399"


def subject(name: str) -> Subject:
    return next(s for s in SUBJECTS if name in (s.name, *s.spoken))


def luminance(code: str) -> float:
    """Relative luminance as in WCAG 2, written anew."""
    linear = []
    for channel in ImageColor.getrgb(code):
        value = channel / 255
        linear.append(value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_css_colour_is_there_once_with_its_exact_code() -> None:
    # By name: Pillow keeps a code once read in its table as a tuple, in place of the string.
    css = {ImageColor.getrgb(name) for name in ImageColor.colormap}
    ours = [ImageColor.getrgb(code) for code in CODES.values()]
    assert len(ours) == len(set(ours)) == 139
    assert set(ours) == css


@pytest.mark.parametrize("name", CODES)
def test_the_code_is_that_of_the_css_name(name: str) -> None:
    assert ImageColor.getrgb(name.lower().replace(" ", "")) == ImageColor.getrgb(CODES[name])


def test_aliases_of_css_stand_for_one_colour() -> None:
    assert subject("Fuchsia").spoken[:2] == ("magenta", "fuchsia")
    assert subject("Aqua").spoken[:2] == ("cyan", "aqua")
    assert subject("Fuchsia").role == subject("Aqua").role == "synonym"
    assert "slate grey" in subject("Slate gray").spoken
    assert "beccapurple" in subject("Rebecca purple").spoken


@pytest.mark.parametrize(
    ("code", "lab"),
    [
        ("#FFFFFF", (100.0, 0.0, 0.0)),
        ("#000000", (0.0, 0.0, 0.0)),
        ("#FF0000", (53.24, 80.09, 67.20)),
        ("#00FF00", (87.73, -86.18, 83.18)),
        ("#0000FF", (32.30, 79.19, -107.86)),
    ],
)
def test_lab_of_the_primaries(code: str, lab: tuple[float, float, float]) -> None:
    assert hue.lab(code) == pytest.approx(lab, abs=0.05)


@pytest.mark.parametrize(
    ("code", "degrees", "across"),
    [
        ("#FF0000", 0, "#00FFFF"),
        ("#FFFF00", 60, "#0000FF"),
        ("#008000", 120, "#800080"),
        ("#FF8000", 30, "#0080FF"),
    ],
)
def test_angles_and_complements(code: str, degrees: int, across: str) -> None:
    assert hue.angle(code) == degrees
    ours, truth = (ImageColor.getrgb(c) for c in (hue.complement(code), across))
    assert ours == pytest.approx(truth, abs=1)  # a channel of 127.5 may be rounded either way


def test_greys_have_no_angle_and_no_opposite() -> None:
    for name in ("black", "gray", "Silver (colour)", "white"):
        assert subject(name).slots["angle"] == subject(name).slots["opposite"] == ()


@pytest.mark.parametrize("one", SUBJECTS, ids=lambda s: s.name)
def test_lighter_is_lighter_and_darker_is_darker(one: Subject) -> None:
    own = luminance(CODES[one.spoken[0]])
    assert all(luminance(CODES[name]) > own for name in one.slots["lighter"])
    assert all(luminance(CODES[name]) < own for name in one.slots["darker"])


def test_an_opposite_lies_across_the_wheel_within_thirty_degrees() -> None:
    """Angles by colorsys's HSV, which has the hue of HSL."""
    found = [(s.spoken[0], name) for s in SUBJECTS for name in s.slots["opposite"]]
    for one, other in found:
        hues = [
            colorsys.rgb_to_hsv(*(c / 255 for c in ImageColor.getrgb(CODES[name])))[0] * 360
            for name in (one, other)
        ]
        assert 149 <= abs(hues[0] - hues[1]) <= 211, (one, other)
    assert len(found) >= len(SUBJECTS) / 2


@pytest.mark.parametrize("one", SUBJECTS, ids=lambda s: s.name)
def test_no_sentence_about_a_colour_can_name_one_with_a_hue_word(one: Subject) -> None:
    told = [n for slot in ("next", "lighter", "darker", "opposite") for n in one.slots[slot]]
    assert one.spoken[0] not in told
    assert not {word for name in told for word in name.lower().split()} & colours.HUE_WORDS


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("navy", {"Shades of blue", "The basic sixteen of the web"}),
        ("tomato", {"Shades of orange and yellow", "Colours named after plants and dishes"}),
        ("Gold (colour)", {"Shades of orange and yellow", "Colours named after stones and metals"}),
        ("gainsboro", {"Shades of grey"}),
    ],
)
def test_classes_that_a_colour_is_in(name: str, classes: set[str]) -> None:
    assert set(subject(name).classes) == classes


def test_the_sixteen_are_those_of_html_3_2() -> None:
    sixteen = {s.spoken[0] for s in SUBJECTS if "The basic sixteen of the web" in s.classes}
    listed = "black silver gray white maroon red purple magenta green lime olive yellow navy blue"
    assert sixteen == {*listed.split(), "teal", "cyan"}
    standards = {name: subject(name).slots["standard"] for name in sixteen}
    # HTML 3.2 has these two under their other names, fuchsia and aqua.
    assert {standards.pop(name) for name in ("cyan", "magenta")} == {("SVG 1.0",)}
    assert set(standards.values()) == {("HTML 3.2",)}
    assert subject("Rebecca purple").slots["hex"] == (REBECCA_PURPLE,)


def test_words_for_warmth_and_mood() -> None:
    names = ("orange", "navy", "gray", "green yellow", "chartreuse")
    assert [hue.air(CODES[n]) for n in names] == ["warm", "cool", "neutral", "warm", "cool"]
    assert [hue.mood(CODES[n]) for n in ("snow", "navy", "lime")] == ["airy", "sombre", "lively"]


@pytest.mark.parametrize("one", SUBJECTS[::7], ids=lambda s: s.name)
def test_the_reference_shows_the_exact_code(one: Subject) -> None:
    picture = surfaces.finish(colours.paint(one, None, random.Random(0)))
    middle = picture.getpixel((surfaces.SIZE // 2, surfaces.SIZE // 2))
    assert middle == ImageColor.getrgb(CODES[one.spoken[0]])


@pytest.mark.parametrize("look", looks.LOOKS)
@pytest.mark.parametrize("name", ["crimson", "navy", "honeydew", "olive", "black"])
def test_every_look_shows_much_of_the_colour(look: str, name: str) -> None:
    picture = surfaces.finish(colours.paint(subject(name), look, random.Random(5)))
    far = np.abs(np.asarray(picture, dtype=int) - ImageColor.getrgb(CODES[name])).max(axis=2)
    assert (far <= 32).mean() > 0.03
