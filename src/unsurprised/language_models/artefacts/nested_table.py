"""Tables with a row a document, whose columns hold a list of the tokens': a row a token of them.

The scores of all tokens of the vocabulary at each position, or the likely tokens there, are lists
of lists; beside them ``target`` may be a list of a token a position. What is said of the whole
document, such as its name, stands in each row of its tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.row_table import DOCUMENTS, SCORES
from unsurprised.language_models.artefacts.table_slab import is_list
from unsurprised.sources.table import Part, Table

#: What a document is called that has no name: the number of its row.
_DOCUMENT = "document"
#: How deep the lists of scores are that stand for a document.
_A_DOCUMENT = 2
_FLOATS = (pa.float16(), pa.float32(), pa.float64())


def row_a_token(table: Table, said: str, column: str | None = None) -> Table:
    """The table, with a row a token where its column of scores holds a list of lists a document."""
    held = float_columns(table.schema)
    name = column or next((name for name in SCORES if name in held), None)
    name = name or (held[0] if len(held) == 1 else None)
    depth = 0 if name is None else _depth(table.schema.field(name).type)
    if depth > _A_DOCUMENT:
        raise InputError(
            f"found lists within lists, {depth} deep",
            expected="one of scores a token, or one of these a document",
            place=Place(said, column=name),
        )
    return NestedTable(table, name, said) if name and depth == _A_DOCUMENT else table


def float_columns(schema: pa.Schema) -> list[str]:
    """The columns of lists, or of lists of lists, of floats."""
    return [
        field.name for field in schema if is_list(field.type) and element(field.type) in _FLOATS
    ]


def element(kind: pa.DataType) -> pa.DataType:
    """What a list holds in the end, be it a list of lists."""
    return element(kind.value_type) if is_list(kind) else kind


def _depth(kind: pa.DataType) -> int:
    return 1 + _depth(kind.value_type) if is_list(kind) else 0


class NestedTable(Table):
    """A table of documents as one of their tokens.

    Parameters
    ----------
    table : Table
        With a row a document.
    scores : str
        The column of lists of lists, which says how many tokens a document has.
    said : str
        What errors call the table.
    """

    format = "table of documents"

    def __init__(self, table: Table, scores: str, said: str) -> None:
        self._table, self._scores, self._said = table, scores, said
        self.file, self.stamps = table.file, table.stamps
        fields = [
            pa.field(field.name, field.type.value_type if is_list(field.type) else field.type)
            for field in table.schema
        ]
        self._numbered = not any(field.name.lower() in DOCUMENTS for field in fields)
        if self._numbered:
            fields.append(pa.field(_DOCUMENT, pa.string()))
        self.schema = pa.schema(fields)

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The tokens of a document after the other's, of which one is at hand at a time."""
        row = part.first_row
        for inner in self._table.parts():
            wanted = {name: role for name, role in columns.items() if name != _DOCUMENT}
            if not self._numbered and _DOCUMENT in columns:
                wanted[_DOCUMENT] = columns[_DOCUMENT]
            for batch in self._table.read(inner, {self._scores: "other", **wanted}, 1):
                for number in range(batch.num_rows):
                    yield self._tokens(batch.slice(number, 1), list(columns), row)
                    row += 1

    def _tokens(self, document: pa.RecordBatch, columns: list[str], row: int) -> pa.RecordBatch:
        count = self._count(document, self._scores, row)
        found = [
            pa.array([str(row)] * count)
            if self._numbered and name == _DOCUMENT
            else self._column(document, name, count, row)
            for name in columns
        ]
        return pa.RecordBatch.from_arrays(found, names=columns)

    def _column(self, document: pa.RecordBatch, name: str, count: int, row: int) -> Any:
        """A list's entries; of what is no list the same for each token."""
        values = document.column(name)
        if not is_list(values.type):
            return values.take(pa.array(np.zeros(count, dtype=np.int64)))
        held = self._count(document, name, row)
        if held != count:
            raise InputError(
                f"found {held:,} entries, and {count:,} positions in {self._scores!r}",
                expected="one a position",
                remedy="logits at position i predict token i + 1: tokens[1:] beside logits[:-1]",
                place=Place(self._said, row, name),
            )
        return values.flatten()

    def _count(self, document: pa.RecordBatch, name: str, row: int) -> int:
        value = document.column(name)[0]
        if not value.is_valid:
            raise InputError(
                "found a null", expected="a list of the document's positions",
                place=Place(self._said, row, name),
            )  # fmt: skip
        return len(value)
