"""How a folder writes its JSON lines: keys, their order, separators, and what our model leaves out.

MESED's lines hold keys that no program of ours needs (`sentId`, `text`, anybody's own). They are
kept as `extra` beside the sentence or mention, so that a line that was read can be written again
byte for byte. What can be derived is not kept: a `sentId` that counts lines from 0, a `text` that
is the span's tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mese.mesed_lines import MAX_LINE_BYTES, parse_json

Extra = Mapping[str, Any]
"""{"values": key → value that cannot be derived, "keys": all keys, if their order is unusual}."""


@dataclass(frozen=True)
class LineStyle:
    """How the lines of sentences.json are written; the defaults are how a new folder is."""

    keys: tuple[str, ...] = ("sentId", "tokens", "entityMentions", "image")
    mention_keys: tuple[str, ...] = ("entityId", "start", "end", "text")
    compact: bool = False
    ascii_only: bool = False
    newline: str = "\n"
    final_newline: bool = True

    def dumps(self, value: object) -> str:
        separators = (",", ":") if self.compact else (", ", ": ")
        return json.dumps(value, ensure_ascii=self.ascii_only, separators=separators)

    def to_layout(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_layout(cls, layout: Mapping[str, Any] | None) -> LineStyle:
        """The style that `to_layout` wrote; the default where there is none."""
        kept = dict((layout or {}).get("sentences", {}))
        for name in ("keys", "mention_keys"):
            if name in kept:
                kept[name] = tuple(kept[name])
        return cls(**kept)


def style_of(path: Path) -> LineStyle:
    """The style of a sentences.json, told from its first line, its end, and its letters."""
    default = LineStyle()
    with path.open("rb") as stream:
        first = stream.readline(MAX_LINE_BYTES)
        try:
            line = parse_json(first.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return default
        stream.seek(-1, 2)
        final_newline = stream.read(1) == b"\n"
    if not isinstance(line, dict):
        return default
    mentions = line.get("entityMentions")
    mention = mentions[0] if isinstance(mentions, list) and mentions else None
    text = first.decode("utf-8-sig").rstrip("\r\n")
    return LineStyle(
        keys=_with(tuple(line), "image"),
        mention_keys=tuple(mention) if isinstance(mention, dict) else default.mention_keys,
        compact=len(json.dumps(line, ensure_ascii=text.isascii())) > len(text),
        ascii_only=_is_ascii(path),
        newline="\r\n" if first.endswith(b"\r\n") else "\n",
        final_newline=final_newline,
    )


def _with(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    # A first line without an image must not make the later ones, with one, unusual.
    return keys if key in keys else (*keys, key)


def _is_ascii(path: Path) -> bool:
    with path.open("rb") as stream:
        return all(block.isascii() for block in iter(lambda: stream.read(1 << 20), b""))


def extra_of(
    said: Mapping[str, Any], derived: Mapping[str, Any], keys: Sequence[str]
) -> Extra | None:
    """What an object says beyond `derived`, and its keys where they differ from the usual `keys`.

    None where the object is what `write_with` gives without any extra.
    """
    values = {
        key: value
        for key, value in said.items()
        if key not in derived or type(derived[key]) is not type(value) or derived[key] != value
    }
    extra: dict[str, Any] = {"values": values} if values else {}
    if _usual(values, derived, keys) != list(said):
        extra["keys"] = list(said)
    return extra or None


def write_with(
    extra: Extra | None, derived: Mapping[str, Any], keys: Sequence[str]
) -> dict[str, Any]:
    """The object to write: `extra_of` turned around."""
    values = (extra or {}).get("values", {})
    order = (extra or {}).get("keys") or _usual(values, derived, keys)
    both = {**derived, **values}
    return {key: both[key] for key in order if key in both}


def _usual(values: Mapping[str, Any], derived: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    usual = [key for key in keys if key in derived or key in values]
    return usual + [key for key in values if key not in keys]
