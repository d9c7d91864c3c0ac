"""The twelve looks of a world: photograph, crescent, orbit, line-up, poster, model and others.

A look shows more than a face: what the world circles, its place in the order, who is beside it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.sky.globe import View, globe
from mese.demo.families.sky.worlds import SUN, Body, bodies, by_usual_name, company_of, kin_of
from mese.demo.surfaces import CANVAS, Colour

Canvas = Image.Image
SUNSHINE: Colour = (255, 206, 84)
MIDDLE = CANVAS // 2


def _usual_parent(body: Body) -> str:
    return body.parent.removeprefix("the ")


def _put(ground: Canvas, thing: Image.Image, x: float, y: float) -> None:
    """Pastes a picture by its middle."""
    ground.paste(thing, (round(x - thing.width / 2), round(y - thing.height / 2)), thing)


def _view(rng: random.Random, height: float = 0.55) -> View:
    return View(rng.uniform(100, 200), height, rng.uniform(-0.05, 0.05), rng.uniform(-12, 12))


def _radius(body: Body, full: int) -> int:
    return round(full * 0.48) if body.mark in ("rings", "tilted") else full


def _centre(ground: Canvas, body: Body, x: float, y: float, radius: int) -> None:
    """What the body circles: the Sun's glow or the planet."""
    parent = by_usual_name().get(_usual_parent(body))
    if parent:
        _put(ground, globe(parent, _radius(parent, radius), View(150, 0.7)), x, y)
        return
    draw = ImageDraw.Draw(ground, "RGBA")
    for k in range(5, 0, -1):
        r = radius * (0.7 + 0.3 * k)
        draw.ellipse((x - r, y - r, x + r, y + r), (*SUNSHINE, 34))
    draw.ellipse((x - radius * 0.7, y - radius * 0.7, x + radius * 0.7, y + radius * 0.7), SUNSHINE)


def _parent_colour(body: Body) -> Colour:
    parent = by_usual_name().get(_usual_parent(body))
    return parent.colours[0] if parent else SUNSHINE


def _space(rng: random.Random) -> Canvas:
    ground = s.gradient(s.shift((10, 12, 26), rng, 5), s.shift((4, 4, 10), rng, 3))
    draw = ImageDraw.Draw(ground)
    for _ in range(130):
        x, y, light = rng.randrange(CANVAS), rng.randrange(CANVAS), rng.randint(70, 240)
        r = 1 + (light > 225)
        draw.ellipse((x - r, y - r, x + r, y + r), (light, light, min(255, light + 12)))
    return ground


def _orbit_radius(rank: int, count: int, inner: float, outer: float) -> float:
    """Orbits in order, evenly apart: true distances would crowd the inner ones."""
    return inner + (outer - inner) * (rank + 0.5) / count


def photograph(body: Body, rng: random.Random) -> Canvas:
    ground = _space(rng)
    radius = _radius(body, rng.randint(150, 185))
    _put(ground, globe(body, radius, _view(rng)), MIDDLE + rng.randint(-20, 20), MIDDLE)
    return ground


def crescent(body: Body, rng: random.Random) -> Canvas:
    ground = _space(rng)
    side = rng.choice((-1, 1))
    _centre(ground, body, MIDDLE - side * 130, MIDDLE - 130, 34)
    light = 135.0 if side > 0 else 45.0
    view = View(light, rng.uniform(-0.5, -0.25), rng.uniform(-0.05, 0.05))
    lit = globe(body, _radius(body, 170), view)
    bright = lit.point(lambda v: min(255, round(v * 1.5)))
    bright.putalpha(lit.getchannel("A"))
    _put(ground, bright, MIDDLE + side * 40, MIDDLE + 50)
    return ground


def close_up(body: Body, rng: random.Random) -> Canvas:
    ground = _space(rng)
    big = globe(
        body, _radius(body, 330), View(rng.uniform(100, 200), 0.45, rng.uniform(-0.04, 0.04))
    )
    _put(ground, big, rng.choice((90, CANVAS - 90)), MIDDLE + rng.choice((120, -90)))
    return s.grain(ground, rng, 4)


def _orbits(
    ground: Canvas, body: Body, rng: random.Random, line: Colour, mark: Colour, flat: float
) -> tuple[float, float]:
    """Draws all orbits around the parent, the body's own in `mark`; returns where the body is."""
    draw = ImageDraw.Draw(ground, "RGBA")
    spot = (0.0, 0.0)
    company = company_of(body)
    for place, other in enumerate(company):
        r = _orbit_radius(place, len(company), 44, 205)
        own = other.rank == body.rank
        box = (MIDDLE - r, MIDDLE - r * flat, MIDDLE + r, MIDDLE + r * flat)
        draw.ellipse(box, outline=(*mark, 255) if own else (*line, 105), width=5 if own else 2)
        if own:
            t = rng.uniform(0, 2 * math.pi)
            spot = (MIDDLE + r * math.cos(t), MIDDLE + r * flat * math.sin(t))
    return spot


def orbit(body: Body, rng: random.Random) -> Canvas:
    ground = s.vignette(s.gradient(s.shift((22, 32, 62), rng, 6), (10, 14, 30)), 0.4)
    mark = rng.choice(((255, 196, 64), (120, 224, 200), (255, 132, 112)))
    x, y = _orbits(ground, body, rng, (150, 170, 210), mark, rng.uniform(0.62, 0.95))
    _centre(ground, body, MIDDLE, MIDDLE, 30)
    _put(ground, globe(body, _radius(body, 36), View(height=0.8)), x, y)
    return ground


def line_up(body: Body, rng: random.Random) -> Canvas:
    """The neighbours in order, this one with a bracket."""
    ground = _space(rng)
    family = kin_of(body)
    first = max(0, min(family.index(body) - 2, len(family) - 5))
    shown = family[first : first + 5]
    slant = rng.uniform(-0.22, 0.22)
    if first == 0:
        _centre(ground, body, -40, MIDDLE + slant * MIDDLE, 92)
    largest = max(b.diameter for b in shown)
    for place, other in enumerate(shown):
        x = 96 + place * 76.0
        y = MIDDLE - slant * (x - MIDDLE)
        radius = round(13 + 25 * (other.diameter / largest) ** 0.4)
        _put(ground, globe(other, _radius(other, radius), View(height=0.7)), x, y)
        if other.rank == body.rank:
            _bracket(ground, x, y, 46, rng.choice(((255, 214, 90), (126, 230, 210))))
    return ground


def _bracket(ground: Canvas, x: float, y: float, r: float, colour: Colour) -> None:
    draw = ImageDraw.Draw(ground)
    for sx in (-1, 1):
        for sy in (-1, 1):
            corner = (x + sx * r, y + sy * r)
            inner = r * 0.55
            draw.line((*corner, x + sx * inner, corner[1]), colour, 5)
            draw.line((*corner, corner[0], y + sy * inner), colour, 5)


def _companions(view: Canvas, body: Body, slant: float) -> None:
    """The parent in the middle, all that circle it in a line, the body circled in red."""
    draw, company = ImageDraw.Draw(view), kin_of(body)
    _centre(view, body, MIDDLE, MIDDLE, 40)
    for place, other in enumerate(company):
        side = random.Random(f"side:{other.name}").choice((-1, 1))
        r = _orbit_radius(place, len(company), 58, 190) * side
        x, y = MIDDLE + r * math.cos(slant), MIDDLE - r * math.sin(slant)
        dot = 4 + 3 * (other.diameter > 400)
        colour = s.mix(other.colours[0], (255, 255, 255), 0.4)
        draw.ellipse((x - dot, y - dot, x + dot, y + dot), colour)
        if other == body:
            _put(view, globe(body, _radius(body, 24), View(height=0.8)), x, y)
            draw.ellipse((x - 36, y - 36, x + 36, y + 36), outline=(190, 60, 50), width=4)


def _alone(view: Canvas, body: Body, slant: float) -> None:
    """What circles the Sun stands alone, small, with what circles it."""
    draw = ImageDraw.Draw(view)
    _put(view, globe(body, _radius(body, 62), View(height=0.8)), MIDDLE, MIDDLE)
    company = bodies().get(body.name.split(" (")[0], bodies().get(f"the {body.name}", ()))
    for place, other in enumerate(company):
        side = random.Random(f"side:{other.name}").choice((-1, 1))
        r = _orbit_radius(place, len(company), 100, 196) * side
        x, y = MIDDLE + r * math.cos(slant), MIDDLE - r * math.sin(slant)
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), (236, 236, 240))


def telescope(body: Body, rng: random.Random) -> Canvas:
    """What an eyepiece shows, dark around it."""
    view = s.plain((8, 10, 14))
    (_alone if body.parent == SUN else _companions)(view, body, rng.uniform(-0.5, 0.5))
    ring = s.plain(s.shift((20, 18, 16), rng, 4))
    hole = Image.new("L", view.size)
    ImageDraw.Draw(hole).ellipse((12, 12, CANVAS - 12, CANVAS - 12), 255)
    return Image.composite(view, ring, hole)


def chalkboard(body: Body, rng: random.Random) -> Canvas:
    board = s.grain(s.plain(s.shift((42, 66, 56), rng, 6)), rng, 6, 3)
    chalk = rng.choice(((250, 226, 120), (250, 170, 170), (160, 220, 250)))
    x, y = _orbits(board, body, rng, (236, 238, 230), chalk, rng.uniform(0.5, 0.75))
    draw = ImageDraw.Draw(board)
    tint = _parent_colour(body)
    for k in range(-26, 27, 7):
        half = math.sqrt(max(0, 26**2 - k * k))
        draw.line((MIDDLE - half, MIDDLE + k, MIDDLE + half, MIDDLE + k - 6), tint, 4)
    draw.ellipse(
        (MIDDLE - 28, MIDDLE - 28, MIDDLE + 28, MIDDLE + 28), outline=(240, 240, 236), width=4
    )
    for k in range(-14, 15, 6):
        half = math.sqrt(max(0, 16**2 - k * k))
        draw.line((x - half, y + k, x + half, y + k - 4), body.colours[0], 4)
    draw.ellipse((x - 17, y - 17, x + 17, y + 17), outline=chalk, width=4)
    return s.lighten(board, s.noise(rng.randrange(s.NOISE_TILES), 90) * 9)


def _flat_disc(ground: Canvas, body: Body, x: float, y: float, r: float) -> None:
    """A disc in three flat tones, as a printer would cut it."""
    layer = Image.new("RGBA", (round(2 * r), round(2 * r)), (*body.colours[0], 255))
    draw = ImageDraw.Draw(layer)
    for k, colour in ((0.28, body.colours[2]), (0.62, body.colours[1])):
        draw.rectangle((0, r * 2 * k, r * 2, r * 2 * (k + 0.14)), colour)
    shade = s.mix(body.colours[1], (0, 0, 0), 0.25)
    draw.ellipse((r * 1.3, r * 0.9, r * 1.62, r * 1.22), shade)
    draw.ellipse((r * 0.55, r * 1.4, r * 0.75, r * 1.6), shade)
    layer.putalpha(s.rounded(layer.size, layer.width // 2))
    _put(ground, layer, x, y)


def poster(body: Body, rng: random.Random) -> Canvas:
    """A travel poster: the world large and flat, its parent behind it."""
    tops = (
        ((248, 180, 110), (94, 52, 92)),
        ((40, 66, 110), (226, 120, 96)),
        ((18, 52, 66), (120, 186, 170)),
    )
    top, low = rng.choice(tops)
    ground = s.gradient(s.shift(top, rng), s.shift(low, rng))
    parent = by_usual_name().get(_usual_parent(body))
    x = rng.choice((110, CANVAS - 110))
    if parent:
        _flat_disc(ground, parent, x, 110, 84)
        if parent.mark == "rings":
            ImageDraw.Draw(ground).ellipse(
                (x - 150, 90, x + 150, 134), outline=(250, 236, 200), width=9
            )
    else:
        ImageDraw.Draw(ground).ellipse((x - 54, 60, x + 54, 168), (255, 236, 170))
    _flat_disc(ground, body, MIDDLE, CANVAS + 40, 236)
    if body.mark == "rings":
        box = (MIDDLE - 330, CANVAS - 60, MIDDLE + 330, CANVAS + 60)
        ImageDraw.Draw(ground).ellipse(box, outline=(250, 236, 200), width=16)
    return s.grain(ground, rng, 5)


def standing_there(body: Body, rng: random.Random) -> Canvas:
    """The view from its ground: the parent in a black sky over hills of the body's own colours."""
    ground = _space(rng)
    size = 96 - 7 * min(body.rank, 10) if body.parent != SUN else 44 - 3 * min(body.rank, 12)
    _centre(ground, body, rng.randint(110, 340), rng.randint(100, 160), max(8, size))
    draw = ImageDraw.Draw(ground)
    for layer, share in enumerate((0.66, 0.35, 0.0)):
        colour = s.mix(body.colours[layer % 3], (0, 0, 0), 0.15 + share * 0.6)
        base, phase = 250 + layer * 56, rng.uniform(0, 6)
        tops = [
            (x, base + 20 * math.sin(x / 61 + phase) + 11 * math.sin(x / 23 + 2 * phase))
            for x in range(0, CANVAS + 9, 8)
        ]
        draw.polygon([(0, CANVAS), *tops, (CANVAS, CANVAS)], colour)
    for _ in range(9):
        x, y, r = rng.randrange(CANVAS), rng.randint(385, CANVAS), rng.randint(8, 26)
        draw.ellipse(
            (x - r, y - r * 0.35, x + r, y + r * 0.35), s.mix(body.colours[1], (0, 0, 0), 0.4)
        )
    return s.grain(ground, rng, 7)


def model(body: Body, rng: random.Random) -> Canvas:
    """A model on a stand, in a lit room."""
    wall = s.gradient(*(s.shift(s.rgb(c), rng) for c in rng.sample(staging.MUTED[:6], 2)))
    draw = ImageDraw.Draw(wall)
    table = s.wood(rng, rng.choice(("#7B5A3C", "#A9764A"))).crop((0, 0, CANVAS, 96))
    wall.paste(table, (0, CANVAS - 96))
    brass = (176, 138, 62)
    draw.polygon(
        [(MIDDLE - 62, 402), (MIDDLE + 62, 402), (MIDDLE + 18, 372), (MIDDLE - 18, 372)], brass
    )
    draw.rectangle((MIDDLE - 6, 300, MIDDLE + 6, 380), brass)
    _put(wall, globe(body, _radius(body, 132), View(rng.uniform(110, 160), 0.75)), MIDDLE, 190)
    if body.mark not in ("rings", "tilted") and body.kind != "lump":
        box = (MIDDLE - 148, 42, MIDDLE + 148, 338)
        draw.arc(box, -60, 120, brass, 8)
    return s.vignette(wall, 0.3)


def printed(body: Body, rng: random.Random) -> Canvas:
    return staging.card(photograph(body, rng), rng)


def stamped(body: Body, rng: random.Random) -> Canvas:
    return staging.stamp(poster(body, rng), rng)


def reference(body: Body) -> Canvas:
    """The world in full light, its place in the order below it as a row of dots."""
    ground = s.plain((16, 18, 28))
    _put(ground, globe(body, _radius(body, 140), View(130, 0.7)), MIDDLE, 178)
    draw = ImageDraw.Draw(ground)
    company = company_of(body)
    draw.pieslice((-46, 356, 46, 448), -90, 90, _parent_colour(body))
    for place, other in enumerate(company):
        x, own = _orbit_radius(place, len(company), 62, CANVAS - 14), other == body
        r = 9 if own else 4
        draw.ellipse((x - r, 402 - r, x + r, 402 + r), (255, 214, 90) if own else (120, 128, 150))
    return ground


LOOKS: dict[str, Callable[[Body, random.Random], Canvas]] = {
    "photograph": photograph,
    "crescent": crescent,
    "close-up": close_up,
    "orbit": orbit,
    "line-up": line_up,
    "telescope": telescope,
    "chalkboard": chalkboard,
    "poster": poster,
    "standing-there": standing_there,
    "model": model,
    "print": printed,
    "stamp": stamped,
}
