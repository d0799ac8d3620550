"""Plans: an evaluation in parts, on any machines, to the bytes of one on one machine."""

from unsurprised.engines.splits import PlannedSplit
from unsurprised.evaluation.plans.making import plan
from unsurprised.evaluation.plans.planning import Plan

__all__ = ["Plan", "PlannedSplit", "plan"]
