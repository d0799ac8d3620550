r"""How far apart the counts of two samples are, beyond what chance makes of samples of their size.

**Jensen–Shannon divergence.** With shares p of the base and q of the new data, and m = (p + q)/2,

.. math:: D = \tfrac12 \sum_k p_k \log_2 \frac{p_k}{m_k}
          + \tfrac12 \sum_k q_k \log_2 \frac{q_k}{m_k},

what one row tells about which of the two it came from, if both are as likely. The two weigh alike
however many rows they have, so that a figure means the same for a day and for a year.

**Bias.** Of counts it is too high: by (K − 1)(1/n + 1/m)/(8 ln 2) bits where nothing drifted and no
category is rare. What is taken off is the mean over the permutations, which is right for any counts
where nothing drifted.

**Interval.** The estimate varies by σ₀ of the permutations and, where D > 0, by σ² ∝ D besides: the
interval holds the D with (estimate − D)² ≤ t² (σ₀² + b² + s D) above the estimate, and with
s · estimate below it; s is σ²/D at the observed shares, b what the bias may be off by where
categories are rare, and t Student's, for as many rows as are not in the largest cell, and wider by
half the number of cells for each row of the smaller sample. ``benchmarks/coverage_drift.py``
measures how often it holds the truth.

**p-value.** (1 + #{permuted ≥ observed}) / (1 + R), rows dealt out anew from the counts alone.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import student_t
from unsurprised.threads import get_num_threads

Counts = NDArray[np.int64]

_LN2 = 0.6931471805599453
#: Permutations of every column; more are made only of those that so few of them reach.
_FIRST, _FEW = 999, 10
#: Sums that are equal on paper differ by some roundings.
_SAME = 1 - 1e-12
#: By how much of itself the bias may be off in cells with fewer rows than that of the smaller
#: sample.
_OFF, _RARE = 0.4, 5
#: Of comparisons without drift, the share whose stability index is above its noise level.
_NOISE = 0.05


@dataclass(frozen=True, slots=True)
class CountsDivergence:
    """What is said of two samples."""

    #: Bits, less the bias, with the 95 % interval.
    drift: Estimate
    p_value: float
    permutations: int
    #: The divergence of the shares as they are, and by cell.
    plugin: float
    terms: Values
    #: Population stability index, in nats, and what is above 5 % of those without drift.
    psi: float
    psi_noise: float


def divergence_of(base: Counts, new: Counts, permutations: int) -> CountsDivergence:
    """The divergence of two samples' counts by cell; each has a row, and each cell."""
    # What cells are called or how they are ordered shows in no bit.
    order = np.lexsort((base, -base - new))
    base, new = (np.ascontiguousarray(each[order], np.int64) for each in (base, new))
    both = base + new
    sums = np.empty((len(order), 2))
    _kernels.divergence_terms(base, both, sums)
    plugin, psi = (float(column.sum()) for column in sums.T)
    permuted = _permuted(base, both, 0, min(permutations, _FIRST))
    by_chance = permuted[:, 0]
    reached = int((by_chance >= plugin * _SAME).sum())
    made = len(permuted)
    if permutations > made and reached < _FEW:
        more = _permuted(base, both, made, permutations)[:, 0]
        reached += int((more >= plugin * _SAME).sum())
        made = permutations
    bias = float(by_chance.mean())
    spread = math.sqrt(float(np.square(by_chance - bias).sum()) / max(len(by_chance) - 1, 1))
    noise = math.hypot(spread, bias * _off(base, new))
    t = student_t(float(max(both.sum() - both.max(), 1)))
    t *= 1 + len(both) / (2 * min(int(base.sum()), int(new.sum())))
    low, high = interval_of(plugin - bias, t * noise, t * t * _slope(base, new, plugin) / 2)
    terms = np.empty(len(order))
    terms[order] = sums[:, 0]
    rows = int(both.sum())
    return CountsDivergence(
        Estimate(plugin - bias, low, high, "bits", rows),
        (1 + reached) / (1 + made),
        made,
        plugin,
        terms,
        psi,
        float(np.sort(permuted[:, 1])[math.ceil((1 - _NOISE) * len(permuted)) - 1]),
    )


def _permuted(first: Counts, both: Counts, begin: int, end: int) -> Values:
    sums = np.empty((end - begin, 2))
    _kernels.permuted_divergences(first, both, _stream(first, both), begin, sums, get_num_threads())
    return sums


def _stream(first: Counts, both: Counts) -> int:
    """Which permutations: others for other counts, the same on every machine."""
    held = np.stack([first, both]).astype("<i8").tobytes()
    return int.from_bytes(hashlib.sha256(held).digest()[:8], "little")


def _off(base: Counts, new: Counts) -> float:
    """By which share of itself the bias may be off.

    Of shares p and q it is Σ ((½ − p/4m)(1 − p)/n + (½ − q/4m)(1 − q)/n′) to first order, which is
    the mean over permutations where p = q, and, for all p and q, about that where n = n′.
    Categories that few rows of the smaller sample are in have more than that order.
    """
    rows = int(base.sum()), int(new.sum())
    both = base + new
    rare = both * (min(rows) / sum(rows)) < _RARE
    pooled = _filled(both, sum(rows))
    as_seen = _first_order(_filled(base, rows[0]), _filled(new, rows[1]), rows)
    by_chance = _first_order(pooled, pooled, rows)
    moved = as_seen / by_chance - 1 if by_chance > 0 else 0.0
    return math.hypot(_OFF * float(rare.mean()), moved)


def _filled(counts: Counts, rows: int) -> Values:
    """Shares with up to half a row more in each cell: what a sample lacks may still be there."""
    more = min(0.5, 0.5 * math.sqrt(rows) / len(counts))
    shares: Values = (counts + more) / np.float64(rows + more * len(counts))
    return shares


def _first_order(p: Values, q: Values, rows: tuple[int, int]) -> float:
    whole = 2 * (p + q)
    one = (0.5 - p / whole) * (1 - p) / rows[0]
    return float((one + (0.5 - q / whole) * (1 - q) / rows[1]).sum())


def _slope(base: Counts, new: Counts, plugin: float) -> float:
    """Variance of the divergence by its value, of samples from the observed shares."""
    n, m = int(base.sum()), int(new.sum())
    if plugin <= 0:
        return (1 / n + 1 / m) / (2 * _LN2)
    p, q = _filled(base, n), _filled(new, m)
    return max((_variance(p, q) / n + _variance(q, p) / m) / plugin, 0.0)


def _variance(p: Values, q: Values) -> float:
    """Variance over rows from p of ½ log₂ of p/m."""
    values = 0.5 / _LN2 * portable.log(2 * p / (p + q))
    return float((p * np.square(values - float((p * values).sum()))).sum())


def interval_of(
    value: float, noise: float, middle: float, most: float = 1.0
) -> tuple[float, float]:
    """Up to the largest D ≥ 0 with (D − value)² ≤ noise² + 2 middle D; below, with 2 middle value.

    A value below 0 is taken for 0. Downwards the variance is that at the value: estimates lean to
    the right, so that those too high are too high by more.
    """
    above = max(value, 0.0)
    high = above + middle + math.sqrt(noise * noise + middle * (middle + 2 * above))
    low = max(above - math.sqrt(noise * noise + 2 * middle * above), 0.0)
    return min(low, value), max(min(high, most), value)
