"""Results as plain dictionaries, lists and numbers: what their JSON holds, and what is logged."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from unsurprised.statistics.estimate import Estimate

#: Letters of a name within a key of a tracker.
_NAME = 60


def flat_fields(record: Any, *, without: Collection[str] = ("base",)) -> dict[str, float]:
    """The numbers of a dataclass as one dictionary, for experiment trackers.

    Parts of a name are joined by ``/``, which MLflow allows and Weights & Biases makes groups of.
    Infinities are ``float("inf")``; what is not known is not there, and lists are left out.
    """
    found: dict[str, float] = {}
    for field in dataclasses.fields(record):
        if field.name not in without:
            flatten(found, field.name, getattr(record, field.name))
    return found


def tracked(names: Iterable[object]) -> list[str]:
    """Names of the data as parts of a tracker's keys: without what trackers refuse, and distinct.

    >>> tracked(["uniform mixing, then temperature scaling", "a/b", "a:b", ".."])
    ['uniform_mixing_then_temperature_scaling', 'a_b', 'a_b_2', '_']
    """
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", str(name))[:_NAME].strip(".") or "_"
        key, count = plain, 1
        while key in found:
            count += 1
            key = f"{plain}_{count}"
        found.append(key)
    return found


def flatten(found: dict[str, float], name: str, value: Any) -> None:
    """Put the numbers of a value under its name."""
    if isinstance(value, Estimate):
        flatten(found, name, value.value)
        # Not under the name: a tracker that keeps each metric in a file has no folder of that name.
        flatten(found, f"{name}_low", value.low)
        flatten(found, f"{name}_high", value.high)
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            flatten(found, f"{name}/{key}", entry)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            flatten(found, f"{name}/{field.name}", getattr(value, field.name))
    elif isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value):
        found[name] = value


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
