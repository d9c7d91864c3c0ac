"""What the Data page shows of a job: how far it is, and what came of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from db.checking import CheckReport
from db.exporting import ExportReport
from db.importing import ImportReport
from db.jobs import Job
from pages.parts.text import as_sentence, as_text, count

ROWS_SHOWN = 1_000


def draw_progress(job: Job) -> None:
    """How far a job under way is."""
    words = [f"**{as_text(job.title)}**", as_text(job.stage or "Beginning")]
    if job.total:
        words.append(f"{job.done:,} of {job.total:,}")
    elif job.done:
        words.append(f"{job.done:,}")
    words.append(f"{duration(job.seconds)} so far")
    if job.seconds_left is not None:
        words.append(f"about {duration(job.seconds_left)} left in this step")
    st.progress(job.share or 0.0, text=" · ".join(words))


def duration(seconds: float) -> str:
    """`8 s`, `2 min 5 s`, `1 h 12 min`."""
    if seconds < 1:
        return "less than a second"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def draw_outcome(job: Job) -> None:
    """What came of a job that has ended: its report, or why it was refused."""
    title = as_text(job.title)
    if job.refusal is not None:
        st.warning(f"**{title}**: {as_text(job.refusal)}", icon=":material/info:")
    elif isinstance(job.report, ImportReport):
        _draw_import(title, job.report, job.seconds)
    elif isinstance(job.report, CheckReport):
        _draw_check(title, job.report, job.seconds)
    elif isinstance(job.report, ExportReport):
        _draw_export(title, job.report, job.seconds)
    else:
        st.success(f"**{title}**: done in {duration(job.seconds)}.", icon=":material/check:")


def _draw_import(title: str, report: ImportReport, seconds: float) -> None:
    name = as_text(report.name)
    if not report.changed:
        said = f"the store holds “{name}” already; nothing changed."
    elif not report.contexts:
        said = f"the store holds “{name}”; {report.images:,} images were read anew."
    else:
        said = (
            f"“{name}” is in the store, in {duration(seconds)}: {report.entities:,} "
            f"{'entity' if report.entities == 1 else 'entities'}, "
            f"{count(report.classes, 'class')}, {count(report.sentences, 'sentence')}, "
            f"{count(report.contexts, 'context')}, {count(report.images, 'image')}"
            f" ({report.unreadable_images:,} cannot be read)."
        )
    st.success(f"**{title}**: {said}", icon=":material/check:")
    if report.not_hashed:
        st.warning(as_sentence(report.not_hashed), icon=":material/info:")
    if report.set_aside:
        rows = [(item.file, item.line or None, item.reason) for item in report.set_aside]
        st.markdown(f"**{len(rows):,} set aside**: left out of the store, for these reasons.")
        _draw_rows(("File", "Line", "Reason"), rows, "set-aside.csv")


def _draw_check(title: str, report: CheckReport, seconds: float) -> None:
    looked = (
        f"{report.images:,} images ({report.read:,} opened), {report.sentences:,} sentences, "
        f"{report.contexts:,} contexts and {report.queries:,} queries in {duration(seconds)}"
    )
    if not report.broken:
        st.success(f"**{title}**: nothing is broken. Looked at {looked}.", icon=":material/check:")
        return
    counts = ", ".join(f"{number:,} {kind}" for kind, number in report.counts.items())
    st.warning(
        f"**{title}**: {report.broken:,} things are broken ({counts}). Looked at {looked}.",
        icon=":material/info:",
    )
    rows = [(finding.kind, finding.place, finding.reason) for finding in report.findings]
    _draw_rows(("Kind", "Place", "Reason"), rows, "check.csv")


def _draw_export(title: str, report: ExportReport, seconds: float) -> None:
    images = (
        f"{report.images_copied:,} images went along."
        if report.images_copied or report.not_copied
        else f"Its images stay below {as_text(str(report.image_root))}."
    )
    st.success(
        f"**{title}**: {report.sentences:,} sentences are in {as_text(str(report.folder))}, "
        f"in {duration(seconds)}. {images}",
        icon=":material/check:",
    )
    if report.not_copied:
        _draw_rows(("Not copied",), [(fault,) for fault in report.not_copied], "not-copied.csv")


def _draw_rows(columns: Sequence[str], rows: Sequence[tuple[object, ...]], file: str) -> None:
    if len(rows) > ROWS_SHOWN:
        st.caption(f"The first {ROWS_SHOWN:,} of {len(rows):,}; the file holds all.")
    frame = pd.DataFrame(rows[:ROWS_SHOWN], columns=list(columns))
    st.dataframe(frame, hide_index=True, height=min(380, 40 + 36 * len(frame)))
    st.download_button(
        "Download all as CSV",
        table_csv(columns, rows),
        file_name=file,
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def table_csv(columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> str:
    """A table as CSV. A cell that a spreadsheet would run as a formula gets an apostrophe."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if cell is None else _inert(str(cell)) for cell in row])
    return stream.getvalue()


def _inert(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
