"""The entropy coder, constriction, behind one verb that both directions share.

What codes symbols is written once, for a :class:`Coder`: with the choices it is an encoder, without
them a decoder. So the two cannot fall out of step.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding._floats import Floats
from unsurprised.errors import StateError

Choices = NDArray[np.int32]
Words = NDArray[np.uint32]

#: What the frequencies of one choice add up to; constriction's Python interface knows no other.
TOTAL = 1 << 24
#: What a choice costs at least that is not the only one.
LEAST_BITS = -math.log2(1 - 1 / TOTAL)
#: What lies below a stack's first choice. On an empty stack choices at the low end of their model
#: would leave no trace, and the file would be smaller than what they are worth.
_FOUNDATION = (0, 1)


class Model:
    """Integer frequencies for one choice (1-D), or for one choice each (2-D).

    ``weights`` are the frequencies less one and add up to 2²⁴ less their number. constriction gives
    every entry one, and distributes the rest in proportion to what it is handed: to just these
    integers, since floats add and multiply integers below 2⁵³ exactly.
    """

    def __init__(self, weights: Floats) -> None:
        from constriction import stream

        self.weights = np.ascontiguousarray(weights)  # of others constriction mistakes the rows
        shared = () if weights.ndim > 1 else (self.weights,)
        self.table: Any = stream.model.Categorical(*shared, perfect=False)

    @property
    def rows(self) -> tuple[Floats, ...]:
        """What constriction is told beside the table."""
        return (self.weights,) if self.weights.ndim > 1 else ()


class Coder(Protocol):
    """Codes choices one after the other."""

    def code(self, model: Model, count: int, choices: Choices | None) -> Choices:
        """The next ``count`` choices: written if they are given, else read."""


class StreamWriter:
    """Writes choices in their order, for readers that begin at the beginning."""

    def __init__(self) -> None:
        from constriction import stream

        self._encoder = stream.queue.RangeEncoder()

    def code(self, model: Model, count: int, choices: Choices | None) -> Choices:
        """Write the choices."""
        assert choices is not None
        if count:
            self._encoder.encode(np.ascontiguousarray(choices), model.table, *model.rows)
        return choices

    def words(self) -> Words:
        """All that was written."""
        words: Words = self._encoder.get_compressed()
        return words


class StreamReader:
    """Reads what a :class:`StreamWriter` wrote."""

    def __init__(self, words: Words) -> None:
        from constriction import stream

        self._decoder = stream.queue.RangeDecoder(words)

    def code(self, model: Model, count: int, choices: Choices | None = None) -> Choices:
        """Read as many choices."""
        return _read(self._decoder, model, count)


class StackWriter:
    """Writes parts, the last one first, so that each can be read without those before it."""

    def __init__(self) -> None:
        from constriction import stream

        self._coder = stream.stack.AnsCoder(np.array(_FOUNDATION, dtype=np.uint32))
        self._part: list[tuple[Model, Choices]] = []

    def code(self, model: Model, count: int, choices: Choices | None) -> Choices:
        """Note the choices; they are written when their part ends."""
        assert choices is not None
        if count:
            self._part.append((model, np.ascontiguousarray(choices)))
        return choices

    def end_part(self) -> tuple[int, int]:
        """Write the part; where to begin to read it: a number of words, and the coder's state."""
        for model, choices in reversed(self._part):
            self._coder.encode_reverse(choices, model.table, *model.rows)
        self._part.clear()
        position, state = self._coder.pos()
        return int(position), int(state)

    def words(self) -> Words:
        """All that was written."""
        words: Words = self._coder.get_compressed()
        return words


class StackReader:
    """Reads what a :class:`StackWriter` wrote, from its beginning or from that of a part."""

    def __init__(self, words: Words, at: tuple[int, int] | None = None) -> None:
        from constriction import stream

        try:
            self._coder = stream.stack.AnsCoder(words)
            if at is not None:
                self._coder.seek(*at)
        except ValueError as error:
            raise damaged() from error

    def code(self, model: Model, count: int, choices: Choices | None = None) -> Choices:
        """Read as many choices."""
        return _read(self._coder, model, count)


def damaged() -> StateError:
    """What was read is nothing that an encoder writes."""
    return StateError("the code does not fit its model: the file was altered, or made by a fault")


def _read(coder: Any, model: Model, count: int) -> Choices:
    if not count:
        return np.empty(0, dtype=np.int32)
    try:
        choices: Choices = coder.decode(model.table, *(model.rows or (count,)))
    except AssertionError as error:  # constriction's word for words that no encoder writes
        raise damaged() from error
    return choices
