"""`python -m db`: exit codes, one-line reasons, and figures on stdout."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from db import migrating
from db.__main__ import app
from db.corpus import import_records, load_corpus
from db.store import Store, StoreError
from mese.corpus import CorpusRecords, Mention, Sentence
from mese.mesed_format import read_folder, write_folder
from tests.db.conftest import CHICAGO

ROOT = Path(__file__).parents[2]
HEAD = migrating.head()
"""The newest revision, before a test adds one."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("MESE_DATABASE_URL", "MESE_MAX_PIXELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MESE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path / "home"


@pytest.fixture
def folder(records: CorpusRecords, tmp_path: Path) -> Path:
    """The small corpus as a MESED folder, with one mention that does not fit its sentence."""
    bad = Sentence(("two", "words"), (Mention(CHICAGO, 1, 2),), 0)
    target = tmp_path / "small"
    write_folder(replace(records, sentences=[*records.sentences, bad]), target)
    return target


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def stored(home: Path) -> Store:
    return Store.open(f"sqlite:///{home / 'mese.db'}")


def test_a_folder_is_imported_once(home: Path, folder: Path, records: CorpusRecords) -> None:
    code, out, err = run("import", folder, "--image-root", records.image_root)
    assert code == 0
    assert "8 entities, 7 contexts, 3 classes, 6 images (1 unreadable)" in out
    line = "sentences.json:6: mention 1..2 lies outside the 2 tokens; the line was set aside"
    assert line in err
    heading, *kept = (home / "set-aside.txt").read_text().splitlines()
    assert heading.startswith("# ")
    assert heading.endswith(" small: 1 set aside")
    assert kept == [line]
    corpus = load_corpus(stored(home))
    assert corpus.contexts[0].image_hash is not None
    code, out, err = run("import", folder, "--image-root", records.image_root)
    assert (code, "already; nothing changed" in out) == (0, True)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (StoreError("the store is busy"), "the store is busy"),
        (KeyboardInterrupt(), "interrupted"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_import_is_told_though_its_hashing_fails(
    home: Path,
    folder: Path,
    records: CorpusRecords,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    said: str,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("db.__main__.hash_images", fail)
    code, out, err = run("import", folder, "--image-root", records.image_root)
    assert (code, "Imported 'small'" in out) == (1, True)
    assert "1 set aside; all are in" in err
    assert err.endswith(
        f"the corpus is in the store; hashing its images stopped ({said}): "
        "`python -m db check` goes on\n"
    )
    assert "1 set aside" in (home / "set-aside.txt").read_text()


def test_a_list_of_what_was_set_aside_that_cannot_be_written_stops_nothing(
    home: Path, folder: Path, records: CorpusRecords
) -> None:
    (home / "set-aside.txt").mkdir(parents=True)
    code, out, err = run("import", folder, "--image-root", records.image_root)
    assert (code, "Imported 'small'" in out) == (0, True)
    assert "set-aside.txt cannot be written (Is a directory)" in joined(err)
    assert load_corpus(stored(home)).contexts[0].image_hash is not None


def test_strict_imports_nothing_from_a_faulty_folder(home: Path, folder: Path) -> None:
    code, out, err = run("import", folder, "--strict")
    assert (code, out) == (1, "")
    assert "sentences.json:6: mention 1..2 lies outside" in err
    code, out, err = run("stats")
    assert code == 1
    assert "holds no corpus yet; run `python -m db demo`" in err


def test_stats_prints_the_figures(home: Path, folder: Path, records: CorpusRecords) -> None:
    run("import", folder, "--image-root", records.image_root)
    code, out, _ = run("stats")
    rows = {
        cells[0].strip(): cells[1].strip()
        for cells in (line.strip("│\n").split("│") for line in out.splitlines())
        if len(cells) == 2
    }
    assert code == 0
    assert rows["entities"] == "8"
    assert rows["contexts (image–sentence pairs)"] == "7"
    assert rows["contexts per entity, min / median / mean / max"] == "0 / 1 / 0.9 / 2"
    assert rows["members per class, min / mean / max"] == "1 / 2.3 / 4"
    assert rows["images that cannot be read"] == "1"


def test_another_corpus_is_refused_in_one_line(
    home: Path, folder: Path, records: CorpusRecords
) -> None:
    run("import", folder)
    (folder / "query" / "Capitals.txt").write_text("EXIT\n")
    code, _, err = run("import", folder)
    assert code == 1
    assert "differs: 1 queries removed (Capitals 0: 13 10 11); nothing was changed" in err
    assert "--replace" in err
    assert "set MESE_HOME to another folder" in err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["import", "/no/such/folder"], 2, "does not exist"),
        (["import"], 2, "Missing argument"),
        (["import", "."], 1, "entity2id.txt is missing in ."),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_wrong_use_ends_with_2_and_a_wrong_folder_with_1(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], code: int, reason: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    got, _, err = run(*arguments)
    assert got == code
    assert reason in err
    assert not (home / "mese.db").exists()


@pytest.mark.parametrize(
    ("name", "value", "code", "reason"),
    [
        ("MESE_MAX_PIXELS", "many", 2, "MESE_MAX_PIXELS: Input should be a valid integer"),
        ("MESE_DATABASE_URL", "oracle://h/n", 1, "use a sqlite or postgresql URL"),
        ("MESE_HOME", "/proc/nowhere", 1, "cannot be made"),
    ],
)
def test_settings_that_cannot_work_are_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, code: int, reason: str
) -> None:
    monkeypatch.setenv(name, value)
    got, _, err = run("demo")
    assert got == code
    assert reason in err


@pytest.mark.parametrize(
    "command", [["stats"], ["check"], ["backup", "copy.db"], ["export", "out"]], ids=lambda c: c[0]
)
def test_where_there_is_no_store_none_is_made(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert f"there is no store at {home / 'mese.db'} yet; `python -m db demo`" in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_table_is_read_once_for_an_import(home: Path, records: CorpusRecords) -> None:
    path = records.image_root / "mine.csv"
    path.write_text("entity,sentence,image\nPeru,In Peru.,a01.png\nRome,No.,\n")
    with pytest.MonkeyPatch.context() as importing:
        importing.delattr("db.importing.read_path")  # it would read what the shell has read
        code, out, err = run("import", path)
    assert (code, "1 entities, 1 contexts" in joined(out)) == (0, True)
    assert "mine.csv:3: 'Rome' does not stand in the sentence" in joined(err)


def test_an_upload_is_removed_when_the_shell_puts_another_corpus_in_its_place(
    home: Path, folder: Path, records: CorpusRecords
) -> None:
    kept, sent = home / "uploads" / "old" / "kept.csv", home / "uploads" / "new" / "mine.csv"
    for path in (kept, sent):
        path.parent.mkdir(parents=True)
        path.write_text("entity,sentence\nPeru,In Peru.\n")
    run("import", sent)
    assert run("import", folder)[0] == 1
    assert sent.exists()
    assert run("import", folder, "--replace")[0] == 0
    assert (sent.parent.exists(), kept.exists()) == (False, True)


def test_a_file_that_is_no_database_is_told_in_one_line(home: Path) -> None:
    home.mkdir()
    (home / "mese.db").write_text("these are not the tables you are looking for" * 50)
    code, _, err = run("stats")
    assert code == 1
    assert "file is not a database; look at MESE_HOME" in err


def test_upgrade_copies_an_older_store_first(
    home: Path,
    folder: Path,
    newer_program: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.MonkeyPatch.context() as older:
        older.setattr("db.migrating.MIGRATIONS", ROOT / "db" / "migrations")
        assert run("import", folder)[0] == 0
    assert run("stats")[0] == 1
    code, out, _ = run("upgrade")
    (copy,) = home.glob("mese.db.before-later-*")
    assert code == 0
    assert f"was brought from {HEAD} to {newer_program}" in out
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
        assert old.execute("SELECT count(*) FROM contexts").fetchall() == [(7,)]
    assert run("stats")[0] == 0
    assert "is up to date" in run("upgrade")[1]
    assert len(list(home.glob("mese.db.before-*"))) == 1


@pytest.fixture
def small_demo(records: CorpusRecords, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The embedded corpus replaced by the small one; the list holds the folders it was built in."""
    built: list[Path] = []

    def build_records(folder: Path, progress: object = None) -> CorpusRecords:
        built.append(folder)
        return replace(records, name="demo", sentences=iter(records.sentences))

    module = ModuleType("mese.demo.build")
    vars(module).update(build_records=build_records, fingerprint=lambda: "f00d")
    monkeypatch.setitem(sys.modules, "mese.demo.build", module)
    return built


def test_demo_fills_an_empty_store_once_and_leaves_a_mesed_folder(
    home: Path, small_demo: list[Path], records: CorpusRecords
) -> None:
    code, out, _ = run("demo")
    assert code == 0
    assert "Imported 'demo'" in out
    assert load_corpus(stored(home)).name == "demo"
    assert len(list(read_folder(home / "demo" / "f00d").records.sentences)) == 5
    code, out, _ = run("demo")
    assert (code, "nothing to do" in out) == (0, True)
    assert small_demo == [home / "demo" / "f00d"]


def test_demo_goes_on_where_hashing_was_stopped(
    home: Path, small_demo: list[Path], records: CorpusRecords
) -> None:
    store = stored(home)
    import_records(store, records)
    assert load_corpus(store).contexts[0].image_hash is None
    assert run("demo")[0] == 0
    assert load_corpus(store).contexts[0].image_hash is not None
    assert small_demo == []


def test_demo_leaves_another_corpus_alone(home: Path, folder: Path, small_demo: list[Path]) -> None:
    run("import", folder)
    code, out, _ = run("demo")
    assert code == 0
    assert "holds the corpus 'small', which stays; `python -m db demo --replace`" in joined(out)
    assert small_demo == []


def test_an_older_embedded_corpus_is_told_and_replaced_when_asked(
    home: Path, small_demo: list[Path], records: CorpusRecords
) -> None:
    import_records(stored(home), replace(records, name="demo"), source="demo:older")
    code, out, _ = run("demo")
    assert code == 0
    assert "as an older program made it; run `python -m db demo --replace`" in joined(out)
    assert small_demo == []
    assert run("demo", "--replace")[0] == 0
    assert "nothing to do" in run("demo")[1]
    assert small_demo == [home / "demo" / "f00d"]


def joined(text: str) -> str:
    return " ".join(text.split())


def test_replace_puts_another_corpus_in_place(
    home: Path, folder: Path, records: CorpusRecords
) -> None:
    run("import", folder)
    write_folder(replace(records, queries=()), folder.parent / "other")
    assert run("import", folder.parent / "other")[0] == 1
    code, out, _ = run("import", folder.parent / "other", "--replace")
    assert code == 0
    assert "in the place of 'small'" in joined(out)
    assert load_corpus(stored(home)).queries == ()


def test_reasons_of_an_earlier_import_are_kept(home: Path, folder: Path) -> None:
    run("import", folder)
    first = (home / "set-aside.txt").read_text()
    with (folder / "sentences.json").open("a") as stream:
        stream.write("{\n")
    run("import", folder)
    both = (home / "set-aside.txt").read_text()
    assert both.startswith(first)
    assert "small: 2 set aside" in both.removeprefix(first)


def test_the_corpus_goes_out_and_in_again(
    home: Path, folder: Path, records: CorpusRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", folder, "--image-root", records.image_root)
    target = folder.parent / "out"
    code, out, _ = run("export", target)
    assert code == 0
    assert "Wrote 'small' with 5 sentences" in joined(out)
    assert "--image-root" in joined(out)
    assert run("export", target)[0] == 1
    code, _, err = run("import", target)  # its images are not in it
    assert (code, "5 images that are readable below" in joined(err)) == (1, True)
    assert run("import", target, "--image-root", records.image_root)[0] == 0
    code, out, _ = run("export", folder.parent / "copied", "--copy", "--images", "top1")
    assert (code, "5 images were copied" in out) == (0, True)
    assert (folder.parent / "copied" / "a01.png").is_file()
    code, _, err = run("export", folder.parent / "no", "--images", "best")
    assert (code, "top1, reranked, calibrated" in joined(err.replace("│", " "))) == (2, True)


def test_a_csv_file_is_imported_and_images_are_copied(home: Path, records: CorpusRecords) -> None:
    path = records.image_root / "mine.csv"
    path.write_text("entity,sentence,image\nPeru,In Peru.,a01.png\n")
    code, out, _ = run("import", path, "--copy")
    assert code == 0
    assert "1 entities, 1 contexts" in joined(out)
    assert len(list((home / "images").rglob("a01.png"))) == 1
    code, _, err = run("import", records.image_root / "a01.png")
    assert (code, "neither a MESED folder nor a .csv or .jsonl file" in joined(err)) == (1, True)


def test_no_path_can_move_the_cursor(home: Path, folder: Path, records: CorpusRecords) -> None:
    odd = folder.with_name("\x1b[31mred\n\udcff")
    folder.rename(odd)
    code, _, err = run("import", odd)
    run("import", odd, "--image-root", records.image_root)
    refused = run("export", odd)[2]
    told = run("export", odd.with_name("\x1b[2Jgone"))[1]
    assert code == 1
    for text, shown in (
        (err, r"\x1b[31mred\n\udcff' is not UTF-8"),
        (refused, r"\x1b[31mred\n\udcff holds a corpus already"),
        (told, r"\x1b[2Jgone"),
    ):
        assert shown in text
        assert not any(letter in text for letter in "\x1b\udcff")
    assert (err.count("\n"), refused.count("\n")) == (1, 1)


def test_the_module_runs_as_a_program(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "db", "stats"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "there is no store" in done.stderr
