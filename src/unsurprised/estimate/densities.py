"""Entropy and Kullback–Leibler divergence of densities, by the distances to nearest neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.estimate.count_divergences import kl_of_counts
from unsurprised.estimate.gamma_functions import digamma
from unsurprised.estimate.neighbours import Coordinates
from unsurprised.estimate.paired_counts import PairedCounts, are_categories
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.scales import NumberSettings
from unsurprised.estimate.settings import number_settings
from unsurprised.estimate.variables import Variable, variable_of
from unsurprised.statistics.jackknife import student_t
from unsurprised.threads import get_num_threads
from unsurprised.units import checked_base, unit_of

_LN_2 = 0.6931471805599453
#: By how much neighbours that tell alike raise the standard deviation of a mean.
_ALIKE = 1.3


def differential_entropy(
    x: Any, *, k: int = 3, noise: float | None = None, seed: int = 0, base: float = 2.0
) -> SampleEstimate:
    r"""Differential entropy of the density that numbers were drawn from.

    With :math:`\varepsilon_i` the distance of row i to its k-th neighbour in the maximum norm,

    .. math:: \hat h = \psi(n) - \psi(k) + d \log 2 + \frac{d}{n} \sum_i \log \varepsilon_i .

    Unlike the entropy of categories it may be negative, and changes by log a where numbers are
    multiplied by a.

    Parameters
    ----------
    x : array_like, shape (n,) or (n, d)
        Numbers, one row each.
    k : int, default 3
        Which neighbour.
    noise : float, optional
        Uniform noise as a share of the spread; if not given, the rounding cell of rounded numbers,
        and 1e-10 where numbers are equal.
    seed : int, default 0
        Which noise.
    base : float, default 2
        Base of the logarithm: 2 for bits, e for nats.

    Returns
    -------
    SampleEstimate
        With a 95 % interval of t times 1.3 standard deviations of what rows say, which neighbours
        say alike, and the distance between the estimates with k and 2k.

    Raises
    ------
    CallError
        No more rows than k; a value that repeats so often that there is no density; no numbers.
    InputError
        NaN or infinity, with the row.

    See Also
    --------
    entropy : of categories.

    References
    ----------
    Kozachenko and Leonenko, "Sample Estimate of the Entropy of a Random Vector", Problems of
    Information Transmission 23 (1987); Kraskov, Stögbauer and Grassberger, Phys. Rev. E 69 (2004).

    Examples
    --------
    >>> differential_entropy([0.1, 0.35, 0.42, 0.5, 0.61, 0.74, 0.9, 0.97])
    SampleEstimate(0.5478 bits, -2.38 to 3.475, 8 rows, kozachenko_leonenko)
    """
    base = checked_base(base)
    variable = _numbers_of(x, "x", number_settings("auto", k, noise, None, seed))
    values = variable.numbers
    _refuse_few(len(values), k, "x")

    def local(neighbour: int) -> Values:
        distances = Coordinates(None, values).distances(neighbour)
        _refuse_equal(distances, "x")
        logs: Values = portable.log(distances)
        logs = values.shape[1] * (logs + _LN_2)
        return logs + _digamma(len(values)) - _digamma(neighbour)

    found = _Means.of(local, k, len(values) - 1)
    return found.estimate("kozachenko_leonenko", len(values), (variable,), base)


def kl_divergence(
    new: Any,
    reference: Any,
    *,
    method: str = "auto",
    k: int = 3,
    noise: float | None = None,
    seed: int = 0,
    base: float = 2.0,
) -> SampleEstimate:
    r"""Kullback–Leibler divergence of what two samples were drawn from.

    Of categories, with :math:`n_i` of N rows here and :math:`m_i` of M in the reference,

    .. math:: \hat D = \sum_i \frac{n_i}{N} \left[ \psi(M + 1) - \psi(m_i + 1)
              - \psi(N) + \psi(n_i) \right] ,

    whose bias falls faster than any power of the rows where all categories are met. Of numbers,
    with :math:`\rho_i` the distance of row i of the n new ones to its k-th neighbour there, and
    :math:`\nu_i` to that among the m of the reference,

    .. math:: \hat D = \frac{d}{n} \sum_i \log \frac{\nu_i}{\rho_i} + \log \frac{m}{n - 1} .

    It may be negative, and is shown as it is: nothing was found.

    Parameters
    ----------
    new, reference : array_like, shape (n,) or (n, d), and (m,) or (m, d); or Counts, shape (K,)
        Categories: columns of integers or names, Counts, or two
        :class:`~unsurprised.states.CategoryCounts`; Counts whose categories have names (a
        dictionary, pandas' ``value_counts()``) meet by them, others by position. Or numbers as
        floats, one row each, of which both are divided by the spread of the reference, which
        changes no divergence.
    method : {"auto", "zhang_grabchak", "plugin"}, default "auto"
        Of categories: the formula above, or the divergence of the samples' own shares, which is
        infinite where the reference lacks a category.
    k, noise, seed, base
        As of :func:`differential_entropy`; ``base`` is that of the logarithm.

    Returns
    -------
    SampleEstimate
        Of ``rows`` new ones, with an interval as of :func:`differential_entropy`; of categories
        from the delta method, as wide again as the correction, without an upper end where the
        reference lacks one.

    Raises
    ------
    CallError
        No more rows than k; other numbers of dimensions; numbers beside categories; names beside
        integers; Counts of different lengths, or of other categories.
    InputError
        NaN or infinity, with the row; counts that are not whole.

    See Also
    --------
    js_divergence : finite always, with a p-value.
    unsurprised.kl_divergence : of distributions that are known.

    References
    ----------
    Wang, Kulkarni and Verdú, "Divergence Estimation for Multidimensional Densities via
    k-Nearest-Neighbor Distances", IEEE Trans. Inf. Theory 55 (2009); Zhang and Grabchak,
    "Nonparametric Estimation of Küllback-Leibler Divergence", Neural Computation 26 (2014).

    Examples
    --------
    >>> kl_divergence([0.4, 0.5, 0.62, 0.73, 0.91], [0.1, 0.22, 0.41, 0.55, 0.6, 0.81, 0.97], k=1)
    SampleEstimate(-0.9578 bits, -0.9578 to 1.903, 5 rows, nearest_neighbours)
    >>> from unsurprised import Counts
    >>> kl_divergence(Counts([50, 30, 20]), Counts([20, 30, 50]))
    SampleEstimate(0.3613 bits, 0.06041 to 0.8023, 100 rows, zhang_grabchak)
    """
    base = checked_base(base)
    if are_categories(new) and are_categories(reference):
        counts = PairedCounts.of(new, reference, ("new", "reference"))
        return kl_of_counts(counts, method).scaled(1 / math.log(base), unit_of(base))
    if method != "auto":
        raise CallError(f"method={method!r} is of categories; numbers have 'auto' alone")
    settings = number_settings("auto", k, noise, None, seed)
    first = _numbers_of(new, "x", settings, "new")
    second = _numbers_of(reference, "y", settings, "reference")
    x, y = first.numbers, second.numbers
    if x.shape[1] != y.shape[1]:
        raise CallError(
            f"new has {x.shape[1]} numbers a row, reference has {y.shape[1]}; expected as many"
        )
    _refuse_few(len(x), k, "new")
    _refuse_few(len(y), k, "reference")
    spread = np.maximum(y.max(axis=0) - y.min(axis=0), np.finfo(float).tiny)
    x, y = np.ascontiguousarray(x / spread), np.ascontiguousarray(y / spread)

    def local(neighbour: int) -> Values:
        own, other = Coordinates(None, x).distances(neighbour), np.empty(len(x))
        _kernels.kth_distances_among(x, y, len(y), neighbour, other, get_num_threads())
        _refuse_equal(own, "new")
        _refuse_equal(other, "reference")
        logs: Values = portable.log(other / own)
        logs *= x.shape[1]
        return logs + float(portable.log(len(y) / (len(x) - 1)))

    found = _Means.of(local, k, min(len(x) - 1, len(y)))
    return found.estimate("nearest_neighbours", len(x), (first, second), base, least=0.0)


@dataclass(frozen=True)
class _Means:
    """What rows say on average, by the k-th neighbour and by twice that."""

    value: float
    other: float
    sd: float
    neighbourhoods: int

    @classmethod
    def of(cls, local: Any, k: int, most: int) -> _Means:
        said = local(k)
        value, rows = float(said.mean()), len(said)
        variance = float(np.square(said - value).sum()) / max(rows - 1, 1)
        other = float(local(min(2 * k, most)).mean())
        return cls(value, other, _ALIKE * math.sqrt(variance / rows), max(rows // k, 2))

    def estimate(
        self,
        method: str,
        rows: int,
        columns: tuple[Variable, ...],
        base: float,
        least: float = -math.inf,
    ) -> SampleEstimate:
        width = student_t(self.neighbourhoods - 1) * self.sd + abs(self.value - self.other)
        low = min(max(self.value - width, least), self.value)
        found = SampleEstimate(
            self.value, low, self.value + width, "nats", rows, method, math.nan, self.sd,
            notes=tuple(note for part in columns for note in part.notes),
            kinds=tuple(part.kind for part in columns),
        )  # fmt: skip
        return found.scaled(1 / math.log(base), unit_of(base))


def _digamma(n: int) -> float:
    return float(digamma(float(n)))


def _numbers_of(
    values: Any, place: str, settings: NumberSettings, name: str | None = None
) -> Variable:
    variable = variable_of(values, place, settings, name)
    if not variable.is_continuous:
        raise CallError(
            f"{name or place} is {variable.kind}; expected numbers of which none repeats much, for "
            "others have no density: us.estimate.entropy is of categories"
        )
    return variable


def _refuse_few(rows: int, k: int, name: str) -> None:
    if rows <= k:
        raise CallError(f"k={k} and {rows:,} rows of {name}; expected more rows than k")


def _refuse_equal(distances: Values, name: str) -> None:
    if not distances.all():
        raise CallError(
            f"{name} has more than k equal rows, so its density is infinite there; expected noise "
            "that parts them (noise=None), or fewer copies"
        )
