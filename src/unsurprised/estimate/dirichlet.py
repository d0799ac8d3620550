"""Estimators of entropy by Dirichlet's distribution over the shares, and by shrinking them."""

from __future__ import annotations

import math

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.estimate.gamma_functions import digamma_gap, trigamma
from unsurprised.estimate.tallies import Tally
from unsurprised.units import as_number

PRIORS = ("jeffreys", "laplace", "perks", "minimax")


def pseudocount(prior: str | float, tally: Tally) -> float:
    """What a prior adds to each count: ½, 1, 1/K, √n/K, or a number above 0.

    Examples
    --------
    >>> pseudocount("perks", Tally.of(np.array([3, 1]), 4))
    0.25
    """
    if prior == "jeffreys":
        return 0.5
    if prior == "laplace":
        return 1.0
    if prior == "perks":
        return 1 / tally.all
    if prior == "minimax":
        return math.sqrt(tally.rows) / tally.all
    number = as_number(prior)
    if not 0 < number < math.inf:
        raise CallError(
            f"prior={prior!r}; expected {', '.join(map(repr, PRIORS))} or a number above 0, which "
            "is added to each count"
        )
    return number


def _with_unseen(tally: Tally) -> tuple[Values, Values]:
    """Sizes and how many categories have each, with those of size 0."""
    unseen = tally.all - tally.seen
    return np.append(tally.sizes, 0.0), np.append(tally.times, float(unseen))


def dirichlet_plugin(tally: Tally, added: float) -> float:
    """Entropy of the smoothed shares (c + a) / (n + Ka)."""
    sizes, times = _with_unseen(tally)
    return _entropy((sizes + added) / (tally.rows + tally.all * added), times)


def _entropy(shares: Values, times: Values) -> float:
    logs = portable.log(np.where(shares > 0, shares, 1.0))
    return abs(float((times * shares * logs).sum()))


def shrinkage(tally: Tally) -> float:
    """Entropy of λ/K + (1 − λ) p, λ = (1 − Σp²) / ((n − 1) Σ(1/K − p)²), cut to [0, 1].

    Hausser and Strimmer, *Entropy Inference and the James–Stein Estimator*, JMLR 10 (2009).
    """
    sizes, times = _with_unseen(tally)
    shares, even = sizes / tally.rows, 1 / tally.all
    spread = (tally.rows - 1) * float((times * np.square(even - shares)).sum())
    lack = 1 - float((times * np.square(shares)).sum())
    weight = 1.0 if spread <= 0 or lack >= spread else lack / spread
    return _entropy(weight * even + (1 - weight) * shares, times)


def posterior(tally: Tally, added: Values) -> tuple[Values, Values]:
    r"""Posterior mean and variance of the entropy, one of each for every pseudocount.

    With :math:`a = c + \beta`, :math:`A = n + K \beta` and
    :math:`J = \psi(a + 1) - \psi(A + 1) + M`,

    .. math::
        M = \sum \frac{a}{A} [\psi(A + 1) - \psi(a + 1)], \qquad
        V = \frac{\sum a J^2 + \sum a (a + 1) \psi'(a + 1) - A (A + 1) \psi'(A + 1)}{A (A + 1)} .

    References
    ----------
    Wolpert and Wolf, "Estimating Functions of Probability Distributions from a Finite Set of
    Samples", Phys. Rev. E 52 (1995); the variance is theirs with M taken off each logarithm,
    without which it is a difference of two large squares.
    """
    sizes, times = _with_unseen(tally)
    a = sizes + added[:, None]
    total = (tally.rows + tally.all * added)[:, None]
    gap = digamma_gap(a + 1) - digamma_gap(total + 1)
    logs = gap - portable.log((a + 1) / (total + 1))
    mean = (times * a * logs).sum(axis=1) / total[:, 0]
    squares = (times * a * np.square(mean[:, None] - logs)).sum(axis=1)
    within = (times * a * (a + 1) * trigamma(a + 1)).sum(axis=1)
    whole = (total * (total + 1) * trigamma(total + 1))[:, 0]
    variance = (squares + within - whole) / (total * (total + 1))[:, 0]
    return mean, np.maximum(variance, 0.0)
