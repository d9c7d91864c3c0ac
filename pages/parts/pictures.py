"""Pictures on a page: through the image route where it is served, through `st.image` otherwise.

The route's pictures load lazily, are cached by the browser and cost the page one line each. Plain
`streamlit run app.py` has no route; there Streamlit serves the thumbnail files itself.
"""

from __future__ import annotations

import streamlit as st

from db.accounts import User
from mese.images import UnreadableImage
from pages.parts import house
from pages.parts.signing import image_url, today
from pages.parts.text import as_html

served_by_route = False
"""Set by asgi.py, which serves the route; a fact of the process, not of a session."""

NO_PICTURE = '<div class="mese-pic mese-none" role="img" aria-label="{alt}">no picture</div>'


def picture_html(user: User, sha256: str | None, alt: str) -> str:
    """An `<img>` of the image's thumbnail by the route, or the neutral placeholder."""
    if sha256 is None:
        return NO_PICTURE.format(alt=as_html(f"{alt}: no picture"))
    address = image_url(house.secret(), sha256, user.name, today(), thumb=True)
    return f'<img class="mese-pic" loading="lazy" src="{as_html(address)}" alt="{as_html(alt)}">'


def draw_picture(user: User, sha256: str | None, alt: str, below: str = "") -> None:
    """Draw a square picture, and the HTML `below` it: one element where the route is served."""
    if served_by_route or sha256 is None:
        st.html(picture_html(user, sha256, alt) + below)
        return
    file = _thumbnail(sha256)
    if file is None:
        st.html(picture_html(user, None, alt) + below)
        return
    st.image(file, alt=alt, width="stretch")
    if below:
        st.html(below)


def _thumbnail(sha256: str) -> str | None:
    from db.corpus import image_file
    from pages.parts.image_route import small

    path = image_file(house.store(), sha256)
    try:
        return None if path is None else str(small(path, sha256))
    except UnreadableImage:
        return None
