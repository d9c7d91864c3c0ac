"""What the Expand page says of how a list came about, in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mese.corpus import Expansion, Result
from mese.engine import Options, SeedRow
from pages.parts import results
from pages.parts.asking import Asked
from pages.parts.grid import Act
from pages.parts.results import facts


class FakeEngine:
    """An engine with one answer, whose default is text and image."""

    name, device, default_modality = "*demo*", "CPU", "text+image"

    def __init__(self, note: str = "") -> None:
        self._note = {"note": note} if note else {}

    def settle(self, options: Options) -> Options:
        candidates = options.candidates or self.default_modality
        return Options(candidates=candidates, seeds=options.seeds or candidates)

    def expand(self, seeds: Any, options: Options, rows: Any) -> Expansion:
        found = tuple(Result(n, n, f"e{n}", 1 / n) for n in (1, 2, 3))
        settings = {"method": "window", **self._note}
        return Expansion((7,), found, self.name, settings, 0.0042)


def asked(note: str = "", rows: tuple[SeedRow, ...] = (), **options: Any) -> Asked:
    return Asked(FakeEngine(note), (7,), Options(**options), rows)  # type: ignore[arg-type]


def row(entity: int | None, used: int, given: int) -> SeedRow:
    nothing = np.zeros(3, np.float32)
    return SeedRow(entity, "x", nothing, nothing, used, given)


KINDS = {1: "hit", 2: "hard", 3: "other"}


def test_what_is_usual_is_counted_and_timed() -> None:
    assert facts(asked(), KINDS, ["US *cities*"]) == (
        "**3 results** · **1** of them in US \\*cities\\* · **1 hard negative** · "
        "bundle \\*demo\\* on CPU · ranked by window search · 4 ms"
    )


def test_without_a_class_nothing_is_a_hit() -> None:
    assert "of them in" not in facts(asked(), dict.fromkeys(KINDS, "plain"), [])


def test_each_setting_that_is_not_as_usual_is_named() -> None:
    rows = (row(7, 3, 5), row(None, 1, 1))
    said = facts(asked(rows=rows, seeds="text", window=4, rerank=False), KINDS, ["cities"])
    assert "seeds by text only · window of 4 · not re-ranked · 2 contexts left out" in said
    assert "candidates by" not in said
    said = facts(asked(candidates="image"), KINDS, ["cities"])
    assert "candidates by image only" in said
    assert "seeds by" not in said


def test_a_gpu_whose_memory_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(results.st, "info", lambda text, icon: told.append(text))
    results._draw_note(asked("the GPU ran out of memory; it is read on the CPU"))
    results._draw_note(asked())
    assert told == ["The GPU ran out of memory\\; it is read on the CPU\\."]


def test_acts_are_worked_off_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {}
    shown: list[Any] = []
    monkeypatch.setattr("pages.parts.viewing.st.session_state", state)
    monkeypatch.setattr(results, "show", shown.append)
    monkeypatch.setattr(results.st, "rerun", lambda: None)
    view = results.View((7,))
    acts = [Act(1, "accept", 1), Act(2, "accept", 2), Act(3, "accept", 1), Act(4, "why", 2)]
    results._work_off(acts, view)
    assert (state["expand: accepted"], state["expand: why"], shown) == ([2], 2, [])
    results._work_off([Act(5, "reject", 3), Act(6, "reject", 2), Act(7, "reject", 7)], view)
    assert shown == [results.View((7,), rejected=(3, 2))]  # a seed is not rejected
    assert results.accepted(shown[0]) == []


def test_a_rejection_without_room_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    shown: list[Any] = []
    monkeypatch.setattr(results.st, "session_state", {})
    monkeypatch.setattr(results, "show", shown.append)
    monkeypatch.setattr(results.st, "toast", lambda text, icon: told.append(text))
    view = results.View((7,), rejected=tuple(range(100, 300)))
    results._work_off([Act(1, "reject", 3)], view)
    assert shown == []
    results._tell_no_room()
    results._tell_no_room()  # it is told once
    assert told == [
        "An address holds 200 rejected entities at most: bring some back before you reject another."
    ]
