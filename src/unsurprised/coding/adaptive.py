"""A model that learns as it goes: Krichevsky and Trofimov's estimator, orders 0 to k mixed.

A symbol is a sequence of binary decisions, its bits from the highest on. For each decision, what
was seen in the same place after the last 0, 1, …, k symbols is kept as two counts; each pair
predicts by the estimator of Krichevsky and Trofimov, (n₁ + ½) / (n₀ + n₁ + 1), and the predictions
are mixed along the path of contexts as in context-tree weighting: every context weighs its own
estimate against what the longer contexts say, by how well either has predicted so far.

One symbol after the other would be too slow from Python. So the input is cut into **lanes** that
are coded side by side with one common memory: step t codes the t-th symbol of each lane. There are
√n / 2 lanes of n symbols, at most 512, so that what they do not know of one another costs little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding._coded import Coded, Counted
from unsurprised.coding._coders import (
    LEAST_BITS,
    TOTAL,
    Choices,
    Coder,
    Model,
    StreamReader,
    StreamWriter,
    damaged,
)
from unsurprised.coding._container import ADAPTIVE, Bytes, Envelope, count_bytes
from unsurprised.coding._symbols import Integers, Symbols, empty
from unsurprised.copies import Record
from unsurprised.errors import CallError

_Floats = NDArray[np.float64]
_Whole = NDArray[np.uint64]

LARGEST_ORDER = 16
_LARGEST_ALPHABET = 1 << 24
#: A table of contexts has at most 2²² places; more contexts than that share them by their hash.
_MOST_PLACE_BITS = 22
_MOST_LANES = 512
#: A context's trust in itself against the longer ones stays within these, so that it can change.
_LEAST_TRUST, _MOST_TRUST = 2.0**-16, 2.0**16
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Adaptive(Record):
    """A model that starts knowing nothing and learns each symbol as it is coded.

    Krichevsky and Trofimov's estimator for the bits of each symbol, after the last 0 to ``order``
    symbols, mixed by context-tree weighting. It needs no table in the file: what there is to
    learn is paid for by the symbols, about ½ log₂ n bits for each of a context's decisions.

    Parameters
    ----------
    order : int, default 2
        How many symbols before it a symbol is predicted from, 0 to 16.

    References
    ----------
    Krichevsky and Trofimov, "The Performance of Universal Encoding", IEEE Trans. Information Theory
    27 (1981); Willems, Shtarkov and Tjalkens, "The Context-Tree Weighting Method: Basic
    Properties", IEEE Trans. Information Theory 41 (1995).

    Examples
    --------
    >>> from unsurprised import coding
    >>> encoded = coding.encode(b"abracadabra " * 500, coding.Adaptive(order=3))
    >>> len(encoded.data) < 400  # of 6,000
    True
    """

    order: int = 2

    def __post_init__(self) -> None:
        given: object = self.order
        if not isinstance(given, int) or not 0 <= given <= LARGEST_ORDER:
            raise CallError(
                f"Adaptive(order={self.order!r}); expected a whole number from 0 to {LARGEST_ORDER}"
            )


def by_learning(symbols: Symbols, counts: Counted, model: Adaptive) -> Coded:
    """Encode by a model that starts with the symbols' number of bits, and nothing else."""
    support, _ = counts
    if len(support) and (support[0] < 0 or support[-1] >= _LARGEST_ALPHABET):
        raise CallError(
            f"symbols run from {support[0]} to {support[-1]}; Adaptive takes 0 to "
            f"{_LARGEST_ALPHABET - 1:,}; map them to small numbers, or take Frequencies()"
        )
    largest = 255 if symbols.kind == 0 else int(support[-1]) if len(support) else 0
    writer = StreamWriter()
    values = symbols.values.astype(np.int32)
    _, cost = code_adaptively(writer, model.order, largest + 1, len(values), values)
    description = f"adaptive, of order {model.order}"
    parameters = count_bytes(model.order, largest)
    return Coded(ADAPTIVE, writer.words(), description, cost, parameters=parameters)


def learned_in(container: Envelope) -> Integers:
    """The symbols, learned again from the code."""
    source = Bytes(container.parameters)
    order, largest = source.count(), source.count()
    source.end()
    if order > LARGEST_ORDER or largest >= _LARGEST_ALPHABET:
        raise source.nonsense()
    # Few words hold but so many symbols, however sure the model is of each of their bits.
    if container.symbols * largest.bit_length() * LEAST_BITS > 32 * len(container.words) + 64:
        raise damaged()
    out = empty(container.kind, container.symbols)
    reader = StreamReader(container.words)
    out[:], _ = code_adaptively(reader, order, largest + 1, container.symbols)
    return out


class _Memory:
    """What was seen after every context, of all orders from the longest down to none."""

    def __init__(self, order: int, bits: int) -> None:
        needed = [(depth + 1) * bits for depth in range(order, -1, -1)]
        sizes = [1 << min(width, _MOST_PLACE_BITS) for width in needed]
        self._bits = np.uint64(bits)
        self._hashed = np.array([width > _MOST_PLACE_BITS for width in needed])[:, None]
        self._masks = np.array([size - 1 for size in sizes], dtype=np.uint64)[:, None]
        self._starts = np.cumsum([0, *sizes[:-1]])[:, None]
        #: How often each bit was seen: 0 at even, 1 at odd places.
        self._counts = np.zeros(2 * sum(sizes), dtype=np.float32)
        #: 0 stands for the trust of 1 that all begin with: pages that nothing comes to are never
        #: made, and these tables may have 855 MB.
        self._trust = np.zeros(sum(sizes), dtype=np.float32)

    def places(self, contexts: _Whole, path: _Whole) -> NDArray[np.intp]:
        """Where each lane's next decision is kept, an order a row."""
        key = (contexts << self._bits) + path
        places = np.where(self._hashed, _scrambled(key), key) & self._masks
        found: NDArray[np.intp] = places.astype(np.intp) + self._starts
        return found

    def predicted(self, places: NDArray[np.intp]) -> tuple[_Floats, _Floats]:
        """The probability of a 1: by each order alone, and by it with all the longer ones."""
        zeros = self._counts[2 * places].astype(np.float64)
        ones = self._counts[2 * places + 1].astype(np.float64)
        alone = (ones + 0.5) / (zeros + ones + 1.0)
        trust = _begun(self._trust[places]).astype(np.float64)
        mixed = alone.copy()
        for order in range(1, len(alone)):
            own = trust[order]
            mixed[order] = (own * alone[order] + mixed[order - 1]) / (own + 1.0)
        return alone, mixed

    def learn(self, places: NDArray[np.intp], bit: Choices, alone: _Floats, mixed: _Floats) -> None:
        """Count what happened, and shift the trust to whichever had expected it."""
        np.add.at(self._counts, (2 * places + bit).reshape(-1), np.float32(1))
        if len(alone) > 1:
            shorter = places[1:].reshape(-1)
            gain = _of(bit, alone[1:]) / _of(bit, mixed[:-1])
            self._trust[shorter] = _begun(self._trust[shorter])
            with np.errstate(over="ignore"):  # bounded below
                np.multiply.at(self._trust, shorter, gain.astype(np.float32).reshape(-1))
            self._trust[shorter] = np.clip(self._trust[shorter], _LEAST_TRUST, _MOST_TRUST)


def _begun(trust: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(trust == 0, np.float32(1), trust)


def code_adaptively(
    coder: Coder, order: int, alphabet: int, count: int, symbols: Choices | None = None
) -> tuple[Choices, float]:
    """Code ``count`` symbols below ``alphabet``; the symbols, and their cost by the model."""
    bits = max(alphabet - 1, 0).bit_length()
    if not bits or not count:
        return np.zeros(count, dtype=np.int32), 0.0
    lanes = min(max(math.isqrt(count) // 2, 1), _MOST_LANES)
    steps = -(-count // lanes)
    coded = np.zeros((lanes, steps), dtype=np.int32)
    if symbols is not None:
        coded.reshape(-1)[:count] = symbols
    memory, cost = _Memory(order, bits), 0.0
    for step in range(steps):
        active = -(-(count - step) // steps)  # the last lanes are shorter
        recent = coded[:active, max(step - order, 0) : step][:, ::-1]
        contexts = _contexts(recent, order, bits)
        wanted = None if symbols is None else coded[:active, step]
        coded[:active, step], bill = _code_step(coder, memory, contexts, wanted, bits)
        cost += bill
    return coded.reshape(-1)[:count], cost


def _code_step(
    coder: Coder, memory: _Memory, contexts: _Whole, wanted: Choices | None, bits: int
) -> tuple[Choices, float]:
    """Code one symbol a lane, bit by bit."""
    lanes, cost = contexts.shape[1], 0.0
    path = np.ones(lanes, dtype=np.uint64)
    for place in range(bits - 1, -1, -1):
        places = memory.places(contexts, path)
        alone, mixed = memory.predicted(places)
        one = np.clip(np.rint(mixed[-1] * TOTAL), 1.0, TOTAL - 1.0)
        model = Model(np.stack([TOTAL - one - 1.0, one - 1.0], axis=-1))
        bit = coder.code(model, lanes, None if wanted is None else wanted >> place & 1)
        cost -= float(np.log2(_of(bit, mixed[-1])).sum())
        memory.learn(places, bit, alone, mixed)
        path = path << np.uint64(1) | bit.astype(np.uint64)
    return (path - np.uint64(1 << bits)).astype(np.int32), cost


def _of(bit: Choices, one: _Floats) -> _Floats:
    """The probability that the bit had, from that of a 1."""
    return np.where(bit == 1, one, 1.0 - one)


def _contexts(recent: Choices, order: int, bits: int) -> _Whole:
    """A number for the last ``order``, …, 1, 0 symbols of each lane; ``recent`` has the last first.

    Before its first symbol a lane has seen zeros. Numbers too long for 64 bits become their hash.
    """
    contexts = np.zeros((order + 1, len(recent)), dtype=np.uint64)
    for depth in range(1, order + 1):
        known = contexts[order - depth + 1]
        if (depth + 1) * bits > 63:
            known = _scrambled(known)
        contexts[order - depth] = known << np.uint64(bits)
        if depth <= recent.shape[1]:
            contexts[order - depth] += recent[:, depth - 1].astype(np.uint64)
    return contexts


def _scrambled(keys: _Whole) -> _Whole:
    mixed = keys * _MULTIPLIER
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MULTIPLIER
    return mixed ^ (mixed >> np.uint64(32))
