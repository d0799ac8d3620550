"""What every format gives: a schema, parts that can be read apart, record batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa


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


def unpicked(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """The part of a schema that has these names, in their order."""
    return pa.schema([schema.field(name) for name in names])
