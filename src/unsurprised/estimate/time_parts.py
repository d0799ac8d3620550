"""Rows in time as some parts that follow each other, whose means are nearly independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values

#: Parts that are taken for independent of each other.
PARTS = 10


def parts_of(rows: int) -> NDArray[np.int64]:
    """Where each part begins, and the end of the last; of two rows each at least."""
    count = max(min(PARTS, rows // 2), 1)
    return np.arange(count + 1, dtype=np.int64) * rows // count


def variance_in_time(local: Values) -> float:
    """What the variance of a row would be if rows were independent and their mean as unsure.

    By the means of parts, which vary as the mean of dependent rows does (batch means: Schmeiser,
    *Batch Size Effects in the Analysis of Simulation Output*, 1982), and not less than by the rows.
    """
    away = local - local.mean()
    by_rows = float(np.square(away).sum()) / max(len(local) - 1, 1)
    begins = parts_of(len(local))
    if len(begins) < 3:
        return by_rows
    sizes = np.diff(begins)
    means = np.add.reduceat(away, begins[:-1]) / sizes
    return max(by_rows, float((sizes * np.square(means)).sum()) / (len(sizes) - 1))
