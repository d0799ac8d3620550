"""The list of all measures, with their laws as data; the tests walk it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Measure:
    """What is known of a measure besides its formula."""

    function: Callable[..., Any]
    #: How many distributions it takes.
    sides: int
    #: Whether its value has a unit, and so takes ``base``.
    unit: bool
    low: float
    high: float
    symmetric: bool
    zero_iff_equal: bool
    kernel: str

    @property
    def name(self) -> str:
        """The public name."""
        return self.function.__name__


MEASURES: dict[str, Measure] = {}


def measure(
    *,
    sides: int,
    kernel: str,
    unit: bool = True,
    low: float = 0.0,
    high: float = math.inf,
    symmetric: bool = False,
    zero_iff_equal: bool = False,
) -> Callable[[Function], Function]:
    """Register a measure; the function itself is returned as it is."""

    def register(function: Function) -> Function:
        MEASURES[function.__name__] = Measure(
            function, sides, unit, low, high, symmetric, zero_iff_equal, kernel
        )
        return function

    return register
