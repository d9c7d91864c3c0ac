"""Signed addresses of images: a page signs them for its user and day, the route checks them.

The signature is all that the route looks at, so that every way of signing in shares one check,
and an address stays the same for a day, so that browsers keep the picture. A signature is
`DAY.USER.MAC`, where MAC covers the day, the user and the image's sha256; it is good on its day
and on the next, for the page that is open at midnight.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

ROUTE = "/app/static/img"
"""Below `/app/static/`, where `st.image` takes an address for an address (Streamlit 1.67)."""


def today() -> date:
    return datetime.now(UTC).date()


def read_secret(home: Path) -> bytes:
    """The key in `home`/secret, made on first use with mode 0600; raises OSError.

    The file is written beside its place and then linked to it: two processes that start together
    end with one key, and nobody reads half of one.
    """
    place = home / "secret"
    if not place.exists():
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=home, prefix="secret.") as part:
            part.write(secrets.token_hex(32).encode())
            part.flush()
            os.fsync(part.fileno())
            _link_unless_there(Path(part.name), place)
    secret = place.read_bytes()
    if len(secret) != 64:
        # An emptied file would be a key that anyone can guess.
        raise OSError(f"{place} is damaged ({len(secret)} bytes, not 64); remove it and reload")
    return secret


def _link_unless_there(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except FileExistsError:
        return  # another process was first; its key is the one


def image_url(secret: bytes, sha256: str, user: str, day: date, thumb: bool = False) -> str:
    """The address of an image for a user on a day, below the app's root."""
    name = base64.urlsafe_b64encode(user.encode()).decode().rstrip("=")
    signature = f"{day:%Y%m%d}.{name}.{_mac(secret, sha256, user, day)}"
    return f"{ROUTE}/{sha256}?sig={signature}" + ("&size=thumb" if thumb else "")


def signed_for(secret: bytes, sha256: str, signature: str, now: date) -> str | None:
    """The user whom a signature was made for, or None if it is false or too old."""
    try:
        day_text, name, mac = signature.split(".")
        day = datetime.strptime(day_text, "%Y%m%d").date()
        user = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (ValueError, binascii.Error):
        return None
    fresh = timedelta(0) <= now - day <= timedelta(days=1)
    true = hmac.compare_digest(mac.encode(), _mac(secret, sha256, user, day).encode())
    return user if fresh and true else None


def _mac(secret: bytes, sha256: str, user: str, day: date) -> str:
    message = f"image\n{day:%Y%m%d}\n{sha256}\n{user}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
