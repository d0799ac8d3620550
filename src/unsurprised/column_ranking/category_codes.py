"""Categories of a column as codes: those of a batch as it stands, and those of all batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from unsurprised.arrow.decoded import decoded

#: Integers of a range below that are their own codes, and the most categories of a batch.
_MOST = 1 << 16
#: Letters of all names of a column that are held.
_MOST_LETTERS = 1 << 24


@dataclass(frozen=True)
class BatchCodes:
    """A column of a batch as integers from ``least`` on, ``size`` of them.

    Parameters
    ----------
    values : numpy.ndarray of integers
        One for each row.
    least, size : int
        The least of them, and how many there may be.
    names : list or None
        What each stands for; None where it stands for itself. A missing value is None.
    """

    values: NDArray[Any]
    least: int
    size: int
    names: list[Any] | None

    def named(self, places: NDArray[np.int64]) -> list[Any]:
        """The categories at some places, which count from 0."""
        if self.names is None:
            return [place + self.least for place in places.tolist()]
        return [self.names[place] for place in places.tolist()]

    @property
    def places(self) -> NDArray[np.int64]:
        """The place of each row's category."""
        if self.values.dtype == np.uint64:  # numbers from 2⁶³ on are none of int64
            return (self.values - np.uint64(self.least)).astype(np.int64)
        return self.values.astype(np.int64) - self.least

    def beside(self, other: BatchCodes) -> BatchCodes:
        """The pairs of both columns as one."""
        pairs = self.places * other.size + other.places
        met, values = np.unique(pairs, return_inverse=True)
        first, second = np.divmod(met, other.size)
        names = list(zip(self.named(first), other.named(second), strict=True))
        return BatchCodes(values, 0, len(names), names)


def batch_codes(column: pa.Array) -> BatchCodes | None:
    """A column of categories; None of numbers, of what has no estimate, and of too many."""
    if types.is_dictionary(column.type) and 0 < len(column.dictionary) < _MOST:
        return _of_dictionary(column)
    column = decoded(column)
    kind = column.type
    if types.is_null(kind):
        return nothing(len(column))
    if types.is_integer(kind) and not column.null_count:
        values = np.asarray(column)
        least, most = int(values.min()), int(values.max())
        if most - least < _MOST:
            return BatchCodes(values, least, most - least + 1, None)
    if not is_discrete(kind):
        return None
    return _of_dictionary(column.dictionary_encode(null_encoding="encode"))


def nothing(rows: int) -> BatchCodes:
    """A column that holds no value."""
    return BatchCodes(np.zeros(rows, dtype=np.uint8), 0, 1, [None])


def _of_dictionary(column: pa.DictionaryArray) -> BatchCodes | None:
    held = decoded(column.dictionary)
    if not is_discrete(held.type) or len(held) > _MOST:
        return None
    places = pc.fill_null(column.indices.cast(pa.int32()), len(held))
    names = [*held.to_pylist(), None]
    return BatchCodes(np.asarray(places), 0, len(names), names)


def is_discrete(kind: Any) -> bool:
    """Whether a type is of categories, or of nothing."""
    return bool(
        types.is_integer(kind) or types.is_boolean(kind) or types.is_null(kind)
        or types.is_string(kind) or types.is_large_string(kind)
    )  # fmt: skip


class CategoryCodes:
    """Codes of categories in the order in which they come.

    Examples
    --------
    >>> codes = CategoryCodes()
    >>> codes.of(["cat", None, "cat"]).tolist(), codes.names
    ([0, 1, 0], ['cat', None])
    """

    def __init__(self) -> None:
        self._codes: dict[Any, int] = {}
        self._letters = 0

    def of(self, names: list[Any]) -> NDArray[np.int64]:
        """The code of each category, of which new ones get the next."""
        found = np.empty(len(names), dtype=np.int64)
        for place, name in enumerate(names):
            code = self._codes.setdefault(name, len(self._codes))
            if code == len(self._codes) - 1:
                self._letters += len(name) if isinstance(name, str) else 0
            found[place] = code
        return found

    @property
    def names(self) -> list[Any]:
        """The categories by code."""
        return list(self._codes)

    @property
    def too_long(self) -> bool:
        """Whether the names are more than are held."""
        return self._letters > _MOST_LETTERS
