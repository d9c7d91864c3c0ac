"""The twelve looks of a colour, and its reference: the exact colour on white."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.colours import cloth, things, wet
from mese.demo.families.colours.wet import BLACK, WHITE
from mese.demo.surfaces import CANVAS, Colour

Look = Callable[[Colour, random.Random], Image.Image]
REACH = 175
"""Half the length of a sample strip."""
EDGE = 40
"""White around the reference."""


def fan(colour: Colour, rng: random.Random) -> Image.Image:
    """Sample strips fanned out, the colour on the uppermost."""
    ground = s.plain(s.shift((150, 150, 148), rng, 12))
    ground = s.grain(ground, rng, 5, 3)
    spread, hinge = rng.uniform(13, 18), (CANVAS / 2 + rng.randint(-12, 12), 396)
    for k in (-2, -1, 2, 1, 0):
        tone = s.mix(colour, WHITE if k < 0 else BLACK, 0.3 * abs(k))
        lean = math.radians(k * spread)
        middle = (hinge[0] + REACH * math.sin(lean), hinge[1] - REACH * math.cos(lean))
        strip = s.turned(_strip(tone), -k * spread)
        at = (round(middle[0] - strip.width / 2), round(middle[1] - strip.height / 2))
        s.drop(ground, strip, at, 4)
    return ground


def _strip(tone: Colour) -> Image.Image:
    strip = Image.new("RGBA", (130, 2 * REACH))
    pen = ImageDraw.Draw(strip)
    pen.rounded_rectangle((0, 0, 129, 2 * REACH - 1), 10, (250, 250, 248))
    pen.rectangle((8, 10, 121, 2 * REACH - 60), tone)
    return strip


LOOKS: dict[str, Look] = {
    "fan": fan,
    "stroke": wet.stroke,
    "can": wet.can,
    "watercolour": wet.watercolour,
    "yarn": cloth.yarn,
    "silk": cloth.silk,
    "buttons": cloth.buttons,
    "pattern": cloth.pattern,
    "tiles": things.tiles,
    "pencil": things.pencils,
    "room": things.room,
    "mug": things.mug,
}


def reference(colour: Colour) -> Image.Image:
    """The exact colour, framed in white with a hairline."""
    page = s.plain(WHITE)
    draw = ImageDraw.Draw(page)
    far = CANVAS - EDGE - 1
    draw.rectangle((EDGE - 2, EDGE - 2, far + 2, far + 2), (150, 150, 150))
    draw.rectangle((EDGE, EDGE, far, far), colour)
    return page
