"""sentences.json: streamed from the disk, and written back.

One JSON object a line: {tokens, image, entityMentions: [{entityId, start, end inclusive}]}. Nothing
here holds more than a sentence, so a folder of MESED's size passes through in little memory.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from mese.bounds import MAX_ID, entity_id, storable, storable_json
from mese.corpus import Candidate, Mention, Sentence
from mese.mesed_candidates import (
    CANDIDATES,
    CandidateLines,
    MentionCandidates,
    by_rank,
    candidate_rows,
)
from mese.mesed_lines import json_lines
from mese.mesed_style import LineStyle, extra_of, write_with
from mese.setting_aside import Aside

SENTENCES = "sentences.json"
MAX_MENTIONS = 1_000
"""In one sentence: as many as a long sentence has words, several times over."""


class SentenceStream:
    """The sentences of a folder, read anew from the disk at each walk, never held in memory."""

    def __init__(
        self,
        folder: Path,
        strict: bool,
        style: LineStyle | None = None,
        scorers: Collection[str] = (),
    ) -> None:
        self.folder = folder
        self.aside = Aside(strict)
        self._style = style or LineStyle()
        self._scorers = scorers

    def reads(self, folder: Path) -> bool:
        return self.folder.resolve() == folder.resolve()

    def __length_hint__(self) -> int:
        """The number of lines, for progress bars (`operator.length_hint`)."""
        with (self.folder / SENTENCES).open("rb") as stream:
            blocks = iter(lambda: stream.read(1 << 20), b"")
            return sum(block.count(b"\n") for block in blocks)

    def __iter__(self) -> Iterator[Sentence]:
        self.aside.clear()
        candidates = CandidateLines(self.folder, self.aside, self._scorers)
        for number, line in json_lines(self.folder / SENTENCES, SENTENCES, self.aside):
            mentions = line.get("entityMentions")
            count = len(mentions) if isinstance(mentions, list) else 0
            sentence = parse_sentence(line, number, candidates.of(number, count), self._style)
            if isinstance(sentence, Sentence):
                yield sentence
            else:
                self.aside.put(SENTENCES, number, f"{sentence}; the line was set aside")
        candidates.finish()


def parse_sentence(
    line: dict[str, Any],
    number: int,
    candidates: MentionCandidates | None = None,
    style: LineStyle | None = None,
) -> Sentence | str:
    """The sentence of one line of sentences.json, or the reason why it is none.

    Only the form is judged here; whether spans and ids fit the corpus is the importer's to say.
    """
    style = style or LineStyle()
    fault = _fault_of(line)
    if fault:
        return fault
    image = line.get("image")
    only = (Candidate(image),) if image else ()
    parsed = []
    for place, said in enumerate(line["entityMentions"]):
        found = (candidates or {}).get(place, only)
        mention = _mention(said, line["tokens"], found, style)
        if isinstance(mention, str):
            return f"mention {place} {mention}"
        parsed.append(mention)
    sentence = Sentence(tuple(line["tokens"]), tuple(parsed), number)
    derived = _derived(sentence, number, line["entityMentions"])
    extra = extra_of(line, derived, style.keys)
    return Sentence(sentence.tokens, sentence.mentions, number, extra) if extra else sentence


def _fault_of(line: dict[str, Any]) -> str | None:
    tokens, mentions, image = line.get("tokens"), line.get("entityMentions"), line.get("image")
    if not _are_tokens(tokens):
        return "tokens must be a list of words without NUL or lone surrogates"
    if not isinstance(mentions, list):
        return "entityMentions must be a list"
    if len(mentions) > MAX_MENTIONS:
        return f"entityMentions has {len(mentions):,} mentions, more than {MAX_MENTIONS:,}"
    if image is not None and not storable(image):
        return "image must be a path"
    if not storable_json({key: value for key, value in line.items() if key != "tokens"}):
        return "a value holds NUL or lone surrogates, or lists too deep in one another"
    return None


def _are_tokens(tokens: object) -> bool:
    if not isinstance(tokens, list) or not tokens:
        return False
    return all(type(token) is str for token in tokens) and storable("".join(tokens))


def _mention(
    said: object, tokens: list[str], candidates: tuple[Candidate, ...], style: LineStyle
) -> Mention | str:
    if not isinstance(said, dict):
        return "is not an object"
    entity = entity_id(said.get("entityId"))
    start, end = said.get("start"), said.get("end")
    if entity is None or type(start) is not int or type(end) is not int:
        return "needs entityId, start and end as whole numbers"
    if max(abs(start), abs(end)) > MAX_ID:
        return "has a span that no sentence is long enough for"
    plain = Mention(entity, start, end, candidates)
    extra = extra_of(said, _derived_mention(plain, tokens), style.mention_keys)
    return Mention(entity, start, end, candidates, extra) if extra else plain


def _derived_mention(mention: Mention, tokens: Iterable[str]) -> dict[str, Any]:
    words = list(tokens)[mention.start : mention.end + 1]
    return {
        "entityId": mention.entity,
        "start": mention.start,
        "end": mention.end,
        "text": " ".join(words),
    }


def _derived(sentence: Sentence, number: int, mentions: list[Any]) -> dict[str, Any]:
    """What a line says that the sentence holds already, or that can be counted."""
    image = image_of(sentence)
    plain = {"sentId": number - 1, "tokens": list(sentence.tokens), "entityMentions": mentions}
    return plain if image is None else {**plain, "image": image}


def image_of(sentence: Sentence) -> str | None:
    """The image that the layout shows for a whole sentence: the first best-ranked candidate."""
    return next(
        (min(m.candidates, key=by_rank).image for m in sentence.mentions if m.candidates), None
    )


def sentence_line(sentence: Sentence, number: int, style: LineStyle) -> dict[str, Any]:
    """The object of line `number`, from 1, in the keys and order of the folder's style."""
    mentions = [
        write_with(m.extra, _derived_mention(m, sentence.tokens), style.mention_keys)
        for m in sentence.mentions
    ]
    return write_with(sentence.extra, _derived(sentence, number, mentions), style.keys)


def write_sentences(
    sentences: Iterable[Sentence], folder: Path, style: LineStyle | None = None
) -> None:
    """Write sentences.json, and candidates.jsonl for what one image a sentence cannot say."""
    style = style or LineStyle()
    with (
        (folder / SENTENCES).open("w", encoding="utf-8", newline="") as lines,
        (folder / CANDIDATES).open("w", encoding="utf-8", newline="\n") as sidecar,
    ):
        for number, sentence in enumerate(sentences, 1):
            line = sentence_line(sentence, number, style)
            if number > 1:
                lines.write(style.newline)
            lines.write(style.dumps(line))
            image = line.get("image")
            for row in candidate_rows(sentence, number, image or None):
                sidecar.write(json.dumps(row, ensure_ascii=False) + "\n")
        if style.final_newline and lines.tell():
            lines.write(style.newline)
    if (folder / CANDIDATES).stat().st_size == 0:
        (folder / CANDIDATES).unlink()
