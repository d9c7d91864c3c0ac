"""Chords on circles: the twelve notes of the octave as a clock face, and the circle of fifths."""

from __future__ import annotations

import colorsys
import math

from PIL import Image, ImageDraw

from mese.demo.families.chords.keyboard import INTERVAL_COLOURS
from mese.demo.families.chords.theory import FIFTH, OCTAVE, Chord
from mese.demo.surfaces import Colour, mix, rgb

OVERSAMPLED = 2


def _spot(hour: float, radius: float, middle: float) -> tuple[float, float]:
    turn = math.tau * hour / OCTAVE
    return middle + radius * math.sin(turn), middle - radius * math.cos(turn)


def clock(chord: Chord, side: int, ground: str, ink: str, from_root: bool) -> Image.Image:
    """The octave as a clock, the chord as a figure in it, RGB.

    With C at noon it shows the chord, with the root at noon (`from_root`) only its kind.
    """
    big = side * OVERSAMPLED
    image = Image.new("RGB", (big, big), ground)
    draw = ImageDraw.Draw(image)
    middle, radius = big / 2, big * 0.4
    faint = mix(rgb(ground), rgb(ink), 0.35)
    box = (middle - radius, middle - radius, middle + radius, middle + radius)
    draw.ellipse(box, outline=faint, width=big // 120)
    first = 0 if from_root else chord.root.pitch
    corners = [_spot(first + half, radius, middle) for half in chord.half_steps]
    draw.polygon(corners, mix(rgb(ground), rgb(ink), 0.16))
    draw.line([*corners, corners[0]], ink, big // 70, joint="curve")
    for hour in range(OCTAVE):
        _dot(draw, _spot(hour, radius, middle), big * 0.012, faint)
    for half, corner in zip(chord.half_steps, corners, strict=True):
        _dot(draw, corner, big * (0.062 if half == 0 else 0.046), rgb(INTERVAL_COLOURS[half]))
    return image.resize((side, side), Image.Resampling.BOX)


def _dot(draw: ImageDraw.ImageDraw, at: tuple[float, float], radius: float, colour: Colour) -> None:
    draw.ellipse((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius), colour)


def fifths(chord: Chord, side: int, ground: str, hue: float) -> Image.Image:
    """The circle of fifths with the chord's notes coloured and its root drawn out, RGB."""
    big = side * OVERSAMPLED
    image = Image.new("RGB", (big, big), ground)
    draw = ImageDraw.Draw(image)
    held = {note.pitch: half for note, half in zip(chord.notes, chord.half_steps, strict=True)}
    for place in range(OCTAVE):
        pitch = place * FIFTH % OCTAVE
        out = 0.47 if held.get(pitch) == 0 else 0.42
        box = [big * (0.5 - out), big * (0.5 - out), big * (0.5 + out), big * (0.5 + out)]
        start = place * 30 - 105
        colour = _segment(pitch in held, place, hue)
        draw.pieslice(box, start + 1.5, start + 28.5, colour)
    hole = big * 0.2
    draw.ellipse((big / 2 - hole, big / 2 - hole, big / 2 + hole, big / 2 + hole), ground)
    for pitch, half in held.items():
        place = pitch * FIFTH % OCTAVE  # 7 is its own inverse modulo 12
        _dot(draw, _spot(place, big * 0.31, big / 2), big * 0.035, rgb(INTERVAL_COLOURS[half]))
        _dot(draw, _spot(place, big * 0.31, big / 2), big * 0.014, (255, 255, 255))
    return image.resize((side, side), Image.Resampling.BOX)


def _segment(held: bool, place: int, hue: float) -> Colour:
    value, grey = (0.93, 0.62) if held else (0.8, 0.12)
    red, green, blue = colorsys.hsv_to_rgb((hue + place / OCTAVE) % 1, grey, value)
    return round(red * 255), round(green * 255), round(blue * 255)
