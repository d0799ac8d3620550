"""Log-probabilities of a text's tokens, and how many bytes, words, … they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.kinds import is_list, stands_for
from unsurprised.errors import InputError, Place
from unsurprised.sources.logprobs import check_logprobs
from unsurprised.sources.numbers import equal_to, numbers, refuse
from unsurprised.sources.table import Table, require

#: The number of a row's tokens whose log-probability isn't known, beside its units.
UNKNOWN_TOKENS = "unknown"

_MOST_UNITS = 1e15


def unit_columns(table: Table, units: Mapping[str, str | None]) -> dict[str, str]:
    """The column of each unit."""
    return {unit: require(table, column or unit, "units").name for unit, column in units.items()}


def unknown_rows(column: Any, unknown: float) -> NDArray[np.bool_]:
    """Rows of single log-probabilities that aren't known."""
    null = np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
    found: NDArray[np.bool_] = null | equal_to(column, unknown)
    return found


def list_totals(column: Any, unknown: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Of lists of log-probabilities, one a document: their sums, and how many are known or not."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    flat = column.flatten()
    missing = unknown_rows(flat, unknown)
    rows = np.repeat(np.arange(len(column)), lengths.astype(np.int64))
    size, known = len(column), rows[~missing]
    values = np.asarray(numbers(flat.filter(pa.array(~missing))), dtype=np.float64)
    try:
        check_logprobs(values)
    except InputError as error:
        at = error.place.row
        row = int(known[at]) if isinstance(at, int) else None
        token = (
            None if row is None else int(np.flatnonzero(~missing)[at] - np.searchsorted(rows, row))
        )
        raise InputError(
            error.found,
            expected=error.expected,
            remedy=error.remedy,
            note=f"entry {token} of the list",
            place=Place(row=row),
        ) from None
    sums = np.bincount(known, values, size).astype(np.float64)
    return sums, np.bincount(known, minlength=size), np.bincount(rows[missing], minlength=size)


def unit_values(column: Any, unit: str, *, pieces: bool) -> NDArray[np.float64]:
    """How many of a unit each row has: as its column says, or as its text is long.

    ``pieces`` are parts of documents, of which words can't be counted one by one.
    """
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if is_list(kind) or _is_binary(kind):
        return _lengths(column, unit)
    if stands_for(kind) != "text":
        values = np.asarray(numbers(column), dtype=np.float64)
        wrong = ~((values >= 0) & (values <= _MOST_UNITS))
        refuse(values, wrong, f"a number of {unit}, from 0 on")
        return values
    if unit == "tokens" or (unit == "words" and pieces):
        raise InputError(
            "found text",
            expected=f"numbers of {unit}: they aren't seen in the text of a piece",
            place=Place(row=0),
        )
    if unit == "words":
        return np.array([len(text.split()) for text in column.to_pylist()], dtype=np.float64)
    count = pc.binary_length if unit == "bytes" else pc.utf8_length
    return np.asarray(count(column).to_numpy(zero_copy_only=False), dtype=np.float64)


def _lengths(column: Any, unit: str) -> NDArray[np.float64]:
    if unit not in ("bytes", "tokens"):
        raise InputError(f"found {column.type}", expected=f"a number of {unit}, or text")
    count = pc.list_value_length if is_list(column.type) else pc.binary_length
    return np.asarray(count(column).to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
