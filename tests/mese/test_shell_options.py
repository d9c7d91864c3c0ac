"""`python -m mese expand` with all its options: modalities, window, kept-out names, open seeds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mese.corpus import Corpus
from mese.engine import Engine, Options
from mese.mentions import Mention, read_marked
from tests.mese.test_shell import call
from tests.mese.tiny_bundle import make_bundle, make_corpus, mentions_of


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, corpus: Corpus) -> Path:
    home = tmp_path_factory.mktemp("home")
    make_bundle(home / "bundles" / "tiny", corpus)
    return home


@pytest.fixture(scope="module")
def engine(home: Path) -> Engine:
    return Engine.load(home / "bundles" / "tiny")


def test_every_option_reaches_the_search(home: Path, engine: Engine) -> None:
    done = call(
        home,
        "tiny",
        *("--seeds", "Thing 0;Thing 1", "--keep-out", "thing 4; Thing 5", "--window", "3"),
        *("--modality", "text", "--seed-modality", "image", "--no-rerank", "--json"),
        *("--method", "window", "--limit", "2"),
    )
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    options = Options(2, "window", "text", "image", 3, False, (4, 5))
    assert said["settings"] == {
        "size": 2,
        "method": "window",
        "candidates": "text",
        "seeds": "image",
        "window": 3,
        "rerank": False,
        "keep_out": [4, 5],
    }
    wanted = engine.expand([0, 1], options)
    assert [r["id"] for r in said["results"]] == [r.id for r in wanted.results]
    assert len(wanted.results) == 2


def test_the_document_says_where_it_came_from(home: Path, engine: Engine, corpus: Corpus) -> None:
    done = call(home, "tiny", "--seeds", "Thing 0", "--open", "w1 [[my town]] w2", "--json")
    said = json.loads(done.stdout)
    assert list(said)[:4] == ["query", "bundle", "settings", "results"]
    assert said["stamp"] == engine.stamp
    assert said["fingerprint"] == corpus.fingerprint
    assert (said["corpus"], said["device"]) == ("tiny", "CPU")
    made = datetime.fromisoformat(said["made"])
    assert abs(datetime.now(made.tzinfo) - made) < timedelta(minutes=5)
    assert said["seconds"] > 0
    assert said["open_seeds"] == ["my town"]
    assert said["open_from"] == ["w1 [[my town]] w2"]


def test_the_settings_reach_what_is_read_on_the_fly(
    home: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = str(mentions_of(corpus, 2)[0].image)
    asked = ("tiny", "--seeds", "Thing 0", "--open-image", image)
    monkeypatch.setenv("MESE_MAX_PIXELS", "2399")
    assert "60 × 40 pixels, over the 2399 allowed" in call(home, *asked).stderr
    monkeypatch.delenv("MESE_MAX_PIXELS")
    monkeypatch.setenv("MESE_DEVICE", "cuda:99")
    refused = call(home, *asked)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "MESE_DEVICE" in refused.stderr
    assert call(home, "tiny", "--seeds", "Thing 0").exit_code == 0  # nothing is read for it


def test_open_seeds_are_sentences_with_the_images_of_their_number(
    home: Path, engine: Engine, corpus: Corpus
) -> None:
    first, second = (m.image for m in mentions_of(corpus, 2)[:2])
    sentences = ["w1 w2 [[my town]] w3", "w9 [[yours]]"]
    done = call(
        home,
        "tiny",
        *("--open", sentences[0], "--open-image", str(first)),
        *("--open", "", "--open-image", str(second), "--open", sentences[1], "--json"),
    )
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    mentions = [
        replace(read_marked(sentences[0]), image=first),
        Mention(image=second),
        read_marked(sentences[1]),
    ]
    read = engine.encode(mentions, "text+image")
    rows = [engine.seed_row(read, keep=[n]) for n in range(3)]
    wanted = engine.expand([], Options(), rows)
    assert [(r["id"], r["score"]) for r in said["results"]] == [
        (r.id, round(r.score, 6)) for r in wanted.results
    ]
    assert len(wanted.results) == 7  # an open seed takes nobody's place
    assert said["query"] == []
    assert second
    assert said["open_seeds"] == ["my town", second.name, "yours"]
    assert done.stderr == ""


def test_what_is_not_in_the_vocabulary_is_placed(home: Path, engine: Engine) -> None:
    sentences = ["w1 w2 [[my town]] w3", "w9 [[a [bold] place]]"]
    asked = ("--seeds", "Thing 0;Thing 1;Thing 2", "--limit", "2", "--keep-out", "Thing 4")
    given = [argument for sentence in sentences for argument in ("--place", sentence)]
    done = call(home, "tiny", *asked, *given, "--modality", "text", "--json")
    assert done.exit_code == 0, done.stderr
    said = json.loads(done.stdout)
    read = engine.encode([read_marked(sentence) for sentence in sentences], "text")
    rows = [engine.seed_row(read, keep=[n]) for n in range(2)]
    wanted = engine.place(rows, [0, 1, 2], Options(candidates="text", keep_out=(4,)))
    assert said["placed"] == [
        {"rank": p.rank, "of": 4, "name": name, "score": round(p.score, 6), "from": sentence}
        for p, name, sentence in zip(wanted, ("my town", "a [bold] place"), sentences, strict=True)
    ]
    assert len(said["results"]) == 2
    table = call(home, "tiny", *asked, *given, "--modality", "text").stdout.splitlines()
    assert table[-4] == "Placed by cosine of mask states, each alone"
    assert table[-1].split() == [
        *(str(wanted[1].rank), "of", "4", "a", "[bold]", "place", f"{wanted[1].score:.3f}")
    ]
    assert "placed" not in json.loads(call(home, "tiny", *asked, "--json").stdout)


def test_an_image_alone_is_a_seed_and_the_table_names_it(home: Path, corpus: Corpus) -> None:
    image = mentions_of(corpus, 2)[0].image
    assert image
    done = call(home, "tiny", "--open-image", str(image), "--seeds", "Thing 3")
    assert done.stdout.splitlines()[0] == f"6 entities for Thing 3, {image.name}"
    assert "Few seeds (2)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--seeds"),
        (["--open", "no mention"], 1, "mark the mention with double brackets"),
        (["--open", ""], 1, "give a sentence with its mention marked, an image, or both"),
        (["--open-image", "no/such.png"], 1, "such.png: "),
        (["--open", "a [[b]]", "--open-image", "README.md"], 1, "README.md: not an image"),
        (["--open", "a [[b]]", "--seed-modality", "image"], 1, "'b' is left that has an image"),
        (["--seeds", "Thing 1", "--keep-out", "Thing 1"], 1, "is a seed and kept out at once"),
        (["--seeds", "Thing 1", "--keep-out", "Thingg 2"], 1, "did you mean Thing 2?"),
        (["--seeds", "Thing 1", "--window", "0"], 2, "--window"),
        (["--seeds", "Thing 1", "--place", "no mention"], 1, "mark the mention with double"),
        (["--seeds", "Thing 1", "--place", "a [[b]]", "--modality", "image"], 1, "an image to"),
        (["--place", "a [[b]]"], 2, "--seeds"),
        (["--seeds", "Thing 1", "--window", "129"], 2, "--window"),
        (["--seeds", "Thing 1", "--seed-modality", "smell"], 2, "no 'smell'; there are: text"),
    ],
)
def test_mistakes_are_told_on_stderr_with_their_exit_code(
    home: Path, arguments: list[str], code: int, said: str
) -> None:
    done = call(home, "tiny", *arguments)
    assert done.exit_code == code
    assert said in done.stderr
    assert done.stdout == ""
    if code == 1:
        assert len(done.stderr.splitlines()) == 1


def test_a_bundle_without_a_model_says_so(small_home: Path) -> None:
    done = call(small_home, "toy", "--open", "a [[b]] c")
    assert done.exit_code == 1
    assert "bundle 'toy' holds no model" in done.stderr
    assert "python -m train represent" in done.stderr
