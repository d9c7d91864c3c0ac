"""The corpus as a whole: records, pictures, and building it again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mese.demo import build, surfaces
from mese.demo.build import draw, draw_pictures, make_plan, records_of
from mese.demo.plan import Picture, Plan, picture_of

KILOBYTES = 35
"""A picture's bound. The largest are finely patterned cloth in blue, 32 kB."""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan()


def some(plan: Plan) -> list[Picture]:
    return [plan.references["us-states/michigan"], *plan.pictures_of["countries/ghana"][:2]]


def named(plan: Plan, name: str, look: str | None) -> Picture:
    family, subject = next((f, s) for f, s in plan.members if s.name == name)
    return picture_of(family, subject, look)


def looks_of(name: str) -> tuple[str, ...]:
    return next(family.looks for family in make_plan().families if family.name == name)


def test_the_first_query_of_the_us_cities_is_the_papers(plan: Plan) -> None:
    records = records_of(plan, Path("nowhere"))
    query = next(q for q in records.queries if q.class_name == "US cities")
    names = {entity.id: entity.name for entity in records.entities}
    assert [names[seed] for seed in query.seeds] == ["Washington D.C.", "Chicago", "Los Angeles"]
    traps = {entity.id for entity in records.entities if entity.name in ("Florida", "Texas")}
    assert traps <= set(records.members["US states"])
    classes = {c.name: c for c in records.classes}
    assert classes["US cities"].middle == classes["US states"].middle


def test_queries_follow_the_rules(plan: Plan) -> None:
    """specs/dataset_pipeline.md, step 1: seeds of the class with two contexts or more, and no
    entity seeds two classes at one index."""
    records = records_of(plan, Path("nowhere"))
    contexts = [len(plan.places[subject.slug]) for subject in plan.subjects]
    seeds = [(len(q.seeds), q.index, seed) for q in records.queries for seed in q.seeds]
    assert len(seeds) == len(set(seeds))
    assert len(records.queries) == 10 * len(records.classes)
    for query in records.queries:
        assert set(query.seeds) <= set(records.members[query.class_name])
        assert all(contexts[seed] >= 2 for seed in query.seeds)


def test_names_and_lines_count_through(plan: Plan) -> None:
    records = records_of(plan, Path("nowhere"))
    names = [entity.name for entity in records.entities]
    assert len(names) == len(set(names))
    lines = [sentence.line for sentence in records.sentences]
    assert lines == list(range(1, len(lines) + 1))
    assert [entity.id for entity in records.entities] == list(range(len(names)))


def test_the_records_are_the_same_on_every_call(plan: Plan, tmp_path: Path) -> None:
    again, first = records_of(make_plan(), tmp_path), records_of(plan, tmp_path)
    assert again == first
    assert build.fingerprint() == build.fingerprint()


@pytest.mark.parametrize("look", [*looks_of("cities-and-states"), None])
def test_maps_tell_places_apart(look: str | None, plan: Plan) -> None:
    names = ("Boston", "Denver", "Texas", "Florida")
    drawn = [np.asarray(draw(named(plan, name, look))) for name in names]
    assert all(np.abs(a.astype(int) - b).max() > 60 for n, a in enumerate(drawn) for b in drawn[:n])


@pytest.mark.parametrize("look", [*looks_of("countries"), None])
def test_flags_keep_their_colours_in_every_look(look: str | None, plan: Plan) -> None:
    pixels = np.asarray(draw(named(plan, "Sweden", look)), dtype=int).reshape(-1, 3)
    red, green, blue = pixels.T
    assert ((blue > red + 50) & (blue > green + 15)).mean() > 0.04
    assert ((red > blue + 70) & (green > blue + 50)).mean() > 0.01


def test_a_city_is_a_dot_and_a_state_is_not(plan: Plan) -> None:
    """Seen in the canonical picture: the mark's red fills a state but only a spot for a city."""

    def red(name: str) -> int:
        pixels = np.asarray(draw(named(plan, name, None)), dtype=int)
        return int(((pixels[..., 0] > 150) & (pixels[..., 1] < 120)).sum())

    assert red("Texas") > 4 * red("Houston") > 0
    assert red("Houston") == pytest.approx(red("Seattle"), rel=0.5)


def test_what_is_there_is_kept_and_what_is_missing_is_drawn(tmp_path: Path, plan: Plan) -> None:
    pictures, calls = some(plan), []
    draw_pictures(tmp_path, pictures, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (3, 3)
    first, second = (tmp_path / picture.path for picture in pictures[:2])
    before = first.read_bytes(), second.read_bytes()
    os.utime(first, (1, 1))
    second.unlink()
    draw_pictures(tmp_path, pictures, None)
    assert first.stat().st_mtime == 1
    assert (first.read_bytes(), second.read_bytes()) == before


def test_several_processes_draw_the_same(tmp_path: Path, plan: Plan) -> None:
    """More pictures than one process takes at once, so that two share the work."""
    pictures = [*plan.pictures_of["us-cities/boston"], *plan.pictures_of["us-states/ohio"]]
    assert len(pictures) > build.DRAWN_AT_ONCE
    calls: list[tuple[int, int]] = []
    draw_pictures(tmp_path, pictures, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (len(pictures), len(pictures))
    for picture in pictures:
        alone = tmp_path / "alone.jpg"
        surfaces.save(draw(picture), alone)
        assert (tmp_path / picture.path).read_bytes() == alone.read_bytes()


def test_files_are_small_jpegs(tmp_path: Path, plan: Plan) -> None:
    firsts = [family.subjects[0].slug for family in plan.families]
    pictures = [picture for slug in firsts for picture in plan.pictures_of[slug]]
    draw_pictures(tmp_path, pictures, None)
    for picture in pictures:
        path = tmp_path / picture.path
        assert path.stat().st_size <= KILOBYTES * 1000, picture.path
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", (surfaces.SIZE, surfaces.SIZE))


@pytest.mark.slow
def test_the_whole_corpus_is_drawn(tmp_path: Path) -> None:
    records = build.build_records(tmp_path)
    for sentence in records.sentences:
        for candidate in sentence.mentions[0].candidates:
            assert 0 < (tmp_path / candidate.image).stat().st_size <= KILOBYTES * 1000
