"""A case's query asked again: the same list, another condition, another corpus, nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from db.cases import Case, read_case
from db.corpus import import_records
from db.expanding import used_contexts
from db.store import StoreError
from mese.corpus import Mention, Sentence
from mese.engine import METHODS, Options
from pages.parts import house
from pages.parts.case_address import Beside
from pages.parts.case_columns import choices, column_of, query_now, saved_column
from pages.parts.case_facts import results_of
from tests.conftest import NAMES, small_records, write_toy_bundle
from tests.pages.case_home import keep, main_engine, make_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    make_home(tmp_path).close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    monkeypatch.setenv("MESE_BUNDLE", "main")
    st.cache_resource.clear()
    st.cache_data.clear()
    yield tmp_path
    house.store().close()
    st.cache_resource.clear()
    st.cache_data.clear()


def kept(home: Path, **changes: object) -> Case:
    case = read_case(house.store(), keep(house.store(), home, **changes))  # type: ignore[arg-type]
    assert case is not None
    return case


def ids(items: object) -> list[int]:
    return [item.id for item in items]  # type: ignore[attr-defined]


def test_asked_now_it_is_the_list_that_was_saved(home: Path) -> None:
    case = kept(home)
    now = column_of(case, Beside("now"))
    assert now.trouble == ""
    rounded = [replace(item, score=round(item.score or 0, 6)) for item in now.items]
    assert rounded == results_of(case)
    assert list(saved_column(case).items) == results_of(case)


@pytest.mark.parametrize("modality", ["text", "image", "text+image"])
def test_a_modality_is_the_engines_own_list(home: Path, modality: str) -> None:
    column = column_of(kept(home), Beside("modality", modality))
    options = Options(size=20, candidates=modality, method="window")
    asked = main_engine(home).expand([0, 1, 2], options)
    assert ids(column.items) == [result.id for result in asked.results]
    assert column.title == {"text+image": "Text and image"}.get(
        modality, f"{modality.title()} only"
    )


@pytest.mark.parametrize("method", list(METHODS))
def test_a_method_is_the_engines_own_list(home: Path, method: str) -> None:
    column = column_of(kept(home), Beside("method", method))
    asked = main_engine(home).expand([0, 1, 2], Options(size=20, method=method))
    assert ids(column.items) == [result.id for result in asked.results]


def test_what_cannot_be_asked_says_why(home: Path) -> None:
    case = kept(home)
    for beside, reason in (
        (Beside("method", "magic"), "no method 'magic'; there are: window"),
        (Beside("bundle", "nobody's"), 'there is no bundle "nobody\'s" in MESE_HOME/bundles'),
        (Beside("bundle", "../../etc"), "there is no bundle '../../etc' in MESE_HOME/bundles"),
        (Beside("case", "99"), "Case 99 is not there any more."),
    ):
        column = column_of(case, beside)
        assert column.items == ()
        assert reason in column.trouble
    other = column_of(case, Beside("bundle", "other"))
    assert (other.trouble, len(other.items)) == ("", 20)


def test_what_the_store_refuses_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the policy needs the scores of one scorer")

    monkeypatch.setattr("pages.parts.asking.used_contexts", refuse)
    store = house.store()
    (context,) = used_contexts(store, [0])[0][:1]
    case = replace(kept(home), address=f"seeds=0,1,2&n=20&not={context.id}")
    assert column_of(case, Beside("now")).trouble == "the policy needs the scores of one scorer"


def test_what_is_on_offer_is_there(home: Path) -> None:
    case, another = kept(home), kept(home, title="Another")
    offered = choices(case, [another.id, case.id])
    assert [column.spelled for column in offered] == [
        *("now", "text-image", "text", "image"),
        *(f"method:{name}" for name in METHODS),
        *("bundle:other", f"case:{another.id}"),
    ]
    for column in offered:
        assert column_of(case, column).trouble == ""


def test_a_method_that_the_bundle_cannot_answer_is_not_on_offer(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toy_bundle(home / "bundles" / "old")  # made before mask states were kept
    monkeypatch.setenv("MESE_BUNDLE", "old")
    st.cache_resource.clear()
    case = kept(home)
    offered = [column.name for column in choices(case, []) if column.what == "method"]
    assert offered == ["window", "cosine", "neighbours"]
    column = column_of(case, Beside("method", "states"))
    assert column.items == ()
    assert "choose another method, or make the bundle anew with" in column.trouble


def test_saved_settings_hold_whatever_is_usual_today(home: Path) -> None:
    settings = {
        "size": 20,
        "method": "cosine",
        "candidates": "image",
        "seeds": "text",
        "window": 7,
        "rerank": False,
    }
    query = query_now(kept(home, settings=settings))
    assert query.params == {
        "seeds": "0,1,2",
        "n": "20",
        "m": "cosine",
        "of": "image",
        "by": "text",
        "w": "7",
        "rr": "0",
    }


def renumber(home: Path, gone: str) -> None:
    """Put a corpus of other numbers, and without one of the names, in the store's place."""
    records = small_records(home / "pictures")
    move = {old: (old + 3) % len(NAMES) for old in range(len(NAMES))}
    entities = [
        replace(entity, id=move[entity.id], name="Nobody" if entity.name == gone else entity.name)
        for entity in records.entities
    ]
    sentences = [
        Sentence(
            sentence.tokens,
            tuple(Mention(move[m.entity], m.start, m.end, m.candidates) for m in sentence.mentions),
            sentence.line,
        )
        for sentence in records.sentences
    ]
    members = {name: [move[i] for i in inside] for name, inside in records.members.items()}
    queries = [replace(q, seeds=tuple(move[s] for s in q.seeds)) for q in records.queries]
    changed = replace(
        records, entities=entities, sentences=sentences, members=members, queries=queries
    )
    import_records(house.store(), changed, replace=True)


def test_in_another_corpus_seeds_are_found_by_their_names(home: Path) -> None:
    case = kept(home)
    renumber(home, gone="Chicago")
    query = query_now(case)
    assert query.view.seeds == (3, 5)  # Washington was 0, Los Angeles 2
    assert query.notes == ("Chicago is not in this corpus any more.",)


def test_what_was_rejected_in_another_corpus_is_dropped_and_told(home: Path) -> None:
    case = replace(kept(home), address="seeds=0,1,2&n=20&out=7&not=3")
    assert query_now(case).view.rejected == (7,)
    renumber(home, gone="Boston")
    query = query_now(case)
    assert (query.view.rejected, query.view.left_out) == ((), ())
    assert query.notes == ("What was rejected or left out in another corpus is not in this one.",)


def test_a_bundle_of_another_corpus_does_not_answer(home: Path) -> None:
    case = kept(home)
    renumber(home, gone="Chicago")
    st.cache_resource.clear()
    column = column_of(case, Beside("now"))
    assert column.items == ()
    assert column.trouble
