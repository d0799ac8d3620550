"""What is measured of two models' tokens, as one mergeable state: a meter, and bounds of lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self

from unsurprised.alone import alone, beside
from unsurprised.errors import StateError
from unsurprised.evaluation.bins import Bins
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack

Progress = Callable[[int], None]


class PairMeters(ByBytes):
    """A meter of two models' tokens, and of lists that are cut off the most that may be.

    Parameters
    ----------
    meter : FidelityMeter
        The tokens.
    most : MostMeter, optional
        Upper bounds; whole rows have none.
    """

    def __init__(self, meter: FidelityMeter, most: MostMeter | None = None) -> None:
        self.meter, self.most = meter, most

    @classmethod
    def empty(cls, top: int, bins: Mapping[str, Bins], *, bounded: bool) -> Self:
        """Meters of no tokens; ``bounded``: with upper bounds."""
        return cls(FidelityMeter(top=top, bins=bins), MostMeter() if bounded else None)

    @property
    def bounds(self) -> MostMeter:
        """The upper bounds, which those of lists have."""
        assert self.most is not None
        return self.most

    @alone
    def merge(self, other: PairMeters) -> Self:
        """Add other meters' tokens; associative and commutative to the bit."""
        must_match("PairMeters", self.most is None, other.most is None)
        with beside(self, other):
            self.meter.merge(other.meter)
            if self.most is not None:
                self.most.merge(other.bounds)
        return self

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal tokens in any order and any portions."""
        both = [self.meter] if self.most is None else [self.meter, self.most]
        return pack("PairMeters", {}, [each.to_bytes() for each in both])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Self:
        """The state that :meth:`to_bytes` wrote."""
        _, parts = unpack(data, "PairMeters")
        if len(parts) not in (1, 2):
            raise StateError(f"the state of two models has {len(parts)} parts; expected 1 or 2")
        most = MostMeter.from_bytes(parts[1]) if len(parts) == 2 else None
        return cls(FidelityMeter.from_bytes(parts[0]), most)
