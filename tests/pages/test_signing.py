"""Signed image addresses: good for one image, one user and two days, and for nothing else."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from pages.parts.signing import image_url, read_secret, signed_for

KEY = b"k" * 64
SHA, OTHER = "a" * 64, "b" * 64
DAY = date(2026, 3, 1)


def signature(user: str = "you", sha256: str = SHA, key: bytes = KEY) -> str:
    return parse_qs(urlsplit(image_url(key, sha256, user, DAY)).query)["sig"][0]


@pytest.mark.parametrize("user", ["you", "Zoë.Müller", "a.b.c", "名前", ""])
def test_a_signature_names_its_user(user: str) -> None:
    assert signed_for(KEY, SHA, signature(user), DAY) == user


def test_an_address_stays_the_same_for_a_day() -> None:
    assert image_url(KEY, SHA, "you", DAY) == image_url(KEY, SHA, "you", DAY)
    assert image_url(KEY, SHA, "you", DAY) != image_url(KEY, SHA, "you", DAY + timedelta(days=1))


@pytest.mark.parametrize(("days", "good"), [(-1, False), (0, True), (1, True), (2, False)])
def test_it_is_good_on_its_day_and_the_next(days: int, good: bool) -> None:
    found = signed_for(KEY, SHA, signature(), DAY + timedelta(days=days))
    assert (found == "you") is good


def test_it_opens_no_other_image_and_no_other_server() -> None:
    assert signed_for(KEY, OTHER, signature(), DAY) is None
    assert signed_for(b"other", SHA, signature(), DAY) is None


def test_no_part_of_it_can_be_changed() -> None:
    day, user, mac = signature().split(".")
    _, lead, _ = signature("lead").split(".")
    forged = [
        f"20260302.{user}.{mac}",
        f"{day}.{lead}.{mac}",
        f"{day}.{user}.{mac[:-1]}",
        f"{day}.{user}.{mac[:-1]}é",
        f"{day}.{user}.",
        "",
        "..",
        "20260301.%%%.x",
        "x" * 10_000,
    ]
    assert [signed_for(KEY, SHA, text, DAY) for text in forged] == [None] * len(forged)


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: read_secret(home), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 32
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret"]


def test_an_emptied_secret_is_no_key(tmp_path: Path) -> None:
    read_secret(tmp_path)
    (tmp_path / "secret").write_bytes(b"")
    with pytest.raises(OSError, match="damaged"):
        read_secret(tmp_path)
