"""An open seed as it is typed: where its mention is found, and what is asked for otherwise."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from mese.images import UnreadableImage
from mese.mentions import SeedError
from pages.parts.open_seed import marked, picture_html, read_open_seed


@pytest.mark.parametrize(
    ("sentence", "name", "tokens", "span"),
    [
        ("Ferries leave [[Bergen]] at noon.", "", "Ferries leave Bergen at noon.", (2, 2)),
        ("Ferries leave Bergen, at noon.", "Bergen", "Ferries leave Bergen , at noon.", (2, 2)),
        ("In new  york it rains.", "New York", "In new york it rains.", (1, 2)),
        ("C++ beats C here", "C", "C ++ beats C here", (0, 0)),
        ("Yorkshire is not York itself", "York", "Yorkshire is not York itself", (3, 3)),
        ("(St. John's) is windy", "St. John's", "( St. John's ) is windy", (1, 2)),
    ],
)
def test_the_mention_is_found_as_whole_words(
    sentence: str, name: str, tokens: str, span: tuple[int, int]
) -> None:
    seed = read_open_seed(sentence, name, has_image=False)
    assert (seed.tokens, (seed.start, seed.end)) == (tuple(tokens.split()), span)
    assert seed.name == (" ".join(name.split()) or "Bergen")


def test_a_picture_alone_needs_a_name() -> None:
    assert read_open_seed("", "Bryggen", has_image=True).tokens == ()
    with pytest.raises(SeedError, match="give the picture a name"):
        read_open_seed("", "", has_image=True)


@pytest.mark.parametrize(
    ("sentence", "name", "said"),
    [
        ("", "Bergen", "give a sentence with its mention marked, a picture, or both"),
        ("Ferries leave at noon.", "", "mark the mention with double brackets"),
        ("Ferries leave Oslo.", "Bergen", "does not mention 'Bergen'"),
        ("[[A]] and [[B]]", "", "mark one mention only"),
        ("An [[open end", "", "double brackets"),
        ("[[ ]] is nothing", "", "the brackets hold no mention"),
        ("x " * 1500 + "[[y]]", "", "words; give at most"),
    ],
)
def test_what_is_missing_is_asked_for(sentence: str, name: str, said: str) -> None:
    with pytest.raises(SeedError) as told:
        read_open_seed(sentence, name, has_image=False)
    assert said in str(told.value)


def test_a_name_full_of_signs_is_taken_literally() -> None:
    assert marked("Is it (a|b)* or not", "(a|b)*") == "Is it  [[(a|b)*]]  or not"


def png(size: tuple[int, int] = (300, 200)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "teal").save(made, "PNG")
    return made.getvalue()


def test_a_picture_is_shown_small_and_made_anew() -> None:
    shown = picture_html(png(), 1_000_000)
    assert shown.startswith('<img class="mese-pic"')
    assert "data:image/jpeg;base64," in shown
    assert len(shown) < 20_000


@pytest.mark.parametrize(
    ("content", "most"),
    [(b"no picture at all", 1_000_000), (png()[:60], 1_000_000), (png((2000, 2000)), 1_000_000)],
)
def test_a_picture_that_cannot_be_read_is_refused_with_no_path_of_ours(
    content: bytes, most: int
) -> None:
    with pytest.raises(UnreadableImage, match="choose another") as told:
        picture_html(content, most)
    assert "mese-picture-" not in str(told.value)
    assert "/tmp" not in str(told.value)
