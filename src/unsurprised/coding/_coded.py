"""Common output and helpers of all ways of encoding."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding._coders import Words
from unsurprised.coding._container import Bytes, Entrance, count_bytes
from unsurprised.coding._symbols import Integers
from unsurprised.errors import CallError, InputError, Place, StateError
from unsurprised.forms import Counts
from unsurprised.measures import entropy

#: The different symbols in ascending order, and how often each occurs.
Counted = tuple[NDArray[np.int64], NDArray[np.int64]]

_WIDEST_COUNT = 1 << 22


@dataclass(frozen=True)
class Coded:
    """Symbols as code, and what is to be said of it."""

    method: int
    words: Words
    #: The model in words, and what it says that the symbols cost, in bits.
    model: str
    cross_entropy: float
    kl: float | None = None
    parameters: bytes = b""
    identity: bytes = b""
    index: tuple[Entrance, ...] = ()


def counted(values: Integers) -> Counted:
    """The different symbols in ascending order, and how often each occurs."""
    if not len(values):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    if values.dtype == np.bool_:
        values = values.view(np.uint8)
    low, high = int(values.min()), int(values.max())
    if high > np.iinfo(np.int64).max:
        raise CallError("symbols hold an integer above 2⁶³ − 1; expected smaller ones")
    if high - low < _WIDEST_COUNT:
        # NumPy before 2.0 counts no uint64.
        near = values.astype(np.int64, copy=False)
        counts = np.bincount(near if low == 0 else near - low)
        support = np.flatnonzero(counts)
        return support + low, counts[support]
    support, counts = np.unique(values.astype(np.int64), return_counts=True)
    return support, counts


def least_bits(counts: NDArray[np.int64]) -> float:
    """What symbols with these frequencies cost at least, if all are treated alike."""
    return float(entropy(Counts(counts))) * int(counts.sum()) if len(counts) else 0.0


def stated(classes: int, epsilon: float) -> bytes:
    """The parameters of a given model: how many classes it has, and ε if it is smoothed."""
    return count_bytes(classes) + (struct.pack("<d", epsilon) if epsilon else b"")


def stated_in(parameters: bytes) -> tuple[int, float]:
    """What :func:`stated` stated."""
    source = Bytes(parameters)
    classes = source.count()
    rest = bytes(source.rest())
    if len(rest) not in (0, 8):
        raise source.nonsense()
    epsilon = struct.unpack("<d", rest)[0] if rest else 0.0
    if not 0 <= epsilon <= 1:
        raise source.nonsense()
    return classes, epsilon


def check_classes(found: int, expected: int) -> None:
    """The model that is given for decoding has to have the classes that it had for encoding."""
    if found != expected:
        raise StateError(
            f"the file was encoded with a model of {expected:,} classes; the given one has "
            f"{found:,}"
        )


def check_identity(expected: bytes, found: bytes) -> None:
    """The model that is given for decoding has to be that of encoding, to the last bit."""
    if found != expected:
        raise StateError(
            f"the file was encoded with another model: its identity is {expected.hex()}, the given "
            f"one's {found.hex()}; decode with the very same probabilities (rounded or reordered "
            "ones are others)"
        )


def refuse_impossible(symbol: str, where: Place | None) -> NoReturn:
    """Raise: the model rules out what happened, whose code would be infinitely long."""
    raise InputError(
        f"found {symbol}, to which the model gives probability 0: no code is long enough for it",
        expected="a model that gives something to everything that happens",
        remedy="smooth it: smooth=1e-6 (--smooth 1e-6)",
        place=where,
    )
