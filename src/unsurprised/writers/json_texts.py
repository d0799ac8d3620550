"""Values as JSON, a text for each row."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import types

from unsurprised.arrow.kinds import is_list
from unsurprised.errors import InputError

Text = Callable[[Any], str]

_dumps = json.JSONEncoder(ensure_ascii=False).encode


def json_texts(column: pa.Array, null: str | None = "null") -> list[str | None]:
    """A column of values that JSON has (see :mod:`held`); ``null`` stands for rows without one.

    NaN and Infinity are written as Python writes them, decimals as numbers with all their digits.

    Examples
    --------
    >>> json_texts(pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())))
    ['{"a": 1}', 'null']
    """
    text = _text_of(column.type)
    rows = []
    for row, value in enumerate(column.to_pylist()):
        try:
            rows.append(null if value is None else text(value))
        except InputError as error:
            raise error.located(row=row) from None
    return rows


def _text_of(kind: pa.DataType) -> Text:
    """What makes the text of a value of a type."""
    if types.is_decimal(kind):
        return str
    if _plainly(kind):
        return _dumps
    if types.is_map(kind):
        return _object_text(_key_text(kind.key_type), _or_null(_text_of(kind.item_type)))
    if types.is_struct(kind):
        texts = {field.name: _or_null(_text_of(field.type)) for field in kind}
        return lambda row: "{" + ", ".join(
            f"{_dumps(name)}: {text(row[name])}" for name, text in texts.items()
        ) + "}"  # fmt: skip
    entry = _or_null(_text_of(kind.value_type))
    return lambda row: "[" + ", ".join(map(entry, row)) + "]"


def _plainly(kind: pa.DataType) -> bool:
    """Whether Python's own encoder has a text for the values."""
    if is_list(kind):
        return _plainly(kind.value_type)
    if types.is_struct(kind):
        return all(_plainly(field.type) for field in kind)
    return not types.is_map(kind) and not types.is_decimal(kind)


def _or_null(text: Text) -> Text:
    return lambda value: "null" if value is None else text(value)


def _key_text(kind: pa.DataType) -> Text:
    text = _text_of(kind)
    return lambda key: _dumps(key if isinstance(key, str) else text(key))


def _object_text(key_text: Text, item_text: Text) -> Text:
    def text(pairs: Sequence[tuple[Any, Any]]) -> str:
        items = {key_text(key): item_text(item) for key, item in pairs}
        if len(items) < len(pairs):
            keys = [key_text(key) for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InputError(
                f"found a map with the key {twice} twice, which JSON cannot hold",
                remedy="write another format: --out with a name in .parquet or .arrow",
            )
        return "{" + ", ".join(f"{key}: {item}" for key, item in items.items()) + "}"

    return text
