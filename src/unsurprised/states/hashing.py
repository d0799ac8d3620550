"""A fixed hash of row ids: it puts rows into groups and samples, so it never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.arrays.host import Scratch
from unsurprised.batches import Batch


def hashes_of(batch: Batch, scratch: Scratch | None = None) -> NDArray[np.uint64]:
    """One hash a row: of its id, or of its file's place in the list and its number there.

    With ``scratch`` the hashes are valid until its next use.
    """
    ids = batch.ids.values
    out: NDArray[np.uint64] = (scratch or Scratch()).array("hashes", batch.size, np.uint64)
    if ids is None and batch.row_numbers is None:
        _kernels.hash_range(batch.first_row, batch.file_index, out)
    elif ids is None:
        _kernels.hash_integers(batch.row_numbers, batch.file_index, out)
    else:
        _hash_values(ids, out)
    return out


def hashes_of_range(first: int, rows: int) -> NDArray[np.uint64]:
    """One hash a row, of its number, from a first one on."""
    out = np.empty(rows, dtype=np.uint64)
    _kernels.hash_range(first, 0, out)
    return out


def hashes_of_ids(values: Any) -> NDArray[np.uint64]:
    """One hash for each of some ids, int64 or texts."""
    out = np.empty(len(values), dtype=np.uint64)
    _hash_values(values, out)
    return out


def hashes_of_clusters(batch: Batch, scratch: Scratch | None = None) -> NDArray[np.uint64] | None:
    """One hash a row: of its cluster; ``None`` where rows have none."""
    if batch.clusters is None:
        return None
    out: NDArray[np.uint64] = (scratch or Scratch()).array("clusters", batch.size, np.uint64)
    _hash_values(batch.clusters.values, out)
    return out


def _hash_values(values: Any, out: NDArray[np.uint64]) -> None:
    if isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        _kernels.hash_integers(np.ascontiguousarray(values, dtype=np.int64), 0, out)
    else:
        _hash_texts(values, out)


def _hash_texts(texts: Any, out: NDArray[np.uint64]) -> None:
    if str(getattr(texts, "type", None)) == "large_string" and len(texts):
        _, cuts, text = texts.buffers()  # as the kernel takes them; a list of them takes ten times
        offsets = np.frombuffer(cuts, np.int64)[texts.offset : texts.offset + len(texts) + 1]
        offsets = np.require(offsets, requirements="A")  # what came by a network may lie anywhere
        _kernels.hash_strings(offsets, b"" if text is None else np.frombuffer(text, np.uint8), out)
        return
    encoded = [str(text).encode() for text in _as_list(texts)]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    _kernels.hash_strings(offsets, b"".join(encoded), out)


def content_order(
    *columns: NDArray[Any] | None,
    weights: NDArray[np.float64] | None = None,
    hashes: NDArray[np.uint64] | None = None,
) -> NDArray[np.int64]:
    """An order of rows that follows from what they hold, whatever they are called.

    Distinct rows come as if shuffled, by a hash of their bytes in all columns; equal rows are
    shuffled among the others too, by the hash and their place among each other, so that the first
    rows are a sample of all of them. Of equal rows the lighter come first, which does not hang on
    the unit of the weights; then those of a smaller hash, if they have any, else they stay.

    Examples
    --------
    >>> rows = np.array([[0.1, 0.9], [0.5, 0.5], [0.1, 0.9], [0.3, 0.7]])
    >>> labels = np.array([0, 1, 0, 1])
    >>> another = np.array([3, 2, 0, 1])
    >>> one = rows[content_order(rows, labels)]
    >>> bool((one == rows[another][content_order(rows[another], labels[another])]).all())
    True
    """
    given = [column.reshape(len(column), -1) for column in columns if column is not None]
    rows = len(given[0])
    content = np.empty(rows, dtype=np.uint64)
    _kernels.hash_columns([_side_by_side(column) for column in given], content)
    order = np.arange(rows)
    for then in (hashes, weights):
        if then is not None:
            order = order[portable.argsort(then[order])]
    start = order
    order = start[portable.argsort(content[start])]
    again = content[order[1:]] == content[order[:-1]]
    if _differ(given, order[1:][again], order[:-1][again]):
        # Two rows of one hash that differ: their bytes tell them apart.
        packed = np.concatenate([_bytes_of(column) for column in given], axis=1)
        _, ranks = np.unique(packed.view(f"V{packed.shape[1]}")[:, 0], return_inverse=True)
        content = ranks.astype(np.uint64)
        order = start[portable.argsort(content[start])]
        again = content[order[1:]] == content[order[:-1]]
    keys = content[order].view(np.int64)
    if again.any():
        places = np.arange(rows)
        first = np.append(True, ~again)[:rows]
        keys ^= (places - np.maximum.accumulate(np.where(first, places, 0))) << 32
    shuffled = np.empty(rows, dtype=np.uint64)
    _kernels.hash_integers(keys, 0, shuffled)
    found: NDArray[np.int64] = order[portable.argsort(shuffled)]
    return found


def _differ(
    columns: list[NDArray[Any]], rows: NDArray[np.int64], others: NDArray[np.int64]
) -> bool:
    """Whether any of some rows has other bytes than the one beside it."""
    return len(rows) > 0 and any(
        bool((_bytes_of(column[rows]) != _bytes_of(column[others])).any()) for column in columns
    )


def _side_by_side(column: NDArray[Any]) -> NDArray[Any]:
    """Rows whose numbers lie behind each other."""
    there = column.strides[1] == column.itemsize or column.shape[1] == 1
    return column if there else np.ascontiguousarray(column)


def _bytes_of(column: NDArray[Any]) -> NDArray[np.uint8]:
    """The bytes of each row of numbers."""
    rows = np.ascontiguousarray(column).reshape(len(column), -1)
    return rows.view(np.uint8).reshape(len(rows), -1)


def _as_list(texts: Any) -> list[Any]:
    return texts.to_pylist() if hasattr(texts, "to_pylist") else list(texts)


def ids_at(batch: Batch, rows: NDArray[np.int64]) -> list[int | str]:
    """What some rows of a batch are called."""
    ids = batch.ids.values
    if ids is None:
        return [int(number) for number in batch.numbers_of(rows)]
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        return [int(value) for value in ids[rows]]
    return [str(value) for value in _as_list(ids.take(rows))]


def numbers_of(batch: Batch) -> Callable[[NDArray[np.int64]], NDArray[np.int64]] | None:
    """What tells the ids of some rows, where ids are numbers."""
    ids = batch.ids.values
    if ids is None:
        return batch.numbers_of
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        return lambda rows: ids[rows]
    return None
