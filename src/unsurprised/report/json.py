"""An evaluation as plain dictionaries, lists and numbers: what its JSON holds.

``evaluation.schema.json`` beside this module states the same as a JSON Schema.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any

from unsurprised.evaluation.result import SCHEMA, Evaluation


def as_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The attributes of an evaluation by name, in their order, after the schema's name.

    Infinities are the strings ``"inf"`` and ``"-inf"``, NaN is ``None``, and the keys of
    ``quantiles`` are their levels as text (``"0.5"``).

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.

    Returns
    -------
    dict
        Only dictionaries, lists, strings, numbers, booleans and ``None``.
    """
    return {"schema": SCHEMA, **plain_fields(evaluation)}


def json_schema(of: str = "evaluation") -> dict[str, Any]:
    """The JSON Schema of what :func:`as_dict` returns, or that of an ``"explanation"``.

    Examples
    --------
    >>> json_schema()["properties"]["schema"]["const"]
    'unsurprised.evaluation/1'
    """
    source = files("unsurprised.report").joinpath(f"{of}.schema.json")
    schema: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return schema


def plain_fields(record: Any, *, without: Collection[str] = ()) -> dict[str, Any]:
    """The fields of a dataclass by name, as dictionaries, lists, strings and numbers."""
    names = [field.name for field in dataclasses.fields(record) if field.name not in without]
    return {name: _plain(getattr(record, name)) for name in names}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        value = value.tolist()
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if dataclasses.is_dataclass(value):
        return plain_fields(value)
    return [_plain(entry) for entry in value]


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value + 0.0  # −0.0 is 0.0
