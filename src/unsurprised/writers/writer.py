"""A writer: record batches of one schema in, a file of one format out, errors that say where."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.guard import guarded_writing
from unsurprised.writers.held import Convert


class Writer(ABC):
    """Writes a file in one format; whatever goes wrong is an error of ours."""

    #: What the format is called in errors.
    form: str

    @classmethod
    def opened(cls, path: Path, schema: pa.Schema) -> Self:
        """A writer to a file that does not exist yet.

        Raises
        ------
        InputError
            Naming a column that the format cannot hold, before anything is written.
        """
        with guarded_writing(cls.form):
            return cls(path, schema)

    @abstractmethod
    def __init__(self, path: Path, schema: pa.Schema) -> None: ...

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises
        ------
        InputError
            With the row, counted in ``batch``, and the column that cannot be written.
        """
        with guarded_writing(self.form):
            self._write(batch)

    @abstractmethod
    def _write(self, batch: pa.RecordBatch) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is None:
            with guarded_writing(self.form):
                self._close()
            return
        with suppress(Exception):  # the first failure is the one to be told
            self._close()


def refuse_same_name(names: Sequence[str], columns: Sequence[str], form: str) -> None:
    """Refuse columns that would be written under one name."""
    for name, column in zip(names, columns, strict=True):
        if names.count(name) > 1 and name != column:
            raise InputError(
                f"its bytes are written to {form} as {name!r}, and a column is called so",
                expected="another name",
                remedy="rename one of the two, or write .parquet or .arrow, which hold bytes",
                place=Place(column=column),
            )


def converted(column: pa.Array, name: str, convert: Convert, form: str) -> pa.Array:
    """A column converted; an error names it, and the first row that cannot be."""
    try:
        return convert(column)
    except InputError as error:  # it may count the values of lists
        raise error.located(row=_first_unwritable(column, convert), column=name) from None
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        row = _first_unwritable(column, convert)
        raise InputError(
            f"a value cannot be written as {form} ({str(error).splitlines()[0][:120]})",
            remedy="write another format: --out with a name in .parquet or .arrow",
            place=Place(row=row, column=name),
        ) from None


def _first_unwritable(column: pa.Array, convert: Convert) -> int | None:
    for row in range(len(column)):
        try:
            convert(column.slice(row, 1))
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            return row
    return None
