"""A fixed hash of row ids: it puts rows into groups and samples, so it never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
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
    encoded = [str(text).encode() for text in _as_list(texts)]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    _kernels.hash_strings(offsets, b"".join(encoded), out)


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
