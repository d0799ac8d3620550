"""Rows that name their classes themselves: maps, and lists of pairs of a class and its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.encodings import as_numpy, without_encodings
from unsurprised.arrow.kinds import entry_of, plain
from unsurprised.class_names.names import integer_of, key_of, listed, places_of, without_stem
from unsurprised.errors import InputError, Place


def entries_of(column: pa.Array) -> tuple[NDArray[np.int64], pa.Array, pa.Array]:
    """How many entries each row has, and the classes and numbers of all, row after row."""
    kind = column.type
    if pa.types.is_map(kind):
        offsets = as_numpy(column.offsets)
        # A map's keys are given as a whole; those before a slice are not of its rows.
        first, last = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
        keys, items = column.keys, column.items
        if len(keys) != last - first:
            keys, items = keys.slice(first, last - first), items.slice(first, last - first)
        return np.diff(offsets).astype(np.int64), keys, items
    name, number = entry_of(kind) or ("", "")
    lengths = pc.list_value_length(column)
    pairs = column.flatten()
    fields = [field.name for field in plain(pairs.type)]
    flat = pairs.flatten()
    return as_numpy(lengths).astype(np.int64), flat[fields.index(name)], flat[fields.index(number)]


def keys_in_order(column: pa.Array) -> tuple[tuple[str, ...], bool]:
    """The classes that rows name, in their own order where all have it, else sorted; and which."""
    rows = column.drop_null()
    counts, keys, _ = entries_of(rows)
    names = [str(name) for name in keys.to_pylist()]
    found = list(dict.fromkeys(names))
    ends = np.cumsum(counts)
    alike = all(
        names[end - count : end] == found[:count] for end, count in zip(ends, counts, strict=True)
    )
    if alike:
        return tuple(found), True
    bare = without_stem(found) if len(found) > 1 else tuple(found)
    return tuple(name for _, name in sorted(zip(map(_in_sort, bare), found, strict=True))), False


def _in_sort(name: str) -> tuple[int, int, str]:
    number = integer_of(name)
    return (1, 0, name) if number is None else (0, number, name)


def matrix_of_map(
    column: pa.Array, names: Sequence[str], kind: str, tolerance: float, *, normalize: bool
) -> NDArray[np.float64]:
    """A number for each class in each row; a class that is not listed has no mass."""
    counts, keys, numbers = entries_of(column)
    rows = np.repeat(np.arange(len(counts)), counts)
    places = _places(keys, names, rows)
    values = without_encodings(pa.record_batch([numbers], names=["number"])).column(0)
    if values.null_count:
        row = int(rows[int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))])
        raise InputError(
            "found a class without a number", expected="a number for it", place=Place(row=row)
        )
    filled = as_numpy(values.cast(pa.float64()))
    out = np.full((len(counts), len(names)), 0.0 if kind == "probs" else -np.inf)
    cells = rows * len(names) + places
    order = np.argsort(cells, kind="stable")
    twice = np.flatnonzero(np.diff(cells[order]) == 0)
    if len(twice):
        row, place = divmod(int(cells[order[twice]].min()), len(names))
        raise InputError(
            f"found the class {names[place]!r} twice", expected="each once", place=Place(row=row)
        )
    out[rows, places] = filled
    _refuse_cut_rows(out, counts, kind, tolerance, normalize=normalize)
    return out


def _places(keys: pa.Array, names: Sequence[str], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    found = pc.index_in(keys.cast(pa.string()), value_set=pa.array(names, pa.string()))
    places = np.where(
        found.is_null().to_numpy(zero_copy_only=False), -1, as_numpy(found.fill_null(0))
    ).astype(np.int64)
    if (places < 0).any():
        by_key = places_of(names)
        for entry in np.flatnonzero(places < 0):
            name: Any = keys[int(entry)].as_py()
            places[entry] = by_key.get(key_of(name), -1)
            if places[entry] < 0:
                raise InputError(
                    f"found the class {name!r}, which none of the first rows has",
                    expected=f"one of {listed(names)}",
                    remedy="say all classes with classes=[…] (--classes)",
                    place=Place(row=int(rows[entry])),
                )
    return places


def _refuse_cut_rows(
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    kind: str,
    tolerance: float,
    *,
    normalize: bool,
) -> None:
    """Raise for rows that list some classes and leave mass to the others: the rest is not known."""
    if kind == "logits":
        short = counts < values.shape[1]
    elif normalize:
        return
    else:
        sums = (np.exp(values) if kind == "logprobs" else values).sum(axis=1)
        short = (counts < values.shape[1]) & (sums < 1 - tolerance)
    if short.any():
        row = int(np.argmax(short))
        mass = "" if kind == "logits" else f", which hold {float(sums[row]):.6g}"
        raise InputError(
            f"found {counts[row]} of {values.shape[1]} classes{mass}: the rest is missing",
            expected="a number for every class",
            remedy="what such a row gave to its label is known where the label is listed: "
            "write its "
            "logarithm to a column and pass logprob=… (--logprob); to take the classes "
            "listed as all "
            "there are, normalize=True (--normalize)",
            place=Place(row=row),
        )
