r"""Reduction of row losses to one number, and the weight of each row.

With C, L and H of each row (:mod:`._cross_entropy`) and its weight s,

.. math::

    E_n = \zeta L_n^2 - \beta H_n, \qquad r_n = s_n (C_n + E_n), \qquad
    \text{mean} = \sum_n s_n C_n \Big/ \sum_n d_n + \sum_n s_n E_n \Big/ \sum_n e_n .

``d`` is s · w[label] where the target is a label, s where it is a distribution, as in PyTorch; with
``normalizer="weight"`` it is s · Σ w y for both, with ``"rows"`` it counts the rows that count, and
a number stands for the whole sum. The extra terms E know no weight of a class, so what they are
divided by knows none either: e is s where d holds such a weight, and d otherwise. Then a mean is
the same for all multiples of w. Rows that are ignored, or of weight 0, are nothing in r, d and e.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from unsurprised.array_types import Array
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._numbers import is_number
from unsurprised.losses._options import Totalling

Namespace = Any


class RowWeights(NamedTuple):
    """What each row counts: its weight (0 where it does not count), and its part of the divisor."""

    kept: Array
    weight: Array
    divisor: Array


def counted(xp: Namespace, given: Inputs, *, like: Array, total: Totalling) -> RowWeights:
    """What each row counts; ``like`` is an array of the rows' shape and type."""
    kept, s = counted_rows(xp, given.sample_weight, like=like, kept=~given.ignored)
    if total.normalizer == "rows":
        return RowWeights(kept, s, xp.where(kept, xp.ones_like(like), 0.0))
    if given.weight is None or not (given.hard or total.normalizer == "weight"):
        return RowWeights(kept, s, s)
    if given.hard:
        return RowWeights(kept, s, s * given.weight[given.target])
    return RowWeights(kept, s, s * xp.sum(given.weight * given.target, axis=-1))


def counted_rows(
    xp: Namespace, sample_weight: Array | None, *, like: Array, kept: Array
) -> tuple[Array, Array]:
    """Which rows count, and their weights."""
    s = xp.ones_like(like)
    if sample_weight is not None:
        kept = kept & (sample_weight != 0)
        s = s * sample_weight
    return kept, xp.where(kept, s, 0.0)


def counted_pairs(
    xp: Namespace, sample_weight: Array | None, *, like: Array, total: Totalling
) -> RowWeights:
    """What each row counts of which none is ignored but by its weight."""
    everything = xp.ones_like(like) > 0
    kept, s = counted_rows(xp, sample_weight, like=like, kept=everything)
    rows = total.normalizer == "rows"
    return RowWeights(kept, s, xp.where(kept, xp.ones_like(like), 0.0) if rows else s)


def share_of_extras(xp: Namespace, rows: RowWeights, total: Totalling) -> Array | None:
    """Σ d / Σ e, by which E is multiplied so that Σ d divides all; None where it is 1."""
    given = total.normalizer is not None and not isinstance(total.normalizer, str)
    if total.reduction != "mean" or given or total.normalizer == "rows" or not total.has_extras:
        return None
    if rows.divisor is rows.weight:
        return None
    weights = xp.sum(rows.weight)
    return xp.sum(rows.divisor) / xp.where(weights == 0, 1.0, weights)


def row_values(
    xp: Namespace,
    loss: Array,
    log_sum: Array,
    entropy: Array,
    *,
    rows: RowWeights,
    total: Totalling,
    share: Array | None = None,
) -> Array:
    """``r``, in the unit asked for; ``share`` is what E is multiplied by."""
    value, each = loss, 1.0 if share is None else share
    if not is_number(total.z_loss, 0.0):
        log_sum = xp.where(rows.kept, log_sum, 0.0)  # or NaN · 0 would be its derivative
        value = value + (total.z_loss * each) * log_sum * log_sum
    if not is_number(total.entropy_bonus, 0.0):
        entropy = xp.where(rows.kept, entropy, 0.0)  # likewise, by the bonus
        value = value - (total.entropy_bonus * each) * entropy
    return xp.where(rows.kept, value, 0.0) * (rows.weight * total.unit)


def reduced(xp: Namespace, values: Array, rows: RowWeights, total: Totalling) -> Array:
    """The rows' values as what was asked for."""
    if total.reduction == "none":
        return values
    if total.reduction == "sum":
        return xp.sum(values)
    divisor = divisor_of(xp, rows, total)
    empty = math.nan if total.empty == "nan" else 0.0
    mean = xp.sum(values) / xp.where(divisor == 0, 1.0, divisor)
    return xp.where(divisor == 0, empty, mean)


def divisor_of(xp: Namespace, rows: RowWeights, total: Totalling) -> Array:
    """What a mean is divided by; 0 where no row counts."""
    if total.normalizer is None or isinstance(total.normalizer, str):
        return xp.sum(rows.divisor)
    any_row = xp.any(rows.kept)
    return xp.where(any_row, total.normalizer, xp.zeros_like(xp.sum(rows.divisor)))


def derivatives(xp: Namespace, rows: RowWeights, divisor: Array | None, total: Totalling) -> Array:
    """What one nat of each row adds to the total (of ``reduction="none"``: to its own value)."""
    each = rows.weight * total.unit
    if total.reduction != "mean" or divisor is None:
        return each
    return xp.where(divisor == 0, 0.0, each / xp.where(divisor == 0, 1.0, divisor))


def derivatives_of_extras(
    xp: Namespace, each: Array, log_sum: Array, total: Totalling, *, share: Array | None
) -> tuple[Array | None, Array | None]:
    """The derivatives of the total by L and H of each row; ``each`` is that by C."""
    by_sum = by_entropy = None
    each = each if share is None else each * share
    if total.z_loss:
        # The log-sum-exp of a row that does not count may be anything.
        by_sum = xp.where(each == 0, 0.0, each * (2 * total.z_loss) * log_sum)
    if total.entropy_bonus:
        by_entropy = each * -total.entropy_bonus
    return by_sum, by_entropy
