"""How often each category was seen, of so many categories at most."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from unsurprised.alone import alone, beside
from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError, StateError
from unsurprised.states.keyed import name_hashes
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole

#: Of a state; a float64 holds every whole number up to here.
MOST_ROWS = 1 << 53


class CategoryCounts(ByBytes):
    """Counts of rows by category, exact for up to ``size`` categories.

    Of more categories those of the smallest hashes are kept, whatever order they come in; their
    counts are exact, for a category that is dropped would be dropped again. How many there were in
    all is then estimated, as :class:`Distinct` does, and :attr:`complete` is false.

    Parameters
    ----------
    size : int, default 65536
        How many categories are kept.

    Examples
    --------
    >>> counts = CategoryCounts().update(["cat", "dog", "cat"])
    >>> counts.merge(CategoryCounts().update(["emu"])).result()
    {'cat': 2, 'dog': 1, 'emu': 1}
    """

    def __init__(self, size: int = 65536) -> None:
        self.size = size
        #: How many rows came, those of categories that are not kept included.
        self.rows = 0
        self._counts: dict[str, int] = {}
        self._hashes: dict[str, int] = {}

    @alone
    def update(self, values: Any) -> CategoryCounts:
        """Add rows: a column of integers, names or truth values. A number is the name it reads."""
        column = host_array(values, "values")
        if column.values.size and (column.values.ndim != 1 or column.kind not in "iubUT"):
            raise CallError(
                f"values has the shape {column.shape} and holds {column.dtype}; expected a column "
                "of integers or names"
            )
        distinct, counts = np.unique(column.values, return_counts=True)
        names = [str(value) for value in distinct.tolist()]
        return self._add(dict(zip(names, counts.tolist(), strict=True)), int(counts.sum()))

    @alone
    def add(self, counts: Mapping[str, int], rows: int | None = None) -> CategoryCounts:
        """Add rows that are counted already, by the names of their categories.

        ``rows`` says how many there were where there are more than these, of categories that are
        not kept.
        """
        return self._add(counts, sum(counts.values()) if rows is None else rows)

    def _add(self, counts: Mapping[str, int], rows: int) -> CategoryCounts:
        if self.rows + rows > MOST_ROWS:
            raise StateError(f"CategoryCounts would count more than {MOST_ROWS:,} rows")
        self.rows += rows
        fresh = [name for name in counts if name not in self._counts]
        self._hashes.update(zip(fresh, name_hashes(fresh).tolist(), strict=True))
        for name, count in counts.items():
            self._counts[name] = self._counts.get(name, 0) + count
        excess = len(self._counts) - self.size
        if excess > 0:
            for _, name in heapq.nlargest(excess, self._keys()):
                del self._counts[name], self._hashes[name]
        return self

    def _keys(self) -> Iterable[tuple[int, str]]:
        return ((number, name) for name, number in self._hashes.items())

    @alone
    def merge(self, other: CategoryCounts) -> CategoryCounts:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("CategoryCounts", self.settings(), other.settings())
        with beside(self, other):
            # What either side had dropped lies behind ``size`` others, and so is dropped again.
            return self._add(other._counts, other.rows)

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {"size": self.size}

    @property
    def complete(self) -> bool:
        """Whether every category that there was is kept."""
        return sum(self._counts.values()) == self.rows

    def count(self) -> int:
        """How many categories there were: exact while all are kept, and estimated above."""
        if self.complete:
            return len(self._counts)
        return round((self.size - 1) * 2.0**64 / float(max(self._keys())[0]))

    def result(self) -> dict[str, int]:
        """Rows by category, in the order of the names."""
        return dict(sorted(self._counts.items()))

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        counts = self.result()
        said = {**self.settings(), "names": list(counts), "rows": self.rows}
        part = np.fromiter(counts.values(), dtype="<i8", count=len(counts)).tobytes()
        return pack("CategoryCounts", said, [part])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> CategoryCounts:
        """The state that :meth:`to_bytes` wrote."""
        settings, (part,) = unpack(data, "CategoryCounts")
        state = cls(whole(settings["size"], "size", least=1))
        names, counts = settings["names"], np.frombuffer(part, dtype="<i8").tolist()
        rows = whole(settings["rows"], "rows", most=MOST_ROWS)
        if not all(isinstance(name, str) for name in names) or names != sorted(set(names)):
            raise StateError("the bytes of the CategoryCounts name what are no names, or one twice")
        dropped = rows - sum(counts)
        if len(names) > state.size or min(counts, default=1) < 1 or dropped < 0:
            raise StateError("the bytes of the CategoryCounts hold counts that no rows have")
        if dropped and len(names) < state.size:
            raise StateError("the bytes of the CategoryCounts lack categories that it has room for")
        return state._add(dict(zip(names, counts, strict=True)), rows)
