"""Several states as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self

from unsurprised.alone import OneAtATime, alone, beside
from unsurprised.copies import Kept
from unsurprised.errors import StateError, shortened
from unsurprised.states.categories import CategoryCounts
from unsurprised.states.counts import ClassCounts, Confusion, Histogram
from unsurprised.states.distinct import Distinct
from unsurprised.states.extremes import Extremes
from unsurprised.states.keyed import KeyedSums
from unsurprised.states.moments import Moments
from unsurprised.states.sample import Sample
from unsurprised.states.serial import must_match, name_of, pack, sensible, unpack
from unsurprised.states.sums import Sums
from unsurprised.states.topk import TopK


class State(Protocol):
    """What every state can do besides ``update``, whose arguments are its own."""

    def merge(self, other: Any, /) -> Any:
        """Add another state's rows."""

    def to_bytes(self) -> bytes:
        """The state as bytes."""

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""

    def result(self) -> Any:
        """What the state tells."""


_STATES = (
    Sums, Moments, Histogram, Confusion, ClassCounts, TopK, Sample, Extremes, Distinct, KeyedSums,
    CategoryCounts,
)  # fmt: skip
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in _STATES}


class Product(OneAtATime, Kept, Mapping[str, Any]):
    """States by name that are merged, written and read together.

    Examples
    --------
    >>> import numpy as np
    >>> one = Product({"worst": TopK(3), "spread": Histogram()})
    >>> _ = one["spread"].update(np.array([0.5, 2.0]))
    >>> again = Product.from_bytes(one.to_bytes())
    >>> int(again.merge(one)["spread"].counts().sum())
    4
    """

    def __init__(self, states: Mapping[str, State]) -> None:
        self._states: dict[str, Any] = dict(states)

    def __getitem__(self, name: str) -> Any:
        return self._states[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    @alone
    def merge(self, other: Product) -> Self:
        """Add the rows of another product with the same names."""
        must_match("Product", list(self), list(other))
        with beside(self, other):
            for name, state in self.items():
                state.merge(other[name])
        return self

    def result(self) -> dict[str, Any]:
        """What each state tells."""
        return {name: state.result() for name, state in self.items()}

    @alone
    def to_bytes(self) -> bytes:
        """The states as bytes."""
        parts = [state.to_bytes() for state in self.values()]
        return pack("Product", {"names": list(self)}, parts)

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Product:
        """The states that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, "Product")
        if len(parts) != len(settings["names"]):
            raise StateError(
                f"the product holds {len(parts)} states for {len(settings['names'])} names"
            )
        states = {}
        for name, part in zip(settings["names"], parts, strict=True):
            kind = name_of(part)
            if kind not in _KINDS:
                raise StateError(
                    f"the state {shortened(repr(name), 80)} is a {shortened(repr(kind), 80)}, "
                    "which this release does not know"
                )
            states[name] = _KINDS[kind].from_bytes(part)
        return cls(states)

    @alone
    def _kept(self) -> dict[str, Any]:
        return {"states": dict(self)}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        return cls(kept["states"])
