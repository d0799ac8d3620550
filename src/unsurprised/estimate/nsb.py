"""Nemenman, Shafee and Bialek's estimator: the mean over all Dirichlet priors, flat in entropy."""

from __future__ import annotations

import math

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.estimate.dirichlet import posterior
from unsurprised.estimate.gamma_functions import log_rising, trigamma
from unsurprised.estimate.tallies import Tally

#: Logarithms of the pseudocount: beyond them nothing of the prior is left for up to 2⁵³ categories.
_LEAST, _MOST = -80.0, 60.0
#: What is e⁻⁴⁵ times less likely than the likeliest is left out.
_DEPTH = 45.0
_POINTS, _MOST_POINTS = 401, 12801
#: Numbers that are made at once, by pseudocount and size of category.
_AT_ONCE = 1 << 20


def nsb(tally: Tally) -> tuple[float, float]:
    r"""Posterior mean and standard deviation of the entropy, in nats.

    .. math::
        \hat H = \frac{\int M(\beta)\, \rho(\beta)\, d\xi}{\int \rho(\beta)\, d\xi}, \qquad
        \xi = \psi(K \beta + 1) - \psi(\beta + 1), \qquad
        \rho = \frac{\Gamma(K \beta)}{\Gamma(n + K \beta)}
               \prod_i \frac{\Gamma(n_i + \beta)}{\Gamma(\beta)} ,

    M the posterior mean under the prior β; the integral over ξ from 0 to ln K is taken along ln β,
    where it falls off like β below and 1/β above, by the trapezoidal rule, with twice as many
    points until nothing changes.

    References
    ----------
    Nemenman, Shafee and Bialek, "Entropy and Inference, Revisited", NIPS 14 (2002).
    """
    if tally.all == 1:
        return 0.0, 0.0
    low, high = _window(tally)
    points, before = _POINTS, (math.nan, math.nan)
    while True:
        moments = _moments(tally, np.linspace(low, high, points))
        settled = all(
            abs(new - old) <= 1e-12 * abs(new) for new, old in zip(moments, before, strict=True)
        )
        if settled or points >= _MOST_POINTS:
            return moments
        points, before = 2 * points - 1, moments


def _window(tally: Tally) -> tuple[float, float]:
    """The logarithms of β between which the weight is more than e⁻⁴⁵ of its largest."""
    low, high = _LEAST, _MOST
    while True:
        places = np.linspace(low, high, _POINTS)
        weights = _log_weights(tally, places)
        held = np.flatnonzero(weights > weights.max() - _DEPTH)
        first, last = max(int(held[0]) - 1, 0), min(int(held[-1]) + 1, _POINTS - 1)
        low, high = float(places[first]), float(places[last])
        if last - first > _POINTS // 4:
            return low, high


def _moments(tally: Tally, places: Values) -> tuple[float, float]:
    weights = _log_weights(tally, places)
    weights = portable.exp(weights - weights.max())
    weights = weights / weights.sum()
    means, variances = _by_blocks(tally, places)
    mean = float((weights * means).sum())
    variance = float((weights * (variances + np.square(means - mean))).sum())
    return mean, math.sqrt(variance)


def _blocks(tally: Tally, places: Values) -> list[Values]:
    betas = portable.exp(places)
    return np.array_split(betas, math.ceil(len(betas) * len(tally.sizes) / _AT_ONCE))


def _by_blocks(tally: Tally, places: Values) -> tuple[Values, Values]:
    parts = [posterior(tally, betas) for betas in _blocks(tally, places)]
    means, variances = zip(*parts, strict=True)
    return np.concatenate(means), np.concatenate(variances)


def _log_weights(tally: Tally, places: Values) -> Values:
    """Logarithm of ρ · dξ / d ln β."""
    parts = []
    for betas in _blocks(tally, places):
        likelihood = (tally.times * log_rising(betas[:, None], tally.sizes)).sum(axis=1)
        likelihood -= log_rising(tally.all * betas, np.array(float(tally.rows)))
        parts.append(likelihood + portable.log(_lack(betas) - _lack(tally.all * betas)))
    return np.concatenate(parts)


def _lack(x: Values) -> Values:
    """1 − x ψ′(x + 1), whose difference is dξ / d ln β; by its series where x is large."""
    z = 1 / np.square(np.maximum(x, 16.0))
    far = 0.5 / np.maximum(x, 16.0) - z * (1 / 6 - z * (1 / 30 - z * (1 / 42 - z / 30)))
    return np.where(x < 16, 1 - x * trigamma(x + 1), far)
