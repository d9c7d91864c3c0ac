"""What is needed to repeat an expansion, as one document: `--json`, downloads and cases hold it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mese.corpus import Expansion
from mese.engine import Engine, SeedRow, device_of


def document(
    engine: Engine,
    expansion: Expansion,
    rows: Sequence[SeedRow] = (),
    made: datetime | None = None,
) -> dict[str, object]:
    """{query, bundle, settings, results: [{rank, id, name, score, class}]} and where it came from.

    All of it is JSON. `stamp` names the bundle exactly, `fingerprint` the corpus it learnt; `rows`
    are those that the expansion was made with: `contexts_used` says of the seeds how many of their
    contexts were averaged. `made` is when (with its zone), None: not said.
    """
    return {
        "query": [{"id": i, "name": engine.entity_name(i)} for i in expansion.seeds],
        "bundle": expansion.bundle,
        "settings": dict(expansion.settings),
        "results": [
            {
                "rank": r.rank,
                "id": r.id,
                "name": r.name,
                "score": round(r.score, 6),
                "class": "; ".join(r.classes),
            }
            for r in expansion.results
        ],
        "stamp": engine.stamp,
        "fingerprint": str(engine.card.get("fingerprint", "")),
        "corpus": str(engine.card.get("corpus", "")),
        "device": device_of(rows),
        "seconds": round(expansion.seconds, 6),
        "made": made.isoformat(timespec="seconds") if made else None,
        "open_seeds": [row.name for row in rows if row.entity is None],
        "open_from": [row.source for row in rows if row.entity is None],
        "contexts_used": [
            {"id": row.entity, "used": row.used, "given": row.given}
            for row in rows
            if row.entity is not None
        ],
    }
