"""How many different values were observed, by their hashes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.alone import alone, beside
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole


class Distinct(ByBytes):
    """The ``size`` smallest of the different hashes: an exact count up to ``size`` of them.

    Above that the count is estimated, to about ``1 / √size``: of hashes that are spread evenly the
    k-th smallest says how dense they are (Bar-Yossef et al., *Counting Distinct Elements in a Data
    Stream*, RANDOM 2002).

    Examples
    --------
    >>> distinct = Distinct()
    >>> _ = distinct.update(np.array([7, 7, 9], dtype=np.uint64))
    >>> distinct.result()
    2
    """

    def __init__(self, size: int = 1024) -> None:
        self.size = size
        self._hashes = np.empty(0, dtype=np.uint64)

    @alone
    def update(self, hashes: NDArray[np.uint64]) -> Distinct:
        """Meet values by their hashes."""
        return self._add(hashes)

    def _add(self, hashes: NDArray[np.uint64]) -> Distinct:
        if len(self._hashes) == self.size:  # then few of the others are smaller
            hashes = hashes[hashes < self._hashes[-1]]
        if len(hashes):
            self._hashes = np.union1d(self._hashes, hashes)[: self.size]
        return self

    @alone
    def merge(self, other: Distinct) -> Distinct:
        """Meet another state's values; associative and commutative to the bit."""
        must_match("Distinct", self.settings(), other.settings())
        with beside(self, other):
            return self._add(other._hashes)

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {"size": self.size}

    def result(self) -> int:
        """How many different values there were."""
        if len(self._hashes) < self.size:
            return len(self._hashes)
        return round((self.size - 1) * 2.0**64 / float(self._hashes[-1]))

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal values in any order."""
        return pack("Distinct", self.settings(), [self._hashes.astype("<u8").tobytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Distinct:
        """The state that :meth:`to_bytes` wrote."""
        settings, (part,) = unpack(data, "Distinct")
        state = cls(whole(settings["size"], "size"))
        return state.update(np.frombuffer(part, dtype="<u8").astype(np.uint64))
