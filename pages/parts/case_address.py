"""The Cases page's place as the address bar holds it: `?case=7&beside=text,image`, `?q=city`.

As in address.py, the address is the truth, so that a link shows the same place to everyone. What is
wrong in one is named and left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mese.bounds import MAX_ID, MAX_TAG
from mese.corpus import MODALITIES

SAVED, BESIDE, OVERLAP, CLUES = "saved", "beside", "overlap", "clues"
SHOWS = (SAVED, BESIDE, OVERLAP, CLUES)
"""Ways to look at a case; without one, at all of them (`BESIDE` needs one)."""

MOST_BESIDE = 3
"""Columns beside the saved one."""

MAX_QUERY = 200
MAX_PAGE = 1_000_000
SHOWN_OF_A_FAULT = 40

NOW = "now"
_MODALITIES = {name.replace("+", "-"): name for name in MODALITIES}
"""Modalities as an address spells them: a `+` would be read as a blank."""
_NAMED = re.compile(r"(method|bundle|case):([^,]{1,100})")


@dataclass(frozen=True)
class Beside:
    """A column beside a case: the same query under another `what`, `name` saying which.

    `what` is `now` (as saved, with the bundle in use), `modality`, `method`, `bundle`, or `case`
    (another case as saved).
    """

    what: str
    name: str = ""

    @property
    def spelled(self) -> str:
        if self.what == "modality":
            return self.name.replace("+", "-")
        return f"{self.what}:{self.name}" if self.name else self.what


@dataclass(frozen=True)
class CasePlace:
    """A case and how it is looked at; or, without one, the cases that are searched for."""

    case: int | None = None
    show: str = SAVED
    beside: tuple[Beside, ...] = ()
    text: str = ""
    tag: str | None = None
    page: int = 1

    def params(self) -> dict[str, str]:
        """The address's parameters for this place; empty for the first page of all cases."""
        given = {
            "case": "" if self.case is None else str(self.case),
            "beside": ",".join(column.spelled for column in self.beside),
            "show": "" if self.show in (SAVED, BESIDE) else self.show,
            "q": self.text,
            "tag": self.tag or "",
            "page": str(self.page) if self.page > 1 else "",
        }
        return {name: value for name, value in given.items() if value}

    def showing(self, show: str) -> CasePlace:
        """This case, looked at another way."""
        columns = self.beside if show == BESIDE else ()
        return replace(self, show=show, beside=columns)


def read_place(params: Mapping[str, str]) -> tuple[CasePlace, list[str]]:
    """The place that address parameters ask for, and what was wrong with them."""
    notes: list[str] = []
    case = _number(params.get("case"), "case", notes)
    show = params.get("show") or SAVED
    if show not in SHOWS or (show == BESIDE and case is None):
        notes.append(f"There is no view {show[:SHOWN_OF_A_FAULT]!r} here; this is the usual one.")
        show = SAVED
    if case is None:
        page = _number(params.get("page"), "page", notes) or 1
        text, tag = params.get("q", "")[:MAX_QUERY], params.get("tag", "")[:MAX_TAG]
        return CasePlace(None, show, (), text, tag or None, page), notes
    beside = _columns(params.get("beside", ""), notes)
    return CasePlace(case, BESIDE if beside else show, beside), notes


def _number(text: str | None, what: str, notes: list[str]) -> int | None:
    if text is None:
        return None
    if _is_number(text):
        return int(text)
    notes.append(f"The address names {text[:SHOWN_OF_A_FAULT]!r}, which is no number of a {what}.")
    return None


def _is_number(text: str) -> bool:
    """Whether the text is a number that a case can have."""
    return text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= MAX_ID


def _columns(text: str, notes: list[str]) -> tuple[Beside, ...]:
    found: list[Beside] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        column = _column(part)
        if column is None:
            shown = part[:SHOWN_OF_A_FAULT]
            notes.append(f"The address names {shown!r} as a column, which is none; it is left out.")
        elif column not in found:
            found.append(column)
    if len(found) > MOST_BESIDE:
        notes.append(f"The address names {len(found)} columns; the first {MOST_BESIDE} are shown.")
    return tuple(found[:MOST_BESIDE])


def _column(text: str) -> Beside | None:
    modality = _MODALITIES.get(text.replace("+", "-").replace(" ", "-"))
    if modality:
        return Beside("modality", modality)
    if text == NOW:
        return Beside(NOW)
    named = _NAMED.fullmatch(text)
    if named is None:
        return None
    what, name = named.groups()
    if what == "case" and not _is_number(name):
        return None
    return Beside(what, name)
