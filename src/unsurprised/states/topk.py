"""The rows that surprised most."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.alone import alone, beside
from unsurprised.copies import Record
from unsurprised.errors import CallError, StateError
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole

#: Rows whose largest value is found at once.
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Entry(Record):
    """A row that is kept: its value, what it is called, and what else is known of it."""

    value: float
    #: The row's own id, or its number in ``file``.
    id: int | str
    file_index: int = 0
    file: str | None = None
    label: int | None = None
    top: int | None = None
    top_surprisal: float | None = None
    #: The classes that the model held most likely, the top one first, and their surprisals.
    leaders: tuple[tuple[int, float], ...] = ()

    def order(self) -> tuple[Any, ...]:
        """Larger values first, then smaller ids; numbers before names."""
        numbered = isinstance(self.id, int)
        details = (self.file or "", self.label or 0, self.top or 0, self.top_surprisal or 0.0)
        return (-self.value, not numbered, self.file_index, self.id, *details)


class TopK(ByBytes):
    """The ``size`` rows of largest value; of equal values, those of the smallest ids.

    Examples
    --------
    >>> top = TopK(2)
    >>> values, ids = np.array([0.5, 3.0, 1.0, 3.0]), [10, 11, 12, 9]
    >>> _ = top.update(values, lambda rows: [Entry(float(values[i]), ids[i]) for i in rows])
    >>> [(entry.id, entry.value) for entry in top.result()]
    [(9, 3.0), (11, 3.0)]
    """

    def __init__(self, size: int) -> None:
        if size < 0:
            raise CallError(f"top={size}; expected 0 or more rows")
        self.size = size
        self._entries: list[Entry] = []

    @alone
    def update(
        self,
        values: NDArray[np.float64],
        entries: Callable[[NDArray[np.int64]], list[Entry]],
        numbers: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
    ) -> TopK:
        """Add rows; ``entries`` makes the entries of the few that may stay.

        ``numbers`` tells the ids of some rows where ids are numbers, so that few entries are made
        even of many rows of equal value.
        """
        if self.size == 0:
            return self
        rows = self._possible(values)
        if len(rows):
            self._keep(entries(self._candidates(values, rows, numbers)))
        return self

    @alone
    def merge(self, other: TopK) -> TopK:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("TopK", self.settings(), other.settings())
        with beside(self, other):
            self._keep(other._entries)
        return self

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {"size": self.size}

    def result(self) -> list[Entry]:
        """The entries, largest value first."""
        return list(self._entries)

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        rows = [
            {name: _plain(value) for name, value in asdict(entry).items()}
            for entry in self._entries
        ]
        return pack("TopK", {**self.settings(), "entries": rows}, [])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> TopK:
        """The state that :meth:`to_bytes` wrote."""
        settings, _ = unpack(data, "TopK")
        state = cls(whole(settings["size"], "size"))
        state._keep([_entry(row) for row in settings["entries"]])
        return state

    def _threshold(self) -> float:
        return self._entries[-1].value if len(self._entries) == self.size else -math.inf

    def _possible(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """The rows that may stay; most blocks of rows hold none, as their largest values tell."""
        least, blocks = self._threshold(), len(values) // _BLOCK
        if blocks < self.size:
            return np.flatnonzero(values >= least)
        tops = values[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
        # As many rows as are kept reach the last of the largest blocks' tops.
        least = max(least, float(np.partition(tops, blocks - self.size)[blocks - self.size]))
        rows = np.flatnonzero(tops >= least)[:, None] * _BLOCK + np.arange(_BLOCK)
        rows = np.append(rows, np.arange(blocks * _BLOCK, len(values)))
        chosen: NDArray[np.int64] = rows[values[rows] >= least]
        return chosen

    def _candidates(
        self,
        values: NDArray[np.float64],
        rows: NDArray[np.int64],
        numbers: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None,
    ) -> NDArray[np.int64]:
        """The rows among which the ``size`` first must be."""
        if len(rows) <= self.size:
            return rows
        chosen = values[rows]
        cut = np.partition(chosen, len(rows) - self.size)[len(rows) - self.size]
        above, ties = rows[chosen > cut], rows[chosen == cut]
        needed = self.size - len(above)
        if numbers is not None and len(ties) > needed:
            ties = ties[np.argpartition(numbers(ties), needed - 1)[:needed]]
        return np.concatenate([above, ties])

    def _keep(self, entries: list[Entry]) -> None:
        merged = sorted([*self._entries, *entries], key=Entry.order)
        self._entries = merged[: self.size]


def _entry(row: dict[str, Any]) -> Entry:
    """An entry as bytes state it."""
    top_bits = row.pop("top_surprisal")
    leaders = row.pop("leaders")
    if type(row["id"]) is not str:
        whole(row["id"], "id", least=-(1 << 63), most=(1 << 64) - 1)
    whole(row["file_index"], "file_index")
    for name in ("label", "top"):
        if row[name] is not None:
            whole(row[name], name)
    if row["file"] is not None and type(row["file"]) is not str:
        raise StateError("the bytes of the TopK name a file by what is no name")
    return Entry(
        **{**row, "value": float.fromhex(row["value"])},
        top_surprisal=None if top_bits is None else float.fromhex(top_bits),
        leaders=tuple((whole(name, "leader"), float.fromhex(bits)) for name, bits in leaders),
    )


def _plain(value: Any) -> Any:
    """Floats as hexadecimal text, which loses nothing and knows infinity."""
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value.hex() if isinstance(value, float) else value
