"""Measures of single numbers: probabilities of events, and what happened to a row."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Array, Values
from unsurprised.arrays.host import FLOATS, host_array
from unsurprised.arrays.libraries import (
    NUMPY,
    Namespace,
    detached,
    is_in_main_memory,
    is_traced,
    library_of,
    to_numpy,
)
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import DistributionForm, Labels
from unsurprised.measures._alignment import aligned
from unsurprised.measures._array_engine import home_of
from unsurprised.measures._dispatch import Answer, answer, finished, settled
from unsurprised.measures._distribution import Side
from unsurprised.measures._labels import checked_indices
from unsurprised.measures._numpy_engine import by_kernel, common_shape
from unsurprised.measures._straight import straight
from unsurprised.units import checked_base


def of_events(
    events: Any,
    formula: Callable[[Namespace, Array], Array],
    *,
    base: float,
    remedy: str | None = None,
    kernel: Callable[[Values, Values], None] | None = None,
) -> Answer:
    """``formula`` (in nats), or ``kernel`` (in units), of each number from 0 to 1."""
    checked_base(base)
    home = home_of([events])
    if home is not None and not is_in_main_memory(events):
        if not is_traced(events):
            _numbers(to_numpy(events), remedy)
        return formula(home.xp, home.xp.astype(events, home.dtype)) / math.log(base)
    numbers = _numbers(detached(events) if library_of(events) else events, remedy)
    if kernel is None:
        with np.errstate(all="ignore"):
            values = np.asarray(formula(NUMPY, numbers) / math.log(base))
    else:
        values = np.empty(numbers.shape, dtype=np.float64)
        kernel(numbers, values)
    return finished(home, values)


def _numbers(values: Any, remedy: str | None) -> NDArray[np.float64]:
    if type(values) is float and 0.0 <= values <= 1.0:
        return np.array(values)
    host = host_array(values, "q")
    if host.dtype not in FLOATS and host.kind not in "iub" and host.values.size:
        raise CallError(f"q holds {host.dtype}; expected numbers")
    events = np.asarray(host.as_float64(), order="C")
    legal = (events >= 0) & (events <= 1)
    if np.count_nonzero(legal) < legal.size:
        first = tuple(int(i) for i in np.argwhere(~legal)[0])
        raise InputError(
            f"found {events[first]:.6g} as the probability of an event",
            expected="a number from 0 to 1",
            remedy=remedy,
            place=Place(row=first or None),
        )
    return events


def outcome_surprisal(
    q: DistributionForm, labels: Labels, *, axis: int, base: float, called: str = "p"
) -> Answer:
    """The surprisal of each row at what happened, which errors call so."""
    base = checked_base(base)
    found = straight("surprisal", [q], axis=axis, base=base, labels=labels)
    if found is not None:
        return found
    home, on_host, (rows, outcomes) = settled(aligned([q, labels], axis, ("q", called)))
    assert isinstance(rows, DistributionForm)  # as they were given
    assert isinstance(outcomes, Labels)
    rows = rows.with_classes_last(axis)
    at = checked_indices(outcomes, rows.shape[-1])
    if on_host or home is None:
        return finished(home, by_kernel("surprisal", [rows], labels=at, base=base, axis=axis))
    shape = common_shape(
        [rows.shape[:-1], tuple(at.shape)], f" beside the classes along axis {axis}"
    )

    def formula(sides: list[Side]) -> Array:
        (side,) = sides
        xp = side.xp
        index = at if library_of(at) else home.place(at)
        scores = xp.broadcast_to(side.log_share, (*shape, side.log_share.shape[-1]))
        index = xp.broadcast_to(xp.astype(index, xp.asarray(0).dtype), shape)[..., None]
        return 0.0 - xp.take_along_axis(scores, index, axis=-1)[..., 0]

    return answer(formula, [rows], base=base, home=home)  # its classes are last by now
