"""What a calibrator saves on the rows of each class: which gain by it, and which pay for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.calibration.learning import Learning
from unsurprised.calibration.result import ClassSaving
from unsurprised.calibrators.crossfit import in_bits, saved_bits
from unsurprised.states import exact_sum
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.groups import rows_by_group
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import FEWEST_UNITS, standing_out
from unsurprised.statistics.means import independent_units, mean_and_spread, mean_of

#: Above so many classes none is listed.
_MOST_CLASSES = 1000


def savings_by_class(
    learning: Learning, before: Values, after: Values, in_unit: InUnit
) -> tuple[ClassSaving, ...]:
    """What the rows of each class cost before and after, by the nats of each row held out.

    Nothing where the truth is a distribution, or there are too many classes.
    """
    labels, classes = learning.rows.labels, learning.sampled.classes
    if labels is None or len(classes) > _MOST_CLASSES:
        return ()
    total = learning.rows.count if learning.weights is None else exact_sum(learning.weights)
    found = [
        _saving(learning, classes[place], which, total, (before, after))
        for place, which in rows_by_group(labels, len(classes))
    ]
    hits = standing_out(each.p_value for each in found)
    return tuple(
        replace(
            each,
            stands_out=hit,
            cross_entropy=in_unit(each.cross_entropy),
            cross_entropy_after=in_unit(each.cross_entropy_after),
            saved=in_unit(each.saved),
            contribution=each.contribution * in_unit.per_bit,
        )
        for each, hit in zip(found, hits, strict=True)
    )


def _saving(
    learning: Learning,
    name: str,
    which: NDArray[np.int64],
    total: float,
    costs: tuple[Values, Values],
) -> ClassSaving:
    """Of the rows of a class; ``total`` is what all rows weigh, ``costs`` are before and after."""
    before, after = costs
    clusters = None if learning.cluster is None else learning.cluster[which]
    weights = None if learning.weights is None else learning.weights[which]
    saved, spread = mean_and_spread(
        saved_bits(before[which], after[which]), clusters, weights, refused=learning.refused
    )
    weight = len(which) if weights is None else exact_sum(weights)
    few = independent_units(len(which), clusters, weights) < FEWEST_UNITS

    def cost(nats: Values) -> Estimate:
        return mean_of(in_bits(nats[which]), clusters, weights, refused=learning.refused)

    return ClassSaving(
        label=name,
        rows=len(which),
        cross_entropy=cost(before),
        cross_entropy_after=cost(after),
        saved=saved,
        contribution=saved.value * (weight / total),
        p_value=None if few or spread is None else spread.p_value(saved.value),
        stands_out=False,
    )
