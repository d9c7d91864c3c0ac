"""A new folder: there whole or not at all, told of by its own name, nothing of it left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from mese.new_folder import written_beside
from mese.setting_aside import MesedFormatError

ROOT = Path(__file__).parents[2]


def fill(folder: Path) -> None:
    with written_beside(folder) as part:
        (part / "one").write_text("1")


def test_it_appears_once_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    with written_beside(target) as part:
        assert (part.parent, target.exists()) == (target.parent, False)
        (part / "one").write_text("1")
    assert [p.name for p in target.parent.iterdir()] == ["b"]
    assert (target / "one").read_text() == "1"


@pytest.mark.parametrize("there", [True, False], ids=["to an empty folder", "to none"])
def test_a_link_is_followed(tmp_path: Path, there: bool) -> None:
    place, link = tmp_path / "place", tmp_path / "link"
    if there:
        place.mkdir()
    link.symlink_to(place)
    fill(link)
    assert link.is_symlink()
    assert (place / "one").read_text() == "1"


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(MesedFormatError, match=r"link cannot be written \(Too many levels"):
        fill(tmp_path / "link")


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("/proc/xyz", "No such file or directory"),
        ("/dev/null/x", "Not a directory"),
        ("/tmp/" + "x" * 256, "File name too long"),
        ("/tmp/" + "ü" * 128, "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_before_anything_is_written(
    folder: str, why: str
) -> None:
    with pytest.raises(MesedFormatError) as refused, written_beside(Path(folder)):
        pytest.fail("nobody may write by now")
    assert str(refused.value) == f"{folder} cannot be written ({why}); name another folder"


def test_the_longest_name_is_no_trouble(tmp_path: Path) -> None:
    target = tmp_path / ("ü" * 127)
    fill(target)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_told_with_the_folder_and_the_mend(tmp_path: Path, fault: int) -> None:
    target = tmp_path / "out"
    with pytest.raises(MesedFormatError) as refused, written_beside(target):
        raise OSError(fault, os.strerror(fault))
    assert str(refused.value) == (
        f"{target} cannot be written ({os.strerror(fault)}); make room there, or name another "
        "folder"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_elsewhere_is_told_as_just_that(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), written_beside(tmp_path / "out"):
        (tmp_path / "elsewhere").read_text()


def test_what_a_killed_program_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "o*t"
    code = (
        "import os, signal; from pathlib import Path; from mese.new_folder import written_beside\n"
        f"with written_beside(Path({str(target)!r})) as part:\n"
        "    (part / 'one').write_text('1'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    for name in (".o*t.part-mine", ".oxt.part-abcdefgh", ".o*t.part-abcdefgh.bak"):
        (tmp_path / name).mkdir()
    with ExitStack() as other:
        used = other.enter_context(written_beside(target))
        (used / "one").write_text("1")
        with pytest.raises(KeyboardInterrupt), written_beside(target):
            raise KeyboardInterrupt
        assert (used / "one").exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [".o*t.part-mine", ".oxt.part-abcdefgh", ".o*t.part-abcdefgh.bak", "o*t"]
    )
