"""Cases as one HTML file that stands alone: pictures inside it, no script, nothing fetched.

What other people wrote is escaped; the content security policy keeps a browser from running or
fetching anything even if something were not.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from db.cases import Case
from db.clues import Clues
from pages.parts.case_facts import (
    Item,
    clue_words,
    provenance,
    results_of,
    seeds_of,
    tally,
)
from pages.parts.case_pictures import jpegs
from pages.parts.text import as_html
from pages.parts.words import KIND_WORDS

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 76rem; margin: 2rem auto; padding: 0 1.25rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.4rem; }
h2 { font-size: 1.1rem; margin: 1.8rem 0 0.6rem; }
article + article { margin-top: 4rem; padding-top: 2rem; border-top: 2px solid #8886; }
.note { white-space: pre-wrap; max-width: 46rem; }
.tags { padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0.4rem; }
.tags li { padding: 0 0.6rem; border: 1px solid #8888; border-radius: 99px; font-size: 0.85rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(130px, 1fr)); gap: 0.7rem;
  margin: 0; padding: 0; list-style: none; }
.cards li { padding: 0.45rem; border: 1px solid #8885; border-radius: 9px; font-size: 0.85rem; }
.cards .hit { border: 2px solid #0b8a7c; } .cards .hard { border: 2px dotted #b5651d; }
.cards .other { border-style: dashed; }
.cards img, .none { display: grid; place-items: center; width: 100%; aspect-ratio: 1;
  object-fit: cover; border-radius: 5px; background: #8882; }
.line { display: flex; justify-content: space-between; font-variant-numeric: tabular-nums; }
.name { font-weight: 600; line-height: 1.25; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; font-size: 0.85rem; }
dt { opacity: 0.75; } dd { margin: 0; }
nav ol { columns: 2; }
@media print { .cards li { break-inside: avoid; } }
"""


def cases_html(cases: Sequence[Case], clues: Mapping[int, Clues]) -> str:
    """One HTML document of these cases; `clues` are by case number."""
    title = cases[0].title if len(cases) == 1 else f"{len(cases)} cases"
    articles = "\n".join(_article(case, clues.get(case.id, {})) for case in cases)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{as_html(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{as_html(title)} · MESE Studio</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{_contents(cases)}{articles}\n</body>\n</html>\n"
    )


def _contents(cases: Sequence[Case]) -> str:
    if len(cases) < 2:
        return ""
    lines = "".join(f'<li><a href="#case-{c.id}">{as_html(c.title)}</a></li>' for c in cases)
    return f"<nav><ol>{lines}</ol></nav>\n"


def _article(case: Case, clues: Clues) -> str:
    seeds, results = seeds_of(case), results_of(case)
    pictures = jpegs(item.picture for item in (*seeds, *results))
    tags = "".join(f"<li>{as_html(tag)}</li>" for tag in case.tags)
    facts = "".join(
        f"<dt>{as_html(what)}</dt><dd>{as_html(value)}</dd>" for what, value in provenance(case)
    )
    parts = [
        f'<article id="case-{case.id}">\n<h1>{as_html(case.title)}</h1>',
        f'<ul class="tags">{tags}</ul>' * bool(tags),
        f'<p class="note">{as_html(case.note)}</p>' * bool(case.note),
        "<h2>Seeds</h2>",
        _cards(seeds, pictures, {}),
        f"<h2>{as_html(tally(case))}</h2>",
        _cards(results, pictures, clues),
        f"<h2>Where this comes from</h2>\n<dl>{facts}</dl>\n</article>",
    ]
    return "\n".join(filter(None, parts))


def _cards(items: Sequence[Item], pictures: Mapping[str, bytes], clues: Clues) -> str:
    cards = "\n".join(_card(item, pictures, clue_words(item, clues)) for item in items)
    return f'<ol class="cards">\n{cards}\n</ol>'


def _card(item: Item, pictures: Mapping[str, bytes], clues: str) -> str:
    about = " · ".join(filter(None, [KIND_WORDS.get(item.kind, ""), ", ".join(item.classes)]))
    about = f"open seed: {item.sentence}" if item.kind == "open" else about or "no class"
    return (
        f'<li class="{item.kind}">{_picture(item, pictures)}{_line(item)}'
        f'<div class="name">{as_html(item.name)}</div><div>{as_html(about)}</div>'
        + f"<div>{as_html(clues)}</div>" * bool(clues)
        + "</li>"
    )


def _line(item: Item) -> str:
    """A result's rank and score."""
    if item.rank is None or item.score is None:
        return ""
    return f'<div class="line"><span>{item.rank}</span><span>{item.score:.3f}</span></div>'


def _picture(item: Item, pictures: Mapping[str, bytes]) -> str:
    picture = pictures.get(item.picture or "")
    if picture is None:
        return '<span class="none">no picture</span>'
    content = base64.b64encode(picture).decode()
    return f'<img alt="{as_html(item.name)}" src="data:image/jpeg;base64,{content}">'
