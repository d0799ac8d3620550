"""The smallest and the largest of some numbers, by name."""

from __future__ import annotations

import math
from typing import Any

from unsurprised.alone import alone, beside
from unsurprised.states.serial import ByBytes, pack, sensible, unpack


class Extremes(ByBytes):
    """Least and greatest values observed, by name; no value yet is ``(inf, −inf)``.

    Examples
    --------
    >>> extremes = Extremes()
    >>> _ = extremes.update("votes", 3.0, 5.0).update("votes", 4.0, 7.0)
    >>> extremes.result()
    {'votes': (3.0, 7.0)}
    """

    def __init__(self) -> None:
        self._ends: dict[str, tuple[float, float]] = {}

    @alone
    def update(self, name: str, least: float, greatest: float) -> Extremes:
        """Meet values from ``least`` to ``greatest``."""
        return self._add(name, least, greatest)

    def _add(self, name: str, least: float, greatest: float) -> Extremes:
        low, high = self[name]
        self._ends[name] = (min(low, least), max(high, greatest))
        return self

    def __getitem__(self, name: str) -> tuple[float, float]:
        return self._ends.get(name, (math.inf, -math.inf))

    @alone
    def merge(self, other: Extremes) -> Extremes:
        """Meet another state's values; associative and commutative to the bit."""
        with beside(self, other):
            for name, ends in list(other._ends.items()):
                self._add(name, *ends)
        return self

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common: nothing."""
        return {}

    def result(self) -> dict[str, tuple[float, float]]:
        """Least and greatest by name."""
        return dict(sorted(self._ends.items()))

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal values in any order."""
        ends = {name: [low.hex(), high.hex()] for name, (low, high) in self._ends.items()}
        return pack("Extremes", {"ends": ends}, [])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Extremes:
        """The state that :meth:`to_bytes` wrote."""
        settings, _ = unpack(data, "Extremes")
        state = cls()
        for name, (low, high) in settings["ends"].items():
            state.update(name, float.fromhex(low), float.fromhex(high))
        return state
