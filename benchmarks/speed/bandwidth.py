"""The yardstick: how fast so many threads read an array that no cache holds."""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

_TRIALS = 5

Way = Callable[[NDArray[np.float32]], None]


def _either(part: NDArray[np.float32]) -> None:
    np.bitwise_or.reduce(part.view(np.uint64))


def _largest(part: NDArray[np.float32]) -> None:
    part.max()


def _product(part: NDArray[np.float32]) -> None:
    np.dot(part, part)


def _search() -> Way:
    """The C library's search for a byte that isn't there; a float's bytes are made so."""
    find = ctypes.CDLL(None).memchr
    find.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
    find.restype = ctypes.c_void_p

    def search(part: NDArray[np.float32]) -> None:
        if find(part.ctypes.data, 255, part.nbytes) is not None:
            raise AssertionError("a byte of 255 ended the read")

    return search


class Reader:
    """Reads one array in the way that is the quickest on this machine, the most demanding one."""

    def __init__(self, elements: int, threads: int) -> None:
        # No byte of these is 255, for the search; they lie in [1, 2), for the sums.
        self.array = np.full(elements, 1.5, np.float32)
        self._parts = np.array_split(self.array, threads)
        self._pool = ThreadPoolExecutor(threads)
        ways: dict[str, Way] = {
            "or of integers": _either,
            "largest float": _largest,
            "dot product": _product,
        }
        with contextlib.suppress(OSError, AttributeError, TypeError):  # Windows has none to ask
            ways["search for a byte"] = _search()
        #: Gigabytes a second of each way.
        self.rates = {
            name: max(self._rate(way) for _ in range(_TRIALS)) for name, way in ways.items()
        }
        self.way = max(self.rates, key=lambda name: self.rates[name])
        self._best = ways[self.way]

    def rate(self) -> float:
        """Gigabytes a second of one read, now."""
        return self._rate(self._best)

    def _rate(self, way: Way) -> float:
        begin = time.perf_counter()
        if len(self._parts) == 1:
            way(self.array)
        else:
            list(self._pool.map(way, self._parts))
        return self.array.nbytes / 1e9 / (time.perf_counter() - begin)
