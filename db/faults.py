"""What somebody at the keyboard can mend: the page and the shell tell these in their own words."""

from __future__ import annotations

from db.accounts import NotAllowed
from db.store import StoreError
from mese.setting_aside import MesedFormatError

MENDABLE = (StoreError, MesedFormatError, NotAllowed, OSError)
"""Anything else is a fault of ours: the shell shows its traceback, the page its number."""
