"""Plans of all columns: the state of a data set in parts, on any machines, to the bytes of one."""

from unsurprised.dataset_drift.plans.planning import DriftPlan

__all__ = ["DriftPlan"]
