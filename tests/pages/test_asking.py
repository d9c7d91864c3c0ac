"""A view as a query: what cannot be read is named, and what changed is read anew."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from db.accounts import User
from db.corpus import entity_cards
from db.expanding import UsedContext
from db.open_seeds import OpenSeed
from db.refusals import StoreError
from mese.bundle import BundleError
from mese.corpus import Result
from mese.engine import Engine, Options
from mese.mentions import Encodings, Mention
from pages.parts import all_overlaps, asking, house, seed_contexts, why
from pages.parts.address import View
from pages.parts.asking import Asked, ask, contexts_of, read_contexts
from pages.parts.keeping import made
from tests.conftest import PICTURELESS
from tests.pages.case_home import KNOWN, LEAD, main_engine, make_home
from train.beside import Making

HASH = "0123456789abcdef" * 4
SPOKEN = OpenSeed("a" * 16, "Gotham", ("In", "Gotham", "it", "rains"), 1, 1, HASH)
PICTURED = OpenSeed("b" * 16, "*Batman*", (), 0, 0, HASH)


class Reader:
    """In the model's place: says what it was given, and misses the files that are not there."""

    def __init__(self) -> None:
        self.given: list[Sequence[Mention]] = []

    def encode(self, mentions: Sequence[Mention], modality: str) -> Encodings:
        self.given.append(mentions)
        images = [None if modality == "text" else mention.image for mention in mentions]
        gone = {n: f"{i.name}: no such file" for n, i in enumerate(images) if i and not i.exists()}
        seen = [image is not None and n not in gone for n, image in enumerate(images)]
        spoken = [bool(m.tokens) and modality != "image" for m in mentions]
        log_prob = np.log(np.full((len(mentions), len(KNOWN)), 1 / len(KNOWN), np.float32))
        log_prob += np.linspace(0, 1, len(KNOWN), dtype=np.float32)
        return Encodings(modality, np.exp(log_prob), log_prob, np.array(seen) | spoken, gone)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    make_home(tmp_path).close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    st.cache_resource.clear()
    read = Reader()
    monkeypatch.setattr(Engine, "encode", lambda _, *asked: read.encode(*asked))
    yield read
    house.store().close()
    st.cache_resource.clear()


def asked(tmp_path: Path, view: View, *opened: OpenSeed) -> Asked:
    cards = entity_cards(house.store(), view.seeds)
    return ask(main_engine(tmp_path), view, cards, {seed.key: seed for seed in opened})


def keep_picture(tmp_path: Path) -> Path:
    kept = house.settings().open_seeds / HASH
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(tmp_path / "pictures" / "0-0.png", kept)
    return kept


def test_an_open_seed_says_where_it_came_from(reader: Reader, tmp_path: Path) -> None:
    keep_picture(tmp_path)
    found = asked(tmp_path, View((0,), open_seeds=(SPOKEN.key, PICTURED.key)), SPOKEN, PICTURED)
    assert [row.source for row in found.rows] == [
        f"In [[Gotham]] it rains · image {HASH}",
        f"image {HASH}",
    ]
    assert found.notes == ()


def test_a_picture_that_went_is_told_and_read_once_it_is_back(
    reader: Reader, tmp_path: Path
) -> None:
    view = View((0,), open_seeds=(SPOKEN.key, PICTURED.key))
    found = asked(tmp_path, view, SPOKEN, PICTURED)
    assert [(row.name, row.source) for row in found.rows] == [("Gotham", "In [[Gotham]] it rains")]
    assert found.opened == (SPOKEN,)
    assert [note.replace("\\", "") for note in found.notes] == [
        "The list is made without the open seed *Batman*: "
        "its picture cannot be read (no such file).",
        "The open seed Gotham is read by its sentence alone, for its picture cannot be read: "
        "no such file.",
    ][::-1]
    assert found.expansion.results
    keep_picture(tmp_path)
    again = asked(tmp_path, view, SPOKEN, PICTURED)
    assert (len(again.rows), again.notes) == (2, ())


def test_an_open_seed_without_what_is_asked_for_is_gone_without(
    reader: Reader, tmp_path: Path
) -> None:
    keep_picture(tmp_path)
    found = asked(tmp_path, View((0,), seeds_by="text", open_seeds=(PICTURED.key,)), PICTURED)
    assert found.rows == ()
    assert "Batman" in found.notes[0]
    assert "it has no sentence" in found.notes[0]


def test_a_seeds_masked_pictures_are_told(reader: Reader, tmp_path: Path) -> None:
    _, second = contexts_of(main_engine(tmp_path), [1])[1]
    view = View((0, 1), left_out=(second.id,))
    assert asked(tmp_path, view).notes == ()
    (tmp_path / "pictures" / "1-0.png").unlink()
    (note,) = asked(tmp_path, view).notes
    assert note == "Chicago: 1 picture cannot be read, so the model goes without (masked)."
    assert asked(tmp_path, View((0, 1), seeds_by="text", left_out=(second.id,))).notes == ()


def test_another_sentence_under_the_same_number_is_read_anew(
    reader: Reader, tmp_path: Path
) -> None:
    engine = main_engine(tmp_path)
    for words in (("See", "Chicago"), ("See", "Chicago"), ("In", "Chicago")):
        read_contexts(engine, [UsedContext(5, 1, words, 1, 1, None)], "text")
    assert [given[0].tokens[0] for given in reader.given] == ["See", "In"]


def test_why_asks_the_engine_for_its_contexts_alone(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call repeats no expansion, and its cosines are `Engine.explain`'s."""
    found = asked(tmp_path, View((0, 1)))
    contexts = contexts_of(found.engine, [3])[3]
    whole = found.engine.explain(3, (0, 1), Options(), asking.mentions_of(contexts))
    monkeypatch.setattr(Engine, "expand", None)
    assert why._weighed(found, contexts) == list(whole.contexts)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(st, "info", lambda text, **_: said.append(text.replace("\\", "")))
    return said


def refuse(*_: Any, **__: Any) -> Any:
    raise StoreError("the policy needs the scores of one scorer")


def test_dialogs_say_calmly_what_the_store_refuses(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    found = asked(tmp_path, View((0, 1)))
    monkeypatch.setattr(asking, "used_contexts", refuse)
    why._draw_contexts(LEAD, found, Result(1, 3, "Boston", 1.0))
    seed_contexts._draw(LEAD, found, View((0, 1)), (0, 1))
    assert told == ["The policy needs the scores of one scorer"] * 2


def test_a_bundle_that_is_swapped_while_all_is_counted_is_told(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    def swapped(*_: Any) -> Any:
        raise BundleError("the bundle was written again")

    monkeypatch.setattr(all_overlaps, "with_all_views", lambda: main_engine(tmp_path))
    monkeypatch.setattr(all_overlaps, "overlap_of", swapped)
    monkeypatch.setattr(st, "button", lambda *_, **__: True)
    all_overlaps.draw_all_overlaps(LEAD)
    assert told == ["The bundle was written again"]


def test_a_seed_without_pictures_has_nothing_to_mask(reader: Reader, tmp_path: Path) -> None:
    _, second = contexts_of(main_engine(tmp_path), [PICTURELESS])[PICTURELESS]
    assert asked(tmp_path, View((PICTURELESS,), left_out=(second.id,))).notes == ()


def test_a_rank_that_is_missing_says_why(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_picture(tmp_path)
    found = asked(tmp_path, View((0, 1), open_seeds=(PICTURED.key,)), PICTURED)
    known = why.explained(found, found.expansion.results[0])
    assert set(known.ranks) == {"text+image", "image"}
    assert why.why_no_rank(found, "text") == "a seed has none"
    whole = why.ranks_html(found, known, 1)
    assert whole.count("<small>a seed has none</small>") == 1
    other = replace(found, engine=Engine.load(tmp_path / "bundles" / "other"))
    assert why.why_no_rank(other, "text") == "not represented"
    monkeypatch.setattr(house, "views_progress", lambda: Making("text", 3, 9))
    monkeypatch.setattr(house, "engine", lambda: other.engine)
    assert why.why_no_rank(other, "text") == "being made"
    monkeypatch.setattr(house, "engine", lambda: found.engine)
    assert why.why_no_rank(other, "text") == "not represented"
    monkeypatch.setattr(Engine, "methods", lambda *_: ("cosine",))
    assert why.why_no_rank(found, "text") == "not by this method"


def test_a_list_names_its_open_seeds_by_key(reader: Reader, tmp_path: Path) -> None:
    """But for those that it was made without."""
    view = View((0,), open_seeds=(PICTURED.key, SPOKEN.key))
    found = asked(tmp_path, view, PICTURED, SPOKEN)
    whole = made(found, view)
    assert (whole["open_keys"], whole["open_seeds"]) == ([SPOKEN.key], ["Gotham"])
    assert whole["open_from"] == ["In [[Gotham]] it rains"]


def test_the_closest_open_seed_has_its_picture(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_picture(tmp_path)
    spoken = replace(SPOKEN, image_hash=None)
    found = asked(tmp_path, View((0,), open_seeds=(SPOKEN.key, PICTURED.key)), spoken, PICTURED)
    known = why.explained(found, found.expansion.results[0])
    shown: list[str | None] = []

    def drawn(user: User, sha256: str | None, alt: str) -> str:
        shown.append(sha256)
        return ""

    monkeypatch.setattr(why, "picture_html", drawn)
    monkeypatch.setattr(st, "html", lambda html: None)
    why._draw_closest(LEAD, found, known)
    pictures = {-1: None, -2: PICTURED.image_hash}
    own = dict(zip((seed for seed, _ in known.closest), shown, strict=True))
    assert {seed: own[seed] for seed in pictures} == pictures


@pytest.mark.parametrize(
    ("cosine", "width"), [(1.0, "100%"), (0.81, "81%"), (0.0, "0%"), (-0.4, "0%"), (1.0001, "100%")]
)
def test_a_bar_fills_its_track_at_one(cosine: float, width: str) -> None:
    drawn = why.bar_html(cosine)
    assert f'<span class="mese-track"><i style="width:{width}">' in drawn
    assert f"<b>{cosine:.2f}</b>" in drawn
