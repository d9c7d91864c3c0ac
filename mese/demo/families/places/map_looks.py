"""The twelve looks of a locator map: a city is a dot, a state a filled outline.

A look is a style (colours, lines, texture) with a framing (the whole map, a region, the state).
All places share the looks, so that a look says nothing about the place. Cities of the United States
are on its map of states, those of other countries on a map of the country with its rivers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from mese.demo import surfaces as s
from mese.demo.families.places import geometry, world
from mese.demo.families.places.geometry import Box, Point
from mese.demo.surfaces import CANVAS, Colour, rgb

Framing = Literal["map", "region", "state"]
Window = tuple[float, float, float]
"""Left, top and side of the square part of the map that is shown, in map widths."""


SMALL = 40
"""A state that is drawn smaller than this many canvas pixels gets a ring around it."""


@dataclass(frozen=True)
class Place:
    """What a map points out: a state, or a city by its spot (map coordinates) and the state of the
    United States, or other country, that it lies in."""

    area: str
    spot: Point | None = None


@dataclass(frozen=True)
class Style:
    """Colours of a look. `land` with several colours tints neighbouring states apart; `wobble`
    is the shake of a hand in pixels, `room` widens the framing where the light cuts its edges."""

    framing: Framing
    sea: str
    land: tuple[str, ...]
    border: str
    mark: str
    line: int = 2
    light: Callable[[Image.Image, random.Random], Image.Image] | None = None
    wobble: float = 0.0
    room: float = 1.0


def _speckled(image: Image.Image, rng: random.Random) -> Image.Image:
    return s.grain(s.grain(image, rng, 7, 2), rng, 9, 56)


def _aerial(image: Image.Image, rng: random.Random) -> Image.Image:
    tile = rng.randrange(s.NOISE_TILES)
    return s.vignette(s.lighten(image, s.noise(tile, 7) * 13 + s.noise(tile, 44) * 20), 0.4)


def _squared(image: Image.Image, rng: random.Random) -> Image.Image:
    draw, step = ImageDraw.Draw(image, "RGBA"), 28
    start = rng.randrange(step)
    for k in range(start, CANVAS, step):
        for line in ((k, 0, k, CANVAS), (0, k, CANVAS, k)):
            draw.line(line, (255, 255, 255, 26), 1)
    return s.vignette(image, 0.3)


def _chalky(image: Image.Image, rng: random.Random) -> Image.Image:
    dust = s.noise(rng.randrange(s.NOISE_TILES), 3) * 12 + s.noise(rng.randrange(6), 90) * 10
    return s.lighten(image, dust)


def _glowing(image: Image.Image, rng: random.Random) -> Image.Image:
    halo = image.resize((CANVAS // 4, CANVAS // 4)).filter(ImageFilter.GaussianBlur(3))
    return ImageChops.screen(image, halo.resize(image.size, Image.Resampling.BILINEAR))


def _globe(image: Image.Image, rng: random.Random) -> Image.Image:
    axis = np.linspace(-1.06, 1.06, CANVAS, dtype=np.float32)
    x, y = axis[None, :], axis[:, None]
    z = np.sqrt(np.clip(1 - x * x - y * y, 0, 1))
    lit = np.clip(0.35 + 0.75 * z - 0.28 * x - 0.28 * y, 0.12, 1.2)
    space = s.plain(s.shift((12, 15, 28), rng, 4))
    ball = s.multiply(image, lit)
    edge = Image.fromarray((np.clip((1 - np.hypot(x, y)) * 60, 0, 1) * 255).astype(np.uint8))
    return Image.composite(ball, space, edge)


def _folded(image: Image.Image, rng: random.Random) -> Image.Image:
    x = np.arange(CANVAS, dtype=np.float32)
    width = CANVAS / rng.choice((3, 4))
    saw = 1 + 0.07 * (np.abs((x / width) % 2 - 1) * 2 - 1)
    return s.grain(s.multiply(image, np.broadcast_to(saw, (CANVAS, CANVAS))), rng, 5)


def _bevelled(image: Image.Image, rng: random.Random) -> Image.Image:
    grey = np.asarray(image.convert("L"), dtype=np.float32)
    slope = np.clip(np.roll(grey, 3, (0, 1)) - np.roll(grey, -3, (0, 1)), -90, 90)
    wood = s.wood(rng, "#8F8F8F")
    veins = np.asarray(wood.convert("L"), dtype=np.float32) - 143
    return s.lighten(image, slope * -0.22 + veins)


def _pinned(image: Image.Image, rng: random.Random) -> Image.Image:
    board = s.cork(rng)
    sheet = s.turned(image.resize((370, 370), Image.Resampling.BILINEAR), rng.uniform(-6, 6))
    s.drop(board, sheet, ((CANVAS - sheet.width) // 2, (CANVAS - sheet.height) // 2), 8)
    draw = ImageDraw.Draw(board)
    for x in (60, CANVAS - 60):
        y = 56 + rng.randint(-6, 6)
        draw.ellipse((x - 11, y - 11, x + 11, y + 11), rgb(rng.choice(("#D8B23C", "#3C78C8"))))
        draw.ellipse((x - 6, y - 8, x + 1, y - 1), (255, 255, 255))
    return board


def _handheld(image: Image.Image, rng: random.Random) -> Image.Image:
    desk = s.wood(rng, rng.choice(("#B98B5E", "#6B4E37", "#8C8F94")))
    glass = image.crop((64, 22, CANVAS - 64, CANVAS - 22))
    case = Image.new("RGBA", (glass.width + 22, glass.height + 22), (22, 23, 26, 255))
    case.paste(glass, (11, 11), s.rounded(glass.size, 24))
    case.putalpha(s.rounded(case.size, 34))
    case = s.turned(case, rng.uniform(-9, 9))
    s.drop(desk, case, ((CANVAS - case.width) // 2, (CANVAS - case.height) // 2), 9)
    return desk


LOOKS: dict[str, Style] = {
    "antique": Style(
        "map", "#E4D3AC", ("#F3E6C8", "#EEDDB8"), "#9A7B52", "#A8322A", 2, light=_speckled
    ),
    "satellite": Style(
        "region",
        "#0D2740",
        ("#4E6A3A", "#5C7040", "#6B6A42"),
        "#C9D2B8",
        "#FFD23F",
        2,
        light=_aerial,
    ),
    "blueprint": Style("map", "#17437F", ("#1B4C8E",), "#CFE0F5", "#FFFFFF", 2, light=_squared),
    "atlas": Style(
        "region", "#BFE1F2", ("#F6D9A8", "#CFE5B4", "#F4C3BE", "#E0CBE6"), "#7D6F68", "#C2182B", 2
    ),
    "sketch": Style("state", "#FBFAF6", ("#FBFAF6",), "#3B3B40", "#C0392B", 3, wobble=2.2),
    "globe": Style(
        "map", "#1E5F99", ("#6FA05A", "#7FAA62"), "#DCE8CF", "#FF4B33", 2, light=_globe, room=1.16
    ),
    "chalkboard": Style("state", "#2B4740", ("#2F4D45",), "#E9EEE8", "#F7E27A", 4, _chalky, 1.6),
    "night": Style("map", "#070912", ("#0E1322",), "#27C4E8", "#FF3DA5", 3, light=_glowing),
    "corkboard": Style(
        "region", "#DCEBF2", ("#FFFDF6", "#F6F1E2"), "#8A8F94", "#D0342C", 2, light=_pinned
    ),
    "puzzle": Style(
        "state",
        "#5F4630",
        ("#D9B380", "#C99A63", "#B98452"),
        "#6E4F33",
        "#2F6F4F",
        5,
        light=_bevelled,
    ),
    "folded": Style("region", "#CFE3E6", ("#F8F5EA",), "#8FA08A", "#1F5FAE", 2, light=_folded),
    "phone": Style(
        "state", "#A9D3E8", ("#F2EFE6",), "#B7AFA0", "#E5383B", 3, light=_handheld, room=1.25
    ),
}


def window(where: Place, style: Style, rng: random.Random) -> Window:
    """The part of the map to show: the place is in it, and not always in its middle."""
    if where.area in world.outlines():
        return _window_abroad(where, style, rng)
    box = geometry.bounds(geometry.drawn()[where.area])
    if style.framing == "map":
        side = rng.uniform(1.02, 1.1) * style.room
        x, y = 0.5 + rng.uniform(-0.01, 0.01), 0.345 + rng.uniform(-0.07, 0.07)
        return x - side / 2, y - side / 2, side
    extent = max(box[2] - box[0], box[3] - box[1])
    if style.framing == "region":
        side = max(rng.uniform(0.36, 0.46), extent * 1.35)
        x, y = where.spot or ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        play = 0.16 if where.spot else 0.06
    else:
        side = max(extent * rng.uniform(1.35, 1.6), 0.11) * style.room
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        play = 0.04
    x, y = x + rng.uniform(-play, play) * side, y + rng.uniform(-play, play) * side
    return x - side / 2, y - side / 2, side


def _window_abroad(where: Place, style: Style, rng: random.Random) -> Window:
    """As `window`, never so near that the country's shape cannot be told."""
    x, y = world.MIDDLE
    sides = {"map": (1.02, 1.1), "region": (0.56, 0.68), "state": (0.74, 0.88)}
    side = rng.uniform(*sides[style.framing]) * min(style.room, 1.3)
    if style.framing != "map" and where.spot:
        near = 0.75 if style.framing == "region" else 0.45
        x, y = x + (where.spot[0] - x) * near, y + (where.spot[1] - y) * near
    play = 0.04 * side
    x, y = x + rng.uniform(-play, play), y + rng.uniform(-play, play)
    return x - side / 2, y - side / 2, side


def _on_canvas(points: Sequence[Point], view: Window) -> list[Point]:
    scale = CANVAS / view[2]
    return [((x - view[0]) * scale, (y - view[1]) * scale) for x, y in points]


def _shaky(points: list[Point], rng: random.Random, wobble: float) -> list[Point]:
    """A hand-drawn line through the points: more points, each a little off."""
    drawn: list[Point] = []
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        steps = max(1, min(12, int(math.hypot(x1 - x0, y1 - y0) / 16)))
        for k in range(steps):
            x, y = x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps
            drawn.append((x + rng.uniform(-wobble, wobble), y + rng.uniform(-wobble, wobble)))
    return drawn


def _visible(box: Box, view: Window) -> bool:
    left, top, side = view
    return box[2] > left and box[0] < left + side and box[3] > top and box[1] < top + side


def _states(
    image: Image.Image, style: Style, view: Window, where: Place, rng: random.Random
) -> None:
    """All states in view. A part of the map shows the insets only where it is about one."""
    insets = style.framing == "map" or where.area in geometry.INSETS
    draw = ImageDraw.Draw(image)
    lands = [s.shift(rgb(colour), rng, 4) for colour in style.land]
    for number, (state, rings) in enumerate(geometry.drawn().items()):
        hidden = state in geometry.INSETS and not insets
        if hidden or not _visible(geometry.bounds(rings), view):
            continue
        land = lands[number * 7 % len(lands)]
        for ring in rings:
            points = _on_canvas(ring, view)
            if style.wobble:
                points = _shaky(points, rng, style.wobble)
            draw.polygon(points, land)
            draw.line([*points, points[0]], rgb(style.border), style.line, joint="curve")
    frame = s.mix(rgb(style.border), rgb(style.sea), 0.4)
    for box in geometry.INSET_BOXES.values() if insets else ():
        draw.rectangle(_on_canvas_box(box, view), outline=frame, width=2)


def _country(
    image: Image.Image, style: Style, view: Window, country: str, rng: random.Random
) -> None:
    """The country in the land's colours, what lies beyond it paler, its waters in the sea's."""
    draw, border, sea = ImageDraw.Draw(image), rgb(style.border), rgb(style.sea)
    land = s.shift(rgb(rng.choice(style.land)), rng, 4)
    layers = world.drawn(country)
    for kind, fill, line, width in (
        ("beyond", s.mix(land, sea, 0.6), s.mix(border, sea, 0.6), 2),
        ("own", land, border, style.line + 1),
        ("lake", sea, s.mix(border, sea, 0.5), 2),
    ):
        for ring in layers[kind]:
            points = _on_canvas(ring, view)
            if style.wobble:
                points = _shaky(points, rng, style.wobble)
            draw.polygon(points, fill)
            draw.line([*points, points[0]], line, width, joint="curve")
    water = s.mix(s.mix(sea, border, 0.35), land, 0.25)
    for river in layers["river"]:
        draw.line(_on_canvas(river, view), water, max(2, style.line), joint="curve")


def _land(image: Image.Image, style: Style, view: Window, where: Place, rng: random.Random) -> None:
    if where.area in world.outlines():
        _country(image, style, view, where.area, rng)
    else:
        _states(image, style, view, where, rng)


def _fill(image: Image.Image, style: Style, view: Window, state: str, rng: random.Random) -> None:
    """The state in the mark's colour, hatched where the style is drawn by hand."""
    draw = ImageDraw.Draw(image)
    mark = s.shift(rgb(style.mark), rng, 8)
    for ring in geometry.drawn()[state]:
        points = _on_canvas(ring, view)
        if style.wobble:
            _hatch(image, points, mark)
            points = _shaky(points, rng, style.wobble)
        else:
            draw.polygon(points, s.mix(mark, rgb(style.land[0]), 0.25))
        draw.line([*points, points[0]], mark, style.line + 2, joint="curve")
    box = _on_canvas_box(geometry.bounds(geometry.drawn()[state]), view)
    if max(box[2] - box[0], box[3] - box[1]) < SMALL:
        x, y, r = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, SMALL * 0.7
        draw.ellipse((x - r, y - r, x + r, y + r), outline=mark, width=4)


def _on_canvas_box(box: Box, view: Window) -> Box:
    (left, top), (right, bottom) = _on_canvas([(box[0], box[1]), (box[2], box[3])], view)
    return left, top, right, bottom


def _hatch(image: Image.Image, points: list[Point], colour: Colour) -> None:
    area, lines = Image.new("L", image.size), Image.new("L", image.size)
    ImageDraw.Draw(area).polygon(points, fill=255)
    draw = ImageDraw.Draw(lines)
    for k in range(-CANVAS, CANVAS, 13):
        draw.line((k, 0, k + CANVAS, CANVAS), 255, 4)
    image.paste(colour, mask=s.within(area, lines))


def _dot(image: Image.Image, style: Style, view: Window, spot: Point, rng: random.Random) -> None:
    draw = ImageDraw.Draw(image)
    [(x, y)] = _on_canvas([spot], view)
    r = rng.uniform(12, 15)
    rim = (255, 255, 255) if sum(rgb(style.mark)) < 560 else (30, 30, 34)
    draw.ellipse((x - r - 4, y - r - 4, x + r + 4, y + r + 4), rim)
    draw.ellipse((x - r, y - r, x + r, y + r), rgb(style.mark))
    draw.ellipse((x - r / 3, y - r / 3, x + r / 3, y + r / 3), rim)


def paint_map(where: Place, look: str, rng: random.Random) -> Image.Image:
    """A canvas with the place on the map in the given look."""
    style = LOOKS[look]
    image = s.plain(s.shift(rgb(style.sea), rng, 5))
    view = window(where, style, rng)
    _land(image, style, view, where, rng)
    if where.spot is None:
        _fill(image, style, view, where.area, rng)
    else:
        _dot(image, style, view, where.spot, rng)
    return style.light(image, rng) if style.light else image


_REFERENCE = Style("map", "#EAF2F6", ("#FFFFFF",), "#9AA3AA", "#B3202C", 2)


def paint_reference(where: Place) -> Image.Image:
    """The canonical picture: the whole map, plain, with the place in red."""
    image, view = s.plain(rgb(_REFERENCE.sea)), (-0.04, -0.195, 1.08)
    _land(image, _REFERENCE, view, where, random.Random(0))
    if where.spot is None:
        _fill(image, _REFERENCE, view, where.area, random.Random(0))
    else:
        _dot(image, _REFERENCE, view, where.spot, random.Random(0))
    return image
