"""The list of all measures, with their laws as data; the tests and the docs' table walk it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

#: What a measure takes: one distribution, two (the truth first), a joint table, two labellings (or
#: their contingency table), or probabilities of events.
Family = Literal["one", "two", "joint", "labels", "events"]

#: A bound that depends on the number of classes K.
Bound = float | Literal["log K", "log 2", "√log 2", "K", "1 − 1/K", "K − 1"]


@dataclass(frozen=True, slots=True)
class Measure:
    """Metadata of a measure."""

    function: Callable[..., Any]
    family: Family
    #: Whether its value has a unit, and so takes ``base``.
    unit: bool
    low: float
    high: Bound
    symmetric: bool
    #: Zero exactly where both distributions are the same (or all variables independent).
    zero_iff_equal: bool
    #: Merging classes of both distributions alike never raises it.
    data_processing: bool
    #: The compiled operation that NumPy arrays go to, where there is one.
    kernel: str | None
    #: Whether its shape is known before its data is, so that it runs under ``jit`` and ``vmap``.
    traceable: bool
    #: Further arguments to try it with; at least one set.
    parameters: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        """The public name."""
        return self.function.__name__


MEASURES: dict[str, Measure] = {}


def measure(
    family: Family,
    *,
    unit: bool = True,
    low: float = 0.0,
    high: Bound = math.inf,
    symmetric: bool = False,
    zero_iff_equal: bool = False,
    data_processing: bool = False,
    kernel: str | None = None,
    traceable: bool = True,
    parameters: tuple[Mapping[str, Any], ...] = ({},),
) -> Callable[[Function], Function]:
    """Register a measure; the function itself is returned as it is."""

    def register(function: Function) -> Function:
        MEASURES[function.__name__] = Measure(
            function,
            family,
            unit,
            low,
            high,
            symmetric,
            zero_iff_equal,
            data_processing,
            kernel,
            traceable,
            parameters,
        )
        return function

    return register
