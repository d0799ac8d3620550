"""Rows by the group that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def rows_by_group(groups: NDArray[Any], count: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each group from 0 to ``count − 1`` that has rows, and their places in their order.

    By one sort, where a look for each group would read all rows as often as there are groups.

    Examples
    --------
    >>> [(group, rows.tolist()) for group, rows in rows_by_group(np.array([2, 0, 2]), 3)]
    [(0, [1]), (2, [0, 2])]
    """
    order = np.argsort(groups, kind="stable")
    ends = np.searchsorted(groups[order], np.arange(count + 1))
    for group, (low, high) in enumerate(pairwise(ends.tolist())):
        if low < high:
            yield group, order[low:high]
