"""The jacks, queens and kings: half a figure, drawn twice, once upside down.

Our own drawings, with what the standard pattern is known for: the king of diamonds and the jacks
of spades and hearts show one eye, the king of hearts has no moustache and a sword behind his
head, the king of diamonds an axe, the queen of spades a sceptre.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from PIL import Image, ImageDraw

from mese.demo.families.cards.suits import INK, shape

Colour = tuple[int, int, int]
WIDTH, HALF = 320, 234
"""Half a figure, at twice the size of the card's field."""
GOLD, RED, BLUE, DARK = (232, 178, 52), (190, 40, 48), (38, 70, 140), (30, 30, 38)
SKIN, LINE, PALE = (246, 216, 188), (34, 30, 34), (250, 246, 234)
ONE_EYED = frozenset({("King", "diamonds"), ("Jack", "spades"), ("Jack", "hearts")})
ROBES: Mapping[str, tuple[Colour, Colour]] = {
    "spades": (BLUE, GOLD),
    "hearts": (RED, GOLD),
    "diamonds": (GOLD, RED),
    "clubs": (DARK, GOLD),
}
HAIR: Mapping[str, Colour] = {
    "spades": (92, 66, 44),
    "hearts": (222, 176, 84),
    "diamonds": (168, 96, 46),
    "clubs": (60, 48, 44),
}


def court(rank: str, suit: str) -> Image.Image:
    """The framed picture of a court card, RGB, WIDTH × 2 HALF pixels."""
    half = _half(rank, suit)
    picture = Image.new("RGB", (WIDTH, 2 * HALF), PALE)
    picture.paste(half, (0, 0))
    picture.paste(half.rotate(180), (0, HALF))
    draw = ImageDraw.Draw(picture)
    band = ROBES[suit][1]
    draw.polygon([(0, HALF + 26), (WIDTH, HALF - 44), (WIDTH, HALF - 26), (0, HALF + 44)], band)
    draw.line((0, HALF + 26, WIDTH, HALF - 44), LINE, 3)
    draw.line((0, HALF + 44, WIDTH, HALF - 26), LINE, 3)
    draw.rectangle((0, 0, WIDTH - 1, 2 * HALF - 1), outline=BLUE, width=4)
    return picture


def _half(rank: str, suit: str) -> Image.Image:
    image = Image.new("RGB", (WIDTH, HALF), PALE)
    draw = ImageDraw.Draw(image)
    _attribute_behind(draw, rank, suit)
    _robe(draw, image, suit)
    _head(draw, rank, suit)
    {"King": _crown, "Queen": _coronet, "Jack": _cap}[rank](draw, suit)
    _attribute(draw, rank, suit)
    image.paste(INK[suit], (14, 14), shape(suit, 58))
    return image


def _robe(draw: ImageDraw.ImageDraw, image: Image.Image, suit: str) -> None:
    cloth, trim = ROBES[suit]
    draw.polygon([(46, HALF), (74, 168), (130, 142), (190, 142), (246, 168), (274, HALF)], cloth)
    draw.line([(46, HALF), (74, 168), (130, 142), (190, 142), (246, 168), (274, HALF)], LINE, 3)
    for x in (86, 222):
        for y in (188, 212, 236):
            draw.ellipse((x, y - 8, x + 14, y + 6), trim)
    draw.polygon([(132, 144), (188, 144), (206, HALF), (114, HALF)], trim, LINE)
    emblem = shape(suit, 44)
    image.paste(INK[suit] if trim != INK[suit] else PALE, (138, 178), emblem)
    draw.polygon([(118, 146), (202, 146), (188, 168), (132, 168)], PALE, LINE, 2)


def _head(draw: ImageDraw.ImageDraw, rank: str, suit: str) -> None:
    hair = HAIR[suit]
    long = {"King": 138, "Queen": 156, "Jack": 132}[rank]
    for x in (106, 180):
        draw.rounded_rectangle((x, 66, x + 34, long), 15, hair, LINE, 2)
    if rank == "King":
        draw.polygon([(122, 112), (198, 112), (184, 166), (160, 178), (136, 166)], hair, LINE, 2)
    draw.ellipse((120, 52, 200, 146), SKIN, LINE, 3)
    if (rank, suit) in ONE_EYED:
        _profile(draw)
    else:
        _front(draw)
    if rank == "King":
        draw.chord((122, 78, 198, 150), 20, 160, hair, LINE, 2)
        if suit != "hearts":
            draw.arc((138, 112, 160, 130), 190, 350, hair, 7)
            draw.arc((160, 112, 182, 130), 190, 350, hair, 7)
    draw.line((150, 130, 170, 130), RED, 4)


def _front(draw: ImageDraw.ImageDraw) -> None:
    for x in (142, 178):
        draw.ellipse((x - 8, 88, x + 8, 98), PALE, LINE, 2)
        draw.ellipse((x - 3, 90, x + 3, 97), LINE)
        draw.arc((x - 11, 78, x + 11, 94), 200, 340, LINE, 3)
    draw.line([(160, 92), (155, 114), (164, 114)], LINE, 3)


def _profile(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([(124, 84), (104, 114), (124, 118)], SKIN, LINE, 3)
    draw.rectangle((124, 80, 134, 122), SKIN)
    draw.ellipse((136, 86, 156, 98), PALE, LINE, 2)
    draw.ellipse((139, 88, 147, 97), LINE)
    draw.arc((132, 76, 160, 94), 200, 340, LINE, 3)


def _crown(draw: ImageDraw.ImageDraw, suit: str) -> None:
    spikes = [(112, 70), (104, 22), (134, 44), (160, 12), (186, 44), (216, 22), (208, 70)]
    draw.polygon(spikes, GOLD, LINE, 3)
    for x, y in ((104, 20), (160, 10), (216, 20)):
        draw.ellipse((x - 7, y - 7, x + 7, y + 7), RED, LINE, 2)
    draw.rectangle((110, 58, 210, 72), ROBES[suit][0], LINE, 2)


def _coronet(draw: ImageDraw.ImageDraw, suit: str) -> None:
    spikes = [(118, 62), (112, 32), (136, 46), (160, 26), (184, 46), (208, 32), (202, 62)]
    draw.polygon(spikes, GOLD, LINE, 3)
    for x in (128, 160, 192):
        draw.ellipse((x - 5, 48, x + 5, 58), ROBES[suit][0], LINE, 1)
    draw.arc((104, 40, 216, 176), 196, 344, PALE, 5)


def _cap(draw: ImageDraw.ImageDraw, suit: str) -> None:
    draw.rounded_rectangle((108, 34, 212, 70), 16, ROBES[suit][0], LINE, 3)
    draw.rectangle((108, 58, 212, 70), GOLD, LINE, 2)
    plume = [(204, 50), (240, 20), (258, 26), (250, 50), (222, 66)]
    draw.polygon(plume, RED if suit != "hearts" else BLUE, LINE, 2)


def _attribute_behind(draw: ImageDraw.ImageDraw, rank: str, suit: str) -> None:
    if (rank, suit) == ("King", "hearts"):
        draw.line((272, 200, 196, 18), LINE, 15)
        draw.line((272, 200, 196, 18), (196, 204, 214), 9)
        draw.line((232, 150, 272, 134), GOLD, 11)


def _attribute(draw: ImageDraw.ImageDraw, rank: str, suit: str) -> None:
    """What the hand at the right holds."""
    if rank == "King" and suit == "diamonds":
        draw.line((268, HALF, 268, 60), (120, 78, 44), 9)
        draw.chord((226, 50, 310, 130), 100, 260, (196, 204, 214), LINE, 3)
    elif rank == "King" and suit != "hearts":
        draw.line((270, HALF, 270, 40), LINE, 15)
        draw.line((270, HALF, 270, 42), (196, 204, 214), 9)
        draw.line((248, 178, 292, 178), GOLD, 11)
        if suit == "clubs":
            draw.ellipse((34, 168, 84, 218), GOLD, LINE, 3)
            draw.line((59, 150, 59, 170), GOLD, 7)
            draw.line((50, 158, 68, 158), GOLD, 7)
    elif rank == "Queen":
        _flower(draw, suit)
        if suit == "spades":
            draw.line((52, HALF, 52, 120), GOLD, 9)
            draw.ellipse((38, 96, 66, 124), GOLD, LINE, 3)
    elif rank == "Jack":
        _staff(draw, suit)
    draw.ellipse((254, 184, 286, 212), SKIN, LINE, 3)


def _flower(draw: ImageDraw.ImageDraw, suit: str) -> None:
    draw.line((270, HALF, 270, 140), (58, 120, 70), 7)
    petals = {"spades": BLUE, "hearts": RED, "diamonds": GOLD, "clubs": (150, 80, 150)}[suit]
    for k in range(5):
        x, y = 270 + 17 * math.sin(math.tau * k / 5), 128 - 17 * math.cos(math.tau * k / 5)
        draw.ellipse((x - 13, y - 13, x + 13, y + 13), petals, LINE, 2)
    draw.ellipse((261, 119, 279, 137), PALE, LINE, 2)


def _staff(draw: ImageDraw.ImageDraw, suit: str) -> None:
    if suit == "hearts":
        draw.line((270, HALF, 270, 150), (58, 120, 70), 7)
        draw.ellipse((252, 96, 288, 156), (78, 150, 88), LINE, 3)
        draw.line((270, 102, 270, 152), LINE, 2)
        return
    draw.line((270, HALF, 270, 66), (150, 104, 60), 10)
    tip = [(252, 84), (270, 38), (288, 84)]
    draw.polygon(tip, (196, 204, 214) if suit != "spades" else GOLD, LINE, 3)
