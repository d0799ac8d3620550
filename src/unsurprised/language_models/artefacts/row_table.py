"""Whole rows in a column of lists: Parquet, Arrow, data frames.

A row of the table is a token: the scores of all tokens of the vocabulary in a column of lists,
fixed-size or not, and beside it whatever is known of ``document``, ``position`` and ``target``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.table_slab import (
    TableSlab,
    element_of,
    is_list,
    row_width,
)
from unsurprised.language_models.artefacts.whole import Document, WholeRows
from unsurprised.sources.table import Table, require

#: What columns may be called; the first is the name that errors say.
SCORES = ("logits", "logprobs", "log_probs", "output_logits", "scores")
DOCUMENTS = ("document", "document_id", "doc", "doc_id", "prompt_id", "sequence_id", "sample_id")
POSITIONS = ("position", "pos", "token_index", "step")
TARGETS = ("target", "targets", "target_id", "label", "labels", "next_token", "next_token_id")
_ROWS = 1 << 16


def score_column(schema: pa.Schema, column: str | None = None) -> str | None:
    """The column of whole rows: the one that is asked for, the usual name, or the only one."""
    wide = [field.name for field in schema if is_list(field.type) and element_of(field.type)]
    if column is not None:
        return column if column in wide else None
    named = next((name for name in SCORES if name in wide), None)
    return named or (wide[0] if len(wide) == 1 else None)


def row_table(table: Table, column: str, said: str) -> WholeRows:
    """The rows of a column of lists, as the documents and positions that stand beside it."""
    require(table, column, "column")
    around = beside(table, said)
    size = _rows(table, column) if around.rows is None else around.rows
    if not size:
        raise InputError("holds no row", place=Place(said))
    width = row_width(table, column, said)
    slab = TableSlab(table, column, said, rows=size, vocabulary=width)
    documents = around.documents(slab, said)
    targets = around.targets
    if targets is not None and targets.max() >= slab.vocabulary:
        row = int(np.argmax(targets >= slab.vocabulary))
        raise InputError(
            f"found the token {int(targets[row])}",
            expected=f"0 to {slab.vocabulary - 1}, or less than 0 for one that is not known",
            place=Place(said, row, around.names["target"]),
        )
    return WholeRows(
        said,
        documents,
        named="document" in around.names,
        placed="position" in around.names,
        targets=targets,
    )


class TokenColumns:
    """What stands beside the scores, of all rows."""

    def __init__(self, table: Table, names: dict[str, str], said: str) -> None:
        self.names = names
        self.rows: int | None = table.rows
        self._columns: dict[str, NDArray[Any]] = {}
        if names:
            read = _read(table, names, said)
            self._columns = {role: read[role] for role in names}
            self.rows = len(next(iter(read.values())))

    @property
    def targets(self) -> NDArray[np.int64] | None:
        """The token that came, of each row."""
        return self._columns.get("target")

    def documents(self, slab: TableSlab, said: str) -> list[Document]:
        """Runs of rows of one document; each comes once, its positions one after the other."""
        positions = self._columns.get("position")
        return [
            Document(
                name,
                slab,
                first,
                end - first,
                0,
                None if positions is None else positions[first:end],
            )
            for name, first, end in self._runs(slab.rows, said)
        ]

    def places(
        self, rows: int, said: str
    ) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]:
        """Of each row the number of its document, their names, and its position there."""
        runs = self._runs(rows, said)
        sizes = [end - first for _, first, end in runs]
        positions = self._columns.get("position")
        if positions is None:
            positions = np.concatenate([np.arange(size) for size in sizes])
        return np.repeat(np.arange(len(runs)), sizes), tuple(name for name, *_ in runs), positions

    def _runs(self, rows: int, said: str) -> list[tuple[str, int, int]]:
        which = self._columns.get("document")
        if which is None:
            which = np.zeros(rows, dtype=object)
        positions = self._columns.get("position")
        firsts = np.flatnonzero(np.append(True, which[1:] != which[:-1])).tolist()
        found: dict[str, tuple[int, int]] = {}
        for first, end in zip(firsts, [*firsts[1:], rows], strict=True):
            name = str(which[first])
            if name in found:
                raise InputError(
                    f"found the document {name!r:.60} again",
                    expected="the tokens of a document one after the other",
                    remedy="sort the rows by document and position",
                    place=Place(said, first, self.names.get("document")),
                )
            found[name] = first, end
            if positions is not None:
                self._refuse_back(positions[first:end], first, name, said)
        return [(name, *ends) for name, ends in found.items()]

    def _refuse_back(self, places: NDArray[np.int64], first: int, name: str, said: str) -> None:
        """Raise where a position is no later than the one before it, or below 0."""
        back = np.append(places[0] < 0, np.diff(places) <= 0)
        if back.any():
            at = int(np.argmax(back))
            one = (
                "" if "document" in self.names else ", or a column 'document' if there are several"
            )
            raise InputError(
                f"found the position {int(places[at])} of document {name!r:.60}"
                + (f" after {int(places[at - 1])}" if at else ""),
                expected="positions from 0 on, each later than the one before it" + one,
                remedy="sort the rows by document and position",
                place=Place(said, first + at, self.names["position"]),
            )


def beside(table: Table, said: str) -> TokenColumns:
    """What stands beside the scores of a table."""
    by_name = {name.lower(): name for name in reversed(table.schema.names)}
    names = {}
    for role, usual in (("document", DOCUMENTS), ("position", POSITIONS), ("target", TARGETS)):
        held = next((by_name[name] for name in usual if name in by_name), None)
        if held is not None and not is_list(table.schema.field(held).type):
            names[role] = held
    return TokenColumns(table, names, said)


def _read(table: Table, names: dict[str, str], said: str) -> dict[str, NDArray[Any]]:
    """Whole columns: documents by their names, positions and targets as integers."""
    kept: dict[str, list[NDArray[Any]]] = {role: [] for role in names}
    row = 0
    for batch in _batches(table, dict.fromkeys(names.values(), "other")):
        for role, name in names.items():
            kept[role].append(_column(batch.column(name), role, Place(said, row, name)))
        row += batch.num_rows
    return {
        role: np.concatenate(parts) if parts else np.empty(0, int) for role, parts in kept.items()
    }


def _batches(table: Table, columns: dict[str, str]) -> Iterator[pa.RecordBatch]:
    for part in table.parts():
        yield from table.read(part, columns, _ROWS)


def _column(values: Any, role: str, place: Place) -> NDArray[Any]:
    """Some rows of a column; a target that is null is not known."""
    if isinstance(values.type, pa.DictionaryType):
        values = values.dictionary_decode()
    if role == "target":
        values = values.fill_null(-1) if values.null_count else values
    if values.null_count:
        first = int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
        at = Place(place.file, _plus(place.row, first), place.column)
        raise InputError("found a null", expected=f"a {role} in every row", place=at)
    if role == "document":
        return np.array([str(value) for value in values.to_pylist()], dtype=object)
    if not pa.types.is_integer(values.type):
        raise InputError(
            f"found {values.type}",
            expected="whole numbers" if role == "position" else "token ids",
            place=place,
        )
    return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _plus(row: Any, more: int) -> int:
    return int(row or 0) + more


def _rows(table: Table, column: str) -> int:
    return sum(batch.num_rows for batch in _batches(table, {column: "other"}))
