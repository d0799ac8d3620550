"""Time series as they are handed in: values by time, in one trial or several, with gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import taken_apart
from unsurprised.arrays.host import host_array
from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.errors import CallError, InputError, Place
from unsurprised.estimate.columns import KINDS, NO_COLUMNS, number_text
from unsurprised.estimate.scales import Codes, NumberSettings
from unsurprised.estimate.variables import LARGEST, Variable, variable_of
from unsurprised.forms import Form


@dataclass(frozen=True)
class Series:
    """A series: what it holds, and where each time's value stands among those that are known."""

    name: str
    #: The known values, one trial after the other.
    values: Variable
    #: By time, one trial after the other: which of the known values it has; −1 in a gap.
    places: Codes
    #: How many times each trial has.
    lengths: tuple[int, ...]

    @property
    def gaps(self) -> int:
        """How many times have no value."""
        return int((self.places < 0).sum())

    def at(self, times: NDArray[np.int64]) -> Variable:
        """The values at some times, none of which lies in a gap."""
        return self.values.at(self.places[times])


def series_of(values: Any, name: str, place: str, settings: NumberSettings) -> Series:
    """A series, or several trials of one as a list of series.

    ``place`` is that of its noise, as of :func:`~unsurprised.estimate.variables.variable_of`.
    """
    trials = list(_trials(values, name))
    parts = [_part(trial, title) for title, trial in trials]
    missing = np.concatenate([gone for _, gone in parts])
    if missing.all():
        raise CallError(f"{name} has no value at any time; expected a series")
    # A trial without values says nothing of what they are.
    titles = [title for (title, _), (_, gone) in zip(trials, parts, strict=True) if not gone.all()]
    known = [part[~gone] for part, gone in parts if not gone.all()]
    _refuse_different(known, titles, settings.all_numbers)
    together = np.concatenate(known)
    if together.dtype.kind not in {part.dtype.kind for part in known}:
        raise CallError(
            f"{name} has trials of {' and '.join(sorted({str(part.dtype) for part in known}))}; "
            "expected one type for all"
        )
    places = np.where(missing, -1, np.cumsum(~missing) - 1)
    found = variable_of(together, place, settings, name)
    return Series(name, found, places, tuple(len(part) for part, _ in parts))


def refuse_other_times(series: Mapping[str, Any]) -> None:
    """Raise where series, or the trials of lists of them, have the same times in another order."""
    refuse_other_orders(series)
    trials = [
        [(f"{name}[{number}]", trial) for number, trial in enumerate(values)]
        for name, values in series.items()
        if isinstance(values, list | tuple)
    ]
    for together in zip(*trials, strict=False):
        refuse_other_orders(dict(together))


def _trials(values: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Each trial with what to call it: a list of series is a list of trials."""
    if isinstance(values, Iterator):
        values = list(values)
    if not isinstance(values, list | tuple) or not values or not all(map(_is_series, values)):
        yield name, values
        return
    lengths = {len(trial) for trial in values}
    if len(lengths) == 1 and len(values) > max(lengths) and isinstance(values[0], list | tuple):
        raise CallError(
            f"{name} is a list of {len(values):,} lists of {max(lengths)}; expected an array, "
            f"np.array({name}), for numbers of {max(lengths)} dimensions at {len(values):,} times, "
            "or a list of arrays for so many trials"
        )
    for number, trial in enumerate(values):
        yield f"{name}[{number}]", trial


def _is_series(value: Any) -> bool:
    scalars = (str, bytes, np.generic, dict)
    return (
        hasattr(value, "__len__")
        and not isinstance(value, scalars)
        and getattr(value, "ndim", 1) > 0
    )


def _part(values: Any, name: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The values of one trial, and where there are none."""
    if values is None or isinstance(values, (Form, *NO_COLUMNS)):
        raise CallError(
            f"{name} is a {type(values).__name__}; expected a series, one value for each time"
        )
    if isinstance(values, str):
        values = list(values)
    if isinstance(values, bytes | bytearray):
        values = np.frombuffer(values, dtype=np.uint8)
    container = taken_apart(values, name)
    array = host_array(values if container is None else container.values, name)
    if array.values.ndim not in (1, 2) or 0 in array.shape:
        raise CallError(
            f"{name} has the shape {array.shape}; expected a value for each time, or (times, "
            "dimensions); several trials are a list of arrays"
        )
    if array.values.ndim == 2 and array.shape[1] > array.shape[0]:
        raise CallError(
            f"{name} has the shape {array.shape}; expected (times, dimensions) with more times "
            f"than dimensions; if it holds {array.shape[0]} trials, pass list({name})"
        )
    missing: NDArray[np.bool_] = np.zeros(len(array.values), dtype=np.bool_)
    if container is not None and container.missing is not None:
        missing = np.asarray(container.missing.reshape(len(missing), -1).any(axis=1))
    plain = array.as_float64() if array.kind == "f" else array.values
    _refuse_no_numbers(plain, missing, name)
    return plain, missing


def _refuse_no_numbers(values: NDArray[Any], missing: NDArray[np.bool_], name: str) -> None:
    if values.dtype.kind != "f":
        return
    wrong = ~(np.abs(values) <= LARGEST).reshape(len(values), -1).all(axis=1) & ~missing
    if wrong.any():
        time = int(np.flatnonzero(wrong)[0])
        bad = values[time][~(np.abs(values[time]) <= LARGEST)]
        raise InputError(
            f"found {number_text(float(bad.flat[0]))} in a series of numbers",
            expected="numbers of at most 2¹⁰⁰⁰ in size",
            remedy="for a gap, which no window crosses, pass None, or mask it: "
            "np.ma.masked_invalid(series)",
            place=Place(file=name, row=time),
        )


def _kind(values: NDArray[Any]) -> str:
    kind = values.dtype.kind
    return "numbers" if kind == "f" else KINDS.get(kind, str(values.dtype))


def _refuse_different(parts: list[NDArray[Any]], titles: list[str], all_numbers: bool) -> None:
    """Trials that do not hold the same kind of values."""
    first = parts[0]
    for title, part in zip(titles, parts, strict=True):
        if part.shape[1:] != first.shape[1:]:
            raise CallError(
                f"{titles[0]} has the shape {first.shape}, {title} {part.shape}; expected as many "
                "dimensions in every trial"
            )
        kinds = [_kind(one) for one in (first, part)]
        if kinds[0] != kinds[1] and not (all_numbers and {*kinds} == {"numbers", "integers"}):
            raise CallError(
                f"{titles[0]} holds {kinds[0]}, {title} {kinds[1]}; expected the same in every "
                "trial: floats are numbers, integers and names categories"
            )
