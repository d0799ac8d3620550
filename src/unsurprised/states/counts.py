"""Counts by key, and with weights the exact sums of weights by key."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.alone import alone, beside
from unsurprised.array_types import Values
from unsurprised.errors import CallError, StateError
from unsurprised.states.serial import (
    MOST_COUNTS,
    ByBytes,
    must_match,
    pack,
    sensible,
    unpack,
    whole,
)
from unsurprised.states.sums import GROUPS, exact_table, group_totals

Weights = NDArray[np.float64] | None

#: Shares that are made at once where each is added by itself.
_AT_ONCE = 1 << 20


class Counted(ByBytes):
    """What the states below share: a table of counts and, once weights come, one of weights."""

    name: ClassVar[str]

    def __init__(self, size: int, **settings: Any) -> None:
        if size > MOST_COUNTS:
            raise CallError(
                f"{self.name} would hold {size:,} counts; expected at most {MOST_COUNTS:,}"
            )
        self._size, self._settings = size, settings
        self._weights: _kernels.ExactTable | None = None

    @cached_property
    def _tally(self) -> _kernels.Tally:
        # Many states never count a row, and its memory is as much as that of some thousand rows.
        return _kernels.Tally(self._size)

    @property
    def weighted(self) -> bool:
        """Whether rows came with weights."""
        return self._weights is not None

    def _settle(self) -> None:
        """Bring what is held on the way into the tables."""

    def _add_weights(self, keys: NDArray[np.int64], weights: NDArray[np.float64]) -> None:
        if self._weights is None:
            self._weights = exact_table(self._size)
        self._weights.add(np.ascontiguousarray(keys), np.ascontiguousarray(weights))

    @alone
    def merge(self, other: Self) -> Self:
        """Add another state's rows; associative and commutative to the bit."""
        must_match(self.name, self.settings(), other.settings())
        with beside(self, other):
            self._settle()
            other._settle()
            try:
                self._tally.merge(other._tally)
            except OverflowError as error:  # only bytes that lie count 2⁶³ rows
                raise StateError(f"two states of {self.name} do not merge: {error}") from None
            if other._weights is not None:
                if self._weights is None:
                    self._weights = exact_table(self._size)
                self._weights.merge(other._weights)
        return self

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return self._settings

    def _met(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys that were met, ascending, and the rows of each."""
        keys, counts = (np.frombuffer(part, dtype=np.int64) for part in self._tally.held())
        return keys, counts

    def counts(self) -> NDArray[np.int64]:
        """Rows by key."""
        out = np.empty(self._size, dtype=np.int64)
        self._tally.counts(out)
        return out

    def weights(self) -> NDArray[np.float64]:
        """Weight by key; the rows themselves where there are no weights."""
        if self._weights is None:
            return self.counts().astype(np.float64)
        out = np.empty(self._size)
        self._weights.rounded(out)
        return out

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        self._settle()
        parts = [self._tally.to_bytes()]
        if self._weights is not None:
            parts.append(self._weights.to_bytes())
        return pack(self.name, self._settings, parts)

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Self:
        """The state that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, cls.name)
        state = cls(**{name: whole(value, name) for name, value in settings.items()})
        if not 1 <= len(parts) <= 2:
            raise StateError(
                f"the bytes of the {cls.name} have {len(parts)} parts; expected 1 or 2"
            )
        state._tally = _kernels.Tally.from_bytes(parts[0], state._size)
        if len(parts) == 2:
            exact_table(state._size)
            state._weights = _kernels.ExactTable.from_bytes(parts[1], state._size)
        return state


class Histogram(Counted):
    """Counts over the leading bits of non-negative floats: bins of equal relative width.

    A bin spans 2⁻⁷ of its value or less, so a quantile read from its middle is off by at most
    0.4 %. Infinite values are not counted.

    Examples
    --------
    >>> histogram = Histogram()
    >>> _ = histogram.update(np.array([1.0, 1.001, 3.0]))
    >>> low, high, weight = histogram.bins()
    >>> low, weight
    (array([1., 3.]), array([2., 1.]))
    """

    name = "Histogram"
    MANTISSA_BITS = 7
    _DROPPED = 52 - MANTISSA_BITS

    def __init__(self) -> None:
        super().__init__(1 << (11 + self.MANTISSA_BITS))

    @alone
    def update(self, values: NDArray[np.float64], weights: Weights = None) -> Histogram:
        """Add values of at least 0."""
        values = np.ascontiguousarray(values, dtype=np.float64)
        self._tally.add_leading_bits(values, self._DROPPED)
        if weights is not None:
            finite = np.isfinite(values)
            keys = (values[finite] + 0.0).view(np.int64) >> self._DROPPED  # −0.0 has a sign bit
            self._add_weights(keys, weights[finite])
        return self

    def bins(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Lower ends, upper ends and weights of the bins that hold anything, ascending."""
        # Few of the many keys are met: nothing of the table's size is made of them.
        keys, counts = self._met()
        weights = counts.astype(np.float64)
        if self._weights is not None:
            weights = self.weights()[keys]
            keys, weights = keys[weights > 0], weights[weights > 0]
        ends = (np.array([keys, keys + 1]) << self._DROPPED).view(np.float64)
        upper = np.minimum(ends[1], np.finfo(np.float64).max)  # the last bin ends where floats do
        return ends[0], upper, weights

    def result(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """The bins."""
        return self.bins()


class Confusion(Counted):
    """Confusion matrix: counts of rows by the class that happened and the top class.

    Examples
    --------
    >>> confusion = Confusion(classes=2)
    >>> _ = confusion.update(np.array([0, 0, 1]), np.array([0, 1, 1], dtype=np.int32))
    >>> confusion.result()
    array([[1, 1],
           [0, 1]])
    """

    name = "Confusion"

    def __init__(self, classes: int) -> None:
        super().__init__(classes * classes, classes=classes)
        self.classes = classes

    @alone
    def update(
        self, labels: NDArray[np.int64], tops: NDArray[np.int32], weights: Weights = None
    ) -> Confusion:
        """Add rows by the class that happened and the model's top class."""
        self._tally.add_pairs(labels, tops, 0, self.classes)
        if weights is not None:
            self._add_weights(labels * self.classes + tops, weights)
        return self

    def result(self) -> NDArray[np.int64]:
        """Rows by (class that happened, top class)."""
        return self.snapshot()()

    def snapshot(self) -> Callable[[], NDArray[np.int64]]:
        """Makes the table of now, whatever rows have come in since."""
        (keys, counts), classes = self._met(), self.classes

        def table() -> NDArray[np.int64]:
            found = np.zeros(classes * classes, dtype=np.int64)
            found[keys] = counts
            return found.reshape(classes, classes)

        return table


class NarrowRows(Protocol):
    """Rows of shares that are made when they are asked for."""

    def __getitem__(self, rows: slice) -> NDArray[np.float32]: ...

    def add_to(self, rows: slice, coarse: Values, fine: Values) -> None:
        """Add the shares of some rows to two doubles a class."""


class ClassCounts(Counted):
    """Counts of the class that happened, in each group of rows.

    Examples
    --------
    >>> counts = ClassCounts(classes=3)
    >>> _ = counts.update(np.array([1, 2, 3], dtype=np.uint64), np.array([0, 2, 2]))
    >>> counts.result()
    array([1., 0., 2.])
    """

    name = "ClassCounts"

    def __init__(self, classes: int, groups: int = GROUPS) -> None:
        super().__init__(classes * groups, classes=classes, groups=groups)
        self.classes, self.groups = classes, groups
        #: Sums of shares in two doubles a class, and how many rows they are of.
        self._coarse = self._fine = np.zeros(0)
        self._in_doubles = 0

    @alone
    def update(
        self, hashes: NDArray[np.uint64], labels: NDArray[np.int64], weights: Weights = None
    ) -> ClassCounts:
        """Add rows by the class that happened."""
        self._tally.add_by_group(hashes, labels, self.groups, self.classes)
        if weights is not None:
            self._add_weights(self._first_key(hashes) + labels, weights)
        return self

    @alone
    def update_shares(self, hashes: NDArray[np.uint64], shares: NDArray[np.float64]) -> ClassCounts:
        """Add rows that name a weight for every class."""
        self._add_shares(hashes, shares)
        return self

    def _add_shares(self, hashes: NDArray[np.uint64], shares: NDArray[np.float64]) -> None:
        keys = self._first_key(hashes)[:, None] + np.arange(self.classes)
        self._add_weights(keys.ravel(), shares.ravel())

    @alone
    def update_narrow(
        self, hashes: NDArray[np.uint64], shares: NarrowRows, weights: Weights = None
    ) -> ClassCounts:
        """Add rows of shares that are made as they are added, and rounded to 2⁻⁸⁵.

        Those of independent rows without weights are added in double arithmetic without rounding,
        some rows at a time; the exact sums of so many classes would take longer than the rows.
        """
        rows, at_once = len(hashes), max(1, _AT_ONCE // self.classes)
        if self.groups > 1 or weights is not None:
            for at in range(0, rows, at_once):
                part = slice(at, at + at_once)
                some = shares[part].astype(np.float64)
                some = some if weights is None else some * weights[part, None]
                self._add_shares(hashes[part], some)
            return self
        for at in range(0, rows, _kernels.most_share_rows):
            part = slice(at, min(at + _kernels.most_share_rows, rows))
            self._room_for(part.stop - part.start)
            shares.add_to(part, self._coarse, self._fine)
            self._in_doubles += part.stop - part.start
        return self

    def _room_for(self, rows: int) -> None:
        """Keep the two doubles of each class exact: those of too many rows become exact sums."""
        if self._in_doubles + rows > _kernels.most_share_rows:
            self._settle()
        if not self._in_doubles:
            self._coarse, self._fine = np.zeros(self.classes), np.zeros(self.classes)

    def _settle(self) -> None:
        if self._in_doubles:
            keys = np.arange(self.classes)
            self._add_weights(keys, self._coarse)
            self._add_weights(keys, self._fine)
            self._coarse = self._fine = np.zeros(0)
            self._in_doubles = 0

    def _first_key(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (hashes % np.uint64(self.groups)).astype(np.int64) * self.classes

    def totals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weight of each class, and the same without each group (groups × classes)."""
        if self.groups == 1:
            return self._of_one_group(), np.zeros((1, self.classes))
        if self._weights is not None:
            return group_totals(self._weights, self.groups, self.classes)
        by_group = self.counts().reshape(self.groups, self.classes)
        totals = by_group.sum(axis=0)
        return totals.astype(np.float64), (totals - by_group).astype(np.float64)

    def _of_one_group(self) -> NDArray[np.float64]:
        """Weight of each class; few of many are met, and nothing is done for the others."""
        if self._in_doubles and self._weights is None:
            return self._coarse + self._fine
        self._settle()
        if self._weights is not None:
            return self.weights()
        totals = np.zeros(self.classes)
        keys, counts = self._met()
        totals[keys] = counts
        return totals

    def result(self) -> NDArray[np.float64]:
        """Weight of each class."""
        return self.totals()[0]
