"""Rows of scores in a column of lists, read from front to back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.slabs import Lies
from unsurprised.sources.limits import CLASSES
from unsurprised.sources.table import Part, Table

_ELEMENTS = {pa.float16(): "float16", pa.float32(): "float32", pa.float64(): "float64"}
#: Bytes that are decoded at a time.
_AT_HAND = 16 << 20
#: A piece of a table that is read for the rows at its end is no larger.
_MOST_PASSED_OVER = 256 << 20


def is_list(kind: pa.DataType) -> bool:
    """Whether a column holds lists."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def element_of(kind: pa.DataType) -> str | None:
    """What the floats of a column of lists are; ``None``: it holds no floats."""
    return _ELEMENTS.get(kind.value_type)


def row_width(table: Table, column: str, said: str) -> int:
    """How many numbers each list has, as its type or its first row says."""
    kind = table.schema.field(column).type
    width = int(kind.list_size) if pa.types.is_fixed_size_list(kind) else 0
    if not pa.types.is_fixed_size_list(kind):
        first = next((batch for batch in _batches(table, column, 1) if batch.num_rows), None)
        if first is not None and first.column(column)[0].is_valid:
            width = len(first.column(column)[0])
    if not width:
        raise InputError(
            "found no scores in the first row", expected="those of all tokens of the vocabulary",
            place=Place(said, 0, column),
        )  # fmt: skip
    CLASSES.check(width, Place(said, column=column))
    return width


def _batches(table: Table, column: str, rows: int) -> Iterator[pa.RecordBatch]:
    for part in table.parts():
        yield from table.read(part, {column: "other"}, rows)


class TableSlab:
    """Rows of a column of lists, all of one length."""

    def __init__(self, table: Table, column: str, said: str, *, rows: int, vocabulary: int) -> None:
        self._table, self._column, self._said = table, column, said
        self.rows, self.vocabulary = rows, vocabulary
        self.dtype = str(element_of(table.schema.field(column).type))
        self._pieces: Iterator[Any] | None = None
        #: Lists that were read, and are no numbers yet.
        self._held: Any = None
        #: The number of the row that ``_held`` begins with.
        self._next = 0

    @property
    def found_anywhere(self) -> bool:
        """Whether rows are found without a read of all that is before them."""
        rows = [part.rows for part in self._table.pieces()]
        most = max((self.rows if size is None else size for size in rows), default=0)
        return most * self.row_bytes <= _MOST_PASSED_OVER

    @property
    def lies(self) -> Lies:
        """Where they are."""
        return Lies.IN_BATCHES

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.vocabulary * np.dtype(self.dtype).itemsize

    def read(self, first: int, count: int) -> HostArray:
        """Some rows; those that follow the last ones take no second way through the table."""
        if self._pieces is None or first < self._next:
            self._begin_at(first)
        found = np.empty((count, self.vocabulary), dtype=self.dtype)
        done = 0
        while done < count:
            held = self._at_least(first + done)
            lists = held[first + done - self._next :][: count - done]
            found[done : done + len(lists)] = self._numbers(lists, first + done)
            done += len(lists)
        return HostArray(found, self.dtype)

    def _begin_at(self, row: int) -> None:
        """Read from the piece on that holds a row."""
        pieces = self._table.pieces()
        number = max((k for k, piece in enumerate(pieces) if piece.first_row <= row), default=0)
        self._next, self._held = pieces[number].first_row if pieces else 0, None
        self._pieces = self._lists(pieces[number:])

    def _at_least(self, row: int) -> Any:
        """The rows at hand, which go beyond ``row``."""
        assert self._pieces is not None
        while self._held is None or self._next + len(self._held) <= row:
            self._next += 0 if self._held is None else len(self._held)
            self._held = next(self._pieces, None)
            if self._held is None:
                self._pieces = None
                raise InputError(
                    f"found {self._next:,} rows, and {self.rows:,} when it was opened",
                    expected="a file that stays as it is while it is read",
                    place=Place(self._said),
                )
        return self._held

    def _lists(self, pieces: Sequence[Part]) -> Iterator[Any]:
        size = max(1, _AT_HAND // self.row_bytes)
        for piece in pieces:
            for batch in self._table.read(piece, {self._column: "other"}, size):
                yield batch.column(self._column)

    def _numbers(self, lists: Any, first: int) -> NDArray[Any]:
        """Lists as rows; none of them, and no number, may be missing."""
        if lists.null_count:
            self._refuse(first + _first_null(lists), "a null", "scores in every row")
        if not pa.types.is_fixed_size_list(lists.type):
            lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
            if (lengths != self.vocabulary).any():
                row = int(np.argmax(lengths != self.vocabulary))
                self._refuse(
                    first + row,
                    f"{int(lengths[row]):,} scores",
                    f"{self.vocabulary:,} as in the first row: those of all tokens",
                )
        values = lists.flatten()
        if values.null_count:
            row = first + _first_null(values) // self.vocabulary
            self._refuse(row, "a null among the scores", "a number for every token")
        return np.asarray(values.to_numpy(zero_copy_only=False)).reshape(-1, self.vocabulary)

    def _refuse(self, row: int, found: str, expected: str) -> None:
        raise InputError(
            f"found {found}", expected=expected, place=Place(self._said, row, self._column)
        )


def _first_null(values: Any) -> int:
    return int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
