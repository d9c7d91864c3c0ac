"""Chords as sound: blocks in a sequencer, and the figure that a harmonograph draws from them."""

from __future__ import annotations

import colorsys
import random

import numpy as np
from PIL import Image, ImageDraw

from mese.demo import surfaces as s
from mese.demo.families.chords.keyboard import INTERVAL_COLOURS
from mese.demo.families.chords.theory import NATURALS, OCTAVE, Chord
from mese.demo.surfaces import CANVAS, Colour

ROWS = 24
RATIOS = {0: (1, 1), 3: (6, 5), 4: (5, 4), 6: (7, 5), 7: (3, 2), 10: (9, 5), 11: (15, 8)}
"""Half steps above the root → the interval's pure ratio of frequencies."""


def sequencer(chord: Chord, rng: random.Random) -> Image.Image:
    """A sequencer's grid, two octaves from C high, the chord in long and broken blocks."""
    dark = rng.random() < 0.6
    ground = s.rgb("#23262E" if dark else "#E9ECF1")
    image = s.plain(ground)
    draw = ImageDraw.Draw(image)
    high = CANVAS / ROWS
    for row in range(ROWS):
        y = CANVAS - (row + 1) * high
        if row % OCTAVE not in NATURALS:
            draw.rectangle((0, y, CANVAS, y + high), s.mix(ground, (0, 0, 0), 0.14))
        draw.line((0, y, CANVAS, y), s.mix(ground, (128, 128, 128), 0.3), 1)
    for beat in range(9):
        x = 48 + beat * 50
        draw.line((x, 0, x, CANVAS), s.mix(ground, (128, 128, 128), 0.3 + 0.3 * (beat % 4 == 0)), 2)
    broken = rng.random() < 0.5
    for number, half in enumerate(chord.half_steps):
        start = 48 + (number * 50 if broken else 0)
        length = 150 if broken else 200 + rng.choice((0, 50, 100, 150))
        y = CANVAS - (chord.root.pitch + half + 1) * high
        colour = s.rgb(INTERVAL_COLOURS[half])
        draw.rounded_rectangle((start + 3, y + 1, start + length, y + high - 2), 5, colour)
    for row in range(ROWS):
        y = CANVAS - (row + 1) * high
        white = row % OCTAVE in NATURALS
        draw.rectangle((0, y, 44, y + high - 2), "#F4F4F2" if white else "#16171A")
    return image


def harmonograph(chord: Chord, rng: random.Random) -> Image.Image:
    """The curve that two pendulums draw in the chord's ratios; its hue goes with the root."""
    night = s.gradient(s.shift((16, 18, 30), rng), s.shift((30, 26, 44), rng))
    draw = ImageDraw.Draw(night)
    t = np.linspace(0, 1, 900)
    turns = 2 * np.pi * 12 * t
    rates = [RATIOS[half][0] / RATIOS[half][1] for half in chord.half_steps]
    fade = np.exp(-1.1 * t) * CANVAS * 0.46
    phase = rng.uniform(0, 0.6)
    x = CANVAS / 2 + fade * np.sin(turns * rates[0] + phase)
    if len(rates) > 3:
        x = CANVAS / 2 + fade * (
            0.6 * np.sin(turns * rates[0] + phase) + 0.4 * np.sin(turns * rates[3])
        )
    y = CANVAS / 2 + fade * (0.55 * np.sin(turns * rates[1]) + 0.45 * np.cos(turns * rates[2]))
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    for k in range(0, len(points) - 1, 30):
        part = points[k : k + 31]
        draw.line(part, _hue(chord.root.pitch / OCTAVE + 0.12 * k / len(points)), 3)
    return night


def _hue(hue: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, 0.62, 0.98)
    return round(red * 255), round(green * 255), round(blue * 255)
