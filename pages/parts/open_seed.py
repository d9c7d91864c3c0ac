"""The dialog that describes an open seed: one that is in no vocabulary.

It is a sentence with its mention marked, an image, or both; the model reads it as it reads any
context (`mese.live`). What was typed and sent can be looked at before it is kept.
"""

from __future__ import annotations

import base64
import io
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from db.accounts import NotAllowed, User
from db.open_seeds import MAX_IMAGE_BYTES, OpenSeed, keep_open_seed
from db.store import StoreError
from mese.images import THUMBNAIL, UnreadableImage, open_image
from mese.mentions import CLOSE, OPEN, SeedError, name_of, read_marked
from pages.parts import house
from pages.parts.address import View
from pages.parts.sentences import sentence_html
from pages.parts.text import as_html, as_sentence
from pages.parts.viewing import show

MAX_SENTENCE = 4_000
"""Letters that the field takes; the model reads a window around the mention."""

MAX_NAME_TYPED = 200

KINDS = ["png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"]


def open_seed_dialog(user: User, view: View) -> None:
    """Open the dialog over the page."""
    st.dialog("Open seed", width="medium")(_draw)(user, view)


def _draw(user: User, view: View) -> None:
    st.markdown(
        "Describe something that is not in this corpus, as you would meet it: in a sentence, in a "
        "picture, or both. It is used like any seed."
    )
    # A form: the fields are sent with the press, also what was typed last.
    with st.form("open-seed", border=False):
        sentence = st.text_area(
            "Sentence",
            max_chars=MAX_SENTENCE,
            key="open-sentence",
            placeholder="The ferry leaves [[Bergen]] at noon.",
            help="Mark the mention with double brackets, or name it in the next field",
        )
        name = st.text_input(
            "Name, as the sentence mentions it",
            max_chars=MAX_NAME_TYPED,
            key="open-name",
            placeholder="Bergen",
        )
        sent = st.file_uploader(
            "Picture",
            type=KINDS,
            key="open-picture",
            max_upload_size=MAX_IMAGE_BYTES // 2**20,
        )
        with st.container(horizontal=True, gap="small"):
            look = st.form_submit_button("Look at it first", key="open-look")  # Enter presses it
            add = st.form_submit_button("Add this seed", type="primary", key="open-add")
    if look or add:
        _answer(user, view, sentence or "", name or "", sent.getvalue() if sent else None, add)


def _answer(
    user: User, view: View, sentence: str, name: str, image: bytes | None, add: bool
) -> None:
    """Show how the seed will be read, or what is missing; with `add`, keep and use it."""
    try:
        seed = read_open_seed(sentence, name, image is not None)
        preview = preview_html(seed, image)
    except (SeedError, UnreadableImage) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    st.html(preview)
    if add:
        _keep(user, view, seed, image)


def _keep(user: User, view: View, seed: OpenSeed, image: bytes | None) -> None:
    settings = house.settings()
    try:
        kept = keep_open_seed(
            house.store(),
            seed,
            image,
            user,
            datetime.now(UTC),
            folder=settings.open_seeds,
            max_pixels=settings.max_pixels,
        )
    except (StoreError, NotAllowed, OSError) as error:
        st.info(as_sentence(str(error)), icon=":material/info:")
        return
    show(view.with_open_seed(kept.key))
    st.rerun()


def read_open_seed(sentence: str, name: str, has_image: bool) -> OpenSeed:
    """What was typed as an open seed without a key; raises `SeedError` with what to mend."""
    sentence, name = " ".join(sentence.split()), " ".join(name.split())
    if not sentence:
        if not has_image:
            raise SeedError("give a sentence with its mention marked, a picture, or both")
        if not name:
            raise SeedError("give the picture a name")
        return OpenSeed("", name, (), 0, 0, None)
    mention = read_marked(marked(sentence, name))
    return OpenSeed("", name or name_of(mention), mention.tokens, mention.start, mention.end, None)


def marked(sentence: str, name: str) -> str:
    """The sentence with its mention in double brackets: the first `name` in it, as whole words.

    One that is marked stays as it is. Raises `SeedError` where there is nothing to mark.
    """
    if OPEN in sentence or CLOSE in sentence:
        return sentence
    if not name:
        raise SeedError(
            f"mark the mention with double brackets ({OPEN}…{CLOSE}), or name it in the next field"
        )
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sentence, re.IGNORECASE)
    if found is None:
        raise SeedError(
            f"the sentence does not mention {name!r}: write the name as the sentence has it, "
            f"or mark the mention with double brackets ({OPEN}…{CLOSE})"
        )
    start, end = found.span()
    return f"{sentence[:start]} {OPEN}{sentence[start:end]}{CLOSE} {sentence[end:]}"


def preview_html(seed: OpenSeed, image: bytes | None) -> str:
    """How the seed will be read; raises `UnreadableImage` for a picture that cannot be."""
    picture = "" if image is None else picture_html(image, house.settings().max_pixels)
    said = sentence_html(seed.tokens, seed.start, seed.end) if seed.tokens else "No sentence."
    kind = "mese-context mese-alone" if picture else "mese-context mese-wordy"
    return (
        f'<article class="{kind}">{picture}<div><div class="mese-name">{as_html(seed.name)}</div>'
        f'<p class="mese-sentence">{said}</p></div></article>'
    )


def picture_html(image: bytes, max_pixels: int) -> str:
    """A picture as it was sent, opened by the bounded reader and made small, within the page."""
    with tempfile.NamedTemporaryFile(prefix="mese-picture-") as part:
        part.write(image)
        part.flush()
        try:
            picture = open_image(Path(part.name), max_pixels)
        except UnreadableImage as error:
            reason = str(error).removeprefix(f"{Path(part.name).name}: ")
            raise UnreadableImage(
                f"the picture cannot be used ({reason}); choose another"
            ) from None
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    small = io.BytesIO()
    picture.save(small, "JPEG", quality=85)
    content = base64.b64encode(small.getvalue()).decode()
    return f'<img class="mese-pic" alt="the picture" src="data:image/jpeg;base64,{content}">'
