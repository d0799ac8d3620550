"""Values as others print them, and how closely they are to be met."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

Published = str | float | Fraction
Cases = dict[str, tuple[Callable[[], Any], Published]]


def check(case: tuple[Callable[[], Any], Published]) -> None:
    """What the call answers is what was printed, to the digits that were.

    ``"0.139263"`` is met to half a step of its last digit (or to 8 steps of a double, if that is
    more), ``"0.516…"`` was cut off there; a number is met to the last digits of a double.
    """
    call, printed = case
    found = float(call())
    if not isinstance(printed, str):
        assert found == pytest.approx(float(printed), rel=1e-15, abs=1e-15)
        return
    value = float(printed.rstrip("…"))
    step = 10.0 ** -len(printed.rstrip("…").partition(".")[2])
    if printed.endswith("…"):
        assert abs(value) <= math.copysign(1, value) * found < abs(value) + step
    else:
        assert found == pytest.approx(value, rel=0, abs=max(step / 2, 8 * math.ulp(value)))
