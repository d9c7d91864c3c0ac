"""candidates.jsonl, the sidecar with each mention's candidate images, their ranks and scores.

A line is {"sentence": line in sentences.json, "mention": place from 0, "image": path or null,
"rank": 1 to 10, "scores": {scorer: {"value", "sentence", "object"}}}; its sentences ascend.
Mentions that stand here use these candidates and no others; null says that a mention has no image
though its sentence has one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from mese.bounds import MAX_NUMBER, MAX_RANK, is_score, path_fault
from mese.corpus import Candidate, Score, Sentence
from mese.mesed_lines import json_lines
from mese.setting_aside import Aside

CANDIDATES = "candidates.jsonl"
MAX_LINE = 2**63  # beyond any file
TERMS = ("sentence", "object")
SCORE = f"a number up to {MAX_NUMBER:.0e}"

MentionCandidates = dict[int, tuple[Candidate, ...]]
"""A mention's place in its sentence → its candidate images, best rank first."""


def by_rank(candidate: Candidate) -> int:
    return candidate.rank


class CandidateLines:
    """candidates.jsonl beside sentences.json, both walked once and in step."""

    def __init__(self, folder: Path, aside: Aside, scorers: Collection[str]) -> None:
        self._aside = aside
        self._scorers = scorers
        path = folder / CANDIDATES
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
            fault = _fault_of(line, sentence, mentions) or self._scores_fault(line)
            if fault:
                self._aside.put(CANDIDATES, number, f"{fault}; the line was set aside")
                continue
            candidates = found.setdefault(line["mention"], [])
            if line.get("image") is not None:
                scores = _scores(line.get("scores") or {})
                candidates.append(Candidate(line["image"], line.get("rank", 1), scores))
        return {
            mention: tuple(sorted(candidates, key=by_rank)) for mention, candidates in found.items()
        }

    def finish(self) -> None:
        """Set aside the lines that stand after the last sentence."""
        self.of(MAX_LINE, 0)

    def _scores_fault(self, line: dict[str, Any]) -> str | None:
        scores = line.get("scores")
        if scores is None:
            return None
        if not isinstance(scores, dict):
            return "scores must be an object, scorer → score"
        for scorer, score in scores.items():
            if scorer not in self._scorers:
                return f"scorer {scorer[:60]!r} is not in scorers.json"
            if not isinstance(score, dict) or not is_score(score.get("value")):
                return f"the score of {scorer[:60]!r} needs a value, {SCORE}"
            if not all(score.get(term) is None or is_score(score[term]) for term in TERMS):
                return f"a term of the score of {scorer[:60]!r} is neither null nor {SCORE}"
        return None


def _scores(given: dict[str, Any]) -> tuple[Score, ...]:
    return tuple(
        Score(scorer, float(score["value"]), *(_number(score.get(term)) for term in TERMS))
        for scorer, score in sorted(given.items())
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _fault_of(line: dict[str, Any], sentence: int, mentions: int) -> str | None:
    mention, image, rank = line.get("mention"), line.get("image"), line.get("rank", 1)
    if type(line.get("sentence")) is not int or type(mention) is not int:
        return "sentence and mention must be whole numbers"
    if line["sentence"] < sentence:
        return f"sentence {line['sentence']} is not there, or stands after a later one"
    if not 0 <= mention < mentions:
        return f"sentence {sentence} has no mention {mention}"
    if type(rank) is not int or not 1 <= rank <= MAX_RANK:
        return f"rank must be 1 to {MAX_RANK}"
    return None if image is None else path_fault(image or None)


def candidate_rows(sentence: Sentence, number: int, image: str | None) -> Iterator[dict[str, Any]]:
    """The lines for what sentence `number`, written with one `image`, does not say by itself."""
    plain = () if image is None else (Candidate(image),)
    for place, mention in enumerate(sentence.mentions):
        if mention.candidates == plain:
            continue
        row = {"sentence": number, "mention": place}
        if not mention.candidates:
            yield {**row, "image": None}
        for candidate in mention.candidates:
            found = {**row, "image": candidate.image, "rank": candidate.rank}
            yield {**found, "scores": _scores_row(candidate)} if candidate.scores else found


def _scores_row(candidate: Candidate) -> dict[str, Any]:
    return {
        score.scorer: {"value": score.value, "sentence": score.sentence, "object": score.object}
        for score in candidate.scores
    }
