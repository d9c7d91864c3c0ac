"""The Browse page's place as the address bar holds it: `?entity=12&page=2`, `?class=US+cities`.

As in address.py, the address is the truth, so that a link shows the same place to everyone. What
is wrong in one is named and left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mese.corpus import IMAGE_POLICIES
from pages.parts.address import is_entity_id

MAX_PAGE = 1_000_000
SHOWN_OF_A_FAULT = 40


@dataclass(frozen=True)
class Place:
    """An entity, a class by its name, or, with neither, all classes; and which page of it.

    An entity's contexts are shown under an image policy.
    """

    entity: int | None = None
    class_name: str | None = None
    page: int = 1
    policy: str = IMAGE_POLICIES[0]

    def on_page(self, page: int) -> Place:
        return replace(self, page=page)

    def params(self) -> dict[str, str]:
        """The address's parameters for this place; empty for the first page of all classes."""
        found = {}
        if self.entity is not None:
            found["entity"] = str(self.entity)
        if self.class_name is not None:
            found["class"] = self.class_name
        if self.page > 1:
            found["page"] = str(self.page)
        if self.policy != Place.policy:
            found["images"] = self.policy
        return found


def read_place(params: Mapping[str, str]) -> tuple[Place, list[str]]:
    """The place that address parameters ask for, and what was wrong with them."""
    page, notes = _read_page(params.get("page"))
    entity, name = params.get("entity"), params.get("class")
    if entity is not None and name is not None:
        notes.append("The address names an entity and a class; it shows the entity.")
    if entity is None:
        return Place(class_name=name or None, page=page), notes
    if is_entity_id(entity):
        policy, more = _read_policy(params.get("images"))
        return Place(int(entity), None, page, policy), notes + more
    fault = f"The address names {entity[:SHOWN_OF_A_FAULT]!r}, which is no entity number."
    return Place(), [fault]


def _read_page(text: str | None) -> tuple[int, list[str]]:
    if text is None:
        return 1, []
    if text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MAX_PAGE:
        return int(text), []
    return 1, [f"{text[:SHOWN_OF_A_FAULT]!r} is no page number; this is the first page."]


def _read_policy(text: str | None) -> tuple[str, list[str]]:
    if text is None or text in IMAGE_POLICIES:
        return text or Place.policy, []
    offered = ", ".join(IMAGE_POLICIES)
    shown = text[:SHOWN_OF_A_FAULT]
    return Place.policy, [f"There is no image policy {shown!r} ({offered}); this is top1."]


def pages_of(items: int, per_page: int) -> int:
    """How many pages `items` fill: one at least."""
    return max(1, -(-items // per_page))


def within(place: Place, items: int, per_page: int) -> tuple[Place, list[str]]:
    """The place, on a page that there is, and a note where that is not the page asked for."""
    pages = pages_of(items, per_page)
    if place.page <= pages:
        return place, []
    there = "is one page" if pages == 1 else f"are {pages} pages"
    return place.on_page(pages), [f"There {there}; page {place.page} shows the last."]
