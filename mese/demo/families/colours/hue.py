"""Colours as numbers: how light, on which side of the wheel, how far from one another.

CIE L*a*b* (D65) from sRGB, IEC 61966-2-1.
"""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass

from mese.demo.surfaces import Colour, rgb

WHITE_POINT = (0.95047, 1.0, 1.08883)
TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
NEUTRAL = 8.0
"""Chroma below which a colour has no warmth."""
PALE = 12.0
"""Chroma below which the side of the wheel says little."""
KIN_DEGREES = 45
ACROSS = 30
"""How many degrees off the complement a colour still counts as opposite."""

Lab = tuple[float, float, float]


@dataclass(frozen=True)
class Hue:
    """A colour of the list, as #RRGGBB."""

    hex: str

    @property
    def colour(self) -> Colour:
        return rgb(self.hex)


def lab(hex_code: str) -> Lab:
    """Lightness 0 to 100, a (green to red) and b (blue to yellow)."""
    linear = [_linear(channel / 255) for channel in rgb(hex_code)]
    x, y, z = (
        _root(sum(weight * c for weight, c in zip(row, linear, strict=True)) / white)
        for row, white in zip(TO_XYZ, WHITE_POINT, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _root(value: float) -> float:
    return value ** (1 / 3) if value > (6 / 29) ** 3 else value * (29 / 6) ** 2 / 3 + 4 / 29


def distance(a: str, b: str) -> float:
    """ΔE*ab (CIE 1976)."""
    return math.dist(lab(a), lab(b))


def chroma(hex_code: str) -> float:
    _, a, b = lab(hex_code)
    return math.hypot(a, b)


def akin(a: str, b: str) -> bool:
    """Whether two colours are on the same side of the Lab wheel, or both near grey."""
    if min(chroma(a), chroma(b)) < PALE:
        return max(chroma(a), chroma(b)) < 2 * PALE
    (_, a1, b1), (_, a2, b2) = lab(a), lab(b)
    turn = math.degrees(math.atan2(b1, a1) - math.atan2(b2, a2)) % 360
    return min(turn, 360 - turn) <= KIN_DEGREES


def angle(hex_code: str) -> int | None:
    """Degrees on the HSL wheel, red at 0; None for greys."""
    red, green, blue = (c / 255 for c in rgb(hex_code))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    return round(hue * 360) % 360 if saturation else None


def faces(a: str, b: str) -> bool:
    """Whether two colours lie across the HSL wheel from one another, or nearly so."""
    one, other = angle(a), angle(b)
    return one is not None and other is not None and abs((one - other) % 360 - 180) <= ACROSS


def complement(hex_code: str) -> str:
    """The colour across the HSL wheel, as light and as saturated."""
    red, green, blue = (c / 255 for c in rgb(hex_code))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    other = colorsys.hls_to_rgb((hue + 0.5) % 1, light, saturation)
    return "#" + "".join(f"{round(c * 255):02X}" for c in other)


def air(hex_code: str) -> str:
    """ "warm", "cool" or "neutral", by the side of the wheel: red to green-yellow is warm."""
    degrees = angle(hex_code)
    if degrees is None or chroma(hex_code) < NEUTRAL:
        return "neutral"
    return "warm" if degrees < 85 or degrees >= 320 else "cool"


def mood(hex_code: str) -> str:
    """A decorator's word for how light and strong a colour is."""
    lightness = lab(hex_code)[0]
    if lightness < 35:
        return "sombre"
    if chroma(hex_code) >= 60:
        return "lively"
    return "airy" if lightness >= 85 else "restful"
