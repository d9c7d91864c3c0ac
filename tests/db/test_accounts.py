"""Roles: each may do what the ones below may, and no more."""

from __future__ import annotations

import pytest

from db.accounts import NotAllowed, Role, User, check, open_mode_user
from db.corpus import hash_images, import_records, is_empty
from db.store import Store
from mese.corpus import CorpusRecords


def test_roles_are_ordered() -> None:
    assert sorted(Role, reverse=True) == [Role.LEAD, Role.RATER, Role.VIEWER]
    assert [str(role) for role in Role] == ["viewer", "rater", "lead"]


@pytest.mark.parametrize("needed", Role)
@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_is_at_or_below_it(role: Role, needed: Role) -> None:
    user = User("ada", role)
    order = ["viewer", "rater", "lead"]
    if order.index(str(role)) >= order.index(str(needed)):
        check(user, needed)
    else:
        with pytest.raises(NotAllowed, match=f"ada is a {role} and this needs a {needed}"):
            check(user, needed)


def test_in_open_mode_you_are_lead() -> None:
    assert open_mode_user() == User("you", Role.LEAD, simulated=False)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.RATER])
def test_only_a_lead_changes_the_corpus(store: Store, records: CorpusRecords, role: Role) -> None:
    with pytest.raises(NotAllowed, match="needs a lead"):
        import_records(store, records, user=User("ada", role))
    assert is_empty(store)
    with pytest.raises(NotAllowed, match="needs a lead"):
        hash_images(store, user=User("ada", role))
    assert import_records(store, records, user=User("ada", Role.LEAD)).changed
