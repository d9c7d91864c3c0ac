"""What colours a flag has, in words, read off its description."""

from __future__ import annotations

import colorsys
import re
from functools import lru_cache

from PIL import ImageColor

from mese.demo.families.places.flags import descriptions

HUES = ((15, "red"), (37, "orange"), (66, "yellow"), (165, "green"), (262, "blue"), (361, "red"))
"""Upper bounds of hue angles, in degrees."""
BY_LAW = {"am": ("red", "blue", "orange"), "qa": ("maroon", "white")}
"""Flags whose law calls a colour otherwise than its shade would be called."""


@lru_cache(maxsize=512)
def colours_of(code: str) -> tuple[str, ...]:
    """The flag's colours in the order in which they are painted, each once."""
    if code in BY_LAW:
        return BY_LAW[code]
    found: dict[str, None] = {}
    for part in descriptions()[code].split("|"):
        kind, *words = part.split()
        if kind == "inset":
            found |= dict.fromkeys(colours_of(words[0]))
        colours = (re.sub(r"\*.*", "", word) for word in words)
        found |= {in_words(c): None for c in colours if re.fullmatch(r"#\w{6}|white|black", c)}
    return tuple(found)


def in_words(colour: str) -> str:
    """A colour of CSS as "red", "white", "blue" …"""
    red, green, blue = ImageColor.getrgb(colour)[:3]
    hue, light, strong = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if light < 0.1:
        return "black"
    if light > 0.93 or strong < 0.15:
        return "white"
    return next(word for bound, word in HUES if hue * 360 < bound)
