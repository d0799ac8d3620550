"""How often numbers were seen: exact while they are few, and by common leading digits above."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.errors import StateError
from unsurprised.states.serial import must_match

Keys = NDArray[np.uint64]
Counts = NDArray[np.int64]

_SIGN = np.uint64(1 << 63)
#: Integers up to here are floats too.
_EXACT = 1 << 53
#: Numbers that wait until they are sorted among those that are kept.
_WAITING = 1 << 19


class NumberCounts:
    """Counts of rows by number, exact for up to ``size`` different ones.

    Of more numbers the last digits (of the significand) are dropped, as few for all as leave
    ``size`` of them at most. How many that is depends on the numbers alone, so that rows in any
    order and in any parts give the same state.

    Parameters
    ----------
    size : int, default 65536
        How many different numbers are kept; at least 2.

    Examples
    --------
    >>> counts = NumberCounts().update(np.array([2.5, 1.0, 2.5]))
    >>> counts.merge(NumberCounts().update(np.array([1, 7]))).result()
    ([1, 2.5, 7], [2, 2, 1])
    """

    def __init__(self, size: int = 65536) -> None:
        self.size = size
        self._dropped = 0
        #: Rows of −∞ and of ∞, which have no digits.
        self.infinite = (0, 0)
        self._keys: Keys = np.empty(0, dtype=np.uint64)
        self._rest: Counts = np.empty(0, dtype=np.int64)
        self._counts: Counts = np.empty(0, dtype=np.int64)
        self._waiting: list[tuple[Keys, Counts, Counts]] = []
        #: Whether a number with a fraction came.
        self.fractions = False
        self.sample = ValueSample()

    def update(self, values: NDArray[Any]) -> NumberCounts:
        """Add rows of integers or of floats without NaN."""
        if values.dtype.kind == "f":
            values = values.astype(np.float64, copy=False)
            infinite = np.isinf(values)
            if infinite.any():
                above = int((values == np.inf).sum())
                below = int(infinite.sum()) - above
                self.infinite = (self.infinite[0] + below, self.infinite[1] + above)
                values = values[~infinite]
            self.fractions = self.fractions or bool((np.floor(values) != values).any())
        keys, rest = keys_of(values + 0.0 if values.dtype.kind == "f" else values)  # −0.0 is 0.0
        self.sample.update(_whole_keys(keys, rest))
        keys, rest = self._shortened(keys, rest)
        if rest.any():
            self._wait(*_tallied(keys, rest, np.ones(len(keys), dtype=np.int64)))
        else:
            keys, often = np.unique(keys, return_counts=True)
            self._wait(keys, np.zeros(len(keys), dtype=np.int64), often)
        return self

    def _wait(self, keys: Keys, rest: Counts, counts: Counts) -> None:
        self._waiting.append((*self._shortened(keys, rest), counts))
        if sum(len(keys) for keys, _, _ in self._waiting) > _WAITING:
            self._settle()

    def _shortened(self, keys: Keys, rest: Counts) -> tuple[Keys, Counts]:
        """Keys without the digits that are dropped."""
        if not self._dropped:
            return keys, rest
        low = np.uint64((1 << (self._dropped - 1)) - 1)
        # Towards 0 on both sides, so that none becomes infinite.
        return np.where(keys >= _SIGN, keys & ~low, keys | low), np.zeros_like(rest)

    def _settle(self) -> None:
        """Sort what waits among what is kept, and drop digits until it fits."""
        if not self._waiting:
            return
        parts = [(self._keys, self._rest, self._counts), *self._waiting]
        self._waiting = []
        keys, rest, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
        keys, rest, counts = _tallied(keys, rest, counts)
        if len(keys) > self.size:
            self._dropped = _digits_to_drop(keys, self.size)
            keys, rest, counts = _tallied(*self._shortened(keys, rest), counts)
        self._keys, self._rest, self._counts = keys, rest, counts

    def merge(self, other: NumberCounts) -> NumberCounts:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("NumberCounts", self.size, other.size)
        self._settle()
        other._settle()
        if other._dropped > self._dropped:
            self._dropped = other._dropped
            shortened = self._shortened(self._keys, self._rest)
            self._keys, self._rest, self._counts = _tallied(*shortened, self._counts)
        self.infinite = (
            self.infinite[0] + other.infinite[0],
            self.infinite[1] + other.infinite[1],
        )
        self.fractions = self.fractions or other.fractions
        self.sample.merge(other.sample)
        self._wait(other._keys.copy(), other._rest.copy(), other._counts.copy())
        self._settle()
        return self

    @property
    def dropped(self) -> int:
        """How many binary digits are dropped; the first is what an integer has beyond a float."""
        self._settle()
        return self._dropped

    @property
    def rows(self) -> int:
        """How many rows came."""
        self._settle()
        return int(self._counts.sum()) + sum(self.infinite)

    def count(self) -> int:
        """How many different finite numbers are told apart."""
        self._settle()
        return len(self._keys)

    def singletons(self) -> int:
        """How many finite numbers were seen once."""
        self._settle()
        return int((self._counts == 1).sum())

    def counts_of(self, keys: Keys, rest: Counts) -> Counts:
        """How often the numbers of these keys were seen; 0 where one was not."""
        self._settle()
        found = np.zeros(len(keys), dtype=np.int64)
        if len(self._keys) and len(keys):
            every = np.concatenate([self._keys, keys])
            rests = np.concatenate([self._rest, rest])
            owners = np.repeat([0, 1], [len(self._keys), len(keys)])
            order = np.lexsort((owners, rests, every))
            same = (np.diff(every[order]) == 0) & (np.diff(rests[order]) == 0)
            pairs = np.flatnonzero(same & (owners[order][:-1] == 0) & (owners[order][1:] == 1))
            found[order[pairs + 1] - len(self._keys)] = self._counts[order[pairs]]
        return found

    def shortened_as(self, other: NumberCounts) -> NumberCounts:
        """The same rows with as many digits as another state keeps, which are no more."""
        found = NumberCounts(self.size)
        found._dropped = other.dropped
        return found.merge(self)

    def keys(self) -> tuple[Keys, Counts, Counts]:
        """The numbers in order, as keys and what integers have beyond a float, and their counts."""
        self._settle()
        return self._keys, self._rest, self._counts

    def result(self) -> tuple[list[float | int], list[int]]:
        """The numbers, ascending, and how many rows have each; infinite ones are kept apart."""
        keys, rest, counts = self.keys()
        return numbers_of(keys, rest), counts.tolist()


class ValueSample:
    """Exact counts of the values with the smallest hashes, of whatever many there are.

    Where each of them was seen once, so was about every value.

    Examples
    --------
    >>> sample = ValueSample().update(np.array([5, 7, 5], dtype=np.uint64))
    >>> sample.count(), sample.singletons()
    (2, 1)
    """

    def __init__(self, size: int = 1024) -> None:
        self.size = size
        self.hashes: Keys = np.empty(0, dtype=np.uint64)
        self.counts: Counts = np.empty(0, dtype=np.int64)

    def update(self, keys: Keys, counts: Counts | None = None) -> ValueSample:
        """Add rows by the keys of their numbers, each once or as often as is said."""
        hashes = np.empty(len(keys), dtype=np.uint64)
        _kernels.hash_integers(np.ascontiguousarray(keys).view(np.int64), 0, hashes)
        often = np.ones(len(keys), dtype=np.int64) if counts is None else counts
        if len(self.hashes) == self.size:
            near = hashes <= self.hashes[-1]
            hashes, often = hashes[near], often[near]
        return self._add(hashes, often)

    def _add(self, hashes: Keys, counts: Counts) -> ValueSample:
        every = np.concatenate([self.hashes, hashes])
        often = np.concatenate([self.counts, counts])
        every, _, often = _tallied(every, np.zeros(len(every), np.int64), often)
        self.hashes, self.counts = every[: self.size], often[: self.size]
        return self

    def merge(self, other: ValueSample) -> ValueSample:
        """Add another part's rows; associative and commutative to the bit."""
        return self._add(other.hashes, other.counts)

    def count(self) -> int:
        """How many different values there were; estimated to about 1 / √size above ``size``."""
        if len(self.hashes) < self.size:
            return len(self.hashes)
        return round((self.size - 1) * 2.0**64 / float(self.hashes[-1]))

    def singletons(self) -> int:
        """How many of the values in the sample were seen once."""
        return int((self.counts == 1).sum())


def _whole_keys(keys: Keys, rest: Counts) -> Keys:
    """One key for each number; of integers beyond 2⁵³, one for nearly each."""
    return keys + rest.view(np.uint64)


def keys_of(values: NDArray[Any]) -> tuple[Keys, Counts]:
    """Keys that are ordered as the finite numbers are, and what integers have beyond a float."""
    floats = values.astype(np.float64)
    bits = floats.view(np.uint64)
    keys = np.where(bits >= _SIGN, ~bits, bits | _SIGN)
    rest = np.zeros(len(values), dtype=np.int64)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8 and len(values):
        for row in np.flatnonzero(np.abs(floats) >= _EXACT):
            rest[row] = int(values[row]) - int(floats[row])
    return keys, rest


def numbers_of(keys: Keys, rest: Counts) -> list[float | int]:
    """The numbers of keys: whole ones as integers, but for −0.0, whose digits were dropped."""
    bits = np.where(keys >= _SIGN, keys ^ _SIGN, ~keys)
    floats = bits.view(np.float64)
    whole = (np.floor(floats) == floats) & (np.abs(floats) < _EXACT) & (bits != _SIGN)
    return [
        int(number) + more if more or is_whole else number
        for number, more, is_whole in zip(
            floats.tolist(), rest.tolist(), whole.tolist(), strict=True
        )
    ]


def _tallied(keys: Keys, rest: Counts, counts: Counts) -> tuple[Keys, Counts, Counts]:
    """Each key once, in order, with its count."""
    if not len(keys):
        return keys, rest, counts
    order = np.lexsort((rest, keys)) if rest.any() else np.argsort(keys, kind="stable")
    keys, rest, counts = keys[order], rest[order], counts[order]
    begins = np.flatnonzero(
        np.concatenate([[True], (keys[1:] != keys[:-1]) | (rest[1:] != rest[:-1])])
    )
    return keys[begins], rest[begins], np.add.reduceat(counts, begins)


def state_of(
    numbers: list[Any], counts: list[Any], dropped: int, infinite: list[Any], size: int
) -> NumberCounts:
    """The state that has these numbers; an error where no rows have them.

    Where digits were dropped, whether there were fractions, and the sample, are not among them.
    """
    state = NumberCounts(size)
    whole = [type(number) is int for number in numbers]
    if not all(is_whole or type(n) is float for n, is_whole in zip(numbers, whole, strict=True)):
        raise StateError("the base's numbers hold what is no number")
    often = np.array(counts, dtype=np.int64)
    if len(often) != len(numbers) or (often < 1).any() or min(infinite, default=0) < 0:
        raise StateError("the base's numbers hold counts that no rows have")
    state._dropped, state.infinite = dropped, (int(infinite[0]), int(infinite[1]))
    large = [is_whole and abs(n) > _EXACT for n, is_whole in zip(numbers, whole, strict=True)]
    floats = np.array([float(number) for number in numbers], dtype=np.float64)
    if not np.isfinite(floats).all():
        raise StateError("the base's numbers hold an infinite one among the finite")
    keys, rest = keys_of(floats)
    for at in np.flatnonzero(large):
        rest[at] = numbers[at] - int(floats[at])
    short, none = state._shortened(keys, rest)
    if not ((short == keys).all() and (none == rest).all() and len(keys) <= size):
        raise StateError("the base's numbers have digits that were dropped")
    tallied = _tallied(keys, rest, often)
    if len(tallied[0]) < len(keys) or not (tallied[0] == keys).all():
        raise StateError("the base's numbers are not in ascending order, each once")
    state._keys, state._rest, state._counts = tallied
    state.fractions = not all(whole)
    if not dropped:
        state.sample.update(_whole_keys(keys, rest), often)
    return state


def _digits_to_drop(keys: Keys, size: int) -> int:
    """The fewest digits to be dropped so that ``size`` of the ascending keys are left at most.

    Two neighbours become one once the first digit in which they differ is dropped. Where that of
    integers beyond a float suffices, it is 1.
    """
    apart = keys[1:] ^ keys[:-1]
    upper = apart >> np.uint64(11)  # which a double holds exactly, as it does all below 2¹¹
    lengths = np.where(
        upper > 0,
        np.frexp(upper.astype(np.float64))[1] + 11,
        np.frexp((apart & np.uint64(2047)).astype(np.float64))[1],
    )
    # At so many digits dropped, 1 + the pairs that still differ are left.
    left = 1 + np.cumsum(np.bincount(lengths, minlength=65)[::-1])[::-1]
    return int(np.flatnonzero(np.append(left[1:], 1) <= size)[0]) + 1


def sample_of(hashes: list[Any], counts: list[Any]) -> ValueSample:
    """The sample of these hashes; an error where no rows have them."""
    sample = ValueSample()
    sample.hashes = np.array(hashes, dtype=np.uint64)
    sample.counts = np.array(counts, dtype=np.int64)
    ascending = bool((sample.hashes[1:] > sample.hashes[:-1]).all())
    fits = len(sample.hashes) == len(sample.counts) <= sample.size
    if not (ascending and fits and (sample.counts > 0).all()):
        raise StateError("the base's sample of values is none that rows have")
    return sample
