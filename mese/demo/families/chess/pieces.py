"""Chessmen as polygons of our own, cut out once for each style and size."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

Point = tuple[int, int]
Disc = tuple[int, int, int]

OVERSAMPLED = 4
BASE: tuple[Point, ...] = ((26, 86), (26, 80), (33, 72), (67, 72), (74, 80), (74, 86))

POLYGONS: dict[str, tuple[tuple[Point, ...], ...]] = {
    "P": (((43, 50), (57, 50), (66, 73), (34, 73)), BASE),
    "R": (
        (
            *((27, 18), (36, 18), (36, 25), (45, 25), (45, 18), (55, 18)),
            *((55, 25), (64, 25), (64, 18), (73, 18), (73, 34), (64, 41), (36, 41), (27, 34)),
        ),
        ((38, 40), (62, 40), (67, 73), (33, 73)),
        BASE,
    ),
    "N": (
        (
            *((35, 74), (37, 62), (49, 50), (45, 45), (34, 53), (25, 52), (21, 44), (35, 28)),
            *((40, 22), (41, 11), (50, 19), (62, 25), (71, 40), (73, 58), (68, 74)),
        ),
        BASE,
    ),
    "B": (
        ((50, 15), (63, 30), (64, 42), (58, 52), (42, 52), (36, 42), (37, 30)),
        ((38, 51), (62, 51), (60, 58), (40, 58)),
        ((43, 57), (57, 57), (66, 73), (34, 73)),
        BASE,
    ),
    "Q": (
        (
            *((20, 27), (35, 44), (36, 21), (48, 42), (50, 18), (52, 42), (64, 21)),
            *((65, 44), (80, 27), (69, 62), (31, 62)),
        ),
        ((32, 61), (68, 61), (66, 73), (34, 73)),
        BASE,
    ),
    "K": (
        ((46, 5), (54, 5), (54, 34), (46, 34)),
        ((40, 11), (60, 11), (60, 18), (40, 18)),
        (
            *((22, 44), (25, 35), (34, 31), (44, 34), (50, 41), (56, 34), (66, 31)),
            *((75, 35), (78, 44), (68, 62), (32, 62)),
        ),
        ((32, 61), (68, 61), (66, 73), (34, 73)),
        BASE,
    ),
}
"""Kind of piece → its outlines in hundredths of a square, y downwards."""
DISCS: dict[str, tuple[Disc, ...]] = {
    "P": ((50, 42, 14),),
    "B": ((50, 12, 5),),
    "Q": ((20, 25, 5), (36, 18, 5), (50, 15, 5), (64, 18, 5), (80, 25, 5)),
}
STROKES: dict[str, tuple[tuple[Point, ...], ...]] = {
    "P": (((34, 74), (66, 74)),),
    "R": (((36, 41), (64, 41)), ((33, 73), (67, 73))),
    "N": (((33, 74), (68, 74)), ((37, 34), (40, 32)), ((56, 30), (64, 42), (66, 58))),
    "B": (((50, 26), (50, 42)), ((43, 34), (57, 34)), ((34, 73), (66, 73))),
    "Q": (((31, 62), (69, 62)), ((34, 73), (66, 73))),
    "K": (((32, 62), (68, 62)), ((34, 73), (66, 73))),
}
"""Lines within a piece, in the colour of its edge."""


@lru_cache(maxsize=1024)
def sprite(piece: str, fill: str, edge: str, size: int) -> Image.Image:
    """A piece (its letter, of either case) on nothing, RGBA, `size` pixels square."""
    kind = piece.upper()
    big = size * OVERSAMPLED
    body = Image.new("L", (big, big))
    draw = ImageDraw.Draw(body)
    for polygon in POLYGONS[kind]:
        draw.polygon([_at(point, big) for point in polygon], 255)
    for x, y, r in DISCS.get(kind, ()):
        draw.ellipse((*_at((x - r, y - r), big), *_at((x + r, y + r), big)), 255)
    thick = max(3, big // 28)
    outline = body.filter(ImageFilter.MaxFilter(thick | 1))
    image = Image.new("RGBA", (big, big), edge)
    image.paste(fill, (0, 0), body)
    pen = ImageDraw.Draw(image)
    for stroke in STROKES[kind]:
        pen.line([_at(point, big) for point in stroke], edge, thick, joint="curve")
    image.putalpha(outline)
    return image.resize((size, size), Image.Resampling.BOX)


def _at(point: Point, side: int) -> tuple[float, float]:
    return point[0] * side / 100, point[1] * side / 100
