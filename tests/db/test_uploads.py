"""Uploads: what is good is taken in whole, what is hostile leaves nothing behind."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.accounts import NotAllowed, Role, User
from db.uploads import UploadRefused, forget_upload, take_upload

LEAD = User("ann", Role.LEAD)


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    stream.seek(0)
    return stream


def files_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_table_is_kept_under_its_own_name(tmp_path: Path) -> None:
    taken = take_upload("my birds.csv", io.BytesIO(b"entity,sentence\n"), tmp_path, user=LEAD)
    assert taken.name == "my birds.csv"
    assert taken.read_bytes() == b"entity,sentence\n"
    assert taken.is_relative_to(tmp_path)


@pytest.mark.parametrize("top", ["", "mesed/", "a/b/"])
def test_an_archive_gives_the_folder_that_holds_the_corpus(tmp_path: Path, top: str) -> None:
    stream = archive(
        (f"{top}entity2id.txt", b"x\t1\n"), (f"{top}img/1.png", b"png"), ("notes.csv", b"")
    )
    taken = take_upload("corpus.zip", stream, tmp_path, user=LEAD)
    assert (taken / "entity2id.txt").read_bytes() == b"x\t1\n"
    assert (taken / "img" / "1.png").read_bytes() == b"png"


def test_an_archive_without_a_folder_of_ours_gives_its_only_table(tmp_path: Path) -> None:
    stream = archive(("t/birds.JSONL", b"{}"), ("t/img/1.png", b"png"))
    assert take_upload("x.zip", stream, tmp_path, user=LEAD).name == "birds.JSONL"


@pytest.mark.parametrize(
    "members", [[("a.txt", b"")], [("a.csv", b""), ("b.csv", b"")], []], ids=str
)
def test_an_archive_without_a_corpus_is_refused(
    tmp_path: Path, members: list[tuple[str, bytes]]
) -> None:
    with pytest.raises(UploadRefused, match=r"no entity2id\.txt"):
        take_upload("x.zip", archive(*members), tmp_path, user=LEAD)
    assert list(tmp_path.iterdir()) == []


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "a/../../evil.txt",
        "/etc/evil.txt",
        "..",
        "..\\evil.txt",
        "C:/evil.txt",
        "x/" * 600 + "deep.txt",
        link("entity2id.txt"),
    ],
    ids=lambda name: str(name)[:20],
)
def test_what_leads_outside_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str | zipfile.ZipInfo
) -> None:
    home = tmp_path / "home"
    stream = archive(("first.txt", b"1"), (name, b"../../../x"))
    with pytest.raises(UploadRefused, match="archive"):
        take_upload("x.zip", stream, home, user=LEAD)
    assert list(home.iterdir()) == []
    assert files_below(tmp_path) == []


def test_a_bomb_is_refused_where_it_bursts(tmp_path: Path) -> None:
    stream = archive(("entity2id.txt", b""), ("big.txt", bytes(5_000_000)))
    assert stream.getbuffer().nbytes < 50_000
    with pytest.raises(UploadRefused, match=r"'big\.txt'"):
        take_upload("x.zip", stream, tmp_path, user=LEAD, max_bytes=3_000_000)
    assert list(tmp_path.iterdir()) == []


def test_sizes_are_counted_over_all_files(tmp_path: Path) -> None:
    stream = archive(*((f"{n}.txt", bytes(1000)) for n in range(5)))
    with pytest.raises(UploadRefused, match="more than is allowed"):
        take_upload("x.zip", stream, tmp_path, user=LEAD, max_bytes=4_999)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    stream = archive(*((f"{n}.txt", b"") for n in range(4)))
    with pytest.raises(UploadRefused, match="4 files, over the 3 allowed"):
        take_upload("x.zip", stream, tmp_path, user=LEAD, max_files=3)


@pytest.mark.parametrize("names", [("a", "a/b"), ("a/b", "a")])
def test_a_file_that_is_also_a_folder_is_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(UploadRefused):
        take_upload("x.zip", archive(*((n, b"1") for n in names)), tmp_path, user=LEAD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.exe", "x", "x.zip.sh", "", ".csv/.."])
def test_other_kinds_of_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UploadRefused, match=r"no \.zip, \.csv or \.jsonl"):
        take_upload(name, io.BytesIO(b"x"), tmp_path / "home", user=LEAD)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "name", ["../../up.csv", "/etc/cron.csv", "a\0b.csv", "x" * 5000 + ".csv", "-rf *.csv"]
)
def test_a_files_own_name_leads_nowhere(tmp_path: Path, name: str) -> None:
    taken = take_upload(name, io.BytesIO(b"x"), tmp_path, user=LEAD)
    assert taken.resolve().is_relative_to(tmp_path.resolve())
    assert len(files_below(tmp_path)) == 1


@given(content=st.binary(max_size=300))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_at_all_are_refused_calmly(tmp_path: Path, content: bytes) -> None:
    whole = archive(("entity2id.txt", b"x\t1\n" * 50)).getvalue()
    for damaged in (content, whole[:40] + content + whole[40 + len(content) :]):
        home = tmp_path / "home"
        try:
            taken = take_upload("x.zip", io.BytesIO(damaged), home, user=LEAD)
        except UploadRefused:
            assert list(home.iterdir()) == []
        else:
            forget_upload(taken, home)


def test_an_upload_is_forgotten_with_all_that_came_with_it(tmp_path: Path) -> None:
    kept = take_upload("a.csv", io.BytesIO(b""), tmp_path, user=LEAD)
    stream = archive(("d/entity2id.txt", b""), ("e/x", b""))
    taken = take_upload("x.zip", stream, tmp_path, user=LEAD)
    forget_upload(taken, tmp_path)
    assert files_below(tmp_path) == [str(kept.relative_to(tmp_path))]


def test_only_a_lead_sends_files(tmp_path: Path) -> None:
    with pytest.raises(NotAllowed):
        take_upload("a.csv", io.BytesIO(b""), tmp_path, user=User("bob", Role.RATER))
