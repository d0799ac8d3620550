"""A distribution for each symbol: a classifier's predictions, a language model's rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.coding._choices import code_rows
from unsurprised.coding._coded import (
    Coded,
    check_classes,
    check_identity,
    refuse_impossible,
    stated,
    stated_in,
)
from unsurprised.coding._coders import Choices, StreamReader, StreamWriter, Words
from unsurprised.coding._container import HASH_BYTES, ROWS, Envelope
from unsurprised.coding._floats import Floats, mixed_in, shares_of
from unsurprised.coding._symbols import Integers, Symbols, empty
from unsurprised.errors import CallError, InputError, Place, StateError
from unsurprised.forms import DistributionForm, Labels
from unsurprised.measures import entropy, smooth, surprisal

#: Numbers of a chunk. Chunks are coded one after the other, whatever batches the rows come in, so
#: this is a part of the format.
_CHUNK = 1 << 21


def by_rows(symbols: Symbols, model: DistributionForm, epsilon: float) -> Coded:
    """Encode each symbol by a row of its own."""
    *shape, classes = model.shape
    if tuple(shape) != symbols.shape:
        raise CallError(
            f"the model has rows of shape {tuple(shape)}, the symbols the shape {symbols.shape}; "
            "expected a row for each symbol, or one row, shape (K,), for all"
        )
    encoder = RowsEncoder(classes, epsilon)
    if len(symbols.values):
        flat = flattened(model, len(symbols.values))
        try:
            encoder.add(flat, symbols.values.astype(np.int64))
        except InputError as error:
            raise error.located(row=symbols.place(first_row(error))) from None
    return encoder.finish()


def first_row(error: InputError) -> int:
    """The row that an error of a table's rows is about."""
    row = error.place.row
    return row if isinstance(row, int) else row[0] if row else 0


def rows_in(container: Envelope, model: DistributionForm) -> Integers:
    """What happened, given the same rows."""
    *shape, classes = model.shape
    if tuple(shape) != container.shape:
        raise StateError(
            f"the file holds symbols of shape {container.shape}, the given model has rows of shape "
            f"{tuple(shape)}; expected a row for each symbol"
        )
    out = empty(container.kind, container.symbols)
    decoder = RowsDecoder(container.words, classes, container.parameters)
    at = 0
    parts = decoder.add(flattened(model, len(out))) if len(out) else iter(())
    for part in chain(parts, decoder.finish(container.identity)):
        out[at : at + len(part)] = part
        at += len(part)
    return out


def flattened(model: DistributionForm, rows: int) -> DistributionForm:
    """The rows of any shape as a table."""
    values = model.array.values.reshape(rows, model.shape[-1])
    return model.with_array(HostArray(values, model.array.dtype))


class _Chunks:
    """Rows of any batches, cut into the chunks of the format."""

    def __init__(self, classes: int) -> None:
        self._size = max(1, _CHUNK // classes)
        self._rows: list[Floats] = []
        self._held = 0

    def add(self, shares: Floats) -> Iterator[Floats]:
        """Take rows in; give out the chunks that are full."""
        while len(shares):
            part = shares[: self._size - self._held]
            shares = shares[len(part) :]
            self._rows.append(part)
            self._held += len(part)
            if self._held == self._size:
                yield from self.rest()

    def rest(self) -> Iterator[Floats]:
        """Give out what is left."""
        if self._held:
            yield np.concatenate(self._rows) if len(self._rows) > 1 else self._rows[0]
        self._rows, self._held = [], 0


class _Identity:
    def __init__(self, classes: int) -> None:
        self._hash = blake2b(classes.to_bytes(8, "little"), digest_size=HASH_BYTES)

    def add(self, shares: Floats) -> None:
        self._hash.update(np.ascontiguousarray(shares, dtype="<f8").view(np.uint8).data)

    def digest(self) -> bytes:
        return self._hash.digest()


class RowsEncoder:
    """Encodes what happened under the rows that had foretold it, batch by batch."""

    def __init__(self, classes: int, epsilon: float, names: Sequence[str] | None = None) -> None:
        self._names = names
        self._classes, self._epsilon, self._chunks = classes, epsilon, _Chunks(classes)
        self._identity, self._writer = _Identity(classes), StreamWriter()
        self._symbols: list[NDArray[np.int64]] = []
        self._costs = [0.0]

    def add(self, model: DistributionForm, symbols: NDArray[np.int64]) -> None:
        """The next rows (classes last) and what happened; both are checked.

        Errors count rows from the first of these.
        """
        believed = smooth(model, self._epsilon) if self._epsilon else model
        costs = np.asarray(surprisal(believed, at=Labels(symbols)))
        if np.isinf(costs).any():
            row = int(np.isinf(costs).argmax())
            refuse_impossible(self._name(int(symbols[row])), Place(row=row))
        self._costs.append(math.fsum(costs.reshape(-1)))
        self._symbols.append(symbols)
        shares = shares_of(model)
        self._identity.add(shares)
        for chunk in self._chunks.add(shares):
            self._write(chunk)

    def finish(self) -> Coded:
        """The code, and what the symbols cost."""
        for chunk in self._chunks.rest():
            self._write(chunk)
        return Coded(
            ROWS,
            self._writer.words(),
            f"a row of {self._classes:,} classes for each symbol",
            math.fsum(self._costs),
            parameters=stated(self._classes, self._epsilon),
            identity=self._identity.digest(),
        )

    def _name(self, symbol: int) -> str:
        return f"class {self._names[symbol]!r}" if self._names else f"symbol {symbol}"

    def _write(self, chunk: Floats) -> None:
        known = np.concatenate(self._symbols)
        choices: Choices = known[: len(chunk)].astype(np.int32)
        self._symbols = [known[len(chunk) :]]
        code_rows(self._writer, mixed_in(chunk, self._epsilon), choices)


class RowsDecoder:
    """Decodes what a :class:`RowsEncoder` encoded, given the same rows."""

    def __init__(self, words: Words, classes: int, parameters: bytes) -> None:
        expected, self._epsilon = stated_in(parameters)
        check_classes(classes, expected)
        self._chunks = _Chunks(classes)
        self._identity, self._reader = _Identity(classes), StreamReader(words)
        self._failure: StateError | None = None

    def add(self, model: DistributionForm) -> Iterator[Choices]:
        """The next rows (classes last), which are checked; what happened, as far as it is known."""
        entropy(model)  # its answer is not needed, its checks of the rows are
        shares = shares_of(model)
        self._identity.add(shares)
        for chunk in self._chunks.add(shares):
            yield from self._read(chunk)

    def finish(self, identity: bytes) -> Iterator[Choices]:
        """The rest; raises if the rows were not those of the encoder."""
        for chunk in self._chunks.rest():
            yield from self._read(chunk)
        check_identity(identity, self._identity.digest())
        if self._failure is not None:
            raise self._failure

    def _read(self, chunk: Floats) -> Iterator[Choices]:
        if self._failure is None:
            try:
                yield code_rows(self._reader, mixed_in(chunk, self._epsilon))
            except StateError as failure:  # likely other rows, which is only known at their end
                self._failure = failure
