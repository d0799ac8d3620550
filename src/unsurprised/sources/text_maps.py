"""Cells of text that hold a map from class to number, as JSON and Python write one."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from unsurprised.errors import InputError, Place


def map_type(cells: Sequence[str]) -> pa.DataType | None:
    """The type of a column of maps; ``None`` if one of the cells is none."""
    if not cells or not all(cell.lstrip()[:1] == "{" for cell in cells):
        return None
    found = [_parsed(cell) for cell in cells]
    if not all(found):
        return None
    names = dict.fromkeys(name for numbers in found if numbers for name in numbers)
    return pa.struct([(name, pa.float64()) for name in names])


def maps(column: pa.Array, kind: pa.DataType, name: str) -> pa.Array:
    """Cells such as ``{"cat": 0.9, "dog": 0.1}`` as structs.

    Raises
    ------
    InputError
        Naming the first cell that is no such map, or that names another class.
    """
    names = {field.name for field in kind}
    rows: list[dict[str, float] | None] = []
    for row, cell in enumerate(column.to_pylist()):
        numbers = None if cell is None else _parsed(cell)
        if cell is not None and (numbers is None or not numbers.keys() <= names):
            raise InputError(
                f"found {cell!r}",
                expected="a map from class to number, of the classes in the first rows",
                place=Place(row=row, column=name),
            )
        rows.append(numbers)
    return pa.array(rows, kind)


def _parsed(cell: str) -> dict[str, float] | None:
    found = _literal(cell)
    if not isinstance(found, dict) or not found:
        return None
    if not all(type(value) in (int, float) for value in found.values()):
        return None
    return {str(key): float(value) for key, value in found.items()}


def _literal(cell: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            return read(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None
