"""Recalibration of probabilities by isotonic regression, and the scores that it splits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.states import exact_sum
from unsurprised.statistics.ties import Runs, Ties


def recalibrated(ranked: Ties, observed: Values, weights: Values) -> Values:
    """The best recalibration that keeps the order: how often it happened, never falling.

    Pool-adjacent-violators on the distinct predictions; rows of equal prediction stay together.

    References
    ----------
    Dimitriadis, Gneiting and Jordan, *Stable reliability diagrams for probabilistic classifiers*,
    PNAS 118(8), 2021.

    Examples
    --------
    >>> ranked, one = Ties.of(np.array([0.1, 0.3, 0.6, 0.8])), np.ones(4)
    >>> recalibrated(ranked, np.array([0.0, 1.0, 0.0, 1.0]), one)
    array([0. , 0.5, 0.5, 1. ])
    """
    weight = ranked.sums(weights)
    return ranked.spread(isotonic(ranked.sums(weights * observed) / weight, weight))


def recalibrated_error(ranked: Runs, observed: NDArray[Any], weights: Values | None) -> float:
    """The sum of Brier's score over rows in the order of their predictions, if recalibrated.

    Of a pool of weight W where S happened the recalibrated prediction f is S / W, so that the sum
    of its ``w (f² − 2 f y + y)`` is ``S (1 − f)``, in which nothing cancels.

    Examples
    --------
    >>> ranked = Runs.of(np.array([0.1, 0.3, 0.6, 0.8]))
    >>> recalibrated_error(ranked, np.array([0.0, 1.0, 0.0, 1.0]), None)  # 2 (½)²
    0.5
    """
    weight = ranked.joined(weights)
    happened = ranked.joined(observed if weights is None else weights * observed)
    fit = isotonic(happened / weight, weight)
    starts = np.flatnonzero(np.append(True, fit[1:] != fit[:-1]))
    return exact_sum(np.add.reduceat(happened, starts) * (1 - fit[starts]))


def isotonic(frequency: Values, weight: Values) -> Values:
    """Frequencies made to never fall, by least weighted squares.

    Examples
    --------
    >>> isotonic(np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, 1.0, 3.0, 1.0]))
    array([0.  , 0.25, 0.25, 1.  ])
    """
    fit = np.empty(len(frequency))
    _kernels.isotonic(frequency, weight, fit)
    # What rounding leaves outside of [0, 1] is no frequency.
    return np.clip(fit, 0.0, 1.0, out=fit)


def squared_error(predicted: Values, observed: Values) -> Values:
    """Brier's score of each row, ``(p − y)²``; its mean over outcomes where y is a share.

    Examples
    --------
    >>> squared_error(np.array([0.25, 0.25]), np.array([1.0, 0.5]))
    array([0.5625, 0.3125])
    """
    error: Values = (predicted - observed) ** 2 + observed * (1 - observed)
    return error


def log_score(predicted: Values, observed: Values) -> Values:
    """Surprisal in bits of each row; its mean over outcomes where y is a share.

    Examples
    --------
    >>> log_score(np.array([0.25, 0.25, 0.0]), np.array([1.0, 0.5, 0.0]))
    array([2.        , 1.20751875, 0.        ])
    """
    for_one, for_zero = -portable.log2(predicted), -portable.log1p(-predicted) / math.log(2)
    score: Values = np.where(observed > 0, observed, 0.0) * np.where(observed > 0, for_one, 0.0)
    score += np.where(observed < 1, 1 - observed, 0.0) * np.where(observed < 1, for_zero, 0.0)
    return score
