"""Box diagrams of the outer electrons: a box an orbital, an arrow an electron, by Hund's rule.

Within a shell the ground states of all elements fill s, p, d and f in this order, so that the
counts of the shells are enough. Drawn is what an atom has beyond the last noble gas.
"""

from __future__ import annotations

from PIL import Image, ImageDraw

from mese.demo.families.elements.atom import Atom
from mese.demo.families.elements.tile import write
from mese.demo.surfaces import Colour

ORBITALS = (1, 3, 5, 7)
"""Boxes of s, p, d and f."""
LETTERS = "spdf"
NOBLE_GASES = (
    (2,),
    (2, 8),
    (2, 8, 8),
    (2, 8, 18, 8),
    (2, 8, 18, 18, 8),
    (2, 8, 18, 32, 18, 8),
)
"""Shells of helium, neon, argon, krypton, xenon and radon."""


def subshells(electrons: int) -> tuple[int, ...]:
    """How a shell's electrons are spread over s, p, d and f: 13 → (2, 6, 5)."""
    found = []
    for boxes in ORBITALS:
        if electrons <= 0:
            break
        found.append(min(electrons, 2 * boxes))
        electrons -= found[-1]
    return tuple(found)


def arrows(electrons: int, boxes: int) -> tuple[int, ...]:
    """Electrons in each box: every box gets one before any gets two."""
    return tuple(int(n < electrons) + int(n + boxes < electrons) for n in range(boxes))


def outer(shells: tuple[int, ...]) -> dict[str, int]:
    """Subshell → electrons beyond the noble gas before: iron → {"3d": 6, "4s": 2}."""
    core = next((c for c in reversed(NOBLE_GASES) if sum(c) < sum(shells)), ())
    found = {}
    for n, electrons in enumerate(shells, start=1):
        inner = subshells(core[n - 1]) if n <= len(core) else ()
        for kind, count in enumerate(subshells(electrons)):
            if count > (inner[kind] if kind < len(inner) else 0):
                found[f"{n}{LETTERS[kind]}"] = count
    return dict(sorted(found.items(), key=_energy))


def _energy(item: tuple[str, int]) -> tuple[int, int]:
    """The order of filling: by n + l, then by n."""
    n, kind = int(item[0][0]), LETTERS.index(item[0][1])
    return n + kind, n


def diagram(atom: Atom, size: tuple[int, int], pen: Colour, mark: Colour) -> Image.Image:
    """The outer subshells on nothing, the lowest at the bottom, the outermost shell in `mark`."""
    image = Image.new("RGBA", size)
    filled = outer(atom.shells)
    outermost = str(len(atom.shells))
    widest = max(ORBITALS[LETTERS.index(name[1])] for name in filled) + 1.2
    box = min(66.0, size[0] / widest)
    left = (size[0] - widest * box) / 2 + 1.2 * box
    step = min(1.8 * box, size[1] / len(filled))
    bottom = (size[1] + step * len(filled)) / 2
    for row, (name, electrons) in enumerate(filled.items()):
        ink = mark if name.startswith(outermost) else pen
        _level(image, (left, bottom - (row + 0.5) * step - box / 2), box, name, electrons, ink)
    return image


def _level(
    image: Image.Image, at: tuple[float, float], box: float, name: str, electrons: int, ink: Colour
) -> None:
    draw, (x, y) = ImageDraw.Draw(image), at
    write(image, name, (x - box * 0.6, y + box / 2), box * 0.5, ink)
    for count in arrows(electrons, ORBITALS[LETTERS.index(name[1])]):
        draw.rectangle((x, y, x + box, y + box), outline=ink, width=3)
        for arrow in range(count):
            _arrow(draw, x + box * (0.32 + 0.36 * arrow), y, box, ink, up=arrow == 0)
        x += box


def _arrow(
    draw: ImageDraw.ImageDraw, x: float, y: float, box: float, ink: Colour, up: bool
) -> None:
    tip, tail = (y + box * 0.16, y + box * 0.84) if up else (y + box * 0.84, y + box * 0.16)
    draw.line((x, tail, x, tip), ink, 4)
    back = tip + (box * 0.2 if up else -box * 0.2)
    draw.line((x - box * 0.12, back, x, tip, x + box * 0.12, back), ink, 4)
