"""Estimators of entropy without a prior, in nats: a plug-in and what is added to it.

All are means over the rows of a surprisal ln(n / c) and a correction by the category's count c, so
that nothing cancels where the entropy is close to 0.
"""

from __future__ import annotations

import math

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.estimate.gamma_functions import digamma_gap
from unsurprised.estimate.tallies import Tally


def plugin(tally: Tally) -> float:
    """Entropy of the shares themselves, −Σ p ln p: too low by about (m − 1) / 2n.

    Examples
    --------
    >>> round(plugin(Tally.of(np.array([12, 7, 1]))), 12)
    0.823719731512
    """
    return tally.mean(tally.surprisals)


def miller_madow(tally: Tally) -> float:
    """Plug-in + (m − 1) / 2n, m the categories that were seen (Miller, 1955)."""
    return plugin(tally) + (tally.seen - 1) / (2 * tally.rows)


def _alternating(sizes: Values) -> Values:
    """(−1)ᶜ."""
    return 1 - 2 * np.mod(sizes, 2)


def grassberger_1988(tally: Tally) -> float:
    """Estimate ln n − (1/n) Σ c [ψ(c) + (−1)ᶜ / (c (c + 1))] (Grassberger, Phys. Lett. A, 1988)."""
    sizes = tally.sizes
    added = digamma_gap(sizes) - _alternating(sizes) / (sizes * (sizes + 1))
    return tally.mean(tally.surprisals + added)


def grassberger_2003(tally: Tally) -> float:
    """Estimate ln n − (1/n) Σ c G(c), G(c) = ψ(c) + ½ (−1)ᶜ [ψ((c + 1)/2) − ψ(c/2)].

    Grassberger, *Entropy Estimates from Insufficient Samplings*, arXiv:physics/0307138 (2003).
    """
    sizes = tally.sizes
    between = portable.log1p(1 / sizes) - digamma_gap((sizes + 1) / 2) + digamma_gap(sizes / 2)
    added = digamma_gap(sizes) - 0.5 * _alternating(sizes) * between
    return tally.mean(tally.surprisals + added)


def jackknife(tally: Tally) -> float:
    """Estimate n H − (n − 1)/n Σⱼ H₋ⱼ over rows j that are left out (Zahl, Ecology 58, 1977).

    With H = ln n − Σ c ln c / n the terms of the order of n cancel on paper, and what remains is a
    mean over rows.
    """

    def left(size: Values) -> Values:
        """−(c − 1) ln(1 − 1/c): what a row leaves to the others of its category."""
        above = np.maximum(size, 2.0)
        found: Values = np.where(size > 1, -(size - 1) * portable.log1p(-1 / above), 0.0)
        return found

    return tally.mean(tally.surprisals + (left(np.array(float(tally.rows))) - left(tally.sizes)))


def chao_shen(tally: Tally) -> float:
    """−Σ Cp ln(Cp) / (1 − (1 − Cp)ⁿ), C = 1 − f₁/n (Chao and Shen, Environ. Ecol. Stat. 10, 2003).

    Where all are singletons C would be 0; f₁ = n − 1 is taken then, as R's ``entropy`` does.
    """
    singletons = tally.of_size(1)
    if singletons == tally.rows:
        singletons -= 1
    if not singletons:
        covered, surprisals = tally.shares, tally.surprisals
    else:
        coverage = (tally.rows - singletons) / tally.rows
        covered = coverage * tally.shares
        surprisals = tally.surprisals - float(portable.log1p(-singletons / tally.rows))
    # A category with all the rows is surely in the sample.
    missed = tally.rows * portable.log1p(-np.minimum(covered, 1 - 2.0**-53))
    terms = covered * surprisals / -portable.expm1(missed)
    return float((tally.times * terms).sum())


def chao_wang_jost(tally: Tally) -> float:
    """The accumulation curve's slope, carried on (Chao, Wang and Jost, 2013).

    Σ c/n (ψ(n) − ψ(c)) over what was seen, and for what was not

    f₁/n (1 − A)^(1 − n) [−ln A − Σ_{r < n} (1 − A)ʳ / r],

    A = 2 f₂ / ((n − 1) f₁ + 2 f₂), or 2 / ((n − 1)(f₁ − 1) + 2) without doubletons. *Entropy and
    the Species Accumulation Curve*, Methods in Ecology and Evolution 4.
    """
    rows, once, twice = tally.rows, tally.of_size(1), tally.of_size(2)
    gap = digamma_gap(tally.sizes) - digamma_gap(np.float64(rows))
    seen = tally.mean(tally.surprisals + gap)
    if not once or rows == 1:
        return seen
    if twice:
        share = 2 * twice / ((rows - 1) * once + 2 * twice)
    else:
        share = 2 / ((rows - 1) * (once - 1) + 2)
    return seen if share == 1 else seen + once / rows * _tail(share, rows)


#: Terms that are added one by one before a sum becomes an integral.
_TERMS = 96
#: Bernoulli numbers by the factorials of their places: B₂/2!, B₄/4!, …
_BERNOULLI = (1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160)


def _tail(share: float, rows: int) -> float:
    """Σ_{j ≥ 0} qʲ⁺¹ / (n + j), q = 1 − A: the bracket above, free of its cancellation.

    The first terms by themselves; the others, where any are left, by Euler and Maclaurin.
    """
    log_q = float(portable.log1p(-share))
    steps = np.arange(_TERMS, dtype=np.float64)
    terms = portable.exp((steps + 1) * log_q) / (rows + steps)
    found = float(terms.sum())
    rest = float(portable.exp((_TERMS + 1) * log_q))
    if rest > 1e-20:
        found += rest * _beyond(-log_q, rows + _TERMS)
    return found


def _beyond(rate: float, start: int) -> float:
    """Σ_{j ≥ 0} e^(−aj) / (N + j): an integral, half the first term and the derivatives there."""
    total = _scaled_e1(rate * start) + 0.5 / start
    for k, factor in enumerate(_BERNOULLI, 1):
        order, term, derivative = 2 * k - 1, 1.0 / start, 0.0
        powers = [portable.power(rate, order - i) for i in range(order + 1)]
        for i in range(order + 1):
            derivative += math.comb(order, i) * powers[i] * term
            term *= (i + 1) / start
        total += factor * derivative
    return total


def _scaled_e1(x: float) -> float:
    """Exponential integral eˣ E₁(x) for x > 0: a series below 1, above it a continued fraction."""
    if x < 1:
        total = -np.euler_gamma - float(portable.log(x))
        term = -1.0
        for k in range(1, 30):
            term *= -x / k
            total += term / k
        return total * float(portable.exp(x))
    found = 0.0
    for k in range(200, 0, -1):
        found = k / (1 + k / (x + found))
    return 1 / (x + found)
