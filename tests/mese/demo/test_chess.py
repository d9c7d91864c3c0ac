"""Openings: their moves replayed against positions from a chess library, facts worked by hand.

The positions were written down once with python-chess, which also found every line of the table
legal and written as it writes it.
"""

from __future__ import annotations

import random
from itertools import combinations

import numpy as np
import pytest

from mese.demo.families.chess import families, line, looks
from mese.demo.families.chess.board import (
    MoveError,
    first_position,
    placement,
    played,
    position,
    square,
)
from mese.demo.families.chess.diagram import View, moved_men
from mese.demo.families.chess.pieces import sprite
from mese.demo.family import Subject

FAMILY = families()[0]


def opening(name: str) -> Subject:
    return next(s for s in FAMILY.subjects if name in (s.name, *s.spoken, *s.aliases))


@pytest.mark.parametrize(
    ("name", "fen"),
    [
        ("Ruy Lopez", "r1bqkbnr/pppp1ppp/2n5/1B2p3/4P3/5N2/PPPP1PPP/RNBQK2R"),
        ("Scotch Game", "r1bqkbnr/pppp1ppp/2n5/8/3NP3/8/PPP2PPP/RNBQKB1R"),
        ("Dragon Variation", "rnbqkb1r/pp2pp1p/3p1np1/8/3NP3/2N5/PPP2PPP/R1BQKB1R"),
        ("Najdorf Variation", "rnbqkb1r/1p2pppp/p2p1n2/8/3NP3/2N5/PPP2PPP/R1BQKB1R"),
        ("Sveshnikov Variation", "r1bqkb1r/pp1p1ppp/2n2n2/4p3/3NP3/2N5/PPP2PPP/R1BQKB1R"),
        ("Marshall Attack", "r1bq1rk1/2p1bppp/p1n2n2/1p1pp3/4P3/1BP2N2/PP1P1PPP/RNBQR1K1"),
        ("Breyer Defence", "rnbq1rk1/2p1bppp/p2p1n2/1p2p3/4P3/1BP2N1P/PP1P1PP1/RNBQR1K1"),
        ("Semi-Slav Defence", "rnbqkb1r/pp3ppp/2p1pn2/3p4/2PP4/2N2N2/PP2PPPP/R1BQKB1R"),
        ("King's Indian Defence", "rnbqk2r/ppp1ppbp/3p1np1/8/2PPP3/2N5/PP3PPP/R1BQKBNR"),
        ("Benko Gambit", "rnbqkb1r/p2ppppp/5n2/1ppP4/2P5/8/PP2PPPP/RNBQKBNR"),
        ("Leningrad Dutch", "rnbqk2r/ppppp1bp/5np1/5p2/2PP4/5NP1/PP2PPBP/RNBQK2R"),
        ("Cozio Defence", "r1bqkb1r/ppppnppp/2n5/1B2p3/4P3/5N2/PPPP1PPP/RNBQK2R"),
        ("Halloween Gambit", "r1bqkb1r/pppp1ppp/2n2n2/4N3/4P3/2N5/PPPP1PPP/R1BQKB1R"),
        ("Fajarowicz Gambit", "rnbqkb1r/pppp1ppp/8/4P3/2P1n3/8/PP2PPPP/RNBQKBNR"),
        ("Averbakh Variation", "rnbq1rk1/ppp1ppbp/3p1np1/6B1/2PPP3/2N5/PP2BPPP/R2QK1NR"),
        ("Norwegian Defence", "r1bqkbnr/2pp1ppp/p7/np2p3/4P3/1B3N2/PPPP1PPP/RNBQK2R"),
    ],
)
def test_positions_are_those_of_a_chess_library(name: str, fen: str) -> None:
    assert placement(position(str(opening(name).drawing))) == fen


@pytest.mark.parametrize("subject", FAMILY.subjects, ids=lambda s: s.slug)
def test_a_line_leaves_two_kings_and_as_many_men_as_it_should(subject: Subject) -> None:
    moves = str(subject.drawing)
    board = position(moves)
    assert len(board) == 32 - moves.count("x")
    assert sorted(man for man in board.values() if man in "Kk") == ["K", "k"]


def test_no_two_openings_lead_to_one_position() -> None:
    found = {placement(position(str(s.drawing))) for s in FAMILY.subjects}
    assert len(found) == len(FAMILY.subjects)


def test_the_first_position() -> None:
    start = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR"
    assert placement(first_position()) == start


@pytest.mark.parametrize(
    ("moves", "reason"),
    [
        ("e5", "0 pieces"),
        ("e4 e5 Nf6", "0 pieces"),
        ("Bb5", "0 pieces"),
        ("e4 d5 d5", "a piece stands on d5"),
        ("e4 d5 exd6", "0 pieces"),
        ("e4 e5 exe5", "0 pieces"),
        ("d4 d5 c4 e6 Nf3 Nf6 Nd2", "2 pieces"),
        ("e4 e5 Nf3 Nc6 O-O", "stands between"),
        ("e4 e9", "no move of the kind"),
        ("Nxf3", "nothing stands on f3"),
    ],
)
def test_what_cannot_be_played_is_refused(moves: str, reason: str) -> None:
    with pytest.raises(MoveError, match=reason):
        played(moves)


@pytest.mark.parametrize(
    ("moves", "text"),
    [
        (["e4"], "1 e4"),
        (["e4", "e5", "Nf3"], "1 e4 e5 2 Nf3"),
        ([f"m{k}" for k in range(14)], "6 m10 m11 7 m12 m13"),
        ([f"m{k}" for k in range(13)], "5 m8 m9 6 m10 m11 7 m12"),
    ],
)
def test_lines_are_numbered_as_on_score_sheets(moves: list[str], text: str) -> None:
    assert line(moves) == text


@pytest.mark.parametrize(
    ("name", "slot", "told"),
    [
        ("Ruy Lopez", "last", "bishop to b5"),
        ("Ruy Lopez", "away", "three white men and two black men"),
        ("Scotch Game", "taken", "both sides have already taken something"),
        ("Danish Gambit", "taken", "White has already lost one man"),
        ("Grob's Attack", "away", "one white man and no black men"),
        ("Breyer Defence", "away", "seven white men and eight black men"),
        ("Marshall Attack", "side", "Black"),
        ("Marshall Attack", "number", "eight"),
        ("Dragon Variation", "parent", "the Sicilian"),
        ("Marshall Attack", "parent", "the Ruy Lopez"),
        ("Berlin Defence", "eco", "C65"),
        ("Spanish Exchange", "last", "bishop takes on c6"),
        ("French Defence", "last", "pawn to e6"),
        ("Centre Game", "eco", "C21"),
    ],
)
def test_what_follows_from_the_moves(name: str, slot: str, told: str) -> None:
    assert told in opening(name).slots[slot]


def test_sisters_agree_longest() -> None:
    assert set(opening("Pirc Defence").slots["sister"]) == {"the Czech"}
    assert "the Najdorf" in opening("Dragon Variation").slots["sister"]
    assert opening("Grob's Attack").slots["sister"] == ()


def codes(subject: Subject) -> str:
    return subject.slots["eco"][0]


@pytest.mark.parametrize(
    ("class_name", "volumes", "first"),
    [
        ("King's pawn games", "C", "e4 e5"),
        ("Semi-open defences", "BC", "e4"),
        ("Sicilian variations", "B", "e4 c5"),
        ("Ruy Lopez variations", "C", "e4 e5 Nf3 Nc6 Bb5"),
        ("Queen's pawn games", "ADE", "d4"),
        ("Indian defences", "ADE", "d4"),
    ],
)
def test_classes_agree_with_moves_and_codes(class_name: str, volumes: str, first: str) -> None:
    for subject in FAMILY.subjects:
        if class_name in subject.classes:
            assert str(subject.drawing).startswith(first), subject.name
            assert codes(subject)[0] in volumes, subject.name


def test_flank_openings_begin_with_neither_centre_pawn() -> None:
    flank = [s for s in FAMILY.subjects if "Flank openings" in s.classes]
    assert all(str(s.drawing).split()[0] not in {"e4", "d4"} for s in flank)
    assert {codes(s)[0] for s in flank} == {"A"}


def test_moved_men_are_those_that_left_home() -> None:
    men = moved_men("e4 e5 Nf3 Nc6 Bb5 a6 Ba4 Nf6 O-O")
    assert men[square("g1")] == "K"
    assert men[square("f1")] == "R"
    assert len(men) == 9
    assert square("d2") not in men


def test_white_sits_below_and_black_on_request() -> None:
    assert View(10).corner(square("a1")) == (0, 70)
    assert View(10, from_black=True).corner(square("a1")) == (70, 0)


def test_men_differ_in_shape() -> None:
    shapes = {k: np.asarray(sprite(k, "#FFF", "#000", 40))[:, :, 3] for k in "PNBRQK"}
    for (a, one), (b, other) in combinations(shapes.items(), 2):
        assert (np.abs(one.astype(int) - other) > 128).sum() > 50, (a, b)


def test_the_other_side_sees_the_board_turned() -> None:
    """A position that is its own mirror image but for colours still looks different turned."""
    white = np.asarray(looks.reference("e4"))
    assert not np.array_equal(white, white[::-1, ::-1])
    one = np.asarray(looks.LOOKS["from-the-other-side"]("e4", random.Random(1)))
    other = np.asarray(looks.LOOKS["from-the-other-side"]("d4", random.Random(1)))
    assert not np.array_equal(one, other)
