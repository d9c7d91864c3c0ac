"""sentences.json and its sidecar candidates.jsonl: streamed from the disk, and written back.

One JSON object a line: {tokens, image, entityMentions: [{entityId, start, end inclusive}]}. Nothing
here holds more than a sentence, so a folder of MESED's size passes through in little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mese.corpus import Candidate, Mention, Sentence
from mese.mesed_lines import Aside, entity_id, json_lines, storable

MAX_LINE = 2**63  # beyond any file
SENTENCES = "sentences.json"
CANDIDATES = "candidates.jsonl"
MentionCandidates = dict[int, tuple[Candidate, ...]]
"""A mention's place in its sentence → its candidate images, best rank first."""


class SentenceStream:
    """The sentences of a folder, read anew from the disk at each walk, never held in memory."""

    def __init__(self, folder: Path, strict: bool) -> None:
        self.folder = folder
        self.aside = Aside(strict)

    def reads(self, folder: Path) -> bool:
        return self.folder.resolve() == folder.resolve()

    def __length_hint__(self) -> int:
        """The number of lines, for progress bars (`operator.length_hint`)."""
        with (self.folder / SENTENCES).open("rb") as stream:
            blocks = iter(lambda: stream.read(1 << 20), b"")
            return sum(block.count(b"\n") for block in blocks)

    def __iter__(self) -> Iterator[Sentence]:
        self.aside.items.clear()
        candidates = _CandidateLines(self.folder / CANDIDATES, self.aside)
        for number, line in json_lines(self.folder / SENTENCES, SENTENCES, self.aside):
            mentions = line.get("entityMentions")
            count = len(mentions) if isinstance(mentions, list) else 0
            sentence = parse_sentence(line, number, candidates.of(number, count))
            if isinstance(sentence, Sentence):
                yield sentence
            else:
                self.aside.put(SENTENCES, number, f"{sentence}; the line was set aside")
        candidates.finish()


def parse_sentence(
    line: dict[str, Any], number: int, candidates: MentionCandidates | None = None
) -> Sentence | str:
    """The sentence of one line of sentences.json, or the reason why it is none.

    Only the form is judged here; whether spans and ids fit the corpus is the importer's to say.
    """
    tokens, mentions, image = line.get("tokens"), line.get("entityMentions"), line.get("image")
    if not isinstance(tokens, list) or not tokens or not all(storable(t) for t in tokens):
        return "tokens must be a list of words without NUL or lone surrogates"
    if not isinstance(mentions, list):
        return "entityMentions must be a list"
    if image is not None and not storable(image):
        return "image must be a path"
    only = (Candidate(image),) if image else ()
    parsed = []
    for place, mention in enumerate(mentions):
        if not isinstance(mention, dict):
            return f"mention {place} is not an object"
        entity = entity_id(mention.get("entityId"))
        start, end = mention.get("start"), mention.get("end")
        if entity is None or type(start) is not int or type(end) is not int:
            return f"mention {place} needs entityId, start and end as whole numbers"
        parsed.append(Mention(entity, start, end, (candidates or {}).get(place, only)))
    return Sentence(tuple(tokens), tuple(parsed), number)


class _CandidateLines:
    """candidates.jsonl beside sentences.json, both walked once and in step.

    A line is {"sentence": line in sentences.json, "mention": place from 0, "image": path or null,
    "rank": 1 to 10}; its sentences must ascend. Mentions that stand here use these candidates and
    no others; null says that a mention has no image though its sentence has one.
    """

    def __init__(self, path: Path, aside: Aside) -> None:
        self._aside = aside
        self._name = path.name
        self._lines = json_lines(path, path.name, aside) if path.is_file() else iter(())
        self._ahead = next(self._lines, None)

    def of(self, sentence: int, mentions: int) -> MentionCandidates:
        """The candidates of a sentence's mentions, best rank first; it has `mentions` of them."""
        found: dict[int, list[Candidate]] = {}
        while self._ahead is not None:
            number, line = self._ahead
            place = line.get("sentence")
            if type(place) is int and place > sentence:
                break
            self._ahead = next(self._lines, None)
            fault = _candidate_fault(line, sentence, mentions)
            if fault:
                self._aside.put(self._name, number, f"{fault}; the line was set aside")
                continue
            candidates = found.setdefault(line["mention"], [])
            if line.get("image") is not None:
                candidates.append(Candidate(line["image"], line.get("rank", 1)))
        return {
            mention: tuple(sorted(candidates, key=_rank)) for mention, candidates in found.items()
        }

    def finish(self) -> None:
        """Set aside the lines that stand after the last sentence."""
        self.of(MAX_LINE, 0)


def _candidate_fault(line: dict[str, Any], sentence: int, mentions: int) -> str | None:
    mention, image, rank = line.get("mention"), line.get("image"), line.get("rank", 1)
    if type(line.get("sentence")) is not int or type(mention) is not int:
        return "sentence and mention must be whole numbers"
    if line["sentence"] < sentence:
        return f"sentence {line['sentence']} is not there, or stands after a later one"
    if not 0 <= mention < mentions:
        return f"sentence {sentence} has no mention {mention}"
    if image is not None and not (storable(image) and image):
        return "image must be a path or null"
    if type(rank) is not int or not 1 <= rank <= 10:
        return "rank must be 1 to 10"
    return None


def write_sentences(sentences: Iterable[Sentence], folder: Path) -> None:
    """Write sentences.json, and candidates.jsonl for what one image a sentence cannot say."""
    with (
        (folder / SENTENCES).open("w", encoding="utf-8", newline="\n") as lines,
        (folder / CANDIDATES).open("w", encoding="utf-8", newline="\n") as sidecar,
    ):
        for number, sentence in enumerate(sentences, 1):
            lines.write(json.dumps(_sentence_line(sentence, number - 1), ensure_ascii=False) + "\n")
            for row in _candidate_rows(sentence, number):
                sidecar.write(json.dumps(row, ensure_ascii=False) + "\n")
    if (folder / CANDIDATES).stat().st_size == 0:
        (folder / CANDIDATES).unlink()


def _image_of(sentence: Sentence) -> str | None:
    """The image that the layout shows for a whole sentence: the first best-ranked candidate."""
    return next(
        (min(m.candidates, key=_rank).image for m in sentence.mentions if m.candidates), None
    )


def _rank(candidate: Candidate) -> int:
    return candidate.rank


def _sentence_line(sentence: Sentence, number: int) -> dict[str, Any]:
    mentions = [
        {
            "entityId": mention.entity,
            "start": mention.start,
            "end": mention.end,
            "text": " ".join(sentence.tokens[mention.start : mention.end + 1]),
        }
        for mention in sentence.mentions
    ]
    line = {"sentId": number, "tokens": sentence.tokens, "entityMentions": mentions}
    image = _image_of(sentence)
    return line if image is None else {**line, "image": image}


def _candidate_rows(sentence: Sentence, number: int) -> Iterator[dict[str, Any]]:
    image = _image_of(sentence)
    plain = () if image is None else (Candidate(image),)
    for place, mention in enumerate(sentence.mentions):
        if mention.candidates == plain:
            continue
        row = {"sentence": number, "mention": place}
        if not mention.candidates:
            yield {**row, "image": None}
        for candidate in mention.candidates:
            yield {**row, "image": candidate.image, "rank": candidate.rank}
