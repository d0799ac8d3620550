"""Exact sums by name, of so many names at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.alone import alone, beside
from unsurprised.errors import StateError
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole
from unsurprised.states.sums import exact_table


class KeyedSums(ByBytes):
    """Sums of columns for each name, and the least of its marks.

    Of more than ``size`` names those of the smallest hashes are kept, whatever order they come in:
    a name that is dropped would be dropped again, so none is ever kept in part. How many there are
    in all is then estimated, as :class:`Distinct` does.

    Parameters
    ----------
    columns : sequence of str
        What is summed. Values are finite float64 or booleans, one a row; ``None`` stands for a
        column of ones and ``False`` for one of zeros.
    size : int, default 4096
        How many names are kept.

    Examples
    --------
    >>> sums = KeyedSums(["bits"])
    >>> _ = sums.update(["a", "b"], np.array([0, 1, 0]), {"bits": np.array([1.0, 2.0, 4.0])})
    >>> sums.names(), sums.totals()["bits"].tolist()
    (['a', 'b'], [5.0, 2.0])
    """

    def __init__(self, columns: Sequence[str], size: int = 4096) -> None:
        self.columns, self.size = tuple(columns), size
        self._tables: dict[str, _kernels.ExactTable] = {}
        self._marks: dict[str, int] = {}
        self._hashes: dict[str, int] = {}

    @alone
    def update(
        self,
        names: Sequence[str],
        which: NDArray[Any],
        values: Mapping[str, NDArray[Any] | bool | None],
        marks: NDArray[np.int64] | None = None,
    ) -> KeyedSums:
        """Add rows; ``which`` says whose each is, and marks below 0 are none."""
        used = np.unique(which)
        self._admit([names[int(k)] for k in used])
        held = [int(k) for k in used if names[int(k)] in self._tables]
        places = np.full(len(names), -1, dtype=np.int32)
        places[held] = np.arange(len(held))
        rows = places[which]
        chosen: Any = slice(None)
        if (rows < 0).any():
            chosen = rows >= 0
        if held:
            self._add(names, held, rows, chosen, values)
        if marks is not None:
            self._mark(names, held, rows, marks)
        return self

    def _add(
        self,
        names: Sequence[str],
        held: Sequence[int],
        rows: NDArray[np.int32],
        chosen: Any,
        values: Mapping[str, NDArray[Any] | bool | None],
    ) -> None:
        columns: list[object] = [
            np.ascontiguousarray(value[chosen]) if isinstance(value, np.ndarray) else value
            for value in (values[name] for name in self.columns)
        ]
        rows = np.ascontiguousarray(rows[chosen])
        hashes = np.zeros(len(rows), dtype=np.uint64)
        tables = [self._tables[names[k]] for k in held]
        _kernels.add_to_cells(tables, rows, hashes, columns, None, 0)

    def _mark(
        self,
        names: Sequence[str],
        held: Sequence[int],
        rows: NDArray[np.int32],
        marks: NDArray[np.int64],
    ) -> None:
        marked = np.flatnonzero((marks >= 0) & (rows >= 0))
        for place in np.unique(rows[marked]).tolist():
            name = names[held[place]]
            least = int(marks[marked][rows[marked] == place].min())
            self._marks[name] = min(self._marks.get(name, least), least)

    def _admit(self, names: Sequence[str]) -> None:
        """Keep those of the names that are among the first, others dropped for them if need be."""
        fresh = [name for name in names if name not in self._tables]
        hashes = name_hashes(fresh)
        if len(self._tables) == self.size:
            below = np.flatnonzero(hashes <= self._limit[0]).tolist() if len(hashes) else []
            fresh, hashes = [fresh[k] for k in below], hashes[below]
        if not fresh:
            return
        pairs = list(zip(hashes.tolist(), fresh, strict=True))
        if len(self._tables) + len(fresh) > self.size:
            own = [(number, name) for name, number in self._hashes.items()]
            first = set(sorted([*own, *pairs])[: self.size])
            for number, name in own:
                if (number, name) not in first:
                    self._drop(name)
            pairs = [pair for pair in pairs if pair in first]
        for number, name in pairs:
            self._tables[name] = exact_table(len(self.columns))
            self._hashes[name] = number

    def _drop(self, name: str) -> None:
        for held in (self._tables, self._hashes, self._marks):
            held.pop(name, None)

    @property
    def _limit(self) -> tuple[int, str]:
        """The last of the names that are kept, with its hash before it."""
        return max((number, name) for name, number in self._hashes.items())

    @alone
    def merge(self, other: KeyedSums) -> KeyedSums:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("KeyedSums", self.settings(), other.settings())
        with beside(self, other):
            self._admit(list(other._tables))
            for name, table in list(other._tables.items()):
                if name in self._tables:
                    self._tables[name].merge(table)
                    if name in other._marks:
                        mark = other._marks[name]
                        self._marks[name] = min(self._marks.get(name, mark), mark)
            self._drop_beyond(other)
        return self

    def _drop_beyond(self, other: KeyedSums) -> None:
        """Names that the other one had dropped are kept in part here, and so not at all."""
        if len(other._tables) == other.size:
            limit = other._limit
            for name in [n for n, number in self._hashes.items() if (number, n) > limit]:
                self._drop(name)

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {"columns": list(self.columns), "size": self.size}

    def names(self) -> list[str]:
        """The names that are kept, in order."""
        return sorted(self._tables)

    def count(self) -> int:
        """How many names there were: exact up to ``size``, and estimated above."""
        if len(self._tables) < self.size:
            return len(self._tables)
        return round((self.size - 1) * 2.0**64 / float(self._limit[0]))

    @property
    def complete(self) -> bool:
        """Whether every name that there was is kept."""
        return len(self._tables) < self.size

    def totals(self) -> dict[str, NDArray[np.float64]]:
        """Each column's sum for each of the names, rounded once."""
        found = np.empty((len(self._tables), len(self.columns)))
        for row, name in zip(found, self.names(), strict=True):
            self._tables[name].rounded(row)
        return dict(zip(self.columns, found.T.copy(), strict=True))

    def marks(self) -> dict[str, int]:
        """The least mark of each name that has one."""
        return dict(sorted(self._marks.items()))

    def result(self) -> dict[str, NDArray[np.float64]]:
        """The totals."""
        return self.totals()

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        names = self.names()
        said = {**self.settings(), "names": names, "marks": self.marks()}
        return pack("KeyedSums", said, [self._tables[name].to_bytes() for name in names])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> KeyedSums:
        """The state that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, "KeyedSums")
        state = cls(settings["columns"], whole(settings["size"], "size", least=1))
        texts = [*state.columns, *settings["names"], *settings["marks"]]
        if not all(isinstance(name, str) for name in texts) or len(parts) > state.size:
            raise StateError("the bytes of the KeyedSums name what are no names, or too many")
        for name, part in zip(settings["names"], parts, strict=True):
            state._tables[name] = _kernels.ExactTable.from_bytes(part, len(state.columns))
            state._hashes[name] = int(name_hashes([name])[0])
        for name, mark in settings["marks"].items():
            if name not in state._tables:
                raise StateError(f"the bytes of the KeyedSums mark {name[:40]!r}, a lone name")
            state._marks[name] = whole(mark, "mark")
        return state


def name_hashes(names: Sequence[str]) -> NDArray[np.uint64]:
    """A fixed hash of each name."""
    encoded = [name.encode() for name in names]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    out = np.empty(len(encoded), dtype=np.uint64)
    _kernels.hash_strings(offsets, b"".join(encoded), out)
    return out
