"""Pictures on a page: through the image route where it is served, within the page otherwise.

The route's pictures load lazily, are cached by the browser and cost the page one line each. Plain
`streamlit run app.py` has no route; there a picture's thumbnail travels in the page itself.
"""

from __future__ import annotations

import base64
from pathlib import Path

import streamlit as st

from db.accounts import User
from mese.images import UnreadableImage, media_type
from pages.parts import house
from pages.parts.signing import image_url, today
from pages.parts.text import as_html

served_by_route = False
"""Set by asgi.py, which serves the route; a fact of the process, not of a session."""

NO_PICTURE = '<div class="mese-pic mese-none" role="img" aria-label="{alt}">no picture</div>'


def picture_html(user: User, sha256: str | None, alt: str) -> str:
    """An `<img>` of the image's thumbnail, or the neutral placeholder."""
    address = picture_address(user, sha256)
    if address is None:
        return NO_PICTURE.format(alt=as_html(f"{alt}: no picture"))
    return f'<img class="mese-pic" loading="lazy" src="{as_html(address)}" alt="{as_html(alt)}">'


def draw_picture(user: User, sha256: str | None, alt: str, below: str = "") -> None:
    """Draw a square picture, and the HTML `below` it, as one element."""
    st.html(picture_html(user, sha256, alt) + below)


def picture_address(user: User, sha256: str | None) -> str | None:
    """Where the browser finds the image's thumbnail; None where there is none."""
    if sha256 is None:
        return None
    if served_by_route:
        return image_url(house.secret(), sha256, user.name, today(), thumb=True)
    from pages.parts.image_files import thumbnail_of

    try:
        path = thumbnail_of(sha256)
        return None if path is None else _within_the_page(path)
    except (OSError, UnreadableImage):
        return None


def _within_the_page(file: Path) -> str:
    """The file as a `data:` address."""
    content = base64.b64encode(file.read_bytes()).decode()
    return f"data:{media_type(file)};base64,{content}"
