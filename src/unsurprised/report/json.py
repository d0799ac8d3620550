"""An evaluation as plain dictionaries, lists and numbers: what its JSON holds.

``evaluation/schema.json`` states the same as a JSON Schema.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any

from unsurprised.evaluation.result import SCHEMA, Evaluation
from unsurprised.statistics.estimate import Estimate


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


def flat_dict(evaluation: Evaluation) -> dict[str, float]:
    """The figures of an evaluation as one dictionary of numbers, for experiment trackers.

    Parts of a name are joined by ``/``, which MLflow allows and Weights & Biases makes groups of.
    Infinities are ``float("inf")``; what is not known is not there.
    """
    found: dict[str, float] = {}
    for field in dataclasses.fields(evaluation):
        if field.name not in ("base", "ledger"):
            _flatten(found, field.name, getattr(evaluation, field.name))
    ledger = evaluation.ledger
    if ledger is not None:
        for name in ("rows", "label_entropy", "discrimination", "miscalibration", "cross_entropy"):
            _flatten(found, f"ledger/{name}", getattr(ledger, name))
        for each in ledger.recalibrations:
            _flatten(found, f"ledger/{_name(each.family)}", each)
    if evaluation.calibration:
        top = evaluation.calibration[0]
        for name in ("error", "error_debiased", "error_if_calibrated"):
            _flatten(found, f"calibration/{name}", getattr(top, name))
    return found


def _name(family: str) -> str:
    """A family's name without what trackers refuse.

    >>> _name("uniform mixing, then temperature scaling")
    'uniform_mixing_then_temperature_scaling'
    """
    return family.replace(", ", "_").replace(" ", "_")


def _flatten(found: dict[str, float], name: str, value: Any) -> None:
    if isinstance(value, Estimate):
        _flatten(found, name, value.value)
        # Not under the name: a tracker that keeps each metric in a file has no folder of that name.
        _flatten(found, f"{name}_low", value.low)
        _flatten(found, f"{name}_high", value.high)
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            _flatten(found, f"{name}/{key}", entry)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            _flatten(found, f"{name}/{field.name}", getattr(value, field.name))
    elif isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
        found[name] = value


def json_schema(of: str = "evaluation") -> dict[str, Any]:
    """The JSON Schema of what :func:`as_dict` returns, or that of an ``"explanation"``.

    Examples
    --------
    >>> json_schema()["properties"]["schema"]["const"]
    'unsurprised.evaluation/1'
    """
    source = files(f"unsurprised.report.{of}").joinpath("schema.json")
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
