"""eid2cls.pkl: what Python's own pickle writes is read the same; no program in it is ever run."""

from __future__ import annotations

import collections
import datetime
import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mese.mesed_pickle import MAX_BYTES, read_pickle
from mese.setting_aside import MesedFormatError
from tests.mese.test_mesed_format import PHOTOBENCH

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
NAMES = st.text(max_size=12)
KEYS = st.integers(-(2**63) + 1, 2**63 - 1) | NAMES
VALUES = st.recursive(
    KEYS | st.sets(KEYS, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


def read(content: bytes, folder: Path) -> object:
    path = folder / "eid2cls.pkl"
    path.write_bytes(content)
    return read_pickle(path)


@given(value=VALUES, protocol=st.sampled_from(PROTOCOLS))
@settings(max_examples=200, deadline=None)
def test_it_reads_what_pickle_writes(
    value: object, protocol: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert read(pickle.dumps(value, protocol), folder) == value


def test_shared_values_stay_equal(tmp_path: Path) -> None:
    names = ["US cities", "Capitals"]
    table = dict.fromkeys(range(300), names) | {300: [names, names]}
    for protocol in PROTOCOLS:
        assert read(pickle.dumps(table, protocol), tmp_path) == table


class Runs:
    """Its pickle would make a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


class Slotted:
    __slots__ = ("a",)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_program_in_a_pickle_is_refused_and_never_run(tmp_path: Path, protocol: int) -> None:
    ran = tmp_path / "ran"
    for value in (Runs(ran), {1: Runs(ran)}, {1: [Runs(ran)]}):
        with pytest.raises(MesedFormatError, match=r"eid2cls\.pkl: byte \d+: .*give eid2cls\.json"):
            read(pickle.dumps(value, protocol), tmp_path)
    assert not ran.exists()


@pytest.mark.parametrize(
    "value",
    [
        None,
        {1: True},
        {1: 1.5},
        {1: b"bytes"},
        {1: bytearray(b"x")},
        {1: frozenset({"x"})},
        {1: collections.OrderedDict(a=1)},
        {1: datetime.date(2020, 1, 1)},
        {1: {None}},
        {(1, 2): ["tuples are no keys"]},
        {1: 2**63},
        {1: 10**4000},
        {1: len},
        {1: Runs},
    ],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_other_types_are_refused(tmp_path: Path, value: object, protocol: int) -> None:
    with pytest.raises(MesedFormatError, match=r"byte \d+: .*give eid2cls\.json instead"):
        read(pickle.dumps(value, protocol), tmp_path)


HAND_MADE = {
    "calls set with a string": b"cbuiltins\nset\n(Vabc\ntR.",
    "calls set with two": b"cbuiltins\nset\n((lp0\n(ltR.",
    "calls what the memo holds": b"cbuiltins\nset\np0\n0g0\ng0\nR.",
    "a global alone": b"cbuiltins\nset\n.",
    "another global": b"cos\nsystem\n(Vid\ntR.",
    "a dotted name of set": b"cbuiltins\nset.pop\n.",
    "stack global": b"\x80\x04\x8c\x08builtins\x8c\x03set\x93.",
    "inst": b"(Vid\nios\nsystem\n.",
    "obj": b"(cos\nsystem\nVid\no.",
    "newobj": b"\x80\x02cos\nsystem\n)\x81.",
    "build": b"(lp0\n(dp1\nb.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent id": b"Pabc\n.",
    "binary persistent id": b"\x80\x02Vx\nQ.",
    "out-of-band buffer": b"\x80\x05\x97.",
    "empty": b"",
    "no stop": b"(dp0\n",
    "stop on nothing": b".",
    "a mark is left": b"((dp0\n.",
    "two values": b"(d(d.",
    "no mark": b"d.",
    "append to nothing": b"Vx\na.",
    "append to a dict": b"}Vx\na.",
    "set item of a list": b"]Vx\nVy\ns.",
    "a key without a value": b"(Vx\nd.",
    "a memo that holds nothing": b"g7\n.",
    "remembers nothing": b"p0\n.",
    "pushes a mark as a value": b"](a.",
    "an unknown opcode": b"\xff.",
    "text that ends early": b"X\xff\xff\xff\x7fabc",
    "text that is not UTF-8": b"X\x01\x00\x00\x00\xff.",
    "a negative length": b"\x8a\x04\xff\xff\xff",
    "lone surrogate escape": b"V\\u12\n.",
}


@pytest.mark.parametrize("name", HAND_MADE)
def test_pickles_made_by_hand_are_refused_with_their_place(tmp_path: Path, name: str) -> None:
    with pytest.raises(MesedFormatError, match=r"eid2cls\.pkl: byte \d+: "):
        read(HAND_MADE[name], tmp_path)


@given(
    content=st.binary(max_size=60)
    | st.lists(st.sampled_from(list(HAND_MADE.values()))).map(b"".join)
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_plain_value_or_a_refusal(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    try:
        value = read(content, tmp_path_factory.getbasetemp())
    except MesedFormatError:
        return
    assert type(value) in (dict, list, tuple, set, str, int)


def test_a_list_in_itself_and_deep_ones_do_no_harm(tmp_path: Path) -> None:
    itself = read(b"]q\x00h\x00a.", tmp_path)
    assert isinstance(itself, list)
    assert itself[0] is itself
    deep = read(b"]" * 200_000 + b"a" * 199_999 + b".", tmp_path)
    assert isinstance(deep, list)


def test_a_pickle_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "eid2cls.pkl"
    with path.open("wb") as stream:
        stream.truncate(50 * MAX_BYTES)
    with pytest.raises(MesedFormatError, match="larger than 8,388,608 bytes"):
        read_pickle(path)


@pytest.mark.photobench
@pytest.mark.skipif(not PHOTOBENCH.is_dir(), reason=f"{PHOTOBENCH} is not there")
def test_photobenchs_pickle_says_what_its_json_says() -> None:
    listed = read_pickle(PHOTOBENCH / "eid2cls.pkl")
    assert isinstance(listed, dict)
    expected = json.loads((PHOTOBENCH / "eid2cls.json").read_text())
    assert {str(entity): names for entity, names in listed.items()} == expected
