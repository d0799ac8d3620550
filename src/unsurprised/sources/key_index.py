"""An index of texts that is made once: pyarrow's ``index_in`` makes its own for every batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.arrow.encodings import as_numpy
from unsurprised.copies import Record
from unsurprised.sources.numbers import valid


@dataclass(frozen=True, slots=True, eq=False)
class KeyIndex(Record):
    """Places of texts (large strings) that are there once each; one may be null.

    It is their hashes in ascending order, with their places: 16 bytes a text beside the texts.

    Examples
    --------
    >>> index = KeyIndex.of(pa.array(["a", "c", None], pa.large_string()))
    >>> index.places(pa.array(["c", None, "b", "a"], pa.large_string())).tolist()
    [1, 2, -1, 0]
    """

    keys: pa.Array
    #: In ascending order, and the place of each.
    hashes: NDArray[np.uint64]
    order: NDArray[np.int64]
    #: The place of the null, −1 if there is none.
    null: int

    @classmethod
    def of(cls, keys: pa.Array) -> Self:
        """The index of some texts."""
        hashes = _hashes(keys)
        order = portable.argsort(hashes)
        null = pc.index(keys.is_null(), True).as_py() if keys.null_count else -1
        return cls(keys, hashes[order], order, null)

    @property
    def may_repeat(self) -> bool:
        """Whether two texts have one hash: all others differ."""
        return bool((self.hashes[1:] == self.hashes[:-1]).any())

    def places(self, wanted: pa.Array) -> NDArray[np.int64]:
        """The place of each text, −1 where it is not there."""
        hashes = _hashes(wanted)
        rows = portable.argsort(hashes)  # neighbours are looked for among neighbours
        hashes = hashes[rows]
        at = np.searchsorted(self.hashes, hashes)
        found = np.full(len(wanted), -1, dtype=np.int64)
        while len(rows):  # more than once only where different texts have one hash
            inside = at < len(self.hashes)
            inside[inside] = self.hashes[at[inside]] == hashes[inside]
            rows, at, hashes = rows[inside], at[inside], hashes[inside]
            places = self.order[at]
            same = _equal(self.keys.take(pa.array(places)), wanted.take(pa.array(rows)))
            found[rows[same]] = places[same]
            rows, at, hashes = rows[~same], at[~same] + 1, hashes[~same]
        if wanted.null_count:
            found[~valid(wanted)] = self.null
        return found


def _equal(one: pa.Array, other: pa.Array) -> NDArray[np.bool_]:
    """Which texts are the same; a null is none."""
    same = pc.fill_null(pc.equal(one, other), False)
    return as_numpy(same.cast(pa.uint8())).view(bool)


def _hashes(keys: pa.Array) -> NDArray[np.uint64]:
    """A hash of each text; a null's is that of the empty one."""
    _, offsets, data = keys.buffers()
    out = np.empty(len(keys), dtype=np.uint64)
    if len(keys):
        cuts = np.frombuffer(offsets, np.int64, len(keys) + 1, 8 * keys.offset)
        _kernels.hash_strings(cuts, np.frombuffer(data or b"", np.uint8), out)
    return out
