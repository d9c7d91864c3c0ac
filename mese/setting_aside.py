"""What was left out of a file that somebody else wrote: the file, the line and the reason.

So nothing disappears silently, and one bad line does not cost the other 434,674.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_ITEMS = 10_000
"""How many lines are remembered as set aside; those after them are counted."""
TOLD_EVERY = 2_000
"""Lines: often enough to stop at once, seldom enough to cost nothing."""


class MesedFormatError(ValueError):
    """A folder that cannot be read at all; the message names the file and what to do."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that was left out: its file, its line from 1 (0: the whole file), and the reason."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}: {self.reason}"
            if self.line
            else f"{self.file}: {self.reason}"
        )


_WAS_SET_ASIDE = re.compile(r"; (?:(?:it|the \w+) was )?set aside$")
"""How reasons end; untrue where the first one ends the reading."""


@dataclass
class Aside:
    """Collects what is set aside; when `strict`, the first one ends the reading instead.

    The first `MAX_ITEMS` are kept; `more` counts the others, so that a file of nothing but faults
    does not fill the memory. `told` hears how many lines were read, good or not; what it raises
    stops the reading.
    """

    strict: bool = False
    told: Callable[[int], None] | None = None
    items: list[SetAside] = field(default_factory=list)
    more: int = 0
    lines: int = 0

    def count_line(self) -> None:
        self.lines += 1
        if self.told and self.lines % TOLD_EVERY == 0:
            self.told(self.lines)

    def put(self, file: str, line: int, reason: str) -> None:
        item = SetAside(file, line, reason)
        if self.strict:
            refused = SetAside(file, line, _WAS_SET_ASIDE.sub("", reason))
            raise MesedFormatError(f"{refused}; mend the line, or read without --strict")
        if len(self.items) < MAX_ITEMS:
            self.items.append(item)
        else:
            self.more += 1

    def clear(self) -> None:
        self.items.clear()
        self.more = 0

    def all(self) -> tuple[SetAside, ...]:
        """What is kept, and a last entry for what was only counted."""
        if not self.more:
            return tuple(self.items)
        last = self.items[-1].file
        return (*self.items, SetAside(last, 0, f"{self.more:,} more were set aside after these"))
