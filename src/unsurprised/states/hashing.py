"""A fixed hash of row ids: it puts rows into groups and samples, so it never changes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.batches import Batch


def hashes_of(batch: Batch) -> NDArray[np.uint64]:
    """One hash a row: of its id, or of its file's place in the list and its number there."""
    ids = batch.ids.values
    out = np.empty(batch.size, dtype=np.uint64)
    if ids is None:
        _kernels.hash_integers(batch.numbers(), batch.file_index, out)
    elif isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        _kernels.hash_integers(np.ascontiguousarray(ids, dtype=np.int64), 0, out)
    else:
        _hash_texts(ids, out)
    return out


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
        return [int(number) for number in batch.numbers()[rows]]
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        return [int(value) for value in ids[rows]]
    return [str(value) for value in _as_list(ids.take(rows))]
