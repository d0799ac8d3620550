"""``drift``: how far new data have moved from a base, column by column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unsurprised.dataset_drift.columns import compared
from unsurprised.dataset_drift.reading import DataSet
from unsurprised.dataset_drift.result import Drift
from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors

NULLS = ("category", "skip")


@own_float_errors
def drift(
    base: Any,
    new: Any,
    label: str | None = None,
    pred: Any = None,
    fdr: float = 0.05,
    *,
    nulls: str = "category",
) -> Drift:
    r"""How far new data have moved from a base, column by column, in bits.

    For the shares p of a column's cells in the base and q in the new data, the Jensen–Shannon
    divergence

    .. math:: D = \tfrac12 \sum_k p_k \log_2 \frac{p_k}{m_k}
              + \tfrac12 \sum_k q_k \log_2 \frac{q_k}{m_k}, \qquad m = \tfrac12 (p + q),

    is what one row tells about which of the two it came from, if both are as likely: 0 to 1 bit,
    and always finite. Cells are categories, numbers by rank among both data sets (so that no
    outlier hides anything), and nulls. What chance makes of samples of this size is taken off, and
    tested by permutation, from the counts alone; the false discovery rate is held over all columns.

    Parameters
    ----------
    base, new : path, sequence of paths, data frame, dict of columns, or DriftBase
        The data sets: files of any format that is read here, frames with the Arrow interface,
        dictionaries of arrays, a state, or the file of one that was saved.
    fdr : float, default 0.05
        False discovery rate: of the columns that are said to have drifted, this share has not, on
        average (Benjamini and Hochberg, 1995).
    nulls : {"category", "skip"}
        Whether nulls and NaN are a cell of their own, or left out and counted.

    Returns
    -------
    Drift
        ``.columns``, those that drifted first; each with ``.name``, ``.kind``, ``.drift`` (an
        :class:`~unsurprised.Estimate` in bits, below 0 where there is less than chance makes),
        ``.p_value``, ``.q_value``, ``.drifted`` and what it is made of. ``.apart`` are the columns
        that are not compared: identifiers, constants, changed types, those of one data set alone.

    Raises
    ------
    InputError
        A data set has no rows, or no column is in both.
    CallError
        What was passed is no data set, or an option has no such value.

    References
    ----------
    Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37 (1991).
    Phipson and Smyth, "Permutation P-Values Should Never Be Zero" (2010).

    Examples
    --------
    >>> base = {"colour": ["red", "blue"] * 500, "size": list(range(20)) * 50}
    >>> new = {"colour": ["red", "blue", "blue", "green"] * 250, "size": list(range(20)) * 50}
    >>> found = drift(base, new)
    >>> [(column.name, column.drifted) for column in found.columns]
    [('colour', True), ('size', False)]
    >>> found["colour"].drift
    Estimate(0.1553 bits, 0.1356 to 0.1774, 2000 rows)
    >>> [value.name for value in found["colour"].new_values]
    ['green']
    """
    if nulls not in NULLS:
        raise CallError(f"nulls={nulls!r}; expected one of 'category', 'skip' (--nulls)")
    rate = checked_rate(fdr)
    sets = [DataSet.opened(source) for source in (base, new)]
    states = [each.read() for each in sets]
    return compared(states[0], states[1], rate, nulls)


def checked_rate(fdr: Any) -> float:
    """A false discovery rate; an error for what is none."""
    is_number = isinstance(fdr, int | float | np.number) and not isinstance(fdr, bool)
    rate = float(fdr) if is_number else math.nan
    if not 0 < rate < 1:
        raise CallError(f"fdr={fdr!r}; expected a false discovery rate between 0 and 1 (--fdr)")
    return rate
