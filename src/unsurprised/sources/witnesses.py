"""The few rows of a frame by which it is decided what its columns mean, wherever the rows lie.

One machine looks at the first rows, and where these do not tell, at a column's values in all. Where
rows have no order, the rows of the smallest hashes stand for the first ones, and for all values of
a column stand those that answer what is asked of them: is any below 0, is any no whole number,
which names are there. So what is found hangs neither on partitions nor on their order: the few of
all rows are among the few of each partition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.kinds import is_list, stands_for
from unsurprised.errors import InputError
from unsurprised.sources.classes import MOST_OF_TWO
from unsurprised.sources.columns import LABELS, OTHER_LABELS
from unsurprised.sources.look import ROWS
from unsurprised.sources.nulls import present
from unsurprised.sources.numbers import numbers, valid
from unsurprised.sources.options import Options
from unsurprised.sources.usual_names import NO_CLASS, NUMBERS, PREDICTIONS, SCORES

#: So many numbers of a look's rows are held at most, but of 100 rows all.
_LOOKED_NUMBERS, _FEWEST_ROWS = 100_000, 100

#: Kinds of columns whose values may tell that they are predictions.
_LOOKED = (*NUMBERS, "bool", "map")

_TRUTHS = {"label", *LABELS, *OTHER_LABELS}
_GUESSES = {*PREDICTIONS, *SCORES, *NO_CLASS}

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


def rows_looked_at(columns: int) -> int:
    """How many rows stand for the first ones: fewer where rows are wide."""
    return min(ROWS, max(_FEWEST_ROWS, _LOOKED_NUMBERS // max(1, columns)))


def witnesses_in(rows: pa.RecordBatch, hashes: NDArray[np.uint64], options: Options) -> Rows:
    """Rows whose values tell what all together would, each the one of the smallest hash."""
    chosen: list[int] = []
    for mask in _masks(rows, options):
        first = _smallest_of(mask, hashes)
        mask[first] = False  # whether there are several may count
        chosen += [*first, *_smallest_of(mask, hashes)]
    for name in truths_in(rows.schema, options):
        if stands_for(rows.schema.field(name).type) == "text":
            chosen += _of_each_name(rows.column(name), hashes)
    return np.unique(np.array(chosen, dtype=np.int64))


def truths_in(schema: pa.Schema, options: Options) -> list[str]:
    """Columns that may be the truth."""
    told = {options.label} if options.label is not None else _TRUTHS
    return [name for name in schema.names if name in told or name.lower() in told]


def guesses_in(schema: pa.Schema, options: Options) -> list[str]:
    """Columns that may be the prediction, or a part of it."""
    pred = options.pred
    told = _GUESSES if pred is None else {pred} if isinstance(pred, str) else set(pred)
    return [name for name in schema.names if name in told or name.lower() in told]


def told_or_usual(schema: pa.Schema, options: Options) -> set[str]:
    """Columns whose values may be looked at, for what they are called."""
    truths, guesses = truths_in(schema, options), guesses_in(schema, options)
    return {*truths, *guesses, *options.by, *_beside(options)}


def looked_at(schema: pa.Schema, options: Options) -> list[str]:
    """Columns whose values may be looked at: not texts and lists without a usual name.

    These may be as large as documents, and each partition sends as many rows.
    """
    named = told_or_usual(schema, options)
    kinds = (*NUMBERS, "bool", "map")
    return [
        field.name for field in schema if field.name in named or stands_for(field.type) in kinds
    ]


def shown(rows: pa.RecordBatch, witnesses: Rows) -> pa.RecordBatch:
    """Rows of which witnesses alone keep their lists, which are wide."""
    everywhere = np.arange(rows.num_rows)
    at_witnesses = pa.array(everywhere, mask=~np.isin(everywhere, witnesses))
    columns = [
        column.take(at_witnesses)
        if is_list(column.type) and stands_for(column.type) != "map"
        else column
        for column in rows.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=rows.schema)


def _beside(options: Options) -> set[str]:
    told = (options.weight, options.id, options.cluster, options.logprob)
    return {name for name in told if name is not None}


def _masks(rows: pa.RecordBatch, options: Options) -> Iterator[Mask]:
    """Rows of which one or two are enough to tell."""
    schema = rows.schema
    for name in {*truths_in(schema, options), *guesses_in(schema, options)}:
        yield from _of_column(rows.column(name), lists=name in truths_in(schema, options))
    prefix = options.label
    if prefix is not None and prefix not in schema.names:
        names = [
            field.name
            for field in schema
            if field.name.startswith(prefix) and stands_for(field.type) in NUMBERS
        ]
        if names:
            yield from _of_row({name: rows.column(name) for name in names})


def _of_column(column: pa.Array, *, lists: bool) -> Iterator[Mask]:
    """What is asked of a column that may be a truth, or one number a row."""
    kind = stands_for(column.type)
    if kind in NUMBERS and kind != "null":
        values = _numbers(column)
        with np.errstate(invalid="ignore"):
            yield ~np.isnan(values) & ((values < 0) | (values > 1))
            yield ~np.isnan(values) & (values != np.floor(values))
        there = valid(column)
        yield there & (values != 0) & (values != 1)
        yield there.copy()
    elif kind != "map" and is_list(column.type):
        there = np.asarray(column.is_valid())
        yield there.copy()
        if lists:
            yield from _of_lists(column, there)


def _numbers(column: pa.Array) -> NDArray[np.float64]:
    """Numbers as floats, NaN for a null."""
    values = np.full(len(column), np.nan)
    there = valid(column)
    values[there] = numbers(column.filter(pa.array(there))).astype(np.float64)
    return values


def _of_lists(column: pa.Array, there: Mask) -> Iterator[Mask]:
    """Lists that are no votes, and those that are no distributions."""
    full = present(column)
    rows = np.flatnonzero(there if full is None else there & full)
    kept = column.take(pa.array(rows))
    lengths = np.asarray(pc.list_value_length(kept), dtype=np.int64)
    rows, kept = rows[lengths > 0], kept.filter(pa.array(lengths > 0))
    if not len(rows):
        return
    starts = np.cumsum(np.append(0, lengths[lengths > 0][:-1]))
    try:
        values = numbers(kept.flatten()).astype(np.float64)
    except InputError:  # refused where it is read
        return
    with np.errstate(invalid="ignore"):
        strange = np.add.reduceat(~((values == np.floor(values)) & (values >= 0)), starts) > 0
        several = np.add.reduceat(values, starts) != 1
    for found in (strange, ~strange & several):
        mask = np.zeros(len(column), dtype=bool)
        mask[rows[found]] = True
        yield mask


def _of_row(columns: Mapping[str, pa.Array]) -> Iterator[Mask]:
    """The same of truths with a column for each class."""
    try:
        values = np.stack([_numbers(column) for column in columns.values()], axis=1)
    except InputError:
        return
    with np.errstate(invalid="ignore"):
        strange = ~((values == np.floor(values)) & (values >= 0)).all(axis=1)
        several = values.sum(axis=1) != 1
    full = ~np.isnan(values).any(axis=1)
    yield full & strange
    yield full & ~strange & several


def _smallest_of(mask: Mask, hashes: NDArray[np.uint64]) -> list[int]:
    """The row of the smallest hash among some; none where there is none."""
    if not mask.any():
        return []
    return [int(np.argmin(np.where(mask, hashes, np.uint64(2**64 - 1))))]


def _of_each_name(column: pa.Array, hashes: NDArray[np.uint64]) -> list[int]:
    """A row for each of the first names of all, as many as two classes surely do not have."""
    names = sorted(name for name in pc.unique(column).to_pylist() if name is not None)
    chosen: list[int] = []
    for name in names[: MOST_OF_TWO + 1]:
        mask = np.asarray(pc.fill_null(pc.equal(column, pa.scalar(name, column.type)), False))
        chosen += _smallest_of(mask, hashes)
    return chosen


def smallest(hashes: NDArray[np.uint64], rows: int) -> Rows:
    """The rows of the smallest hashes, ascending."""
    if len(hashes) > 4 * rows:
        cut = np.partition(hashes, rows)[rows]
        near = np.flatnonzero(hashes <= cut)
        return near[np.argsort(hashes[near], kind="stable")][:rows]
    return np.argsort(hashes, kind="stable")[:rows]


def concatenated(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Batches of one schema as one."""
    whole = pa.Table.from_batches(parts).combine_chunks()
    return whole.to_batches()[0] if whole.num_rows else parts[0].slice(0, 0)
