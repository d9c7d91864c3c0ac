"""A chess board that plays moves: enough of the rules to follow an opening written in SAN."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

Square = tuple[int, int]
"""File and rank, both from 0: (4, 3) is e4."""
Board = dict[Square, str]
"""Square → piece, as in FEN: "N" is a white knight, "n" a black one."""

BACK_RANK = "RNBQKBNR"
SAN = re.compile(r"([KQRBN]?)([a-h]?)([1-8]?)(x?)([a-h][1-8])\+?")
STEPS: dict[str, tuple[Square, ...]] = {
    "N": ((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)),
    "B": ((1, 1), (1, -1), (-1, 1), (-1, -1)),
    "R": ((1, 0), (-1, 0), (0, 1), (0, -1)),
    "K": ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)),
}
STEPS["Q"] = STEPS["K"]
FAR = frozenset("BRQ")
"""Pieces that go as far as the way is free."""


class MoveError(ValueError):
    """A move that cannot be played; names the move and the reason."""


@dataclass(frozen=True)
class Move:
    """A played move: who moved what from where to where, and what was taken."""

    san: str
    piece: str
    start: Square
    end: Square
    taken: str = ""

    @property
    def white(self) -> bool:
        return self.piece.isupper()


def square(name: str) -> Square:
    return "abcdefgh".index(name[0]), int(name[1]) - 1


def square_name(at: Square) -> str:
    return "abcdefgh"[at[0]] + str(at[1] + 1)


def first_position() -> Board:
    """The men as they stand before the first move."""
    board: Board = {}
    for file, piece in enumerate(BACK_RANK):
        board |= {(file, 0): piece, (file, 1): "P", (file, 6): "p", (file, 7): piece.lower()}
    return board


@lru_cache(maxsize=512)
def played(moves: str) -> tuple[Move, ...]:
    """The moves of a line such as "e4 e5 Nf3". Raises `MoveError`."""
    board, found = first_position(), []
    for number, san in enumerate(moves.split()):
        move = _read(board, san, white=number % 2 == 0)
        _make(board, move)
        found.append(move)
    return tuple(found)


def position(moves: str) -> Board:
    """The board after a line. Raises `MoveError`."""
    board = first_position()
    for move in played(moves):
        _make(board, move)
    return board


def placement(board: Board) -> str:
    """The board as the first field of a FEN."""
    rows = []
    for rank in range(7, -1, -1):
        row = "".join(board.get((file, rank), "1") for file in range(8))
        rows.append(re.sub("1+", lambda empty: str(len(empty[0])), row))
    return "/".join(rows)


def _read(board: Board, san: str, white: bool) -> Move:
    rank = 0 if white else 7
    if san == "O-O":
        king, rook = "KR" if white else "kr"
        way = [board.get((file, rank)) for file in (4, 5, 6, 7)]
        if way != [king, None, None, rook]:
            raise MoveError(f"{san}: king and rook are not at home, or something stands between")
        return Move(san, king, (4, rank), (6, rank))
    parts = SAN.fullmatch(san)
    if parts is None:
        raise MoveError(f"{san}: no move of the kind that openings need")
    kind, file, row, takes, target = parts.groups()
    piece = (kind or "P") if white else (kind or "P").lower()
    end = square(target)
    starts = [
        at
        for at, man in board.items()
        if man == piece and _reaches(board, at, end) and _fits(at, file, row)
    ]
    if len(starts) != 1:
        raise MoveError(f"{san}: {len(starts)} pieces can go there; one must")
    taken = board.get(end, "")
    if bool(takes) != bool(taken):
        raise MoveError(f"{san}: {'nothing' if takes else 'a piece'} stands on {target}")
    return Move(san, piece, starts[0], end, taken)


def _fits(at: Square, file: str, rank: str) -> bool:
    name = square_name(at)
    return name[0] == (file or name[0]) and name[1] == (rank or name[1])


def _reaches(board: Board, start: Square, end: Square) -> bool:
    """Whether the piece on `start` may go to `end`, its king's safety aside."""
    man, there = board[start], board.get(end)
    if there is not None and there.isupper() == man.isupper():
        return False
    if man in "Pp":
        return _pawn_reaches(board, start, end)
    for right, up in STEPS[man.upper()]:
        at = (start[0] + right, start[1] + up)
        while at != end and man.upper() in FAR and at not in board and _on_board(at):
            at = (at[0] + right, at[1] + up)
        if at == end:
            return True
    return False


def _on_board(at: Square) -> bool:
    return 0 <= at[0] < 8 and 0 <= at[1] < 8


def _pawn_reaches(board: Board, start: Square, end: Square) -> bool:
    ahead, home = (1, 1) if board[start] == "P" else (-1, 6)
    right, up = end[0] - start[0], end[1] - start[1]
    if end in board:
        return abs(right) == 1 and up == ahead
    free = (start[0], start[1] + ahead) not in board
    return right == 0 and (up == ahead or (up == 2 * ahead and start[1] == home and free))


def _make(board: Board, move: Move) -> None:
    board[move.end] = board.pop(move.start)
    if move.san == "O-O":
        rank = move.start[1]
        board[(5, rank)] = board.pop((7, rank))
