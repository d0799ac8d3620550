"""Weights in proportion to one another: no result depends on the unit that they are in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unsurprised import _kernels
from unsurprised.array_types import Values


def in_power_of_two(weights: Values) -> tuple[Values, float]:
    """Weights whose largest lies in [½, 1), and the power of two that they are multiples of.

    A power of two costs no digits, so what follows has the same bits whatever unit the weights were
    in. A weight whose share of the largest is no float becomes 0; where all are 0, they stay.

    Examples
    --------
    >>> in_power_of_two(np.array([0.75, 0.0, 3.0]))
    (array([0.1875, 0.    , 0.75  ]), 4.0)
    """
    exponent = math.frexp(float(weights.max(initial=0.0)))[1]
    return over_power_of_two(weights, exponent), math.ldexp(1.0, exponent)


def over_power_of_two(weights: Values, exponent: Any) -> Values:
    """Weights over two to the power of an exponent, which may be another one for each.

    Examples
    --------
    >>> over_power_of_two(np.array([0.75, 0.0, 3.0]), np.array([0, 0, 2]))
    array([0.75, 0.  , 0.75])
    """
    with np.errstate(under="ignore"):
        scaled: Values = np.ldexp(weights, -exponent)
    return scaled


def of_mean_one(weights: Values) -> Values:
    """Weights of mean 1, however small or large they are; at least one is above 0.

    Examples
    --------
    >>> of_mean_one(np.array([5e-324, 1.5e-323]))
    array([0.5, 1.5])
    """
    scaled, _ = in_power_of_two(weights)
    table, total = _kernels.ExactTable(1), np.empty(1)
    table.add_all(0, np.ascontiguousarray(scaled))  # in whatever order the rows come
    table.rounded(total)
    relative: Values = scaled / (total[0] / len(scaled))
    return relative
