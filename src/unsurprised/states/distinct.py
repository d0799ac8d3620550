"""How many different values were met, by their hashes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.states.serial import must_match, pack, sensible, unpack


class Distinct:
    """The ``size`` smallest of the different hashes met: an exact count up to ``size`` of them.

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

    def update(self, hashes: NDArray[np.uint64]) -> Distinct:
        """Meet values by their hashes."""
        if len(self._hashes) == self.size:  # then few of the others are smaller
            hashes = hashes[hashes < self._hashes[-1]]
        if len(hashes):
            self._hashes = np.union1d(self._hashes, hashes)[: self.size]
        return self

    def merge(self, other: Distinct) -> Distinct:
        """Meet another state's values; associative and commutative to the bit."""
        must_match("Distinct", {"size": self.size}, {"size": other.size})
        return self.update(other._hashes)

    def result(self) -> int:
        """How many different values there were."""
        if len(self._hashes) < self.size:
            return len(self._hashes)
        return round((self.size - 1) * 2.0**64 / float(self._hashes[-1]))

    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal values in any order."""
        return pack("Distinct", {"size": self.size}, [self._hashes.astype("<u8").tobytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Distinct:
        """The state that :meth:`to_bytes` wrote."""
        settings, (part,) = unpack(data, "Distinct")
        return cls(**settings).update(np.frombuffer(part, dtype="<u8").astype(np.uint64))
