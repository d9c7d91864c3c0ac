"""What the generator knows and nobody else may: which candidate picture fits its context.

For tests, benchmarks and simulated raters only. It is computed from the plan and written nowhere,
so that neither training nor ranking can read it from a store or a folder.
"""

from __future__ import annotations

from mese.demo.candidates import Fit
from mese.demo.plan import Plan, make_plan


def fits(plan: Plan | None = None) -> list[dict[str, Fit]]:
    """One mapping a context, in corpus order: path of a candidate picture → what it is worth.

    The n-th belongs to the sentence on line n + 1 of the corpus, which has one mention.
    """
    plan = plan or make_plan()
    return [{f.path: f.fit for f in plan.found_for(place)} for place in plan.contexts()]
