"""The corpus as a whole: records, pictures, and building it again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mese.demo import build, flag_looks, map_looks, surfaces
from mese.demo.build import Picture, Plan, draw, draw_pictures, make_plan, records_of

KILOBYTES = 25


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


def pictures_of(plan: Plan, slug: str) -> list[Picture]:
    return [pair.picture for pair in plan.pairs[slug]]


def some(plan: Plan) -> list[Picture]:
    return [plan.references["us-states/michigan"], *pictures_of(plan, "countries/ghana")[:2]]


def test_the_first_query_of_the_us_cities_is_the_papers(plan: Plan) -> None:
    records = records_of(plan, Path("nowhere"))
    query = next(q for q in records.queries if q.class_name == "US cities")
    names = {entity.id: entity.name for entity in records.entities}
    assert [names[seed] for seed in query.seeds] == ["Washington D.C.", "Chicago", "Los Angeles"]
    traps = {entity.id for entity in records.entities if entity.name in ("Florida", "Texas")}
    assert traps <= set(records.members["US states"])
    classes = {c.name: c for c in records.classes}
    assert classes["US cities"].middle == classes["US states"].middle


def test_no_entity_seeds_two_classes_at_one_index(plan: Plan) -> None:
    records = records_of(plan, Path("nowhere"))
    seeds = [(len(q.seeds), q.index, seed) for q in records.queries for seed in q.seeds]
    assert len(seeds) == len(set(seeds))
    assert len(records.queries) == 10 * len(records.classes)


def test_names_and_lines_count_through(plan: Plan) -> None:
    records = records_of(plan, Path("nowhere"))
    names = [entity.name for entity in records.entities]
    assert len(names) == len(set(names)) >= 160
    lines = [sentence.line for sentence in records.sentences]
    assert lines == list(range(1, len(lines) + 1))
    assert [entity.id for entity in records.entities] == list(range(len(names)))


def test_a_context_has_one_candidate_that_is_its_own(plan: Plan) -> None:
    records = records_of(plan, Path("nowhere"))
    images = []
    for sentence in records.sentences:
        [mention] = sentence.mentions
        [candidate] = mention.candidates
        assert candidate.rank == 1
        images.append(candidate.image)
    assert len(set(images)) == len(images)
    references = {entity.reference_image for entity in records.entities} - {None}
    assert len(references) == pytest.approx(0.9 * len(records.entities), abs=1)
    assert not references & set(images)


def test_an_entitys_contexts_have_eight_looks_or_more(plan: Plan) -> None:
    for slug in plan.pairs:
        assert len({picture.look for picture in pictures_of(plan, slug)}) >= 8


def test_the_records_are_the_same_on_every_call(plan: Plan, tmp_path: Path) -> None:
    again, first = records_of(make_plan(), tmp_path), records_of(plan, tmp_path)
    assert again == first
    assert build.fingerprint() == build.fingerprint()


@pytest.mark.parametrize("look", [*map_looks.LOOKS, None])
def test_maps_are_the_same_on_every_call_and_tell_places_apart(
    look: str | None, plan: Plan
) -> None:
    subjects = {subject.name: subject for subject in plan.subjects}
    names = ("Boston", "Denver", "Texas", "Florida")
    drawn = [np.asarray(draw(Picture(subjects[name], look, ""))) for name in names]
    assert drawn[0].shape == (surfaces.SIZE, surfaces.SIZE, 3)
    again = np.asarray(draw(Picture(subjects["Boston"], look, "")))
    assert np.array_equal(drawn[0], again)
    assert all(np.abs(a.astype(int) - b).max() > 60 for n, a in enumerate(drawn) for b in drawn[:n])


@pytest.mark.parametrize("look", [*flag_looks.LOOKS, None])
def test_flags_keep_their_colours_in_every_look(look: str | None, plan: Plan) -> None:
    sweden = next(subject for subject in plan.subjects if subject.name == "Sweden")
    pixels = np.asarray(draw(Picture(sweden, look, "")), dtype=int).reshape(-1, 3)
    red, green, blue = pixels.T
    assert ((blue > red + 50) & (blue > green + 15)).mean() > 0.04
    assert ((red > blue + 70) & (green > blue + 50)).mean() > 0.01


def test_a_city_is_a_dot_and_a_state_is_not(plan: Plan) -> None:
    """Seen in the canonical picture: the mark's red fills a state but only a spot for a city."""

    def red(name: str) -> int:
        subject = next(s for s in plan.subjects if s.name == name)
        pixels = np.asarray(draw(Picture(subject, None, "")), dtype=int)
        return int(((pixels[..., 0] > 150) & (pixels[..., 1] < 120)).sum())

    assert red("Texas") > 4 * red("Houston") > 0
    assert red("Houston") == pytest.approx(red("Seattle"), rel=0.5)


def test_what_is_there_is_kept_and_what_is_missing_is_drawn(tmp_path: Path, plan: Plan) -> None:
    pictures, calls = some(plan), []
    draw_pictures(tmp_path, pictures, lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    first, second = (tmp_path / picture.path for picture in pictures[:2])
    before = first.read_bytes(), second.read_bytes()
    os.utime(first, (1, 1))
    second.unlink()
    draw_pictures(tmp_path, pictures, None)
    assert first.stat().st_mtime == 1
    assert (first.read_bytes(), second.read_bytes()) == before


def test_pictures_of_another_generator_are_drawn_anew(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_pictures(tmp_path, some(plan), None)
    path = tmp_path / some(plan)[0].path
    os.utime(path, (1, 1))
    monkeypatch.setattr(build, "GENERATOR_VERSION", build.GENERATOR_VERSION + 1)
    draw_pictures(tmp_path, some(plan), None)
    assert path.stat().st_mtime > 1


def test_files_are_small_jpegs(tmp_path: Path, plan: Plan) -> None:
    names = ("countries/united-states", "us-cities/boston")
    pictures = [picture for slug in names for picture in pictures_of(plan, slug)]
    draw_pictures(tmp_path, pictures, None)
    for picture in pictures:
        path = tmp_path / picture.path
        assert path.stat().st_size <= KILOBYTES * 1000, picture.look
        with Image.open(path) as image:
            assert (image.format, min(image.size)) == ("JPEG", surfaces.SIZE)


@pytest.mark.slow
def test_the_whole_corpus_is_drawn(tmp_path: Path) -> None:
    records = build.build_records(tmp_path)
    for sentence in records.sentences:
        path = tmp_path / sentence.mentions[0].candidates[0].image
        assert 0 < path.stat().st_size <= KILOBYTES * 1000
