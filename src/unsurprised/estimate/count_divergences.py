"""Divergences of what two samples of categories were drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised import portable
from unsurprised.errors import CallError
from unsurprised.estimate.gamma_functions import digamma
from unsurprised.estimate.paired_counts import PairedCounts
from unsurprised.estimate.permutations import checked_count
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.two_samples import divergence_of, interval_of
from unsurprised.forms import Counts
from unsurprised.measures.divergences import kl_divergence as kl_of_rows
from unsurprised.statistics.jackknife import student_t
from unsurprised.units import checked_base, unit_of

KL_METHODS = ("plugin", "zhang_grabchak")
_LN_2 = 0.6931471805599453
_MOST_PERMUTATIONS = 1_000_000


def kl_of_counts(counts: PairedCounts, method: str) -> SampleEstimate:
    r"""Kullback–Leibler divergence in nats, from counts :math:`n_i` of N rows and :math:`m_i` of M.

    .. math:: \hat D = \sum_i \frac{n_i}{N} \left[ \psi(M + 1) - \psi(m_i + 1) - \psi(N) + \psi(n_i)
              \right] ,

    whose bias falls like :math:`\sum_i p_i (1 - q_i)^M / M`, where that of the plug-in falls like
    1/N + 1/M; it is finite where the reference lacks a category.
    """
    if method not in ("auto", *KL_METHODS):
        raise CallError(f"method={method!r}; expected 'auto' or one of {', '.join(KL_METHODS)}")
    new = counts.first > 0
    n, m = counts.first[new].astype(np.float64), counts.second[new].astype(np.float64)
    rows, others = int(counts.first.sum()), int(counts.second.sum())
    plugin = float(kl_of_rows(Counts(counts.first), Counts(counts.second), base=math.e))
    whole = float(digamma(others + 1.0) - digamma(float(rows)))
    local = whole + digamma(n) - digamma(m + 1)
    corrected = math.fsum((n / rows * local).tolist())
    value = plugin if method == "plugin" else corrected
    spread = _Spread.of(counts)
    low, high = spread.interval(corrected, min(rows, others))
    low, high = min(low, value), max(high, value)
    lacking = int((m == 0).sum())
    notes: tuple[str, ...] = ()
    if lacking:
        high = math.inf
        notes = (
            f"{lacking:,} categories ({int(n[m == 0].sum()):,} rows) are not in the reference: the "
            "estimate is 'at least', and infinite where they cannot occur",
        )
    name = "plugin" if method == "plugin" else "zhang_grabchak"
    kinds = ("discrete", "discrete")
    return SampleEstimate(
        value, low, high, "nats", rows, name, plugin, spread.sd, None, notes, kinds
    )  # fmt: skip


@dataclass(frozen=True)
class _Spread:
    """How an estimate of KL varies: by chance where nothing differs, and the more the larger it is.

    At shares with half a row more in each category: p of the new rows, q of the reference.
    """

    divergence: float
    #: Variance by the delta method, and of a χ² where nothing differs.
    by_rows: float
    by_chance: float
    #: Variance of a small divergence, by its value.
    least_slope: float

    @classmethod
    def of(cls, counts: PairedCounts) -> _Spread:
        p, q = counts.first + 0.5, counts.second + 0.5
        p, q = p / p.sum(), q / q.sum()
        local = portable.log(p / q)
        rows, others = float(counts.first.sum()), float(counts.second.sum())
        divergence = float((p * local).sum())
        of_new = float((p * np.square(local - divergence)).sum()) / rows
        of_reference = max(float((p * p / q).sum()) - 1, 0.0) / others
        both = 1 / rows + 1 / others
        return cls(divergence, of_new + of_reference, (len(p) - 1) / 2 * both**2, 2 * both)

    @property
    def sd(self) -> float:
        """Standard deviation over samples."""
        return math.sqrt(self.by_rows + self.by_chance)

    def interval(self, value: float, rows: int) -> tuple[float, float]:
        """As of :mod:`~unsurprised.estimate.two_samples`: the variance is that at its ends."""
        if rows < 2:
            return math.nan, math.nan
        t = student_t(rows - 1)
        off = abs(value - self.divergence)
        slope = self.least_slope
        if self.divergence > 0:
            slope = max(slope, self.by_rows / self.divergence)
        noise = t * math.hypot(math.sqrt(self.by_chance), off)
        return interval_of(value, noise, t * t * slope / 2, math.inf)


def js_divergence(
    first: Any, second: Any, *, permutations: int = 999, base: float = 2.0
) -> SampleEstimate:
    r"""Jensen–Shannon divergence of what two samples of categories were drawn from.

    With shares p and q of the two and :math:`m = (p + q) / 2`,

    .. math:: D = \tfrac12 \sum_k p_k \log \frac{p_k}{m_k}
              + \tfrac12 \sum_k q_k \log \frac{q_k}{m_k}

    less its mean over permutations of the rows, by which the plug-in is too high where nothing
    differs: what one row tells about which of the two it is from, both being as likely.

    Parameters
    ----------
    first, second : array_like, Labels or text, shape (n,) and (m,); or Counts, shape (K,)
        Columns of categories, Counts, or two :class:`~unsurprised.states.CategoryCounts`. Counts
        whose categories have names (a dictionary, pandas' ``value_counts()``) meet by them, others
        by position.
    permutations : int, default 999
        How many the bias and the p-value rest on, from 99 to a million.
    base : float, default 2
        Base of the logarithm: 2 for bits, e for nats.

    Returns
    -------
    SampleEstimate
        Of ``rows`` of both, with a 95 % interval, the plug-in, and ``p_value``:
        (1 + #{null ≥ observed}) / (1 + R). Below 0 there is less than chance makes.

    Raises
    ------
    CallError
        No rows, Counts of different lengths or of other categories, names beside integers, numbers.
    InputError
        Counts that are not whole, missing values.

    See Also
    --------
    unsurprised.js_divergence : of distributions that are known.
    unsurprised.drift : of all columns of two data sets.

    References
    ----------
    Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37 (1991).

    Examples
    --------
    >>> from unsurprised import Counts
    >>> js_divergence(Counts([50, 30, 20]), Counts([20, 30, 50]))
    SampleEstimate(0.0884 bits, 0.01913 to 0.1883, 200 rows, permutation_mean, p = 0.001)
    """
    base = checked_base(base)
    made = checked_count(permutations, "permutations")
    if not 99 <= made <= _MOST_PERMUTATIONS:
        raise CallError(f"permutations={made}; expected 99 to {_MOST_PERMUTATIONS:,}")
    counts = PairedCounts.of(first, second, ("first", "second"))
    found = divergence_of(counts.first, counts.second, made)
    drift = found.drift
    width = (drift.high - drift.low) / 2
    estimate = SampleEstimate(
        drift.value, drift.low, drift.high, "bits", drift.rows, "permutation_mean", found.plugin,
        width / student_t(max(drift.rows - 1, 1)), found.p_value, (), ("discrete", "discrete"),
    )  # fmt: skip
    return estimate.scaled(_LN_2 / math.log(base), unit_of(base))
