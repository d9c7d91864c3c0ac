"""Writes the generated half of docs/demo-corpus.md: families, classes and the four troubles.

    PYTHONPATH=. python docs/corpus_lists.py

What stands below the marker is replaced; a test fails when it is not what this program writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mese.demo.families import all_families
from mese.demo.family import Family
from mese.demo.troubles import Troubles, troubles

PAGE = Path(__file__).parent / "demo-corpus.md"
MARKER = "<!-- below: written by docs/corpus_lists.py -->\n"


def lists(families: Sequence[Family]) -> str:
    """The generated half, from the marker on."""
    lines = [*_classes(families), *_troubles(troubles(families))]
    return MARKER + "".join(f"{line}\n" for line in lines)


def _classes(families: Sequence[Family]) -> Iterator[str]:
    count = sum(len(family.subjects) for family in families)
    classes = sum(len(family.classes) for family in families)
    yield f"\n## Families and classes\n\n{count} entities in {classes} fine classes.\n"
    yield "| coarse | middle | fine class | members |\n| --- | --- | --- | ---: |"
    for family in families:
        sizes = Counter(name for subject in family.subjects for name in subject.classes)
        for c in family.classes:
            yield f"| {c.coarse} | {c.middle} | {c.name} | {sizes[c.name]} |"


def _troubles(found: Troubles) -> Iterator[str]:
    yield "\n## The four troubles, listed\n\n### Hard negatives\n"
    for middle, names in found.hard_negatives.items():
        yield f"- {middle}: {', '.join(names)}"
    synonyms = {name: others for name, others in found.synonyms.items() if others}
    count = sum(map(len, synonyms.values()))
    yield f"\n### Synonyms\n\n{count} other names of {len(synonyms)} entities.\n"
    yield "; ".join(f"{name}: {', '.join(others)}" for name, others in synonyms.items()) + "."
    count = len(found.polysemous)
    yield f"\n### Polysemous names\n\n{count} names that two entities or more bear.\n"
    for name, bearers in found.polysemous.items():
        yield f"- {name}: {', '.join(bearers)}"
    count = len(found.long_tail)
    yield f"\n### Long-tailed entities\n\n{count} entities with two or three contexts.\n"
    yield ", ".join(found.long_tail) + "."


def main() -> None:
    """Replace what stands below the marker."""
    above = PAGE.read_text(encoding="utf-8").partition(MARKER)[0]
    PAGE.write_text(above + lists(all_families()), encoding="utf-8")


if __name__ == "__main__":
    main()
