"""Playing cards face up and face down, drawn flat; the looks lay them somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.cards.courts import HALF, WIDTH, court
from mese.demo.families.cards.suits import INK, PIPS, shape
from mese.demo.families.letters.glyphs import fitted
from mese.demo.surfaces import Colour

CARD = (250, 350)
"""Size of a card, in pixels of the canvas."""
CORNER = 18
WHITE = (253, 252, 248)
BACKS: tuple[Colour, ...] = ((150, 32, 44), (34, 62, 120), (36, 92, 74), (84, 54, 110))


@dataclass(frozen=True)
class Card:
    """A card: its rank in words, the rank's sign at the corner, and its suit."""

    rank: str
    index: str
    suit: str


@lru_cache(maxsize=8)
def face(card: Card) -> Image.Image:
    """The card face up, RGBA with round corners."""
    wide, tall = CARD[0] * 2, CARD[1] * 2
    sheet = Image.new("RGB", (wide, tall), WHITE)
    if card.rank in {"Jack", "Queen", "King"}:
        sheet.paste(court(card.rank, card.suit), ((wide - WIDTH) // 2, tall // 2 - HALF))
    else:
        _pips(sheet, card)
    _corner(sheet, card)
    sheet = sheet.rotate(180)
    _corner(sheet, card)
    return _cut(sheet.rotate(180).resize(CARD, Image.Resampling.BOX))


def _cut(sheet: Image.Image) -> Image.Image:
    edge = ImageDraw.Draw(sheet)
    box = (0, 0, sheet.width - 1, sheet.height - 1)
    edge.rounded_rectangle(box, CORNER, outline=(176, 172, 164), width=2)
    cut = sheet.convert("RGBA")
    cut.putalpha(s.rounded(CARD, CORNER))
    return cut


def _corner(sheet: Image.Image, card: Card) -> None:
    """Sign of the rank and a small pip at the upper left."""
    ink = INK[card.suit]
    mark = fitted(card.index, "bold", 60, 66)
    sheet.paste(ink, (46 - mark.width // 2, 26), mark)
    pip = shape(card.suit, 46)
    sheet.paste(ink, (46 - pip.width // 2, 104), pip)


def _pips(sheet: Image.Image, card: Card) -> None:
    count = 1 if card.rank == "Ace" else int(card.index)
    size = 190 if count == 1 else 92
    pip = shape(card.suit, size)
    left, top, right, bottom = 152, 104, sheet.width - 152, sheet.height - 104
    for x, y in PIPS[count]:
        at = (
            round(left + x * (right - left) - size / 2),
            round(top + y * (bottom - top) - size / 2),
        )
        upside = y > 0.5
        sheet.paste(INK[card.suit], at, pip.rotate(180) if upside else pip)


@lru_cache(maxsize=len(BACKS))
def back(number: int) -> Image.Image:
    """A card face down, in one of `BACKS`' colours."""
    colour = BACKS[number]
    sheet = Image.new("RGB", CARD, WHITE)
    draw = ImageDraw.Draw(sheet)
    draw.rounded_rectangle((16, 16, CARD[0] - 17, CARD[1] - 17), 8, colour)
    light = s.mix(colour, (255, 255, 255), 0.45)
    for k in range(-CARD[1], CARD[0], 20):
        for a, b in (((k, 16), (k + CARD[1], CARD[1] + 16)), ((k, CARD[1]), (k + CARD[1], 0))):
            draw.line((*a, *b), light, 2)
    draw.rectangle((0, 0, CARD[0], 15), WHITE)
    draw.rectangle((0, CARD[1] - 16, CARD[0], CARD[1]), WHITE)
    draw.rectangle((0, 0, 15, CARD[1]), WHITE)
    draw.rectangle((CARD[0] - 16, 0, CARD[0], CARD[1]), WHITE)
    draw.ellipse((85, 135, 165, 215), colour, light, 4)
    return _cut(sheet)
