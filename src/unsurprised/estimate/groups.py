"""Rows by group: codes from 0 without gaps, or None where all are in one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]


def compact(codes: Codes) -> Codes | None:
    """Codes without gaps; None where all are the same, which parts nobody."""
    if not len(codes) or codes.min() == codes.max():
        return None
    met = np.bincount(codes) > 0
    found: Codes = (np.cumsum(met) - 1)[codes]
    return found


def both_groups(first: Codes | None, second: Codes | None) -> Codes | None:
    """The groups of rows that are alike in both."""
    if first is None or second is None:
        return second if first is None else first
    pairs = first * (int(second.max()) + 1) + second
    found: Codes = np.unique(pairs, return_inverse=True)[1].astype(np.int64, copy=False)
    return found
