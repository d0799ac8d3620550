"""Schema of each calibrator's parameters; files are held to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import StateError, shortened


@dataclass(frozen=True)
class Parameter:
    """An array of finite numbers within bounds, each of whose axes is as long as classes are many.

    Parameters
    ----------
    axes : int
        0 for a number, 1 for one a class, 2 for one a pair of classes.
    above, low, high : float, optional
        Bounds; ``above`` itself is outside, the others are inside.
    """

    axes: int
    above: float = -np.inf
    low: float = -np.inf
    high: float = np.inf

    def checked(self, name: str, value: Any, width: int) -> NDArray[np.float64]:
        """The array that a file states."""
        array = numbers(name, value)
        expected = (width,) * self.axes
        if array.shape != expected:
            raise StateError(
                f"{name} has shape {array.shape}; expected {expected} for {width} classes"
            )
        inside = (array > self.above) & (array >= self.low) & (array <= self.high)
        if not (inside & np.isfinite(array)).all():
            raise StateError(f"{name} holds a number that it cannot be")
        return array


@dataclass(frozen=True)
class Curves:
    """Lists of arrays, one a map: values that never fall, one number for each knot."""

    within: tuple[float, float]

    def checked(self, name: str, value: Any, width: int) -> list[NDArray[np.float64]]:
        """The arrays that a file states."""
        expected = 1 if width == 2 else width
        if not isinstance(value, list) or len(value) != expected:
            raise StateError(f"{name} is no list of {expected} curves for {width} classes")
        arrays = [numbers(name, one) for one in value]
        low, high = self.within
        for array in arrays:
            if array.ndim != 1 or len(array) < 2 or (array[1:] < array[:-1]).any():
                raise StateError(f"{name} holds a curve that is none: at least two rising numbers")
            if not ((array >= low) & (array <= high)).all():
                raise StateError(f"{name} holds a number that it cannot be")
        return arrays


def numbers(name: str, value: Any) -> NDArray[np.float64]:
    """An array of numbers that JSON states as lists of them; infinities are strings."""
    listed = np.asarray(value, dtype=object)
    return np.array([_number(name, one) for one in listed.ravel()]).reshape(listed.shape)


def _number(name: str, value: Any) -> float:
    if value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        told = shortened(repr(value), 60)
        raise StateError(f"{name} holds {told} where a number is expected")
    return float(value)
