"""States of a plan's parts: an evaluator, and the scored rows of several models."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from fuzz import mutations
from fuzz.case import Case, Target, one_line
from fuzz.decoders import state_changed, state_mended


def _evaluator(evaluator: Any, name: str) -> Any:
    """An evaluator that has seen the one split of a plan."""
    from unsurprised.evaluation.plans.planned import PlannedEvaluator
    from unsurprised.evaluation.plans.share import PlanFacts, Share
    from unsurprised.interpretation import Interpretation

    read = Interpretation("y", "labels", "p", "probs", "list of 3", "the columns", "name")
    facts = PlanFacts(name * 8, ((f"{name}.csv", (evaluator.rows,)),), 0, read)
    return PlannedEvaluator.of(evaluator, Share(facts, ((0, 1),)))


def _comparison(ids: Any, more: dict[str, Any]) -> bytes:
    from unsurprised.comparison.compared import ComparisonAsked
    from unsurprised.comparison.scored import Scoring
    from unsurprised.comparison.state import PlannedComparison
    from unsurprised.inputs.handed import Meaning
    from unsurprised.inputs.in_memory import batch_from_arrays

    rows = np.random.default_rng(2).dirichlet([1, 1, 1], (2, 12))
    with PlannedComparison(ComparisonAsked(("a", "b"), "inner", 2, 2), ("x", "y", "z")) as made:
        for probs, name, spool in zip(rows, "ab", made._spools, strict=True):
            batch = batch_from_arrays(np.arange(12) % 3, probs, Meaning(None), ids=ids, **more)
            scoring = Scoring(("x", "y", "z"), store=spool).update_batch(batch).flush()
            made.evaluators.append(_evaluator(scoring.evaluator, name))
        return made.to_bytes()


def _seeds() -> list[Case]:
    import unsurprised as us

    more = {"weights": np.arange(12.0), "cluster": np.arange(12) % 4, "by": {"s": list("ab" * 6)}}
    alone = us.Evaluator(["x", "y"]).update([0, 1], [[0.5, 0.5], [0.25, 0.75]])
    made = [
        _comparison(None, {}),
        _comparison(np.arange(12), more),
        _comparison([f"é{k}" for k in range(12)], {"by": {"s": list("ab" * 6)}}),
        _evaluator(alone, "a").to_bytes(),
    ]
    return [Case(0, data) for data in made]


def merge(data: bytes, variant: int, folder: Path) -> str:
    """Merge a state alone: what is accepted has a result."""
    del variant, folder
    import unsurprised as us
    from unsurprised.errors import UnsurprisedError

    try:
        found = us.merge([data], partial=True).result()
        return f"{found.rows} rows {zlib.crc32(found.to_json().encode(errors='backslashreplace'))}"
    except UnsurprisedError as error:
        return one_line(error)


def targets() -> list[Target]:
    """One: whatever ``merge`` reads."""
    changed = [*mutations.sealed(mutations.ANY, state_mended), *[state_changed] * 20]
    return [Target("parts", merge, _seeds, [*changed, *mutations.ANY[:2]], mended=state_mended)]
