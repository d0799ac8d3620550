"""Numbers handed back in the container that others like them came in, by the same names."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.python_objects import Names


def like(container: Any, values: NDArray[Any], names: Names | None = None) -> Any:
    """Numbers as a dictionary, series, frame or records like another; None for other kinds.

    ``names`` are those of the columns, in their order, where records do not tell it.

    Examples
    --------
    >>> like({"cat": 0.5, "dog": 0.5}, np.array([0.25, 0.75]))
    {'cat': 0.25, 'dog': 0.75}
    >>> like([0.5, 0.5], np.array([0.25, 0.75])) is None
    True
    """
    if isinstance(container, Mapping):
        return _mapping(container, values)
    if type(container) is list:
        return _records(container, values, names)
    module = type(container).__module__.partition(".")[0]
    if module == "pandas":
        return _pandas(container, values)
    shape = tuple(getattr(container, "shape", ()))
    if module == "polars" and type(container).__name__ == "DataFrame" and shape == values.shape:
        return type(container)(values, schema=list(container.columns), orient="row")
    if module == "pyarrow" and type(container).__name__ == "Table" and shape == values.shape:
        names = tuple(container.column_names)
        return sys.modules["pyarrow"].table(dict(zip(names, values.T, strict=True)))
    return None


def _mapping(container: Mapping[Any, Any], values: NDArray[Any]) -> dict[Any, Any] | None:
    if values.ndim == 0 or values.shape[-1] != len(container):
        return None
    columns = values.tolist() if values.ndim == 1 else np.moveaxis(values, -1, 0)
    return dict(zip(container, columns, strict=True))


def _records(
    container: list[Any], values: NDArray[Any], names: Names | None
) -> list[dict[Any, float]] | None:
    """Rows that are dictionaries; pairs of a class and a number become numbers by class too."""
    first = container[0] if container else None
    pairs = isinstance(first, list) and first and isinstance(first[0], dict)
    if not (isinstance(first, dict) or pairs) or names is None or values.ndim != 2:
        return None
    keys = list(first) if isinstance(first, dict) else list(names)
    return [dict(zip(keys, row, strict=True)) for row in values.tolist()]


def _pandas(container: Any, values: NDArray[Any]) -> Any:
    if getattr(container, "shape", None) != values.shape or not hasattr(container, "index"):
        return None
    if values.ndim == 1:
        return type(container)(values, index=container.index, name=container.name)
    return type(container)(values, index=container.index, columns=container.columns)
