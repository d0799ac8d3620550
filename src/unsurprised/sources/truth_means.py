"""Kind of the truth's values, whatever their type, as all rows of the source tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.arrow.kinds import is_list, stands_for
from unsurprised.errors import InputError
from unsurprised.sources.columns import Roles
from unsurprised.sources.look import all_rows
from unsurprised.sources.numbers import numbers
from unsurprised.sources.table import Table


def truth_means(tables: Sequence[Table], first: Table, roles: Roles, classes: int) -> str:
    """Tell "labels", "shares of class 1", "distributions" and "counts" apart.

    Rows are read until one tells: of whole floats, all of them.
    """
    if roles.label is None:
        return _rows_mean(_label_columns(tables, roles)) if roles.label_columns else "labels"
    kind = stands_for(first.schema.field(roles.label).type)
    if kind in ("floats", "integers"):
        return _rows_mean(_lists(tables, roles.label))
    if kind == "float" and classes == 2:
        return _numbers_mean(all_rows(tables, roles.label, "label"))
    return "labels"


def _numbers_mean(columns: Iterator[pa.Array]) -> str:
    """Shares where one is no whole number and all are from 0 to 1."""
    shares = False
    for column in columns:
        values = np.asarray(numbers(column.drop_null()), dtype=np.float64)
        values = values[~np.isnan(values)]
        if ((values < 0) | (values > 1)).any():
            return "labels"
        shares = shares or bool((values != np.floor(values)).any())
    return "shares of class 1" if shares else "labels"


def _rows_mean(blocks: Iterator[NDArray[Any]]) -> str:
    """Votes where whole numbers do not sum to one; distributions otherwise."""
    votes = False
    for values in blocks:
        with np.errstate(invalid="ignore"):
            if not ((values == np.floor(values)) & (values >= 0)).all():
                return "distributions"
        votes = votes or bool((values.sum(axis=1) != 1).any())
    return "counts" if votes else "distributions"


def _lists(tables: Sequence[Table], name: str) -> Iterator[NDArray[Any]]:
    for column in all_rows(tables, name, "label"):
        kept = column.drop_null()
        if not is_list(kept.type) or not len(kept):
            continue
        sizes = (
            kept.value_lengths().unique().to_pylist()
            if hasattr(kept, "value_lengths")
            else [kept.type.list_size]
        )
        flat = kept.flatten()
        if len(sizes) > 1 or flat.null_count or not sizes[0]:  # refused where rows are read
            continue
        yield np.asarray(numbers(flat), dtype=np.float64).reshape(len(kept), sizes[0])


def _label_columns(tables: Sequence[Table], roles: Roles) -> Iterator[NDArray[Any]]:
    names = roles.label_columns
    for table in tables:
        if table.empty:
            continue
        for batch in table.looked(dict.fromkeys(names, "truth"), 8192):
            try:
                columns = [numbers(batch.column(name).drop_null()) for name in names]
            except InputError as error:
                raise error.located(file=table.file) from None
            if len({len(column) for column in columns}) == 1:
                yield np.stack(columns, axis=1).astype(np.float64)
