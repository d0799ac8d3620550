"""One distribution for all symbols, in parts that can be read by themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding._choices import ChoiceTable
from unsurprised.coding._coded import (
    Coded,
    Counted,
    check_classes,
    check_identity,
    least_bits,
    refuse_impossible,
    stated,
    stated_in,
)
from unsurprised.coding._coders import LEAST_BITS, Choices, StackReader, StackWriter, Words, damaged
from unsurprised.coding._container import (
    GIVEN,
    OWN_FREQUENCIES,
    Entrance,
    Envelope,
    digest,
    packed,
    unpacked,
)
from unsurprised.coding._floats import Floats, mixed_in, shares_of, total
from unsurprised.coding._symbols import Integers, Symbols, empty
from unsurprised.copies import Record
from unsurprised.errors import CallError, InputError
from unsurprised.forms import Counts, DistributionForm, Labels
from unsurprised.measures import cross_entropy, entropy, kl_divergence, smooth, surprisal

_MOST_CLASSES = 1 << 24

#: Symbols of a part; and how many words of code lie between places where reading can begin, so that
#: these cost less than a ten-thousandth.
_PART = 1 << 18
_WORDS_BETWEEN = 1 << 15
#: Above this range of values, symbols are looked up by searching.
_WIDEST_LOOKUP = 1 << 22


@dataclass(frozen=True)
class Frequencies(Record):
    """The model that knows how often each symbol occurs in what is encoded, and nothing else.

    The frequencies are written into the file, so that it can be decoded without anything else. No
    other model that treats all symbols alike costs less: its cross-entropy is the entropy.

    Examples
    --------
    >>> from unsurprised import coding
    >>> encoded = coding.encode(b"hello world" * 1000, coding.Frequencies())
    >>> encoded.account.cross_entropy == encoded.account.entropy
    True
    """


def by_frequencies(symbols: Symbols, counts: Counted) -> Coded:
    """Encode by the symbols' own frequencies."""
    support, numbers = counts
    if len(support) > _MOST_CLASSES:
        raise CallError(
            f"symbols hold {len(support):,} different ones; expected at most {_MOST_CLASSES:,}"
        )
    words, index = Static(support, numbers / 1.0).encode(symbols.values)
    zigzag = support[:1] << 1 ^ support[:1] >> 63
    steps = np.concatenate([zigzag, np.diff(support)]).astype(np.uint64)
    cost = least_bits(numbers)
    return Coded(
        OWN_FREQUENCIES,
        words,
        "the symbols' own frequencies",
        cost,
        0.0,
        packed(steps, numbers.astype(np.uint64)),
        index=index,
    )


def frequencies_in(container: Envelope) -> Static:
    """The model that :func:`by_frequencies` wrote into the file."""
    steps, numbers = unpacked(container.parameters, 2, min(container.symbols, _MOST_CLASSES))
    if not numbers.all() or int(numbers.astype(object).sum()) != container.symbols:
        raise damaged()
    first = (steps[:1] >> np.uint64(1)).astype(np.int64) ^ -(steps[:1] & np.uint64(1)).astype(
        np.int64
    )
    support = np.cumsum(np.concatenate([first, steps[1:].astype(np.int64)]))
    if (support[1:] <= support[:-1]).any():  # a difference may be more than an int64 holds
        raise damaged()
    return Static(support, numbers / 1.0)


def by_distribution(
    symbols: Symbols, counts: Counted, model: DistributionForm, epsilon: float
) -> Coded:
    """Encode by a distribution that the decoder has, too."""
    entropy(model)  # its checks are wanted
    believed = smooth(model, epsilon) if epsilon else model
    support, numbers = counts
    classes = model.shape[0]
    _check_range(symbols, support, classes)
    seen = np.zeros(classes, dtype=np.int64)
    seen[support] = numbers
    cost = kl = 0.0
    if len(support):
        cost = float(cross_entropy(Counts(seen), believed)) * len(symbols.values)
        kl = float(kl_divergence(Counts(seen), believed)) * len(symbols.values)
    if math.isinf(cost):
        _refuse_first(symbols, np.flatnonzero(np.isinf(surprisal(believed, at=_each(classes)))))
    shares = shares_of(model)
    words, index = Static(np.arange(classes), mixed_in(shares, epsilon)).encode(symbols.values)
    description = f"a given distribution of {classes:,} classes"
    parameters = stated(classes, epsilon)
    identity = digest(np.ascontiguousarray(shares).view(np.uint8).data)
    return Coded(GIVEN, words, description, cost, kl, parameters, identity, index)


def distribution_in(container: Envelope, model: DistributionForm) -> Static:
    """The given distribution, if it is the one that the file was encoded with."""
    classes, epsilon = stated_in(container.parameters)
    check_classes(model.shape[0], classes)
    entropy(model)  # its checks are wanted
    shares = shares_of(model)
    check_identity(container.identity, digest(np.ascontiguousarray(shares).view(np.uint8).data))
    return Static(np.arange(classes), mixed_in(shares, epsilon))


class Static:
    """A distribution over some integers, and the coding by it."""

    def __init__(self, support: NDArray[np.int64], shares: Floats) -> None:
        possible = shares > 0
        self.support, shares = support[possible], shares[possible]
        self._table = ChoiceTable(shares / total(shares)) if len(shares) else None
        self._lookup: Choices | None = None
        self._first = int(self.support[0]) if len(shares) else 0
        span = int(self.support[-1]) - self._first + 1 if len(shares) else 0
        if span <= max(_WIDEST_LOOKUP, 2 * len(shares)):
            self._lookup = np.zeros(span, dtype=np.int32)
            self._lookup[self.support - self._first] = np.arange(len(shares), dtype=np.int32)

    def encode(self, symbols: Integers) -> tuple[Words, tuple[Entrance, ...]]:
        """The code of symbols, all of which have a share; and where its parts begin."""
        writer, places, last = StackWriter(), [], 0
        for part in range(-(-len(symbols) // _PART) - 1, -1, -1):
            entries = self._entries(symbols[part * _PART : (part + 1) * _PART])
            if self._table is not None:
                self._table.code(writer, len(entries), entries)
            position, state = writer.end_part()
            if part and position - last >= _WORDS_BETWEEN:
                places.append(Entrance(part, position, state))
                last = position
        return writer.words(), tuple(reversed(places))

    def decode(self, container: Envelope, begin: int, end: int) -> Integers:
        """The symbols from ``begin`` to before ``end``."""
        place = _nearest(container, begin // _PART)
        self._believe(container)
        out = empty(container.kind, end - begin)
        if not len(out):
            return out
        at = (place.position, place.state) if place.part else None
        reader = StackReader(container.words, at)
        for part in range(place.part, -(-end // _PART)):
            first = part * _PART
            count = min(_PART, container.symbols - first)
            if self._table is None:
                raise damaged()
            entries = self._table.code(reader, count)
            low, high = max(begin - first, 0), min(end - first, count)
            if high > low:
                # NumPy ends the process where it has no memory to widen an index of int32.
                found = np.take(self.support, entries[low:high])
                out[first + low - begin : first + high - begin] = found
        return out

    def _entries(self, symbols: Integers) -> Choices:
        if self._lookup is None:
            return np.searchsorted(self.support, symbols.astype(np.int64)).astype(np.int32)
        if symbols.dtype == np.uint8 and not self._first:
            return np.take(self._lookup, symbols)
        entries: Choices = self._lookup[symbols.astype(np.int64) - self._first]
        return entries

    def _believe(self, container: Envelope) -> None:
        """Refuse a number of symbols that so few words cannot hold, rather than make them up."""
        sure = self._table is None or self._table.classes < 2
        if not sure and container.symbols * LEAST_BITS > 32 * len(container.words) + 64:
            raise damaged()


def _each(classes: int) -> Labels:
    return Labels(np.arange(classes))


def _check_range(symbols: Symbols, support: NDArray[np.int64], classes: int) -> None:
    if len(support) and not (support[0] >= 0 and support[-1] < classes):
        wrong = int(support[0] if support[0] < 0 else support[-1])
        row = int((symbols.values == wrong).argmax())
        raise InputError(
            f"found {symbols.found(row)}",
            expected=f"0 to {classes - 1}, as the model has {classes:,} classes",
            place=symbols.where(row),
        )


def _refuse_first(symbols: Symbols, impossible: NDArray[np.intp]) -> None:
    row = int(np.isin(symbols.values, impossible).argmax())
    refuse_impossible(symbols.found(row), symbols.where(row))


def _nearest(container: Envelope, part: int) -> Entrance:
    begin = Entrance(0, 0, 0)
    for place in container.index:
        if place.part <= part:
            begin = place
    return begin
