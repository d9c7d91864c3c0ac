"""Who may do what: viewer < rater < lead, and the open mode of one's own machine.

The door asks once a page, and every service function that changes something asks again: Streamlit
can serve a page's file without the door (design.md, "Doors").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a user may do; each role may do all that the ones before it may."""

    VIEWER = 1
    RATER = 2
    LEAD = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class User:
    """Somebody at the keyboard; `simulated` marks a program that answers in a person's place."""

    name: str
    role: Role
    simulated: bool = False


class NotAllowed(Exception):
    """A user's role is not enough; the message says which one is needed."""


def check(user: User, role: Role) -> None:
    """Raise `NotAllowed` unless `user` has `role` or a higher one."""
    if user.role < role:
        raise NotAllowed(
            f"{user.name} is a {user.role} and this needs a {role}; ask a lead for that role"
        )


def open_mode_user() -> User:
    """Whoever sits at this machine: until accounts exist, everyone on it is lead."""
    return User("you", Role.LEAD)
