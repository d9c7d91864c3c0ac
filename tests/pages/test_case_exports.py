"""Exported cases: whole, alone, and harmless, whatever names the corpus and its users gave."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import example, given, strategies
from markdown_it import MarkdownIt
from PIL import Image

from db.accounts import Role, User
from db.cases import Case, NewCase, read_case, save_case
from db.clues import clues_of, tag_clue
from db.open_seeds import OpenSeed, keep_open_seed
from mese.printable import printable
from pages.parts import house
from pages.parts.case_facts import results_of, seeds_of, tally
from pages.parts.case_html import cases_html
from pages.parts.case_markdown import cases_zip, escaped, file_name
from pages.parts.case_pictures import MOST_BYTES, SIDE
from tests.conftest import HOSTILE, NAMES, PICTURELESS, fill_store

NOW = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
ANN = User("<b>ann</b> | x", Role.RATER)
NOTE = "<script>alert(1)</script>\n\n| a | b |\n# no head\n[x](javascript:alert(1))"
LISTED = [NAMES.index(name) for name in ("Boston", "Texas", *HOSTILE)] + [PICTURELESS]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    fill_store(tmp_path).close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield tmp_path
    house.store().close()
    st.cache_resource.clear()


def save(title: str = "</title><script>alert(2)</script>", address: str = "seeds=0,1") -> Case:
    document = {
        "query": [{"id": seed, "name": NAMES[seed]} for seed in (0, 1)],
        "bundle": "<i>toy</i>",
        "settings": {"method": "window", "candidates": "text", "size": 20, "keep_out": [3]},
        "results": [
            {"rank": rank, "id": entity, "name": NAMES[entity], "score": 1 / rank}
            for rank, entity in enumerate(LISTED, start=1)
        ],
        "stamp": "ab" * 32,
        "corpus": "learnt",
        "fingerprint": "ef" * 32,
        "seconds": 0.0125,
        "open_seeds": ["Gotham"] if "open" in address else [],
    }
    case = NewCase(title, NOTE, ("<tag>", "b|c"), address, document)
    kept = read_case(house.store(), save_case(house.store(), case, ANN, NOW))
    assert kept is not None
    return kept


class Shape(HTMLParser):
    """The tags, attributes and text of a document."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_stands_alone_and_runs_nothing(home: Path) -> None:
    shape = Shape(cases_html([save()], {}))
    assert set(shape.tags).isdisjoint({"script", "iframe", "link", "object", "b", "i", "tag"})
    assert not [name for name, _ in shape.attributes if name.startswith("on")]
    sources = [value for name, value in shape.attributes if name == "src"]
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert ("content", policy) in shape.attributes
    for text in (*HOSTILE, NOTE, "<tag>", "</title><script>alert(2)</script>", "<i>toy</i>"):
        assert text in shape.text


def test_html_holds_every_picture_small(home: Path) -> None:
    case = save()
    document = cases_html([case], {})
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', document)
    assert len(pictures) == 2 + len(LISTED) - 1
    assert document.count("no picture") == 1
    for picture in pictures:
        content = base64.b64decode(picture)
        assert len(content) <= MOST_BYTES
        assert max(Image.open(io.BytesIO(content)).size) <= SIDE


def test_html_of_several_leads_to_each(home: Path) -> None:
    cases = [save("One"), save("Two")]
    shape = Shape(cases_html(cases, {}))
    ids = {value for name, value in shape.attributes if name == "id"}
    links = [value for name, value in shape.attributes if name == "href"]
    assert links == [f"#case-{case.id}" for case in cases]
    assert ids == {link[1:] for link in links}


def test_both_say_where_the_case_comes_from(home: Path) -> None:
    case = save()
    told = ("ab" * 32, "2026-03-04 05:06 UTC by <b>ann</b> | x", "12.5 ms", "?seeds=0,1")
    settings = "window search, candidates by text only, 1 rejected entity"
    text = Shape(cases_html([case], {})).text
    shown = Shape(rendered(unpacked([case])[file_name(case)].decode())).text
    corpora = (
        f"small *corpus*, fingerprint {case.shown.fingerprint}",
        f"Corpus that the bundle learnt: learnt, fingerprint {'ef' * 32}",
    )
    assert corpora[1] in shown
    for fact in (*told, settings, corpora[0], corpora[1].partition(": ")[2]):
        assert fact in text
        assert fact in shown


def unpacked(cases: list[Case]) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(cases_zip(cases, {}))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rendered(text: str) -> str:
    return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def test_markdown_shows_every_text_as_itself(home: Path) -> None:
    case = save()
    shape = Shape(rendered(unpacked([case])[file_name(case)].decode()))
    assert set(shape.tags) <= {
        *("h1", "h2", "p", "ul", "li", "img", "blockquote"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    assert shape.tags.count("h1") == 1
    assert shape.tags.count("tr") == 1 + len(LISTED)
    assert shape.tags.count("td") == 7 * len(LISTED)
    for text in (*HOSTILE, *filter(None, NOTE.splitlines()), "<tag>, b|c", "<i>toy</i>"):
        assert text in shape.text


@given(strategies.text())
@example("1) a")
@example("- a")
@example("a | b \\| c")
@example("&amp; <b> `x` ~~y~~ __z__ \\")
@example("===")
def test_any_text_is_literal_in_markdown(text: str) -> None:
    """In a paragraph, a heading, a list and a table, with what GitHub adds to Markdown."""
    shown = printable(" ".join(text.split()))
    plain = {"p", "h1", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    for before, after in (("", ""), ("# ", ""), ("- ", ""), ("| a |\n|---|\n| ", " |")):
        shape = Shape(reader.render(f"{before}{escaped(text)}{after}"))
        assert set(shape.tags) <= plain
        assert shown in shape.text


def test_markdowns_pictures_are_in_the_zip(home: Path) -> None:
    case = save()
    files = unpacked([case])
    shape = Shape(rendered(files[file_name(case)].decode()))
    sources = [value for name, value in shape.attributes if name == "src"]
    assert len(sources) == 2 + len(LISTED) - 1
    assert set(sources) == {name for name in files if name.startswith("images/")}
    for source in sources:
        assert Image.open(io.BytesIO(files[source])).format == "JPEG"


def test_a_zip_of_several_has_an_index_whose_links_work(home: Path) -> None:
    files = unpacked([save("../../etc/passwd"), save("Größe: 5 | [x]"), save("日本")])
    assert set(files) - {name for name in files if name.startswith("images/")} == {
        *("index.md", "case-1-etc-passwd.md", "case-2-groe-5-x.md", "case-3.md")
    }
    shape = Shape(rendered(files["index.md"].decode()))
    links = [value for name, value in shape.attributes if name == "href"]
    assert [files[link].splitlines()[0].decode() for link in links]
    assert len(links) == 3
    assert "../../etc/passwd" in shape.text
    assert "Größe: 5 | [x]" in shape.text


def test_the_same_case_is_the_same_zip(home: Path) -> None:
    case = save()
    assert cases_zip([case], {}) == cases_zip([case], {})


def test_clues_are_told_with_their_raters(home: Path) -> None:
    case = save()
    for clue in ("scene", "object"):
        tag_clue(house.store(), case.id, 0 + LISTED[0], clue, True, ANN, NOW)
    clues = {case.id: clues_of(house.store(), case.id)}
    assert "<b>ann</b> | x: object, scene" in Shape(cases_html([case], clues)).text
    with zipfile.ZipFile(io.BytesIO(cases_zip([case], clues))) as archive:
        shown = rendered(archive.read(file_name(case)).decode())
    assert "<b>ann</b> | x: object, scene" in Shape(shown).text


def test_an_open_seed_is_shown_with_its_sentence_and_picture(home: Path) -> None:
    image = (home / "pictures" / "5-0.png").read_bytes()
    seed = OpenSeed("", "Gotham", ("In", "Gotham", "*it*", "rains"), 1, 1, None)
    folder = house.settings().open_seeds
    kept = keep_open_seed(house.store(), seed, image, ANN, NOW, folder=folder)
    case = save(address=f"?seeds=0,1&open={kept.key}")
    item = seeds_of(case)[-1]
    assert (item.name, item.sentence, item.picture) == (
        "Gotham",
        "In Gotham *it* rains",
        kept.image_hash,
    )
    document = cases_html([case], {})
    assert document.count(' src="data:') == 3 + len(LISTED) - 1
    assert "In Gotham *it* rains" in Shape(document).text


def test_open_seeds_of_one_name_keep_each_its_own(home: Path) -> None:
    folder, kept = house.settings().open_seeds, []
    for number, sentence in enumerate(("Rain in Gotham", "Bats in Gotham", "Gotham by night")):
        tokens = tuple(sentence.split())
        place = tokens.index("Gotham")
        seed = OpenSeed("", "Gotham", tokens, place, place, None)
        image = (home / "pictures" / f"{number}-0.png").read_bytes()
        kept.append(keep_open_seed(house.store(), seed, image, ANN, NOW, folder=folder))
    keys = [seed.key for seed in kept]
    address = f"?seeds=0,1&open={','.join(keys)}"
    case = save(address=address)

    def seen(**document: object) -> list[tuple[str, str | None]]:
        items = seeds_of(replace(case, document={**case.document, **document}))[2:]
        return [(item.sentence, item.picture) for item in items]

    whole = [(" ".join(seed.tokens), seed.image_hash) for seed in kept]
    # By their keys, also where the list was made without one of them ...
    assert seen(open_seeds=["Gotham"] * 2, open_keys=[keys[2], keys[1]]) == [whole[2], whole[1]]
    assert seen(open_seeds=["Gotham"], open_keys=["0" * 16]) == [("", None)]
    # ... and in a case that was saved before keys were kept, by their order.
    assert seen(open_seeds=["Gotham"] * 3) == whole
    assert seen(open_seeds=["Gotham"] * 4) == [*whole, ("", None)]


def test_pictures_that_have_gone_are_told_and_thumbnails_take_their_place(home: Path) -> None:
    case = save()
    assert cases_html([case], {}).count("no picture") == 1
    for file in (home / "pictures").iterdir():
        file.unlink()
    assert cases_html([case], {}).count("no picture") == 1
    for file in (home / "thumbnails").rglob("*.webp"):
        file.unlink()
    assert cases_html([case], {}).count("no picture") == 2 + len(LISTED)


def test_what_was_found_is_counted_in_words(home: Path) -> None:
    case = save()
    # Of eight other cities Boston and Portland are there; Texas is in a class of their parent.
    assert tally(case) == "13 results, 2 of the 8 others in US cities, 1 hard negative"
    kinds = [item.kind for item in results_of(case)]
    assert kinds == ["hit", "hard", *["other"] * len(HOSTILE), "hit"]
