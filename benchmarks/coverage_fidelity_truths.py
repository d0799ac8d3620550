"""The two models of ``coverage_fidelity``: what is true of their tokens, by integration.

A document's effects are independent standard normals, and how long it is says nothing of them. So
what is true of a mean over tokens is the integral over effects and noise: sums over fine grids,
right to six digits or more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

Values = NDArray[np.float64]
Generator = np.random.Generator

#: The KL of a usual token, in bits.
KL = 0.02
#: A token of the rare slice has so many times the KL of others.
RARE_FACTOR = 3.0
#: Tokens by how sure the base is: few of many documents and many of few; usual; sure.
RANGE_FACTORS = (4.0, 1.0, 0.5)
CONFIDENCES = (0.05, 0.3, 0.95)
SURE_SHARE = 0.6
#: Spread of the logarithm of the ratio of the reverse KL to the KL.
REVERSE = 0.2
#: Mean surprisal of a usual document, and how it differs by document, as a logarithm.
HARD, HARDNESS = 2.0, 0.3
SHIFT_NOISE = 0.3
SECOND = 0.5
RATIO, RATIO_NOISE = -0.01, 0.1
#: Where the ranges of positions begin that are looked at.
POSITIONS = (0, 1, 2, 4, 8, 64)
#: Shares of tokens at which the survival curve is looked at.
SHARES = (0.99, 0.9, 0.5, 0.1, 0.01, 0.003)

#: Grids: of a standard normal, with its weights; and of the noise.
_NORMAL = np.linspace(-9, 9, 1801)
_WEIGHTS = np.exp(-(_NORMAL**2) / 2) / np.exp(-(_NORMAL**2) / 2).sum()
_LN2 = math.log(2)


def mean(values: Values) -> float:
    """Over a standard normal, of values on its grid."""
    return float(values @ _WEIGHTS)


def rare_share(effect: Values) -> Values:
    """The part of a document's tokens that is of the rare slice."""
    return np.minimum(0.1 * np.exp(1.2 * effect - 0.72), 0.9)


def unsure_share(effect: Values) -> Values:
    """The part of a document's tokens of which the base is least sure."""
    return np.minimum(0.03 * np.exp(1.2 * effect - 0.72), 0.9)


def js_of(kl: Values) -> Values:
    """A Jensen–Shannon divergence."""
    return np.minimum(kl / 4, 1.0)


def tv_of(kl: Values) -> Values:
    """A total variation."""
    return np.minimum(np.sqrt(kl / 3), 1.0)


@dataclass(frozen=True)
class Model:
    """How much documents differ: the spread of the logarithm of their KL."""

    effect: float
    #: Whether the tokens of a document have an exponential's tail, or a lognormal one's.
    light: bool = False

    @property
    def shift(self) -> float:
        return 0.005

    @property
    def shift_effect(self) -> float:
        """How the change of surprisals differs by document."""
        return 0.1 * self.effect

    @property
    def ratio_effect(self) -> float:
        """The same of the logarithms of ratios of sampled tokens."""
        return 0.1 * self.effect

    def differing_share(self, effect: Values) -> Values:
        """The part of a document's tokens at which the tops differ."""
        return np.asarray(special.expit(3 * self.effect * effect - 4))

    def noise(self, generator: Generator, tokens: int) -> Values:
        """Of the logarithm of a token's KL, in its document."""
        if self.light:
            return np.log(generator.exponential(size=tokens))
        return 1.5 * generator.standard_normal(tokens)

    def at_most(self, log: Values) -> Values:
        """How likely the noise is at most so much."""
        return -np.expm1(-np.exp(log)) if self.light else special.ndtr(log / 1.5)

    @cached_property
    def grid(self) -> tuple[Values, Values]:
        """The noise on a grid, and its weights."""
        log = np.linspace(-16, 5, 4201) if self.light else 1.5 * _NORMAL
        weights = np.exp(log - np.exp(log)) if self.light else _WEIGHTS
        return log, weights / weights.sum()

    @cached_property
    def factors(self) -> list[tuple[float, float]]:
        """What the KL of a token is multiplied by, and how many tokens have that."""
        unsure, rare = mean(unsure_share(_NORMAL)), mean(rare_share(_NORMAL))
        usual = (1 - unsure) * (1 - SURE_SHARE), (1 - unsure) * SURE_SHARE
        return [
            (own * kind, part * share)
            for own, part in zip(RANGE_FACTORS, (unsure, *usual), strict=True)
            for kind, share in ((RARE_FACTOR, rare), (1.0, 1 - rare))
        ]

    def of_kl(self, what: Callable[[Values], Values]) -> float:
        """The mean of a function of a token's KL."""
        log, weights = self.grid
        sizes = np.exp(self.effect * _NORMAL[:, None] + log)
        return sum(
            share * float(_WEIGHTS @ what(KL * factor * sizes) @ weights)
            for factor, share in self.factors
        )

    def below(self, kl: float) -> float:
        """The share of tokens of at most so large a KL."""
        return sum(
            share * mean(self.at_most(math.log(kl / (KL * factor)) - self.effect * _NORMAL))
            for factor, share in self.factors
        )

    def quantile(self, level: float) -> float:
        """The KL that so large a share of tokens does not exceed."""
        low, high = 1e-12, 1e6
        for _ in range(200):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self.below(middle) < level else (low, middle)
        return high

    @cached_property
    def thresholds(self) -> dict[float, float]:
        """For each of ``SHARES`` the value of the axis that is nearest, of two an octave."""
        axis = sorted(part * 2.0**k for k in range(-40, 20) for part in (1.0, 1.5))
        beyond = {at: 1 - self.below(at) for at in axis}
        return {
            level: min(axis, key=lambda at: abs(special.logit(beyond[at]) - special.logit(level)))
            for level in SHARES
        }


def of(model: Model) -> dict[str, float]:
    """All that is true, by the names of ``coverage_fidelity.estimates``."""
    log, weights = model.grid
    usual = KL * mean(np.exp(model.effect * _NORMAL)) * float(np.exp(log) @ weights)
    kl = usual * sum(factor * share for factor, share in model.factors)
    found = {
        "kl divergence": kl,
        "reverse kl divergence": kl * math.exp(REVERSE**2 / 2),
        "js divergence": model.of_kl(js_of),
        "total variation": model.of_kl(tv_of),
        "top agreement": 1 - mean(model.differing_share(_NORMAL)),
        "KL less that of a second run": kl * (1 - SECOND * math.exp(REVERSE**2 / 2)),
        **_surprisals(model),
        **_shifts(model),
        **_sampled(model),
    }
    for level in (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999):
        found[f"quantile {level:g} of KL"] = model.quantile(level)
    for level, at in model.thresholds.items():
        found[f"survival curve, {100 * level:g} %"] = 1 - model.below(at)
    return found | _parts(model, found, usual)


def _parts(model: Model, whole: dict[str, float], usual: float) -> dict[str, float]:
    """Agreement and surprisals have nothing to do with the parts."""
    rare = mean(rare_share(_NORMAL))
    of_kind = 1 + (RARE_FACTOR - 1) * rare
    common = whole["kl divergence"] / of_kind
    own = {"slice rare: ": RARE_FACTOR * common, "slice german: ": whole["kl divergence"]}
    for low, factor in zip((0, 25, 90), RANGE_FACTORS, strict=True):
        own[f"base's top at {low:g} %: "] = usual * of_kind * factor
    for low in POSITIONS:
        own[f"positions from {low:g}: "] = whole["kl divergence"]
    found = {"slice rare: excess": (RARE_FACTOR - 1) * common, "slice german: excess": 0.0}
    for name, kl in own.items():
        found[name + "KL"] = kl
        found[name + "top agreement"] = whole["top agreement"]
        found[name + "other − base"] = whole["cross entropy difference"]
    return found


def _surprisals(model: Model) -> dict[str, float]:
    base = HARD * math.exp(HARDNESS**2 / 2)
    variance = model.shift_effect**2 + SHIFT_NOISE**2
    other = base * math.exp(model.shift + variance / 2)
    return {
        "cross-entropy of the base": base,
        "entropy of the base": base,
        "cross-entropy of the other": other,
        "perplexity of the other": 2.0**other,
        "cross entropy difference": other - base,
        "perplexity ratio": 2.0 ** (other - base),
    }


def _shifts(model: Model) -> dict[str, float]:
    """Of Δp = x^r − x, where x = 2^−b of an exponential b of mean m, and r = e^h."""
    step = 9  # coarser grids, of two normals
    nodes, weights = _NORMAL[::step], _WEIGHTS[::step] / _WEIGHTS[::step].sum()
    rate = _LN2 * HARD * np.exp(HARDNESS * nodes)
    spread = math.hypot(model.shift_effect, SHIFT_NOISE)
    ratio = np.exp(model.shift + spread * nodes)

    def power(by: Values) -> float:
        """E[x^by], by for each of the ratios."""
        return float(weights @ (1 / (1 + np.outer(rate, by))) @ weights)

    square = power(2 * ratio) - 2 * power(1 + ratio) + power(np.full(len(ratio), 2.0))
    found = {
        "Δp: mean": power(ratio) - power(np.ones(len(ratio))),
        "Δp: root mean square": math.sqrt(square),
    }
    steps = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
    ends = (*(-one for one in reversed(steps)), *steps)
    # The share is steep where the two probabilities are about the same.
    near = np.geomspace(1e-5, 0.1, 250)
    logs = np.sort(np.concatenate([model.shift + spread * nodes, near, -near]))
    widths = np.gradient(logs)
    density = np.exp(-(((logs - model.shift) / spread) ** 2) / 2) * widths
    density /= density.sum()
    parts = [
        [weights @ _below(end, gap, rate) for end in ends[1:-1]]
        for gap in (_X ** math.exp(one) - _X for one in logs)
    ]
    reached = density @ np.array(parts)
    shares = np.diff(np.concatenate([[0.0], reached, [1.0]]))
    for low, high, share in zip(ends[:-1], ends[1:], shares, strict=True):
        found[f"Δp from {low:g} to {high:g}"] = float(share)
    return found


#: Of x, dense where it is close to 0 or 1.
_X = np.concatenate([np.geomspace(1e-30, 0.5, 1000), 1 - np.geomspace(0.5, 1e-12, 600)[1:], [1.0]])


def _below(end: float, change: Values, rate: Values) -> Values:
    """How likely x^r − x < end is, for each mean of b: P(x ≤ u) = u^(1/rate)."""
    gap = change - end
    turns = np.flatnonzero(np.diff(gap < 0))
    at = _X[turns] + (_X[turns + 1] - _X[turns]) * gap[turns] / (gap[turns] - gap[turns + 1])
    # Between 0, where Δp is 0, and each turn it is below or not by turns.
    reached = np.concatenate([[0.0], at, [1.0]]) ** (1 / rate[:, None])
    inside = (np.arange(len(at) + 1) % 2 == 0) == (gap[0] < 0)
    return np.asarray(np.diff(reached, axis=1)[:, inside].sum(axis=1))


def _sampled(model: Model) -> dict[str, float]:
    variance = model.ratio_effect**2 + RATIO_NOISE**2
    found = {
        "sampled: k1": -RATIO / _LN2,
        "sampled: k3": (math.exp(RATIO + variance / 2) - 1 - RATIO) / _LN2,
        "sampled: effective sample": math.exp(-variance),
    }
    for band in (0.001, 0.01, 0.05, 0.2):
        low, high = (
            float(special.ndtr((math.log1p(one) - RATIO) / math.sqrt(variance)))
            for one in (-band, band)
        )
        found[f"sampled: ratio within {band:g}"] = high - low
    return found
