"""Where a chord is seen: under the hands, in print, on a blackboard, on a guitar, on a screen."""

from __future__ import annotations

import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from mese.demo import staging
from mese.demo import surfaces as s
from mese.demo.families.chords import frets, sounding, staff, wheel
from mese.demo.families.chords.keyboard import Style, keyboard
from mese.demo.families.chords.theory import Chord
from mese.demo.surfaces import CANVAS

Look = Callable[[Chord, random.Random], Image.Image]

FELTS = ("#8E2332", "#2E5339", "#2B3A67")
CASES = ("#1C1A1A", "#4B2E20", "#6B4A2F")


def reference(chord: Chord) -> Image.Image:
    """A plain keyboard with coloured keys on white."""
    image = s.plain((255, 255, 255))
    image.paste(keyboard(chord, 416, 220, Style()), (16, 114))
    return image


def piano(chord: Chord, rng: random.Random) -> Image.Image:
    """A real piano from above: case, felt, keys with paper dots."""
    case = s.wood(rng, rng.choice(CASES))
    width = rng.randint(460, 620)
    style = Style(white="#F6F1E4", held=rng.choice(("#C0392B", "#2471A3", "#D68910")), dots=True)
    keys = keyboard(chord, width, 300, style)
    left = -round((width - CANVAS) * min(1.0, chord.root.pitch / 9))
    case.paste(keys, (left, 148))
    draw = ImageDraw.Draw(case)
    draw.rectangle((0, 130, CANVAS, 148), s.rgb(rng.choice(FELTS)))
    return s.vignette(s.grain(case, rng, 5), 0.3)


def piano_app(chord: Chord, rng: random.Random) -> Image.Image:
    style = Style(white="#E8ECF2", black="#20242C", gap="#11141A")
    return staging.on_screen(keyboard(chord, 460, 250, style), rng)


def score(chord: Chord, rng: random.Random) -> Image.Image:
    """A page of music: the chord on the middle staff, empty staves about it."""
    sheet = s.paper(rng, rng.choice(("#F7F1E1", "#FBFAF4", "#EFE6D0")))
    draw = ImageDraw.Draw(sheet)
    ink, space = (34, 30, 28), rng.choice((19, 21, 23))
    for row in (-1, 0, 1):
        bottom = CANVAS / 2 + 2 * space + row * space * 11
        staff.lines(draw, (14, CANVAS, bottom), space, ink)
        staff.clef(draw, 62, bottom, space, ink)
    x = rng.randint(200, 340)
    staff.stack(draw, chord, (x, CANVAS / 2 + 2 * space), space, ink, s.rgb("#F7F1E1"))
    return s.vignette(sheet, 0.15)


def blackboard(chord: Chord, rng: random.Random) -> Image.Image:
    board = s.grain(s.plain(s.shift(s.rgb(rng.choice(("#23392F", "#262B30"))), rng)), rng, 9, 64)
    draw = ImageDraw.Draw(board)
    chalk = (236, 236, 226)
    staff.lines(draw, (20, 428, 300), 36, s.mix(chalk, s.rgb("#23392F"), 0.35))
    staff.clef(draw, 92, 300, 36, chalk)
    colour = s.rgb(rng.choice(("#F5D76E", "#F1F1EA", "#F2A7A0", "#9AD1F0")))
    staff.stack(draw, chord, (rng.randint(240, 340), 300), 36, colour)
    return s.grain(board, rng, 10, 3)


def songbook(chord: Chord, rng: random.Random) -> Image.Image:
    return staging.card(frets.grid(chord, 300, 340, "#2B2B30", "#FBFAF6"), rng)


def guitar(chord: Chord, rng: random.Random) -> Image.Image:
    return frets.neck(chord, rng)


def clock_face(chord: Chord, rng: random.Random) -> Image.Image:
    """The octave as a clock with C at noon."""
    ground = rng.choice(("#FAF7EF", "#EAF1F4", "#22303C"))
    ink = "#F2F2EE" if ground == "#22303C" else "#33404B"
    return staging.flat(wheel.clock(chord, 400, ground, ink, from_root=False), rng)


def kind_badge(chord: Chord, rng: random.Random) -> Image.Image:
    """The octave as a clock with the root at noon: a sewn badge of the chord's kind."""
    ground = rng.choice(("#F4E9D4", "#DDE7E4", "#E9DDEA"))
    return staging.patch(wheel.clock(chord, 300, ground, "#2C2C34", from_root=True), rng)


def fifths_mural(chord: Chord, rng: random.Random) -> Image.Image:
    return staging.on_wall(wheel.fifths(chord, 330, "#F3EFE6", rng.random()), rng)


def fifths_button(chord: Chord, rng: random.Random) -> Image.Image:
    return staging.roundel(wheel.fifths(chord, 360, "#FCFBF8", rng.random()), rng)


def keys_stamp(chord: Chord, rng: random.Random) -> Image.Image:
    held = rng.choice(("#B03A2E", "#1F618D", "#117864"))
    return staging.stamp(keyboard(chord, 420, 230, Style(held=held)), rng)


LOOKS: dict[str, Look] = {
    "piano": piano,
    "piano-app": piano_app,
    "score": score,
    "blackboard": blackboard,
    "songbook": songbook,
    "guitar": guitar,
    "clock-face": clock_face,
    "kind-badge": kind_badge,
    "fifths-mural": fifths_mural,
    "fifths-button": fifths_button,
    "keys-stamp": keys_stamp,
    "sequencer": sounding.sequencer,
    "harmonograph": sounding.harmonograph,
}
"""Name of a look → its painter."""
