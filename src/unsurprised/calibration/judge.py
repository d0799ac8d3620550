"""Savings of a fitted calibrator on unseen rows of a source, in one read."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.batches import Batch
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import rows_of
from unsurprised.calibrators.crossfit import in_bits, saved_bits
from unsurprised.states import Moments, Sums
from unsurprised.states.hashing import hashes_of, hashes_of_clusters
from unsurprised.states.serial import pack, unpack
from unsurprised.states.sums import GROUPS
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import totals_of

_MEANS = ("before", "saved", "after")
_COLUMNS = ("rows", "infinite_before", "infinite_after", "weight", *_MEANS)


class Savings:
    """Exact sums of what rows cost before and what they save; merges in any order."""

    def __init__(self, *, clustered: bool, weighted: bool) -> None:
        groups = GROUPS if clustered else 1
        self.sums = Sums(_COLUMNS, unweighted=3, groups=groups)
        self.moments = None if clustered else Moments(_MEANS, weighted=weighted)

    def add(
        self,
        clusters: NDArray[np.uint64] | None,
        before: Values,
        after: Values,
        weights: Values | None,
    ) -> None:
        """Add rows by the nats that they cost before and after."""
        saved = saved_bits(before, after)
        before, after = in_bits(before), in_bits(after)
        columns: dict[str, Any] = {
            "rows": None,
            "infinite_before": np.isinf(before),
            "infinite_after": np.isinf(after),
            "weight": None,
            "before": _finite(before),
            "saved": _finite(saved),
            "after": _finite(after),
        }
        rows = len(before)
        groups = np.zeros(rows, dtype=np.uint64) if clusters is None else clusters
        self.sums.update(np.ascontiguousarray(groups), columns, weights)
        if self.moments is not None:
            self.moments.update({name: columns[name] for name in _MEANS}, weights, rows=rows)

    def merge(self, other: Savings) -> Savings:
        """Add another's rows."""
        self.sums.merge(other.sums)
        if self.moments is not None and other.moments is not None:
            self.moments.merge(other.moments)
        return self

    def to_bytes(self) -> bytes:
        """The sums as bytes that are equal for equal sums."""
        moments = [] if self.moments is None else [self.moments.to_bytes()]
        return pack("Savings", {}, [self.sums.to_bytes(), *moments])

    @classmethod
    def from_bytes(cls, data: bytes) -> Savings:
        """The sums that :meth:`to_bytes` wrote."""
        _, (sums, *moments) = unpack(data, "Savings")
        found = cls.__new__(cls)
        found.sums = Sums.from_bytes(sums)
        found.moments = Moments.from_bytes(moments[0]) if moments else None
        return found

    def estimates(self, *, refused: bool) -> tuple[Estimate, Estimate, Estimate]:
        """Mean surprisal before, what is saved of it, and what is left.

        Intervals are NaN where they are ``refused``.
        """
        totals = self.sums.totals()
        part = totals_of(self.sums, self.moments, refused=refused)
        part.refuse_blurred("before", "after")

        def mean(name: str, endless: float) -> Estimate:
            if endless:
                return Estimate(np.inf, np.inf, np.inf, "bits", part.rows)
            return part.of(MeanRatio(name))

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

    def __init__(
        self, calibrator: Calibrator | None, beyond: int, *, clustered: bool, weighted: bool
    ) -> None:
        self.calibrator, self.beyond = calibrator, beyond
        self.clustered, self.weighted = clustered, weighted
        self.savings = Savings(clustered=clustered, weighted=weighted)
        self.rows = 0

    def update_batch(self, batch: Batch) -> Judge:
        """Add the rows of a source's batch."""
        if not batch.size:
            return self
        hashes = hashes_of(batch)
        clusters = hashes_of_clusters(batch)
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
        self.savings.add(None if clusters is None else clusters[kept], before, after, weights)
        self.rows += rows.count
        return self

    def another(self) -> Judge:
        """One that has seen no rows."""
        return Judge(self.calibrator, self.beyond, clustered=self.clustered, weighted=self.weighted)

    def merge(self, other: Judge) -> Judge:
        """Add another's rows."""
        if other.rows:
            self.savings.merge(other.savings)
            self.rows += other.rows
        return self
