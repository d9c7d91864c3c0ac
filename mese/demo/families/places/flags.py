"""National flags, painted from a compact description (flags.toml).

A description is a size in the flag's own units and a list of elements, painted in order:

    h C C*2 …                 horizontal stripes of the whole flag, with weights; `v` vertical ones
    field C                   one colour all over
    rect C x y w h            poly C x y x y …            disc C x y r
    band C x y x y w          a stroke between two points that runs on past both
    moon C x y r  x y r       a disc less another disc
    half C x y r turn         the half disc above its diameter, turned clockwise by degrees
    star C x y r              `stars C r x y x y …` and `lattice C r x y dx dy nx ny` repeat it;
                              options n= points, inner= inner radius by outer, turn= degrees
    outline C x y r w         a five-pointed star of one stroke of width w
    spin n step start C x y   x y x y …   a polygon around (x, y), repeated every `step` degrees
    inset CODE x y w h        another flag
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw

FLAGS_FILE = Path(__file__).parent / "flags.toml"
OVERSAMPLING = 3
PENTAGRAM = 0.381966
"""Inner by outer radius of the star whose edges run on into each other."""

Point = tuple[float, float]


class FlagError(ValueError):
    """A description that cannot be painted; names the flag and the element."""


@dataclass(frozen=True)
class _Cloth:
    """What an element paints on: the image and how many pixels a unit of the flag takes."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    unit: float
    width: float
    height: float

    def scaled(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.unit - 0.5, y * self.unit - 0.5) for x, y in points]


@lru_cache(maxsize=1)
def descriptions() -> dict[str, str]:
    """ISO code → description, as in flags.toml."""
    return tomllib.loads(FLAGS_FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def paint_flag(code: str, height: int = 320) -> Image.Image:
    """The flag of `code`, flat, `height` pixels high. Raises `FlagError`. Do not write into it."""
    try:
        size, *elements = [part.strip() for part in descriptions()[code].split("|")]
    except KeyError as error:
        raise FlagError(f"flags.toml: no flag {code!r}; add its description") from error
    width_units, height_units = (float(n) for n in size.split("x"))
    unit = height * OVERSAMPLING / height_units
    pixels = (round(width_units * unit), height * OVERSAMPLING)
    image = Image.new("RGB", pixels, "white")
    cloth = _Cloth(image, ImageDraw.Draw(image), unit, width_units, height_units)
    for element in elements:
        _paint_element(cloth, code, element)
    whole = pixels[0] // OVERSAMPLING * OVERSAMPLING
    return image.reduce(OVERSAMPLING, (0, 0, whole, pixels[1]))


def _paint_element(cloth: _Cloth, code: str, element: str) -> None:
    kind, *words = element.split()
    options = {k: float(v) for k, _, v in (w.partition("=") for w in words if "=" in w)}
    try:
        _ELEMENTS[kind](cloth, [w for w in words if "=" not in w], options)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise FlagError(f"flags.toml: {code}: {element!r} cannot be painted ({error!r})") from error


def _numbers(words: Sequence[str]) -> list[float]:
    return [float(word) for word in words]


def _pairs(numbers: Sequence[float]) -> list[Point]:
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _polygon(cloth: _Cloth, colour: str, points: Sequence[Point]) -> None:
    cloth.draw.polygon(cloth.scaled(points), fill=colour)


def _circle(cloth: _Cloth, x: float, y: float, r: float) -> list[float]:
    u = cloth.unit
    return [(x - r) * u - 0.5, (y - r) * u - 0.5, (x + r) * u - 0.5, (y + r) * u - 0.5]


def _box(cloth: _Cloth, colour: str, x: float, y: float, w: float, h: float) -> None:
    left, top = round(x * cloth.unit), round(y * cloth.unit)
    right, bottom = round((x + w) * cloth.unit), round((y + h) * cloth.unit)
    cloth.draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)


def _stripes(cloth: _Cloth, words: list[str], across: bool) -> None:
    stripes = [
        (colour, float(weight or 1)) for colour, _, weight in (w.partition("*") for w in words)
    ]
    total, done = sum(weight for _, weight in stripes), 0.0
    for colour, weight in stripes:
        start, share = done / total, weight / total
        if across:
            _box(cloth, colour, 0, start * cloth.height, cloth.width, share * cloth.height)
        else:
            _box(cloth, colour, start * cloth.width, 0, share * cloth.width, cloth.height)
        done += weight


def _horizontal(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    _stripes(cloth, words, across=True)


def _vertical(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    _stripes(cloth, words, across=False)


def _field(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    _box(cloth, words[0], 0, 0, cloth.width, cloth.height)


def _rect(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, w, h = _numbers(words[1:])
    _box(cloth, words[0], x, y, w, h)


def _poly(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    _polygon(cloth, words[0], _pairs(_numbers(words[1:])))


def _disc(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, r = _numbers(words[1:])
    cloth.draw.ellipse(_circle(cloth, x, y, r), fill=words[0])


def _band(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x0, y0, x1, y1, width = _numbers(words[1:])
    length = math.hypot(x1 - x0, y1 - y0)
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    nx, ny = -dy * width / 2, dx * width / 2
    a, b = (x0 - dx * length, y0 - dy * length), (x1 + dx * length, y1 + dy * length)
    corners = [(a[0] + nx, a[1] + ny), (b[0] + nx, b[1] + ny), (b[0] - nx, b[1] - ny)]
    _polygon(cloth, words[0], [*corners, (a[0] - nx, a[1] - ny)])


def _moon(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, r, x2, y2, r2 = _numbers(words[1:])
    disc, hole = _circle(cloth, x, y, r), _circle(cloth, x2, y2, r2)
    # Masks no larger than the disc: filling them is most of the work.
    left, top = math.floor(disc[0]), math.floor(disc[1])
    side = math.ceil(2 * r * cloth.unit) + 2
    lit, dark = (_round_mask(circle, left, top, side) for circle in (disc, hole))
    box = (left, top, left + side, top + side)
    cloth.image.paste(words[0], box, ImageChops.subtract(lit, dark))


def _round_mask(circle: Sequence[float], left: int, top: int, side: int) -> Image.Image:
    """The part of a circle that lies in a square, white on black."""
    mask = Image.new("L", (side, side))
    x0, y0, x1, y1 = circle
    ImageDraw.Draw(mask).ellipse((x0 - left, y0 - top, x1 - left, y1 - top), fill=255)
    return mask


def _half(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, r, turn = _numbers(words[1:])
    box = _circle(cloth, x, y, r)
    cloth.draw.pieslice(box, 180 + turn, 360 + turn, fill=words[0])


def star_points(
    x: float, y: float, r: float, n: int = 5, inner: float = PENTAGRAM, turn: float = 0
) -> list[Point]:
    """Corners of a star with its first point up, turned clockwise by `turn` degrees."""
    corners = []
    for k in range(2 * n):
        radius, angle = (r if k % 2 == 0 else r * inner), math.radians(turn + 180 * k / n)
        corners.append((x + radius * math.sin(angle), y - radius * math.cos(angle)))
    return corners


def _stars_at(
    cloth: _Cloth, colour: str, r: float, at: Sequence[Point], options: dict[str, float]
) -> None:
    n, inner = int(options.get("n", 5)), options.get("inner", PENTAGRAM)
    for x, y in at:
        _polygon(cloth, colour, star_points(x, y, r, n, inner, options.get("turn", 0)))


def _star(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, r = _numbers(words[1:])
    _stars_at(cloth, words[0], r, [(x, y)], options)


def _stars(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    r, *places = _numbers(words[1:])
    _stars_at(cloth, words[0], r, _pairs(places), options)


def _lattice(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    r, x, y, dx, dy, nx, ny = _numbers(words[1:])
    places = [(x + i * dx, y + j * dy) for i in range(int(nx)) for j in range(int(ny))]
    _stars_at(cloth, words[0], r, places, options)


def _outline(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, r, width = _numbers(words[1:])
    tips = star_points(x, y, r)[::2]
    # From each tip to the second next one: the pentagram's single stroke.
    stroke = cloth.scaled([tips[k * 2 % 5] for k in range(6)])
    cloth.draw.line([*stroke, stroke[1]], words[0], round(width * cloth.unit), joint="curve")


def _spin(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    n, step, start = _numbers(words[:3])
    x, y, *shape = _numbers(words[4:])
    for k in range(int(n)):
        a = math.radians(start + k * step)
        cos, sin = math.cos(a), math.sin(a)
        turned = [(x + px * cos - py * sin, y + px * sin + py * cos) for px, py in _pairs(shape)]
        _polygon(cloth, words[3], turned)


def _inset(cloth: _Cloth, words: list[str], options: dict[str, float]) -> None:
    x, y, w, h = (round(n * cloth.unit) for n in _numbers(words[1:]))
    inner = paint_flag(words[0], h)
    cloth.image.paste(inner.resize((w, h), Image.Resampling.LANCZOS), (x, y))


_ELEMENTS: dict[str, Callable[[_Cloth, list[str], dict[str, float]], None]] = {
    "h": _horizontal,
    "v": _vertical,
    "field": _field,
    "rect": _rect,
    "poly": _poly,
    "disc": _disc,
    "band": _band,
    "moon": _moon,
    "half": _half,
    "star": _star,
    "stars": _stars,
    "lattice": _lattice,
    "outline": _outline,
    "spin": _spin,
    "inset": _inset,
}
