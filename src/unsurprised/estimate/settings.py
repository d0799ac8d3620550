"""Options of columns of numbers, checked."""

from __future__ import annotations

from typing import Any

from unsurprised.errors import CallError
from unsurprised.estimate.methods import METHODS
from unsurprised.estimate.scales import SCALES, NumberSettings
from unsurprised.units import as_integer, as_number


def number_settings(
    method: str, k: Any, noise: float | None, scale: str | None, seed: int
) -> NumberSettings:
    """What was asked for; an error says what is none of it."""
    neighbour = as_integer(k)
    if neighbour < 1:
        raise CallError(f"k={k!r}; expected which neighbour, an integer from 1 on")
    if scale is not None and scale not in SCALES:
        raise CallError(f"scale={scale!r}; expected {', '.join(map(repr, SCALES))} or None")
    if noise is not None:
        noise = as_number(noise)
        if not 0 <= noise <= 1:
            raise CallError(
                f"noise={noise:g}; expected a share of each column's spread, from 0 to 1, or None"
            )
    numbers = method in ("ksg1", "ksg2")
    return NumberSettings(neighbour, noise, scale, seed, numbers, method in METHODS)
