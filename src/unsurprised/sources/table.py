"""What every format gives: a schema, parts that can be read apart, record batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from unsurprised.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one file that can be read without the rows before them."""

    first_row: int = 0
    #: ``None``: known only once they are read.
    rows: int | None = None
    #: What the format needs to find them: row groups, record batches, ….
    keys: tuple[int, ...] = ()


class Table(ABC):
    """One file (or frame) as rows of named columns. Holds no open file between calls."""

    #: How errors call the file; ``None`` for a frame.
    file: str | None
    schema: pa.Schema
    #: Number of rows, where the file says it without being read.
    rows: int | None = None
    #: Whether the schema is stated by the file; text has none, it is seen from the first rows.
    typed: bool = True
    #: What the format is called in errors.
    format: str
    #: Names of the classes, where the file states them outside of the schema.
    class_names: tuple[str, ...] | None = None
    #: Names of the classes once known: text such as "NA" is no null if a class is so named.
    known_names: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the file is known to hold no rows, and says nothing of its columns."""
        return self.rows == 0 and not self.schema.names

    def parts(self) -> Sequence[Part]:
        """The parts, in order; one for a file that can only be read from its beginning."""
        return [Part(0, self.rows)]

    @abstractmethod
    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a part, with ``columns`` (name → role) alone.

        Opens its own handle, so that parts can be read at the same time. A batch may be larger than
        ``batch_rows``; it is cut by the caller.
        """

    def looked(self, columns: Mapping[str, str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Some columns of all rows, for a look before they are read."""
        for part in self.parts():
            yield from self.read(part, columns, batch_rows)


def until_wrong(rows: Any, convert: Callable[[Any], T]) -> Iterator[T]:
    """``convert(rows)``, or what stands before the first wrong row, and then its error.

    A conversion looks at one column after the other, so the row that it complains of need not be
    the first wrong one; those before it are tried again. So the row that is reported does not
    depend on how many rows are converted at once. Errors count rows from the first of ``rows``.
    """
    failure: InputError | None = None
    while len(rows):
        try:
            converted = convert(rows)
        except InputError as error:
            failure = error
            rows = rows[: error.place.row if isinstance(error.place.row, int) else 0]
        else:
            yield converted
            break
    if failure is not None:
        raise failure
