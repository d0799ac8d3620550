"""What NumPy does where a float overflows or underflows: decided here, not by the caller."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def own_float_errors(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Run a function as NumPy is set up by default, whatever ``np.seterr`` was told.

    A caller who looks for faults of his own with ``np.seterr(all="raise")`` would else be stopped
    by every probability that underflows to 0, which is no fault.

    Examples
    --------
    >>> @own_float_errors
    ... def halved(value):
    ...     return value / np.float64(2)
    >>> with np.errstate(all="raise"):
    ...     float(halved(np.float64(5e-324)))
    0.0
    """

    @wraps(function)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
            return function(*args, **kwargs)

    return run
