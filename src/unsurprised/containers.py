"""What people hand in instead of an array: its numbers, and the names that came with them.

Data frames, series, dictionaries, Arrow's arrays, labelled and masked arrays are taken apart here,
and nowhere else, so that no name is dropped on the way in. No library is imported that the user
has not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError

Names = tuple[str, ...]

#: Types that are arrays already, or hold no names.
_PLAIN = (np.ndarray, list, tuple, float, int, np.generic)

#: What turns an object of another library into something with its values at hand, by the module
#: (and the class, where others of the module are fine) that it comes from.
_NOT_YET = {
    "polars.lazyframe": ".collect()",
    "dask.dataframe": ".compute()",
    "dask_expr": ".compute()",
    "pyspark.": ".toPandas()",
    "ray.data": ".to_pandas()",
    "ibis.": ".to_pyarrow()",
    "scipy.sparse": ".toarray()",
    "sparse.": ".todense()",
    "h2o.": ".as_data_frame()",
    "modin.": ".modin.to_pandas()",
}


@dataclass(frozen=True, slots=True)
class Container:
    """An array, with the names of its rows and columns and what is missing."""

    values: Any
    #: Names along the last axis of a frame, or along a series.
    columns: Names | None = None
    #: What the rows are called, where they have names of their own (pandas' index).
    index: Any = None
    #: Entries without a value; None where all have one.
    missing: NDArray[np.bool_] | None = field(default=None)


def taken_apart(values: Any, what: str) -> Container | None:
    """The parts of a container; None for what is an array already.

    Examples
    --------
    >>> taken_apart({"cat": 0.9, "dog": 0.1}, "p")
    Container(values=array([0.9, 0.1]), columns=('cat', 'dog'), index=None, missing=None)
    """
    kind = type(values)
    if kind is list and values and isinstance(values[0], dict | list):
        return _records(values, what)
    if kind in _PLAIN:
        return _objects(values) if kind is np.ndarray and values.dtype.kind == "O" else None
    if isinstance(values, Mapping):
        return _mapping(values, what)
    if isinstance(values, np.ma.MaskedArray) if "numpy.ma" in sys.modules else False:
        return _masked(values)
    module = f"{kind.__module__}."
    for start, method in _NOT_YET.items():
        if module.startswith(start):
            raise CallError(
                f"{what} is a {kind.__name__} of {start.partition('.')[0]}, whose values are not "
                f"at hand as an array; expected {what}{method}"
            )
    read = _READERS.get(module.partition(".")[0])
    return None if read is None else read(values, what)


def _mapping(values: Mapping[Any, Any], what: str) -> Container:
    """A distribution by the names of its classes, or a column for each class."""
    if not values:
        raise CallError(f"{what} is empty; expected a number for every class")
    columns = tuple(map(str, values))
    parts = [np.asarray(_plainly(value, what)) for value in values.values()]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise CallError(
            f"{what} holds {' and '.join(map(str, sorted(shapes)[:3]))} numbers by class; expected "
            "one number for every class, or columns of one length"
        )
    return Container(_numbers(np.stack(parts, axis=-1)), columns)


def _records(values: list[Any], what: str) -> Container | None:
    """Rows that are dictionaries of numbers by class, or lists of pairs of a class and a number."""
    first = values[0]
    if isinstance(first, list) and first and isinstance(first[0], dict):
        values = [_paired(row, what) for row in values]
    elif not isinstance(first, dict):
        return None
    columns = tuple(map(str, values[0]))
    if any({*map(str, row)} != {*columns} for row in values):
        raise CallError(
            f"{what} holds rows that name different classes; expected a number for every class in "
            "each: as a data frame, or a file, what is missing is told"
        )
    rows = [{str(name): number for name, number in row.items()} for row in values]
    array = np.asarray([[row[name] for name in columns] for row in rows])
    return Container(_numbers(array), columns)


def _paired(row: Any, what: str) -> dict[str, Any]:
    """Pairs such as ``{"label": "cat", "score": 0.9}`` as numbers by class."""
    found: dict[str, Any] = {}
    for pair in row:
        texts = [value for value in pair.values() if isinstance(value, str)]
        numbers = [value for value in pair.values() if not isinstance(value, str)]
        if len(texts) != 1 or len(numbers) != 1:
            raise CallError(
                f"{what} holds dictionaries that are no pairs of a class and a number; expected "
                "{'label': …, 'score': …}"
            )
        found[texts[0]] = numbers[0]
    return found


def _plainly(value: Any, what: str) -> Any:
    inner = taken_apart(value, what)
    return value if inner is None else inner.values


def _masked(values: Any) -> Container:
    mask = np.ma.getmaskarray(values)
    data = values.data
    inner = _objects(data) if data.dtype.kind == "O" else None
    plain = data if inner is None else inner.values
    return Container(plain, missing=mask if mask.any() else None)


def _objects(values: NDArray[Any]) -> Container | None:
    """Python's own objects as an array of numbers or names; None where they are neither."""
    flat = values.reshape(-1)
    kinds = set(map(type, flat))  # one quick pass: there may be millions of names
    if kinds and kinds <= {list, tuple, np.ndarray} and values.ndim == 1:
        return _rows(flat)
    empty = {kind for kind in kinds if kind.__name__ in _EMPTY}
    if float in kinds and not kinds - empty <= {float, int}:
        empty.add(float)  # NaN stands for "nothing" among names and decimals
    if not empty:
        found = _typed(flat, kinds)
        return None if found is None else Container(found.reshape(values.shape))
    missing = np.array([type(v) in empty and (type(v) is not float or v != v) for v in flat])
    known = flat[~missing]
    found = _typed(known, set(map(type, known)))
    if found is None:
        return None
    filled = np.zeros(len(flat), dtype=found.dtype if len(found) else np.float64)
    filled[~missing] = found
    mask = missing.reshape(values.shape) if missing.any() else None
    return Container(filled.reshape(values.shape), missing=mask)


#: Types of "no value".
_EMPTY = ("NoneType", "NAType", "NaTType")


def _rows(flat: NDArray[Any]) -> Container | None:
    rows = [np.asarray(row) for row in flat]
    if (
        len({row.shape for row in rows}) > 1
        or rows[0].ndim != 1
        or rows[0].dtype.kind not in "biuf"
    ):
        return None
    return Container(np.stack(rows))


def _typed(known: NDArray[Any], kinds: set[type]) -> NDArray[Any] | None:
    """Values of one meaning as an array of it."""
    if all(issubclass(kind, str) for kind in kinds):
        return known.astype(str)
    if kinds <= {bool, np.bool_}:
        return known.astype(np.bool_)
    if kinds & {bool, np.bool_}:
        return None
    if all(issubclass(kind, int | np.integer) for kind in kinds):
        try:
            return known.astype(np.int64)
        except OverflowError:
            return None
    from decimal import Decimal
    from fractions import Fraction

    numbers = (int, float, np.integer, np.floating, Decimal, Fraction)
    if all(issubclass(kind, numbers) for kind in kinds):
        return np.array([float(value) for value in known])
    return None


def _numbers(array: NDArray[Any]) -> NDArray[Any]:
    inner = _objects(array) if array.dtype.kind == "O" else None
    return array if inner is None else inner.values


def _pandas(values: Any, what: str) -> Container | None:
    kind = type(values).__name__
    if kind == "DataFrame":
        return _pandas_frame(values, what)
    if kind == "Series":
        array, missing = _pandas_values(values)
        index = values.index
        named = not _is_default(index)
        return Container(
            array, tuple(map(str, index)) if named else None, index if named else None, missing
        )
    if hasattr(values, "to_numpy"):
        array, missing = _pandas_values(values)
        return Container(array, missing=missing)
    array = np.asarray(values)
    return _objects(array) or Container(array)


def _pandas_frame(frame: Any, what: str) -> Container:
    """The numbers of a frame, a column for each class."""
    columns = tuple(map(str, frame.columns))
    index = None if _is_default(frame.index) else frame.index
    parts = [_pandas_values(frame.iloc[:, k]) for k in range(frame.shape[1])]
    text = [name for name, (array, _) in zip(columns, parts, strict=True)
            if array.dtype.kind not in "biuf" and len(array)]  # fmt: skip
    if text and len(columns) > 1:
        raise CallError(
            f"{what} has the column {text[0]!r}, which holds no numbers; expected a number for "
            f"every class in every column: {what}[[…]] with the columns of the classes alone"
        )
    missing = [mask for _, mask in parts if mask is not None]
    mask = np.stack([np.zeros(len(frame), bool) if m is None else m for _, m in parts], axis=1)
    values = frame.to_numpy()
    if values.dtype.kind not in "biuf" or missing:
        values = np.stack([array for array, _ in parts], axis=1)
    return Container(values, columns, index, mask if missing else None)


def _pandas_values(series: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    array = series.to_numpy()
    if array.dtype.kind == "f":  # NaN is a number here, and a wrong one
        return array, None
    missing = np.asarray(series.isna())
    if missing.any():
        inner = _objects(np.asarray(series.astype(object)))
        return (array, missing) if inner is None else (inner.values, inner.missing)
    inner = _objects(array) if array.dtype.kind == "O" else None
    return (array if inner is None else inner.values), None


def _is_default(index: Any) -> bool:
    """Whether pandas numbered the rows by itself: 0, 1, …"""
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1


def _polars(values: Any, what: str) -> Container | None:
    kind = type(values).__name__
    if kind == "DataFrame":
        inner = _arrow_table(values.to_arrow(), what)
        return Container(inner.values, inner.columns, None, inner.missing)
    if kind == "Series":
        return _arrow_array(values.to_arrow(), what)
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
    from unsurprised.sources.encodings import array_of

    values, missing = array_of(column, what)
    return Container(values, missing=missing)


def _xarray(values: Any, what: str) -> Container | None:
    if type(values).__name__ == "Dataset":
        raise CallError(f"{what} is a Dataset of xarray; expected one of its arrays: {what}['…']")
    last = values.dims[-1] if getattr(values, "dims", ()) else None
    coordinate = values.coords[last] if last in getattr(values, "coords", {}) else None
    names = None if coordinate is None else tuple(map(str, coordinate.values.tolist()))
    return Container(np.asarray(values.values), names)


_READERS: dict[str, Callable[[Any, str], Container | None]] = {
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _arrow,
    "duckdb": _duckdb,
    "_duckdb": _duckdb,
    "xarray": _xarray,
}


def refuse_missing(container: Container, what: str) -> None:
    """Raise where an entry has no value, for whoever cannot leave its row out."""
    if container.missing is None:
        return
    where = tuple(int(k) for k in np.argwhere(container.missing)[0])
    raise CallError(
        f"{what} has masked entries or nulls, the first at {where[0] if len(where) == 1 else where}; "
        "expected a number everywhere"
    )


def torch_rows(values: Any) -> Any:
    """The log-probabilities of a ``torch.distributions`` object; None for anything else."""
    if not type(values).__module__.startswith("torch.distributions"):
        return None
    name = type(values).__name__
    if name not in ("Categorical", "OneHotCategorical", "OneHotCategoricalStraightThrough"):
        raise CallError(
            f"a {name} of torch.distributions is no distribution over classes; expected a "
            "Categorical, or rows: Probs(d.probs), Logits(d.logits)"
        )
    return values.logits
