"""The flags and pennants of the International Code of Signals, drawn from `signals.csv`.

A design is a shape and its layers: "square | plain white; cross blue". All coordinates are shares
of the cloth; the cloth is cut to its shape last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageColor, ImageDraw

from mese.demo.family import FactsError

COLOURS = {
    "white": "#F8F7F2",
    "red": "#C8232C",
    "blue": "#1B3F8B",
    "yellow": "#F7CE1B",
    "black": "#17171A",
}
PROPORTIONS = {"square": 1.2, "tail": 1.2, "taper": 2.1}
"""Length of the cloth by its height."""
TAIL = 0.25
"""How deep the notch of a swallow-tail is cut."""
TAPER = 1 / 3
"""Height of a pennant's fly end by that of its hoist."""
BAR = 0.2
"""Width of a cross or saltire's arms."""

Layer = Callable[[ImageDraw.ImageDraw, int, int, Sequence[str]], None]


@lru_cache(maxsize=64)
def flag(design: str, height: int = 240) -> Image.Image:
    """The flag as RGBA, transparent outside its cloth. Raises `FactsError` for a bad design."""
    shape, _, layers = design.partition(" | ")
    if shape not in PROPORTIONS or not layers:
        raise FactsError(f"signals.csv: design {design!r} has no shape of {[*PROPORTIONS]}")
    high = height * 2
    cloth = Image.new("RGB", (round(high * PROPORTIONS[shape]), high))
    draw = ImageDraw.Draw(cloth)
    for layer in layers.split("; "):
        name, *words = layer.split()
        try:
            LAYERS[name](draw, *cloth.size, words)
        except (KeyError, IndexError, ValueError) as error:
            raise FactsError(f"signals.csv: {layer!r} in {design!r} cannot be drawn") from error
    cloth.putalpha(_cut(shape, *cloth.size))
    return cloth.resize((cloth.width // 2, height), Image.Resampling.BOX)


def _cut(shape: str, width: int, height: int) -> Image.Image:
    mask = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(mask)
    if shape == "tail":
        draw.polygon([(width, 0), (width * (1 - TAIL), height / 2), (width, height)], 0)
    if shape == "taper":
        loss = height * (1 - TAPER) / 2
        draw.polygon([(0, 0), (width, 0), (width, loss)], 0)
        draw.polygon([(0, height), (width, height), (width, height - loss)], 0)
    return mask


def _paint(word: str) -> str:
    return COLOURS[word]


def _plain(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    draw.rectangle((0, 0, width, height), _paint(words[0]))


def _bands(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    """Horizontal (h) or vertical (v) bands; "blue*3" is three times as wide."""
    parts = [(c, float(share or 1)) for c, _, share in (w.partition("*") for w in words[1:])]
    total, done = sum(share for _, share in parts), 0.0
    for colour, share in parts:
        a, b = done / total, (done + share) / total
        box = (0, a * height, width, b * height)
        upright = (a * width, 0, b * width, height)
        draw.rectangle({"h": box, "v": upright}[words[0]], _paint(colour))
        done += share


def _quarters(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    """Upper hoist, upper fly, lower hoist, lower fly; then where the upright line stands."""
    x, y = width * float(words[4] if len(words) > 4 else 0.5), height / 2
    boxes = ((0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height))
    for box, colour in zip(boxes, words[:4], strict=True):
        draw.rectangle(box, _paint(colour))


def _checks(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    for row in range(4):
        for column in range(4):
            x, y = column * width / 4, row * height / 4
            box = (x, y, x + width / 4, y + height / 4)
            draw.rectangle(box, _paint(words[(row + column) % 2]))


def _disc(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    x, y, r = width * float(words[1]), height / 2, height * float(words[2])
    draw.ellipse((x - r, y - r, x + r, y + r), _paint(words[0]))


def _diamond(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    points = [(width / 2, 0), (width, height / 2), (width / 2, height), (0, height / 2)]
    draw.polygon(points, _paint(words[0]))


def _centre(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    """A field in the middle with the cloth's own proportions."""
    x, y = (side * (1 - float(words[1])) / 2 for side in (width, height))
    draw.rectangle((x, y, width - x, height - y), _paint(words[0]))


def _cross(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    x, y = width * float(words[1] if len(words) > 1 else 0.5), height / 2
    arm = height * BAR / 2
    draw.rectangle((0, y - arm, width, y + arm), _paint(words[0]))
    draw.rectangle((x - arm, 0, x + arm, height), _paint(words[0]))


def _saltire(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    arm = round(height * BAR)
    draw.line((0, 0, width, height), _paint(words[0]), arm)
    draw.line((0, height, width, 0), _paint(words[0]), arm)


def _fly_triangle(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    """The half above the line from the upper hoist to the lower fly."""
    draw.polygon([(0, 0), (width, 0), (width, height)], _paint(words[0]))


def _diagonals(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    """Ten stripes that rise towards the fly, beginning at the upper hoist."""
    for k in range(9, -1, -1):
        x, y = width * (k + 1) / 5, height * (k + 1) / 5
        draw.polygon([(0, 0), (x, 0), (0, y)], _paint(words[k % 2]))


def _triangles(draw: ImageDraw.ImageDraw, width: int, height: int, words: Sequence[str]) -> None:
    """Top, fly, foot, hoist: four triangles that meet in the middle."""
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    for k, colour in enumerate(words):
        draw.polygon([corners[k], corners[(k + 1) % 4], (width / 2, height / 2)], _paint(colour))


LAYERS: Mapping[str, Layer] = {
    "plain": _plain,
    "bands": _bands,
    "quarters": _quarters,
    "checks": _checks,
    "disc": _disc,
    "diamond": _diamond,
    "centre": _centre,
    "cross": _cross,
    "saltire": _saltire,
    "fly-triangle": _fly_triangle,
    "diagonals": _diagonals,
    "triangles": _triangles,
}


def outlined(cloth: Image.Image, width: int = 3) -> Image.Image:
    """The flag with a dark hem, so that white cloth shows on white paper."""
    room = 2 * width
    big = Image.new("RGBA", (cloth.width + 2 * room, cloth.height + 2 * room))
    big.paste(cloth, (room, room))
    alpha = big.getchannel("A")
    around = alpha
    for dx, dy in ((-width, 0), (width, 0), (0, -width), (0, width)):
        around = ImageChops.lighter(around, ImageChops.offset(alpha, dx, dy))
    hem = Image.new("RGBA", big.size, ImageColor.getrgb("#3A3A40"))
    hem.putalpha(around)
    hem.alpha_composite(big)
    return hem
