"""Whether the labels, and the model's own surprise, moved from the base to the new data."""

from __future__ import annotations

import math

import numpy as np

from unsurprised.dataset_drift.base import DriftBase
from unsurprised.dataset_drift.column_state import ColumnState
from unsurprised.dataset_drift.result import Moved
from unsurprised.errors import CallError
from unsurprised.estimate import entropy
from unsurprised.forms import Counts
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import NORMAL, student_t
from unsurprised.statistics.student import two_sided

#: More classes than these are no labels.
_MOST_CLASSES = 1000


def moved(base: DriftBase, new: DriftBase, label: str | None) -> tuple[Moved, ...]:
    """The entropy of the labels; of predictions theirs, and what the labels cost."""
    found = []
    if label is not None:
        sides = [_label_entropy(state, label) for state in (base, new)]
        found.append(_moved("entropy of the labels", sides[0], sides[1]))
    if base.model is not None and new.model is not None:
        before, after = base.model.estimates(), new.model.estimates()
        found += [_moved(name, before[name], after[name]) for name in before if name in after]
    return tuple(found)


def _label_entropy(state: DriftBase, label: str) -> Estimate:
    column = state.columns.get(label)
    if column is None:
        names = ", ".join(repr(name[:40]) for name in list(state.columns)[:10])
        raise CallError(f"no column {label!r} in both data sets; expected one of {names} (--label)")
    counts = _class_counts(column)
    if not counts:
        raise CallError(
            f"label={label!r} is a column of {column.kind} values, not of classes; expected names, "
            f"booleans or at most {_MOST_CLASSES:,} different numbers (--label)"
        )
    found = entropy(Counts(np.array(counts, dtype=np.int64)), method="miller_madow")
    return Estimate(found.value, found.low, found.high, "bits", found.rows)


def _class_counts(column: ColumnState) -> list[int]:
    """How many rows each class has; none where the column holds no classes."""
    if column.kind in ("category", "boolean"):
        counts = list(column.categories.result().values())
        return counts if column.categories.complete else []
    if column.kind == "number" and not column.numbers.fractions:
        counts = column.numbers.result()[1]
        return counts if len(counts) <= _MOST_CLASSES else []
    return []


def _moved(name: str, base: Estimate, new: Estimate) -> Moved:
    """The difference of two means of other rows, by Welch's t."""
    value = new.value - base.value
    rows = base.rows + new.rows
    errors = [_error(side) for side in (base, new)]
    error = math.hypot(*errors)
    if math.isnan(error) or math.isinf(value) or math.isnan(value):
        if math.isinf(value):
            return Moved(name, base, new, Estimate(value, value, value, "bits", rows), math.nan)
        return Moved(name, base, new, Estimate(value, math.nan, math.nan, "bits", rows), math.nan)
    if error == 0:
        difference = Estimate(value, value, value, "bits", rows)
        return Moved(name, base, new, difference, 1.0 if value == 0 else 0.0)
    terms = [e**2 for e in errors]
    degrees = sum(terms) ** 2 / sum(
        term * term / max(side.rows - 1, 1) for term, side in zip(terms, (base, new), strict=True)
    )
    half = student_t(degrees) * error
    difference = Estimate(value, value - half, value + half, "bits", rows)
    return Moved(name, base, new, difference, two_sided(value / error, degrees))


def _error(estimate: Estimate) -> float:
    """The standard error that an interval stands for."""
    t = student_t(estimate.rows - 1.0) if estimate.rows > 1 else NORMAL
    return (estimate.high - estimate.low) / (2 * t)
