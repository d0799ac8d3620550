"""Options that are numbers, or arrays of one number that have a derivative or no value yet."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from unsurprised.errors import CallError
from unsurprised.units import as_number


class ArrayOption(NamedTuple):
    """An option that stays an array, and its value where that can be looked at."""

    array: Any
    known: float | None


#: Numbers that an option may be; of an array, entry by entry.
Fits = Callable[[Any], Any]
#: How a library keeps an option that has a derivative or no value yet; None where it has neither.
Keep = Callable[[Any, Fits], ArrayOption | None]


def keep_none(value: Any, fits: Fits) -> ArrayOption | None:
    """No option is kept: each is the number that it holds."""
    return None


def is_number(value: Any, number: float) -> bool:
    """Whether an option is known to be this number; of one that is kept as an array it is not."""
    return isinstance(value, (int, float)) and value == number


def is_array(value: Any) -> bool:
    """Whether an option has a derivative, or no value yet."""
    return not (value is None or isinstance(value, (int, float)))


def is_share(value: Any) -> Any:
    """From 0 to 1."""
    return (value >= 0) & (value <= 1)


def is_inside(value: Any) -> Any:
    """Between 0 and 1."""
    return (value > 0) & (value < 1)


def is_positive(value: Any) -> Any:
    """Finite and above 0."""
    return (value > 0) & (value < math.inf)


def is_not_negative(value: Any) -> Any:
    """Finite and at least 0."""
    return (value >= 0) & (value < math.inf)


def is_finite(value: Any) -> Any:
    """Neither infinite nor NaN."""
    return (value > -math.inf) & (value < math.inf)


def positive(name: str, value: Any, keep: Keep) -> Any:
    """The option, or an error unless it is a finite number above 0."""
    return checked_number(name, value, is_positive, "a finite number above 0", keep)


def checked_number(name: str, value: Any, fits: Fits, expected: str, keep: Keep) -> Any:
    """The option as a number, or as an array where that has a derivative or no value yet."""
    shape = tuple(getattr(value, "shape", ()))
    if math.prod(shape) != 1:
        raise CallError(f"{name} is an array of shape {shape}; expected one number")
    kept = keep(value, fits)
    known = as_number(value) if kept is None else kept.known
    if known is not None and not fits(known):
        raise CallError(f"{name}={value!r}; expected {expected}")
    return known if kept is None else kept.array
