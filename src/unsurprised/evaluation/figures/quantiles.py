"""Quantiles of the surprisal, and how many independent rows their intervals rest on."""

from __future__ import annotations

import math

import numpy as np

from unsurprised.array_types import Values
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import student_factor
from unsurprised.statistics.order_statistics import quantile_bounds
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import Totals

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
NO_INTERVAL = "with weights or clusters needs the sample of predictions, and there is none"


def quantiles(
    bins: tuple[Values, Values, Values], whole: Totals, sampled: Sampled | None, *, plain: bool
) -> dict[float, Estimate]:
    """Quantiles in bits by level; ``plain`` says that rows are alike and independent.

    Bounds are order statistics, as of so many independent rows of equal weight as tell as much.
    """
    found = {}
    for level in LEVELS:
        value, low, high = quantile_bounds(bins, level, whole.rows, whole.totals["infinite"])
        if not plain and sampled is not None:
            rows = round(whole.rows / design_effect(sampled, whole, value))
            _, low, high = quantile_bounds(bins, level, max(rows, 2), whole.totals["infinite"])
        if whole.rows < 2 or not whole.tells or (not plain and sampled is None):
            low = high = math.nan
        found[level] = Estimate(value, low, high, "bits", whole.rows)
    return found


def design_effect(rows: Sampled, whole: Totals, value: float) -> float:
    """By how much weights and clusters raise the variance of the share of rows below a value.

    Linearised: the share is a ratio of sums over rows (or over clusters), which are independent
    (Woodruff, *J. Am. Statist. Assoc.* 47, 1952; Kish, *Survey Sampling*, 1965). At least 1, of the
    rows that count. Of a sample that holds parts of clusters alone it would be too low; there it is
    the largest of what the jackknife finds, on all rows, for shares that are similar.
    """
    if rows.clusters is not None and rows.drawn < whole.rows:
        return _of_similar_shares(rows, whole)
    weight = rows.weight()
    total = weight.sum()
    share = float(weight[rows.surprisal <= value].sum()) / float(total)
    if not 0 < share < 1:  # beyond all rows: by the weights alone
        share, parts = 0.5, weight / 2
    else:
        parts = weight * ((rows.surprisal <= value) - share)
    factor = 1.0
    if rows.clusters is not None:
        _, cluster = np.unique(rows.clusters, return_inverse=True)
        parts = np.bincount(cluster, parts).astype(np.float64)
        wider = student_factor(len(parts))
        factor = wider * wider * len(parts) / max(len(parts) - 1, 1)
    variance = factor * float(np.square(parts).sum()) / (total * total)
    return float(max(_least(rows), variance * rows.drawn / (share * (1 - share))))


def _least(rows: Sampled) -> float:
    """What makes no more rows of all than those that count."""
    return rows.drawn / rows.size


def _of_similar_shares(rows: Sampled, whole: Totals) -> float:
    weight = rows.weight()
    groups = int(whole.groups.sum())
    worst = _least(rows)
    for column, values in (("expected", rows.expected), ("correct", rows.correct)):
        _, spread = whole.with_spread(MeanRatio(column), "")
        mean = np.average(values, weights=weight)
        variance = float(np.average((values - mean) ** 2, weights=weight))
        if spread is not None and variance > 0:
            worst = max(worst, spread.error * spread.error * whole.rows / variance)
    wider = student_factor(groups)
    return worst * wider * wider
