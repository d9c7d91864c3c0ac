"""Flags against what their laws say: colours at given places, proportions, numbers of stars."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageColor
from scipy import ndimage

from mese.demo.families.places import flags
from mese.demo.families.places.flags import FlagError, paint_flag


def colour_at(code: str, x: float, y: float) -> tuple[int, ...]:
    """The colour at a share of width and height."""
    flag = paint_flag(code)
    pixel = flag.getpixel((int(x * flag.width), int(y * flag.height)))
    assert isinstance(pixel, tuple)
    return pixel


def near(a: tuple[int, ...], b: str, tolerance: int = 40) -> bool:
    return max(abs(x - y) for x, y in zip(a, ImageColor.getrgb(b), strict=True)) <= tolerance


@pytest.mark.parametrize(
    ("code", "spots"),
    [
        ("de", {(0.5, 0.16): "#000000", (0.5, 0.5): "#DD0000", (0.5, 0.84): "#FFCE00"}),
        ("fr", {(0.16, 0.5): "#002654", (0.5, 0.5): "#FFFFFF", (0.84, 0.5): "#CE1126"}),
        ("nl", {(0.5, 0.16): "#AE1C28", (0.5, 0.5): "#FFFFFF", (0.5, 0.84): "#21468B"}),
        # The Danish cross stands nearer the hoist: 12 to 16 of 37.
        ("dk", {(0.378, 0.1): "#FFFFFF", (0.5, 0.1): "#C8102E", (0.9, 0.5): "#FFFFFF"}),
        ("jp", {(0.5, 0.5): "#BC002D", (0.5, 0.1): "#FFFFFF", (0.32, 0.5): "#BC002D"}),
        # A crescent is open towards the star: red between its horns.
        ("tr", {(0.2, 0.5): "#FFFFFF", (0.4, 0.5): "#E30A17", (0.57, 0.5): "#FFFFFF"}),
        ("th", {(0.5, 0.5): "#2D2A4A", (0.5, 0.25): "#FFFFFF", (0.5, 0.05): "#A51931"}),
        # Blood below, heaven above, in Korea's taegeuk red is above.
        ("kr", {(0.5, 0.35): "#CD2E3A", (0.5, 0.66): "#0047A0", (0.5, 0.05): "#FFFFFF"}),
        ("za", {(0.05, 0.5): "#000000", (0.9, 0.5): "#007749", (0.9, 0.1): "#E03C31"}),
        ("gb", {(0.5, 0.5): "#C8102E", (0.43, 0.1): "#FFFFFF", (0.25, 0.05): "#012169"}),
    ],
)
def test_colours_stand_where_they_belong(code: str, spots: dict[tuple[float, float], str]) -> None:
    for (x, y), colour in spots.items():
        assert near(colour_at(code, x, y), colour), (x, y)


@pytest.mark.parametrize(
    ("code", "ratio"),
    [("ch", 1), ("be", 15 / 13), ("qa", 28 / 11), ("us", 1.9), ("ne", 7 / 6), ("ca", 2)],
)
def test_proportions(code: str, ratio: float) -> None:
    flag = paint_flag(code)
    assert flag.width / flag.height == pytest.approx(ratio, abs=0.01)


@pytest.mark.parametrize(
    ("code", "colour", "part", "count"),
    [
        ("us", "#FFFFFF", (0.0, 0.0, 0.4, 0.5385), 50),
        ("cn", "#FFDE00", (0.0, 0.0, 1.0, 1.0), 5),
        ("cv", "#F7D116", (0.0, 0.0, 1.0, 1.0), 10),
        ("ve", "#FFFFFF", (0.0, 0.34, 1.0, 0.66), 8),
        ("uz", "#FFFFFF", (0.16, 0.0, 1.0, 0.31), 12),
        ("au", "#FFFFFF", (0.52, 0.0, 1.0, 1.0), 5),
        ("ba", "#FFFFFF", (0.0, 0.0, 1.0, 1.0), 9),
        ("sg", "#FFFFFF", (0.17, 0.0, 0.3, 0.49), 5),
    ],
)
def test_numbers_of_stars(
    code: str, colour: str, part: tuple[float, float, float, float], count: int
) -> None:
    flag = paint_flag(code, 640)
    sides = (flag.width, flag.height) * 2
    left, top, right, bottom = (int(p * side) for p, side in zip(part, sides, strict=True))
    area = flag.crop((left, top, right, bottom))
    distance = np.abs(np.asarray(area, dtype=int) - ImageColor.getrgb(colour)).max(axis=2)
    labels, found = ndimage.label(distance < 60)
    sizes = np.bincount(labels.ravel())[1:]
    assert int((sizes > 12).sum()) == count, (found, sizes)


@pytest.mark.parametrize("code", sorted(flags.descriptions()))
def test_every_flag_can_be_painted_and_is_not_of_one_colour(code: str) -> None:
    flag = paint_flag(code, 60)
    assert flag.height == 60
    assert len(flag.getcolors(60 * 200) or []) >= 2


def test_flags_differ_from_one_another() -> None:
    small = {code: paint_flag(code, 60).resize((48, 32)) for code in flags.descriptions()}
    pixels = {code: np.asarray(image, dtype=float) for code, image in small.items()}
    pairs = [(a, b) for a in pixels for b in pixels if a < b]
    close = {(a, b) for a, b in pairs if np.abs(pixels[a] - pixels[b]).mean() < 4}
    # Truly alike: the red and white of Indonesia and Monaco differ in shape and shade.
    assert close <= {("id", "mc"), ("co", "ec"), ("ro", "td"), ("ie", "ci")}, close


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(FlagError, match="no flag 'xx'"):
        paint_flag("xx")


@pytest.mark.parametrize(
    "element", ["blob red 1 2", "disc red 1 2", "poly red 0 0 1", "h nocolour"]
)
def test_a_bad_element_is_named(element: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flags, "descriptions", lambda: {"zz": f"3x2 | {element}"})
    with pytest.raises(FlagError, match=r"zz: .* cannot be painted"):
        paint_flag.__wrapped__("zz")
