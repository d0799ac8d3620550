"""Frames, series and arrays of pandas, Polars, Arrow, DuckDB and xarray, taken apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.python_objects import Container, objects_of
from unsurprised.errors import CallError


def _pandas(values: Any, what: str) -> Container | None:
    kind = type(values).__name__
    if kind == "DataFrame":
        return _pandas_frame(values, what)
    if kind == "Series":
        array, missing = _pandas_values(values)
        index = values.index
        title = values.name if isinstance(values.name, str) else _number(values.name)
        if array.ndim > 1:  # of lists, whose index is that of rows
            return Container(array, None, index, missing, title)
        columns = None if is_default(index) else tuple(map(str, index))
        return Container(array, columns, index, missing, title, index)
    if hasattr(values, "to_numpy"):
        array, missing = _pandas_values(values)
        return Container(array, missing=missing)
    array = np.asarray(values)
    return objects_of(array) or Container(array)


def _pandas_frame(frame: Any, what: str) -> Container:
    """The numbers of a frame, a column for each class."""
    # Columns that pandas numbered by itself have no names.
    columns = None if is_default(frame.columns) else tuple(map(str, frame.columns))
    index = frame.index
    parts = [_pandas_values(frame.iloc[:, k]) for k in range(frame.shape[1])]
    text = [name for name, (array, _) in zip(map(str, frame.columns), parts, strict=True)
            if array.dtype.kind not in "biuf" and len(array)]  # fmt: skip
    if text and len(parts) > 1:
        raise CallError(
            f"{what} has the column {text[0]!r}, which holds no numbers; expected a number for "
            f"every class in every column: {what}[[…]] with the columns of the classes alone"
        )
    missing = [mask for _, mask in parts if mask is not None]
    mask = np.stack([np.zeros(len(frame), bool) if m is None else m for _, m in parts], axis=1)
    values = frame.to_numpy()
    if values.dtype.kind not in "biuf" or missing:
        values = np.stack([array for array, _ in parts], axis=1)
    title = 0 if columns is None and len(parts) == 1 else None
    return Container(values, columns, index, mask if missing else None, title, frame.columns)


def _number(name: Any) -> int | None:
    """The name of a numbered column, which pandas 2 has as NumPy's integer; None of another."""
    return int(name) if isinstance(name, int | np.integer) else None


def _pandas_values(series: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    array = series.to_numpy()
    if array.dtype.kind == "f":  # NaN is a number here, and a wrong one
        return array, None
    missing = np.asarray(series.isna())
    if missing.any():
        inner = objects_of(np.asarray(series.astype(object)))
        return (array, missing) if inner is None else (inner.values, inner.missing)
    inner = objects_of(array) if array.dtype.kind == "O" else None
    return (array if inner is None else inner.values), None


def is_default(index: Any) -> bool:
    """Whether pandas numbered the rows by itself, from 0."""
    if type(index).__name__ == "RangeIndex":
        return bool(index.start == 0 and index.step == 1)
    # What is taken out of a range stays one since pandas 3.
    return len(index) == 1 and index.dtype.kind == "i" and bool(index[0] == 0)


def _polars(values: Any, what: str) -> Container | None:
    kind = type(values).__name__
    if kind == "DataFrame":
        inner = _arrow_table(values.to_arrow(), what)
        return Container(inner.values, inner.columns, None, inner.missing)
    if kind == "Series":
        return replace(_arrow_array(values.to_arrow(), what), title=values.name or None)
    return None


def _arrow(values: Any, what: str) -> Container | None:
    kind = type(values).__name__
    if kind in ("Table", "RecordBatch"):
        return _arrow_table(values, what)
    if hasattr(values, "type") and (hasattr(values, "chunks") or hasattr(values, "offset")):
        return _arrow_array(values, what)
    return None


def _duckdb(values: Any, what: str) -> Container | None:
    if not hasattr(values, "__arrow_c_stream__"):
        return None
    import pyarrow as pa

    return _arrow_table(pa.table(values), what)


def _arrow_table(table: Any, what: str) -> Container:
    columns = tuple(table.column_names)
    parts = [_arrow_array(table.column(k), what) for k in range(len(columns))]
    if len(parts) == 1:
        return Container(_column(parts[0]), columns, None, parts[0].missing)
    for name, part in zip(columns, parts, strict=True):
        if part.values.dtype.kind not in "biuf" or part.values.ndim != 1:
            raise CallError(
                f"{what} has the column {name!r}, which holds no numbers; expected a number for "
                f"every class in every column: {what}.select([…]) the columns of the classes alone"
            )
    missing = [part.missing for part in parts if part.missing is not None]
    mask = np.logical_or.reduce(missing)[:, None] if missing else None
    values = np.stack([part.values for part in parts], axis=1)
    return Container(
        values, columns, None, None if mask is None else mask & np.ones(values.shape, bool)
    )


def _column(part: Container) -> Any:
    return part.values[:, None] if part.values.ndim == 1 else part.values


def _arrow_array(column: Any, what: str) -> Container:
    """An Arrow column; lists are rows."""
    # Arrow's encodings are read where files are; a column in memory has the same ones.
    from unsurprised.arrow.encodings import array_of

    values, missing = array_of(column, what)
    return Container(values, missing=missing)


def _xarray(values: Any, what: str) -> Container | None:
    if type(values).__name__ == "Dataset":
        raise CallError(f"{what} is a Dataset of xarray; expected one of its arrays: {what}['…']")
    last = values.dims[-1] if getattr(values, "dims", ()) else None
    coordinate = values.coords[last] if last in getattr(values, "coords", {}) else None
    names = None if coordinate is None else tuple(map(str, coordinate.values.tolist()))
    return Container(np.asarray(values.values), names)


READERS: dict[str, Callable[[Any, str], Container | None]] = {
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _arrow,
    "duckdb": _duckdb,
    "_duckdb": _duckdb,
    "xarray": _xarray,
}
