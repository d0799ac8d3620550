"""What a fitted calibrator saves on the rows of a source that it has not seen, in one read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import Batch
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import Values, rows_of
from unsurprised.calibrators.crossfit import in_bits, saved_bits
from unsurprised.states import Sums
from unsurprised.states.hashing import hashes_of, hashes_of_clusters
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.totals import Totals, ratio

_COLUMNS = ("rows", "infinite_before", "infinite_after", "weight", "before", "saved", "after")


class Savings:
    """Exact sums of what rows cost before and what they save; merges in any order."""

    def __init__(self) -> None:
        self.sums = Sums(_COLUMNS, unweighted=3)

    def add(
        self,
        groups: NDArray[np.uint64],
        before: Values,
        after: Values,
        weights: Values | None,
    ) -> None:
        """Add rows by the nats that they cost before and after."""
        saved = saved_bits(before, after)
        before, after = in_bits(before), in_bits(after)
        self.sums.update(
            np.ascontiguousarray(groups),
            {
                "rows": None,
                "infinite_before": np.isinf(before),
                "infinite_after": np.isinf(after),
                "weight": None,
                "before": _finite(before),
                "saved": _finite(saved),
                "after": _finite(after),
            },
            weights,
        )

    def merge(self, other: Savings) -> Savings:
        """Add another's rows."""
        self.sums.merge(other.sums)
        return self

    def estimates(self, *, refused: bool) -> tuple[Estimate, Estimate, Estimate]:
        """Mean surprisal before, what is saved of it, and what is left.

        Intervals are NaN where they are ``refused``.
        """
        totals = self.sums.totals()
        part = Totals(totals, self.sums.without_each_group(), refused=refused)
        part.refuse_blurred("before", "after")

        def mean(name: str, endless: float) -> Estimate:
            if endless:
                return Estimate(np.inf, np.inf, np.inf, "bits", part.rows)
            return part.of(ratio(name, "weight"))

        healed = totals["infinite_before"] and not totals["infinite_after"]
        return (
            mean("before", totals["infinite_before"]),
            mean("saved", healed),
            mean("after", totals["infinite_after"]),
        )


def _finite(values: Values) -> Values:
    return np.where(np.isinf(values), 0.0, values)


class Judge:
    """Adds up what a calibrator saves on rows above a threshold of their hash."""

    def __init__(self, calibrator: Calibrator | None, beyond: int) -> None:
        self.calibrator, self.beyond = calibrator, beyond
        self.savings = Savings()
        self.rows = 0

    def update_batch(self, batch: Batch) -> Judge:
        """Add the rows of a source's batch."""
        if not batch.size:
            return self
        hashes = hashes_of(batch)
        groups = hashes_of_clusters(batch)
        groups = hashes if groups is None else groups
        kept = hashes > np.uint64(self.beyond)
        if batch.weights is not None:
            kept &= batch.weights > 0
        if not kept.any():
            return self
        rows = rows_of(batch, keep=kept)
        before = rows.cross_entropies()
        after = before
        if self.calibrator is not None:
            after = self.calibrator.costs(rows)
        weights = None if batch.weights is None else batch.weights[kept]
        self.savings.add(groups[kept], before, after, weights)
        self.rows += rows.count
        return self

    def merge(self, other: Judge) -> Judge:
        """Add another's rows."""
        if other.rows:
            self.savings.merge(other.savings)
            self.rows += other.rows
        return self
