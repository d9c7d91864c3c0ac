"""Chess openings: what the table tells of them, and what follows from playing their moves."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from PIL import Image

from mese.demo.families.chess import looks
from mese.demo.families.chess.board import Move, played, square_name
from mese.demo.family import (
    CONTEXTS,
    Family,
    Subject,
    read_classes,
    read_frames,
    read_table,
    several,
    slug,
    tables_of,
)

FOLDER = Path(__file__).parent
Row = Mapping[str, str]

CLASS_NOUNS = frozenset(
    [
        "game",
        "games",
        "defence",
        "defences",
        "opening",
        "openings",
        "variation",
        "variations",
        "gambit",
        "gambits",
    ]
)
COMMON_WORDS = CLASS_NOUNS | frozenset(
    [
        "accepted",
        "attack",
        "bishop",
        "centre",
        "closed",
        "declined",
        "exchange",
        "four",
        "from",
        "grand",
        "indian",
        "king",
        "knights",
        "modern",
        "old",
        "open",
        "pawns",
        "queen",
        "system",
        "two",
        "wing",
    ]
)

PIECES = {"P": "pawn", "N": "knight", "B": "bishop", "R": "rook", "Q": "queen", "K": "king"}
NUMBERS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
LONGEST_LINE = 12
"""Half moves; of longer lines a sentence tells the last four."""
KINDS = {
    "King's pawn games": "game",
    "Semi-open defences": "defence",
    "Queen's pawn games": "game",
    "Indian defences": "defence",
    "Flank openings": "opening",
    "Sicilian variations": "variation",
    "Ruy Lopez variations": "variation",
    "Gambits": "gambit",
}


def line(moves: Sequence[str]) -> str:
    """Numbered moves, as score sheets have them: "1 e4 e5 2 Nf3"; of long lines the end."""
    start = 0 if len(moves) <= LONGEST_LINE else (len(moves) - 4) // 2 * 2
    words = []
    for number, move in enumerate(moves[start:], start=start):
        words += [str(number // 2 + 1), move] if number % 2 == 0 else [move]
    return " ".join(words)


def _in_words(move: Move) -> str:
    if move.san == "O-O":
        return "castling"
    piece, target = PIECES[move.piece.upper()], square_name(move.end)
    return f"{piece} takes on {target}" if move.taken else f"{piece} to {target}"


def _men(count: int, side: str) -> str:
    return f"{NUMBERS[count]} {side} {'man' if count == 1 else 'men'}"


def _away(moves: Sequence[Move]) -> str:
    """How many men stand elsewhere than at the start, those taken aside: "two white men and …"."""
    at_home: dict[tuple[int, int], tuple[int, int]] = {}
    for move in moves:
        at_home[move.end] = at_home.pop(move.start, move.start)
        if move.san == "O-O":
            rank = move.start[1]
            at_home[(5, rank)] = (7, rank)
    strayed = [(at, home) for at, home in at_home.items() if at != home]
    colours = [_is_white(home) for _, home in strayed]
    white, black = colours.count(True), colours.count(False)
    return f"{_men(white, 'white')} and {_men(black, 'black')}"


def _is_white(home: tuple[int, int]) -> bool:
    return home[1] < 2


def _taken(moves: Sequence[Move]) -> str:
    taken = [move.taken for move in moves if move.taken]
    white = sum(man.isupper() for man in taken)
    black = len(taken) - white
    if not taken:
        return "nothing has been taken yet"
    if white and black:
        return "both sides have already taken something"
    loser = "White" if white else "Black"
    return f"{loser} has already lost {NUMBERS[len(taken)]} {'man' if len(taken) == 1 else 'men'}"


class Shelf:
    """The openings of the table, and how they relate by their moves."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.by_code = sorted(rows, key=lambda row: (row["eco"], row["moves"], row["name"]))

    def parent(self, row: Row) -> list[Row]:
        """The longest opening whose moves this one goes on from."""
        before = [o for o in self.rows if o is not row and _leads_to(o, row)]
        return sorted(before, key=lambda o: len(o["moves"].split()))[-1:]

    def children(self, row: Row) -> list[Row]:
        return [other for other in self.rows if self.parent(other) == [row]]

    def sisters(self, row: Row) -> list[Row]:
        """Those that agree with it longest, neither leading to the other; none without a move."""
        others = [o for o in self.rows if not _leads_to(o, row) and not _leads_to(row, o)]
        shared = [(_shared(row, other), other) for other in others]
        longest = max(count for count, _ in shared)
        return [other for count, other in shared if count == longest and count]

    def beside(self, row: Row) -> list[Row]:
        """Its neighbours in the handbook's order of codes."""
        place = self.by_code.index(row)
        return [*self.by_code[max(0, place - 1) : place], *self.by_code[place + 1 : place + 2]]


def _leads_to(row: Row, other: Row) -> bool:
    return (other["moves"] + " ").startswith(row["moves"] + " ")


def _shared(row: Row, other: Row) -> int:
    """How many half moves the two begin with alike."""
    pairs = zip(row["moves"].split(), other["moves"].split(), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _with_a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _texts(rows: Iterable[Row], own: Row) -> tuple[str, ...]:
    """How sentences call these openings, without those whose name holds this one's."""
    return tuple(row["text"] for row in rows if own["text"].lower() not in row["text"].lower())


def _slots(row: Row, shelf: Shelf) -> dict[str, tuple[str, ...]]:
    moves = played(row["moves"])
    return {
        "line": (line([move.san for move in moves]),),
        "first": (f"1 {moves[0].san}",),
        "last": (_in_words(moves[-1]),),
        "number": (NUMBERS[(len(moves) + 1) // 2],),
        "side": ("White" if moves[-1].white else "Black",),
        "away": (_away(moves),),
        "taken": (_taken(moves),),
        "eco": (row["eco"],),
        "kind": tuple(KINDS[name] for name in several(row["classes"])),
        "akind": tuple(_with_a(KINDS[name]) for name in several(row["classes"])),
        "parent": _texts(shelf.parent(row), row),
        "child": _texts(shelf.children(row), row),
        "sister": _texts(shelf.sisters(row), row),
        "beside": _texts(shelf.beside(row), row),
        "namesake": several(row["namesakes"]),
        "idea": several(row["ideas"]),
        "player": several(row["players"]),
        "game": several(row["games"]),
    }


def _spoken(row: Row) -> tuple[str, ...]:
    whole, others = _with_article(row["name"]), several(row["aliases"])
    names = (row["text"], whole, *others, *map(_with_article, several(row["synonym"])))
    return tuple(dict.fromkeys(names))


def _with_article(name: str) -> str:
    """As a sentence has it: "the King's Indian", but "Bird's Opening"."""
    first = name.split(maxsplit=1)[0]
    of_person = first.endswith("'s") and first not in {"King's", "Queen's", "Bishop's"}
    return name if of_person else f"the {name}"


def _subject(row: Row, shelf: Shelf) -> Subject:
    return Subject(
        slug=f"chess/{slug(row['name'])}",
        name=row["synonym"] or row["name"],
        spoken=_spoken(row),
        classes=several(row["classes"]),
        slots=_slots(row, shelf),
        drawing=row["moves"],
        contexts=int(row["contexts"] or CONTEXTS),
        synonym=bool(row["synonym"]),
    )


def paint(subject: Subject, look: str | None, rng: random.Random) -> Image.Image:
    """The opening's position in one of the looks; None gives the reference, a plain diagram."""
    moves = str(subject.drawing)
    return looks.LOOKS[look](moves, rng) if look else looks.reference(moves)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """The one family of openings. Raises `board.MoveError` for a line that cannot be played."""
    shelf = Shelf(read_table(FOLDER / "openings.csv"))
    return (
        Family(
            name="chess",
            classes=read_classes(FOLDER / "classes.csv"),
            subjects=tuple(_subject(row, shelf) for row in shelf.rows),
            frames=read_frames(FOLDER / "frames.toml"),
            looks=tuple(looks.LOOKS),
            paint=paint,
            class_nouns=CLASS_NOUNS,
            common_words=COMMON_WORDS,
            tables=tables_of(FOLDER),
        ),
    )
