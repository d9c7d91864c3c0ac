"""Stagings: what they cut a thing to fits it, whatever the sides divide to."""

from __future__ import annotations

import pytest
from PIL import Image

from mese.demo.staging import covering


@pytest.mark.parametrize("across", [0.0, 0.31, 0.5, 1.0])
def test_a_square_covers_every_smaller_square(across: float) -> None:
    """Some of these sides once made a box that lay a rounding error outside the picture."""
    thing = Image.new("RGB", (360, 360), "#336699")
    for side in range(300, 372):
        cut = covering(thing, side, side, across)
        assert cut.size == (side, side)
        assert cut.getpixel((side - 1, side - 1)) == (0x33, 0x66, 0x99, 255)


def test_a_wide_thing_is_cut_at_the_sides() -> None:
    thing = Image.new("RGB", (300, 100), "#000000")
    thing.paste("#FFFFFF", (200, 0, 300, 100))
    assert covering(thing, 50, 50, 0.0).getpixel((25, 25)) == (0, 0, 0, 255)
    assert covering(thing, 50, 50, 1.0).getpixel((25, 25)) == (255, 255, 255, 255)
