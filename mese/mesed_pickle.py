"""Reading eid2cls.pkl without running it: a pickle is a program, and this one may come from anyone.

The authors' folders bring the classes of entities as a pickle. Here its opcodes are read one by one
by an interpreter of our own that can build a dict, list, tuple, set, str and int, and nothing else:
nothing is imported and nothing is called, so every other opcode is refused by its name.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mese.setting_aside import MesedFormatError

MAX_BYTES = 8 * 2**20
"""MESED's own file has some 300 KB; what one byte asks for can be 60 in memory."""
MAX_INT = 2**63
"""Beyond it nothing is an id, and integers chosen to collide could make a dict slow."""

SETS = ("builtins set", "__builtin__ set")
"""How protocols before 4 write a set: this global, called with a list."""

INTEGERS = ("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4")
UNICODES = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
STRINGS = ("STRING", "BINSTRING", "SHORT_BINSTRING")  # Python 2 wrote these
PUSHED = frozenset((*INTEGERS, *UNICODES, *STRINGS))
EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
SILENT = ("PROTO", "FRAME", "STOP")


class _Mark:
    """Where a group of stacked values begins; also stands for the name of `set`."""


MARK, SET = _Mark(), _Mark()


def read_pickle(path: Path) -> object:
    """The value of a pickle made of dicts, lists, tuples, sets, strings and integers.

    Raises `MesedFormatError` with the byte where anything else begins, and OSError.
    """
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise MesedFormatError(f"{path} is larger than {MAX_BYTES:,} bytes; give eid2cls.json")
    try:
        return _run(content)
    except _Refused as error:
        raise MesedFormatError(f"{path}: {error}; give eid2cls.json instead") from error


class _Refused(ValueError):
    """What in a pickle is not allowed, or is malformed, and at which byte."""


def _run(content: bytes) -> object:
    machine, at = _Machine(), 0
    try:
        for opcode, argument, position in pickletools.genops(content):
            at = position or 0
            machine.step(opcode.name, argument)
    except _Refused as error:
        raise _Refused(f"byte {at}: {error}") from error
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        raise _Refused(f"byte {at}: not a whole pickle ({str(error)[:100]})") from error
    if len(machine.stack) != 1 or isinstance(machine.stack[0], _Mark):
        raise _Refused(f"byte {at}: it ends before its value is whole")
    return machine.stack[0]


class _Machine:
    """The stack and memo of a pickle under way."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        if name in PUSHED:
            self.stack.append(_plain(argument))
        elif name in EMPTY:
            self.stack.append(EMPTY[name]())
        elif name in TUPLES:
            self.stack.append(tuple(self._top(TUPLES[name])))
        elif name == "MARK":
            self.stack.append(MARK)
        elif name == "GLOBAL" and argument in SETS:
            self.stack.append(SET)
        elif name not in SILENT:
            action = getattr(self, f"_do_{name.lower()}", None)
            if action is None:
                shown = f" {argument!r}"[:80] if isinstance(argument, str) else ""
                raise _Refused(f"{name}{shown} is not allowed in a table of classes")
            action(argument)

    def _top(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise _Refused("a value is missing")
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        if any(value is MARK for value in values):
            raise _Refused("a value is missing")
        return values

    def _since_mark(self) -> list[Any]:
        values: list[Any] = []
        while self.stack:
            value = self.stack.pop()
            if value is MARK:
                return values[::-1]
            values.append(value)
        raise _Refused("a mark is missing")

    def _last(self, kind: type) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise _Refused(f"a {kind.__name__} is missing")
        return self.stack[-1]

    def _do_list(self, _: object) -> None:
        self.stack.append(self._since_mark())

    def _do_tuple(self, _: object) -> None:
        self.stack.append(tuple(self._since_mark()))

    def _do_dict(self, _: object) -> None:
        self.stack.append(_pairs(self._since_mark()))

    def _do_append(self, _: object) -> None:
        values = self._top(1)
        self._last(list).extend(values)

    def _do_appends(self, _: object) -> None:
        values = self._since_mark()
        self._last(list).extend(values)

    def _do_setitem(self, _: object) -> None:
        values = self._top(2)
        self._last(dict).update(_pairs(values))

    def _do_setitems(self, _: object) -> None:
        values = self._since_mark()
        self._last(dict).update(_pairs(values))

    def _do_additems(self, _: object) -> None:
        values = self._since_mark()
        self._last(set).update(_key(value) for value in values)

    def _do_reduce(self, _: object) -> None:
        """The one call there is: set([...]), and it is made by hand."""
        called, arguments = self._top(2)
        if called is not SET or not isinstance(arguments, tuple) or len(arguments) != 1:
            raise _Refused("REDUCE is not allowed but for a set")
        if not isinstance(arguments[0], list):
            raise _Refused("a set is made of something that is no list")
        self.stack.append({_key(value) for value in arguments[0]})

    def _do_put(self, place: int) -> None:
        if not self.stack or self.stack[-1] is MARK:
            raise _Refused("there is nothing to remember")
        self.memo[place] = self.stack[-1]

    _do_binput = _do_long_binput = _do_put

    def _do_memoize(self, _: object) -> None:
        self._do_put(len(self.memo))

    def _do_get(self, place: int) -> None:
        if place not in self.memo:
            raise _Refused(f"memo {place} holds nothing")
        self.stack.append(self.memo[place])

    _do_binget = _do_long_binget = _do_get


def _plain(value: object) -> object:
    if type(value) is int and abs(value) >= MAX_INT:
        raise _Refused("an integer has more than 64 bits")
    if type(value) not in (int, str):
        raise _Refused(f"a {type(value).__name__} is not allowed in a table of classes")
    return value


def _key(value: object) -> Any:
    # Tuples would do for Python, but hashing a deep one overflows its stack.
    if type(value) not in (int, str):
        raise _Refused(f"a {type(value).__name__} cannot be a key here")
    return value


def _pairs(values: list[Any]) -> dict[Any, Any]:
    if len(values) % 2:
        raise _Refused("a key has no value")
    return {_key(key): value for key, value in zip(values[::2], values[1::2], strict=True)}
