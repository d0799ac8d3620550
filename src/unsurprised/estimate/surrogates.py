"""Series as they might have been if one told nothing of the other: orders of the rows of a source.

What a source's rows say of each other stays, up to the seams, or else chance alone would look like
a coupling: series that change slowly agree for a while with any other.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.errors import CallError
from unsurprised.estimate.embedding import Times
from unsurprised.estimate.time_parts import PARTS

SURROGATES = ("shift", "blocks")


def stream_of(seed: int, *data: NDArray[Any]) -> int:
    """Which hashes: others for other data, or one unlucky choice would be that of all."""
    return seed << 32 | zlib.crc32(b"".join(part.tobytes() for part in data))


@dataclass(frozen=True)
class Surrogates:
    """The rows of each trial turned around by a random number of places, or in shuffled blocks."""

    starts: Times
    stream: int
    in_blocks: bool = False

    @classmethod
    def of(cls, kind: str, starts: Times, seed: int, *data: NDArray[Any]) -> Surrogates:
        """Those of a name."""
        if kind not in SURROGATES:
            raise CallError(f"surrogates={kind!r}; expected {' or '.join(map(repr, SURROGATES))}")
        return cls(starts, stream_of(seed, *data), kind == "blocks")

    def order(self, number: int) -> NDArray[np.int64]:
        """The rows in the order of a surrogate."""
        trials = np.diff(self.starts)
        every = int(self.starts[-1])
        # A number for each trial's turn, and one for each row that may begin a block.
        hashes = np.empty(len(trials) + every, dtype=np.uint64)
        _kernels.hash_range(number * len(hashes), self.stream, hashes)
        turns = hashes[: len(trials)]
        orders = []
        for turn, begin, size in zip(turns, self.starts.tolist(), trials.tolist(), strict=False):
            if size < 2:
                orders.append(np.arange(begin, begin + size))
                continue
            by = 1 + int(turn % np.uint64(size - 1))
            rows = np.arange(by, by + size) % size
            if self.in_blocks:
                rows = _in_blocks(rows, hashes[len(trials) + begin :])
            orders.append(begin + rows)
        return np.concatenate(orders).astype(np.int64, copy=False)

    @property
    def distinct(self) -> int:
        """How many there are, of which a p-value cannot tell more; of blocks more than enough."""
        found = 1 << 31 if self.in_blocks else 1
        for size in np.diff(self.starts).tolist():
            found *= max(size - 1, 1)
            if found > 1 << 31:
                break
        return found


def _in_blocks(rows: NDArray[np.int64], hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    length = -(-len(rows) // PARTS)
    blocks = [rows[begin : begin + length] for begin in range(0, len(rows), length)]
    return np.concatenate([blocks[at] for at in portable.argsort(hashes[: len(blocks)])])
