"""Rows with a null in a column that is used: an error, or left out and counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.decoded import children_of
from unsurprised.arrow.kinds import is_list
from unsurprised.errors import InputError, Place

Mask = NDArray[np.bool_]


def present(column: pa.Array) -> Mask | None:
    """Which rows are free of nulls; ``None``: all.

    Examples
    --------
    >>> present(pa.array([[1.0], [None], None])).tolist()
    [True, False, False]
    """
    if pa.types.is_null(column.type):
        return np.zeros(len(column), dtype=bool)
    own: Mask | None
    own = column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None
    inner = _inside(column, own)
    if own is None or inner is None:
        return own if inner is None else inner
    both: Mask = own & inner
    return both


def complete(
    batch: pa.RecordBatch, names: Sequence[str], nulls: str, left_out: Mask | None = None
) -> tuple[pa.RecordBatch, NDArray[np.int64] | None]:
    """The rows without nulls, and their positions in ``batch``; ``None``: all of them.

    Rows that are ``left_out`` are so whatever they hold.
    """
    if left_out is not None and left_out.any():
        rows = np.flatnonzero(~left_out).astype(np.int64)
        try:
            whole, kept = complete(batch.take(pa.array(rows)), names, nulls)
        except InputError as error:
            row = error.place.row
            raise error.located(row=int(rows[row]) if isinstance(row, int) else None) from None
        return whole, rows if kept is None else rows[kept]
    found = {name: present(batch.column(name)) for name in names}
    masks = {name: mask for name, mask in found.items() if mask is not None and not mask.all()}
    if not masks:
        return batch, None
    kept = np.logical_and.reduce(list(masks.values()))
    if nulls == "skip":
        return batch.filter(pa.array(kept)), np.flatnonzero(kept).astype(np.int64)
    row = int(np.argmin(kept))
    name = next(name for name, mask in masks.items() if not mask[row])
    raise InputError(
        "found null" if not batch.column(name)[row].is_valid else "found a null among the values",
        expected="a value in every row",
        remedy="say a number for every class, 0 for one without mass"
        if pa.types.is_struct(batch.column(name).type) and batch.column(name)[row].is_valid
        else 'pass nulls="skip" (--nulls skip) to leave such rows out and count them',
        place=Place(row=row, column=name),
    )


def _inside(column: pa.Array, own: Mask | None) -> Mask | None:
    """Which rows hold no null; rows that are null themselves may be told either way."""
    kind = column.type
    if pa.types.is_struct(kind):
        masks = [present(child) for child in children_of(column)]
        known = [mask for mask in masks if mask is not None]
        return np.logical_and.reduce(known) if known else None
    if not is_list(kind):
        return None
    values = column.flatten()
    if not values.null_count:
        return None
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    where = np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))
    free = np.ones(len(column), dtype=bool)
    free[np.searchsorted(np.cumsum(lengths), where, side="right")] = False
    return free
