"""Plans: an evaluation in parts, on any machines, to the bytes of one on one machine."""

from unsurprised.evaluation.plans.making import plan
from unsurprised.evaluation.plans.merging import merge
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.evaluation.plans.splits import PlannedSplit

__all__ = ["Plan", "PlannedSplit", "merge", "plan"]
