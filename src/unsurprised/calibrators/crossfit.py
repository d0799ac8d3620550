"""What a calibrator saves on rows that it was not fitted on."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators._rows import FittingRows, Values
from unsurprised.errors import CallError

Progress = Callable[[int], None]


def folds_of(groups: NDArray[np.uint64], folds: int) -> NDArray[np.int64]:
    """To which fold each row belongs: rows of one group (id or cluster) go together.

    Groups are dealt in the order of their hashes, so that folds are of about the same size, and do
    not depend on the order of the rows.
    """
    distinct, where = np.unique(groups, return_inverse=True)
    if len(distinct) < folds:
        raise CallError(
            f"found {len(distinct)} rows (or clusters) for {folds} folds; expected one a fold"
        )
    fold: NDArray[np.int64] = (np.arange(len(distinct)) % folds)[where]
    return fold


def held_out_nats(
    make: Callable[[], Calibrator],
    rows: FittingRows,
    folds: NDArray[np.int64],
    progress: Progress | None = None,
) -> tuple[Values, tuple[str, ...]]:
    """Nats that each row costs under a calibrator fitted on the other folds; and its notes."""
    nats = np.empty(rows.count)
    notes: dict[str, None] = {}
    for fold in range(int(folds.max()) + 1):
        inside = folds == fold
        calibrator = make().fit_rows(rows.of(~inside))
        notes |= dict.fromkeys(calibrator.notes_)
        nats[inside] = calibrator.costs(rows.of(inside))
        if progress is not None:
            progress(int(inside.sum()))
    return nats, tuple(notes)


def in_bits(nats: Values) -> Values:
    """Bits a row; infinite where no float holds them."""
    with np.errstate(over="ignore"):
        bits: Values = nats / math.log(2)
        return bits


def saved_bits(before: Values, after: Values) -> Values:
    """Bits that each row saves; what was infinite and is not any more saves infinitely much."""
    with np.errstate(invalid="ignore"):
        saved = in_bits(before - after)
    return np.where(np.isinf(before) & np.isinf(after), 0.0, saved)
