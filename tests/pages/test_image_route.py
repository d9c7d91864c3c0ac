"""The image route over HTTP: who gets a picture, and what comes with it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from db.accounts import Role, User
from db.corpus import entity_cards
from db.open_seeds import OpenSeed, keep_open_seed
from pages.parts import house
from pages.parts.image_route import ROUTES
from pages.parts.signing import ROUTE, image_url, today
from tests.conftest import fill_store


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The route over a home of its own with the small corpus."""
    fill_store(tmp_path).close()
    monkeypatch.setenv("MESE_HOME", str(tmp_path))
    st.cache_resource.clear()
    yield TestClient(Starlette(routes=ROUTES))
    house.store().close()
    st.cache_resource.clear()


def sha_of(entity: int) -> str:
    found = entity_cards(house.store(), [entity])[entity].image_hash
    assert found is not None
    return found


def url_of(sha256: str, thumb: bool = False) -> str:
    return image_url(house.secret(), sha256, "you", today(), thumb)


def test_a_signed_address_gives_the_file_itself(client: TestClient, tmp_path: Path) -> None:
    answer = client.get(url_of(sha_of(0)))
    assert answer.status_code == 200
    assert answer.content == (tmp_path / "pictures" / "0-0.png").read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, max-age=86400, immutable"


def test_a_thumbnail_is_made_once(client: TestClient, tmp_path: Path) -> None:
    sha = sha_of(1)
    answer = client.get(url_of(sha, thumb=True))
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 64)
    kept = tmp_path / "thumbnails" / sha[:2] / f"{sha}.webp"
    written = kept.stat().st_mtime_ns
    assert client.get(url_of(sha, thumb=True)).content == kept.read_bytes() == answer.content
    assert kept.stat().st_mtime_ns == written


def test_without_a_good_signature_nothing_is_shown(client: TestClient) -> None:
    sha = sha_of(0)
    other = url_of(sha_of(1)).split("sig=")[1]
    late = image_url(house.secret(), sha, "you", today() - timedelta(days=2))
    for address in (url_of(sha).split("?")[0], f"{ROUTE}/{sha}?sig={other}", late):
        assert client.get(address).status_code == 403


def test_what_is_not_in_the_store_gives_404(client: TestClient) -> None:
    for name in ("f" * 64, "abc", "A" * 64, "0-0.png"):
        assert client.get(url_of(name)).status_code == 404
    assert client.get(f"{ROUTE}/../../../secret").status_code == 404


def test_a_file_that_is_no_picture_any_more_gives_404(client: TestClient, tmp_path: Path) -> None:
    sha, file = sha_of(2), tmp_path / "pictures" / "2-0.png"
    file.write_bytes(b"<svg onload=alert(1)>")
    assert client.get(url_of(sha)).status_code == 404
    assert client.get(url_of(sha, thumb=True)).status_code == 404
    file.unlink()
    assert client.get(url_of(sha)).status_code == 404
    assert not list((tmp_path / "thumbnails").rglob("*.*"))


def test_a_thumbnail_outlives_its_image(client: TestClient, tmp_path: Path) -> None:
    """A case shows the pictures that it was saved with, whatever became of the corpus."""
    sha = sha_of(1)
    before = client.get(url_of(sha, thumb=True)).content
    (tmp_path / "pictures" / "1-0.png").unlink()
    assert client.get(url_of(sha, thumb=True)).content == before
    assert client.get(url_of(sha)).status_code == 404
    assert client.get(url_of("../" + sha, thumb=True)).status_code == 404


def test_an_open_seeds_image_is_served(client: TestClient, tmp_path: Path) -> None:
    image = (tmp_path / "pictures" / "0-0.png").read_bytes() + b"another"
    seed = OpenSeed("", "Gotham", (), 0, 0, None)
    folder = house.settings().open_seeds
    lead, now = User("lea", Role.LEAD), datetime.now(UTC)
    kept = keep_open_seed(house.store(), seed, image, lead, now, folder=folder)
    assert kept.image_hash is not None
    assert client.get(url_of(kept.image_hash)).content == image
    assert client.get(url_of(kept.image_hash, thumb=True)).headers["content-type"] == "image/webp"


def test_health_answers(client: TestClient) -> None:
    assert client.get("/api/health").json() == {"status": "ok"}
