"""A look at some rows, before all are read, by which it is decided what columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.encodings import without_encodings
from unsurprised.arrow.kinds import stands_for
from unsurprised.class_names.columns import SeenLabels
from unsurprised.sources.frames import FrameTable
from unsurprised.sources.stores.addresses import is_stored
from unsurprised.sources.table import Table, refuse_twice

#: So many rows are looked at; what they cannot tell is looked for in all of them, or asked about.
ROWS = 1000

#: A file's text is read by runs; a batch of a look.
_BATCH_ROWS = 8192

#: What was seen of objects in stores, where another look would be another request.
_looks: WeakKeyDictionary[Table, dict[tuple[object, ...], pa.RecordBatch | None]] = (
    WeakKeyDictionary()
)


def first_rows(table: Table, columns: Mapping[str, str], rows: int = ROWS) -> pa.RecordBatch | None:
    """The first rows of some columns (name → role), without encodings; None if there is none."""
    refuse_twice(table.schema.names, columns, table.file)
    if not is_stored(table.file):
        return _first_rows(table, columns, rows)
    known = _looks.setdefault(table, {})
    key = (*columns.items(), rows)
    if key not in known:
        known[key] = _first_rows(table, columns, rows)
    return known[key]


def _first_rows(table: Table, columns: Mapping[str, str], rows: int) -> pa.RecordBatch | None:
    held: list[pa.RecordBatch] = []
    left = rows
    for batch in _batches(table, columns, rows):
        held.append(without_encodings(batch.slice(0, left)))
        left -= held[-1].num_rows
        if left <= 0:
            break
    held = [batch for batch in held if batch.num_rows]
    if not held:
        return None
    if len(held) == 1:
        return held[0]
    whole = pa.Table.from_batches(held).unify_dictionaries().combine_chunks()
    return whole.to_batches()[0]


def _batches(table: Table, columns: Mapping[str, str], rows: int) -> Iterator[pa.RecordBatch]:
    if isinstance(table, FrameTable):
        for batch in table.peeked():
            yield batch.select(list(columns))
        return
    for part in table.parts():
        yield from table.read(part, columns, rows)


def all_rows(tables: Sequence[Table], name: str, role: str) -> Iterator[pa.Array]:
    """One column of all rows; of a stream that can be read once, of its first batches alone."""
    for table in tables:
        if table.empty or name not in table.schema.names:
            continue
        for batch in table.looked({name: role}, _BATCH_ROWS):
            yield without_encodings(batch).column(0)


def seen_labels(table: Table, label: str | None) -> SeenLabels:
    """What the first labels are, for the names of classes to be found."""
    if label is None:
        return SeenLabels()
    kind = stands_for(table.schema.field(label).type)
    word = {"integer": "integer", "float": "integer", "text": "text", "bool": "bool"}.get(kind)
    if word is None:
        return SeenLabels()
    rows = first_rows(table, {label: "label"})
    if rows is None:
        return SeenLabels(word)
    return SeenLabels.of(word, distinct(rows.column(0)))


def distinct(column: pa.Array) -> list[object]:
    """The values that there are, without nulls."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary.take(pc.unique(column.indices).drop_null())
    return [value for value in pc.unique(column).to_pylist() if value is not None]


def sums_to_one(rows: pa.RecordBatch, columns: Sequence[str], tolerance: float) -> float:
    """The share of rows that sum to one; 0 where these numbers are no probabilities."""
    total = np.zeros(rows.num_rows)
    for name in columns:
        total += shares_in(rows, name, tolerance)
        if np.isnan(total).any():
            return 0.0
    return float((np.abs(total - 1) <= tolerance).mean()) if len(total) else 0.0


def shares_in(rows: pa.RecordBatch, name: str, tolerance: float) -> NDArray[np.float64]:
    """The numbers of a column, nulls as 0; NaN in every row where one is no share."""
    column = rows.column(name)
    if column.null_count:
        column = column.fill_null(0)
    values = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    shares = ((values >= 0) & (values <= 1 + tolerance)).all()
    return values if shares else np.full(len(values), np.nan)
