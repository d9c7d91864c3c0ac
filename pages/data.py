"""Data: bring a corpus in, write it out, check it, back it up.

Work runs in a thread beside the page, one job at a time: a closed tab loses nothing, and whoever
opens the page sees how far it is.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from db.accounts import Role
from db.corpus import is_empty
from db.jobs import Busy, Job, Tell
from db.store import StoreError
from mese.corpus import IMAGE_POLICIES
from pages.parts import house, work
from pages.parts.door import require
from pages.parts.head import page_head
from pages.parts.reports import draw_outcome, draw_progress
from pages.parts.text import as_sentence

user = require(Role.LEAD)
store, settings, jobs = house.store(), house.settings(), house.jobs()
REFUSED = "data: refused"
UNTICKED = "data: unticked after"

FORMS = """
A **MESED folder** holds `entity2id.txt`, `sentences.json`, its classes in `gt/` or `eid2cls.json`,
and its queries, if there are any, in `query/` and `query_seed=5/`; the sidecars that an export
writes are read as well. A **table** (CSV or JSONL) has the columns `entity` and `sentence`, and
`image` and `class` if you like.
"""


def begin(
    kind: str, title: str, work_on: Callable[[Tell], Any], suggested: str | None = None
) -> None:
    """Start a job; what keeps it from starting is told at the next run.

    `suggested` is the field whose path the job now takes: another one is suggested next.
    """
    try:
        jobs.start(user, kind, title, work_on)
    except Busy as error:
        st.session_state[REFUSED] = str(error)
        return
    if suggested:
        del st.session_state[suggested]


def typed(key: str) -> Path | None:
    """The path in a text field; None, and told at the next run, where it is none."""
    try:
        return work.path_of(st.session_state[key])
    except StoreError as error:
        st.session_state[REFUSED] = str(error)
        return None


def begin_import() -> None:
    path = typed("import-path")
    root = typed("import-root") if st.session_state["import-root"].strip() else None
    if path is None:
        return
    replace, copy = st.session_state["import-replace"], st.session_state["import-copy"]
    begin(
        "import",
        f"Import of {path.name}",
        lambda tell: work.import_from(
            store, settings, user, path, root, replace=replace, copy=copy, tell=tell
        ),
    )


def begin_upload() -> None:
    upload = st.session_state["upload"]
    if upload is None:
        st.session_state[REFUSED] = "choose a file first"
        return
    stream, replace = io.BytesIO(upload.getvalue()), st.session_state["upload-replace"]
    begin(
        "import",
        f"Import of {upload.name}",
        lambda tell: work.import_upload(
            store, settings, user, upload.name, stream, replace=replace, tell=tell
        ),
    )


def begin_export() -> None:
    folder = typed("export-path")
    if folder is not None:
        policy, copy = st.session_state["export-policy"], st.session_state["export-copy"]
        chosen = policy if policy in IMAGE_POLICIES else None
        begin(
            "export",
            "Export",
            partial(work.export_to, store, user, folder, chosen, copy),
            "export-path",
        )


def begin_check() -> None:
    again = st.session_state["check-again"]
    begin("check", "Check", lambda tell: work.check_all(store, settings, user, again, tell))


def begin_backup() -> None:
    target = typed("backup-path")
    if target is not None:
        title = f"Backup to {target}"
        copying = partial(work.copy_store, store, user, target)
        begin("backup", title, copying, "backup-path")


def draw_job() -> None:
    """The job under way, or what came of the last one."""
    job = jobs.now()
    if job is not None and job.running:
        watch_job(job.number)
    elif job is not None and job.kind:
        untick_after(job)
        draw_outcome(job)
        st.button("Dismiss", type="tertiary", on_click=jobs.forget, args=(user,))


def untick_after(job: Job) -> None:
    """Untick "Replace" once an import is done: to replace the next corpus is a choice of its own.

    A refused import leaves it, for the same import is tried again.
    """
    done = job.kind == "import" and job.refusal is None
    if done and st.session_state.get(UNTICKED) != job.number:
        st.session_state[UNTICKED] = job.number
        st.session_state["import-replace"] = st.session_state["upload-replace"] = False


@st.fragment(run_every="1s")
def watch_job(number: int) -> None:
    """Looks once a second how far the job is; draws the whole page anew when it has ended."""
    job = jobs.now()
    if job is None or not job.running or job.number != number:
        st.rerun()
    draw_progress(job)
    label = "Stopping …" if job.stopping else "Stop"
    st.button(label, disabled=job.stopping, on_click=jobs.stop, args=(user,), key="stop")


def draw_import(busy: bool) -> None:
    st.markdown(FORMS)
    empty = is_empty(store)
    with st.form("import-form", border=True):
        st.text_input(
            "Folder or file on the machine that runs the app",
            key="import-path",
            placeholder="/data/mesed",
        )
        st.text_input(
            "Folder where its image paths begin, if that is another one",
            key="import-root",
            placeholder="the folder itself",
        )
        with st.container(horizontal=True, gap="medium"):
            st.checkbox(
                "Replace the corpus in the store",
                key="import-replace",
                disabled=empty,
                help="The whole corpus at once; if the import fails, the old one stays.",
            )
            st.checkbox("Copy the images below MESE_HOME", key="import-copy")
        st.form_submit_button("Import", type="primary", disabled=busy, on_click=begin_import)
    with st.expander("Or send a file from this browser"), st.form("upload-form", border=False):
        st.file_uploader(
            "A .zip of a MESED folder, or a .csv or .jsonl table",
            type=["zip", "csv", "jsonl"],
            key="upload",
        )
        st.checkbox("Replace the corpus in the store", key="upload-replace", disabled=empty)
        st.form_submit_button("Send and import", disabled=busy, on_click=begin_upload)


def draw_export(busy: bool) -> None:
    st.markdown("Writes a MESED folder with sidecars, so that nothing of the store is lost.")
    place = work.new_place(settings.home / "exports", "corpus", "", datetime.now())
    with st.form("export-form"):
        st.session_state.setdefault("export-path", str(place))
        st.text_input("New folder", key="export-path")
        st.selectbox(
            "Images",
            ["all candidates", *IMAGE_POLICIES],
            key="export-policy",
            help="All candidates of each context, or only the one that an image policy chooses.",
        )
        st.checkbox("Copy the image files too", key="export-copy")
        st.form_submit_button("Export", type="primary", disabled=busy, on_click=begin_export)


def draw_check(busy: bool) -> None:
    st.markdown(
        "Opens every image, and looks at every span, reference and query. What an earlier check "
        "has opened, and has not changed since, is not opened again."
    )
    with st.form("check-form"):
        st.checkbox("Open every image again", key="check-again")
        st.form_submit_button("Check", type="primary", disabled=busy, on_click=begin_check)


def draw_backup(busy: bool) -> None:
    st.markdown(
        "Copies the store into one file, also while others work. Images are files of their own "
        "and are not part of it."
    )
    suffix = ".dump" if store.sqlite_file is None else ".db"
    place = work.new_place(settings.home / "backups", "mese", suffix, datetime.now())
    with st.form("backup-form"):
        st.session_state.setdefault("backup-path", str(place))
        st.text_input("New file", key="backup-path")
        st.form_submit_button("Back up", type="primary", disabled=busy, on_click=begin_backup)


page_head("Data", "Bring a corpus in, write it out, check it, back it up.", user)
with st.container(key="job"):  # always there, so that the tabs below it stay as they are
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.warning(as_sentence(refused), icon=":material/info:")
    draw_job()
under_way = jobs.now()
busy = under_way is not None and under_way.running
importing, exporting, checking, backing_up = st.tabs(["Import", "Export", "Check", "Back up"])
with importing:
    draw_import(busy)
if is_empty(store):
    for tab in (exporting, checking, backing_up):
        tab.info("The store is empty. Import a corpus first.", icon=":material/info:")
else:
    with exporting:
        draw_export(busy)
    with checking:
        draw_check(busy)
    with backing_up:
        draw_backup(busy)
