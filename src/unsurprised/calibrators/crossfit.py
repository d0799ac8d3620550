"""What a calibrator saves on rows that it was not fitted on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators._rows import FittingRows, Values
from unsurprised.errors import CallError
from unsurprised.states.hashing import content_order

Progress = Callable[[int], None]


def order_of(*models: FittingRows) -> NDArray[np.int64]:
    """An order of the rows that follows from what they hold under these models alone."""
    return content_order(
        *(part for rows in models for part in (rows.log, rows.labels, rows.shares)),
        weights=models[0].weights,
    )


def folds_of(
    models: Sequence[FittingRows], folds: int, clusters: NDArray[np.uint64] | None = None
) -> NDArray[np.int64]:
    """To which fold each row belongs, of the same rows under one model or several.

    Rows are dealt in the order of :func:`order_of`, and so do not depend on ids or on the order in
    which rows came. Rows of one cluster go together, dealt in the order of the clusters' hashes.
    Folds are of about the same size.
    """
    if clusters is None:
        distinct, where = models[0].count, np.argsort(order_of(*models))
    else:
        of_each, where = np.unique(clusters, return_inverse=True)
        distinct = len(of_each)
    if distinct < folds:
        raise CallError(
            f"found {distinct} rows (or clusters) for {folds} folds; expected one a fold"
        )
    fold: NDArray[np.int64] = (np.arange(distinct) % folds)[where]
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
