"""Bits, nats, hartleys: the unit of a logarithm is its base."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

from unsurprised.errors import CallError, UnitError

#: The base of a measure that has none (None is what someone may pass by mistake).
NO_UNIT: Any = object()

_NAMES = {2.0: "bits", math.e: "nats", 10.0: "hartleys"}


def unit_of(base: float) -> str:
    """The name of the unit that logarithms to ``base`` count in.

    >>> unit_of(2), unit_of(math.e), unit_of(3)
    ('bits', 'nats', 'base-3 units')
    """
    base = checked_base(base)
    return _NAMES.get(base, f"base-{base:g} units")


def units_per_bit(base: float) -> float:
    """How many units of ``base`` make one bit: ``ln 2 / ln(base)``.

    >>> units_per_bit(2), units_per_bit(4)
    (1.0, 0.5)
    """
    value = checked_base(base)
    return 1.0 if value == 2.0 else math.log(2) / math.log(value)


def checked_base(base: Any) -> float:
    """``base`` as a float; an error unless it is finite and above 1."""
    value = base if type(base) is float else as_number(base)
    if not 1.0 < value < math.inf:
        raise CallError(
            f"base={base!r} is no base of a logarithm; expected a finite number above 1: "
            "2 for bits, math.e for nats, 10 for hartleys"
        )
    return value


def refuse_base(unknown: Mapping[str, Any], name: str) -> None:
    """Say that a measure has no unit to someone who asks for one.

    >>> refuse_base({}, "total_variation")
    """
    for keyword, value in unknown.items():
        if keyword != "base":
            raise TypeError(f"{name}() got an unexpected keyword argument {keyword!r}")
        raise UnitError(
            f"{name} has no unit to choose, so base={value!r} means nothing; leave it out"
        )


def as_number(value: Any) -> float:
    """``value`` as a float; NaN, which is in no range, where it is none.

    >>> as_number(2), as_number("0.5")
    (2.0, nan)
    """
    try:
        return math.nan if isinstance(value, (str, bytes)) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def as_integer(value: Any) -> int:
    """``value`` as an integer of at least 0; −1 where it is none, or a truth value.

    >>> as_integer(2), as_integer(2.0), as_integer(True)
    (2, -1, -1)
    """
    try:
        return -1 if isinstance(value, bool) else max(operator.index(value), -1)
    except TypeError:
        return -1


def checked_top(top: Any) -> int:
    """How many rows to show, as an integer; an error unless it is one of at least 0."""
    number = as_integer(top)
    if number < 0:
        raise CallError(f"top={top!r}; expected 0 or more rows")
    return number


#: What turns nats into bits.
BITS_PER_NAT = 1 / units_per_bit(math.e)
