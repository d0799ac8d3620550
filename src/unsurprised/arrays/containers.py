"""Containers that hold arrays: their numbers, and the names that came with them.

Data frames, series, dictionaries, Arrow's arrays, labelled and masked arrays are taken apart here,
and nowhere else, so that no name is dropped on the way in. No library is imported that the user
has not imported.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from unsurprised.arrays.frames import READERS
from unsurprised.arrays.python_objects import Container, Names, numbers_of, objects_of
from unsurprised.arrays.row_order import refuse_other_orders, rows_in
from unsurprised.errors import CallError

__all__ = ["Container", "Names", "refuse_missing", "taken_apart", "torch_rows"]

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


def taken_apart(values: Any, what: str) -> Container | None:
    """The parts of a container; None for what is an array already.

    Examples
    --------
    >>> taken_apart({"cat": 0.9, "dog": 0.1}, "p")  # doctest: +ELLIPSIS
    Container(values=array([0.9, 0.1]), columns=('cat', 'dog'), ...)
    """
    kind = type(values)
    if kind is list and values and isinstance(values[0], dict | list):
        return _records(values, what)
    if kind is list and any(value is None for value in values):
        return objects_of(np.array(values, dtype=object))
    if kind in _PLAIN:
        return objects_of(values) if kind is np.ndarray and values.dtype.kind == "O" else None
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
    read = READERS.get(module.partition(".")[0])
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
    refuse_other_orders({f"{what}[{name!r}]": one for name, one in values.items()})
    rows = next(filter(None, map(rows_in, values.values())), None)
    index = None if rows is None or rows.where == "keys" else rows.names
    return Container(numbers_of(np.stack(parts, axis=-1)), columns, index)


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
    return Container(numbers_of(array), columns)


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
    inner = objects_of(data) if data.dtype.kind == "O" else None
    plain = data if inner is None else inner.values
    return Container(plain, missing=mask if mask.any() else None)


def refuse_missing(container: Container, what: str) -> None:
    """Raise where an entry has no value, for whoever cannot leave its row out."""
    if container.missing is None:
        return
    where = tuple(int(k) for k in np.argwhere(container.missing)[0])
    raise CallError(
        f"{what} has masked entries or nulls, the first at "
        f"{where[0] if len(where) == 1 else where}; "
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
