"""The file: what is in it, in which order, and how it is told from any other.

All numbers are little-endian; a *count* is an unsigned LEB128.

==================  ==============================================================================
magic               4 bytes: ``8A 55 53 31``, the last the version of the format
method              1 byte: 0 own frequencies, 1 a given distribution, 2 adaptive, 3 given rows
kind                1 byte: 0 bytes; else the integer type of the array
shape               of an array: a count of dimensions, then each; of bytes: how many
prefix              a count, and as many bytes that stand before the symbols in what was encoded
parameters          a count, and as many bytes that the method understands
identity            8 bytes of given models: BLAKE2b of their probabilities
digest              8 bytes: BLAKE2b of kind, shape, prefix and symbols
index               a count of places where reading can begin; each: the number of its part less
                    that before, and its position (counts), and the coder's state (8 bytes)
words               a count, and as many words of 4 bytes from the entropy coder
checksum            4 bytes: CRC-32 of everything before
==================  ==============================================================================
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding._coders import Words
from unsurprised.errors import CallError, StateError

MAGIC, VERSION = b"\x8aUS", ord("1")
OWN_FREQUENCIES, GIVEN, ADAPTIVE, ROWS = range(4)
#: The kinds of symbols by their number; an array comes back in the type that it had.
KINDS = ("bytes", "|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8")
HASH_BYTES = 8
_CHECKSUM_BYTES = 4
_LONGEST_COUNT = 10
#: An array has no more dimensions, and no more elements.
_MOST_DIMENSIONS, _MOST_SYMBOLS = 64, 1 << 56


def digest(*parts: bytes | memoryview) -> bytes:
    """What identifies a model, or symbols."""
    state = blake2b(digest_size=HASH_BYTES)
    for part in parts:
        state.update(part)
    return state.digest()


@dataclass(frozen=True)
class Entrance:
    """Where the reading of a part begins: words from the end of the stack, and the state there."""

    part: int
    position: int
    state: int


@dataclass(frozen=True)
class Envelope:
    """All that stands in a file."""

    method: int
    kind: int
    shape: tuple[int, ...]
    parameters: bytes
    identity: bytes
    digest: bytes
    words: Words
    index: tuple[Entrance, ...] = ()
    prefix: bytes = field(default=b"")

    @property
    def symbols(self) -> int:
        """How many symbols are coded."""
        return math.prod(self.shape)

    def to_bytes(self) -> bytes:
        """The file."""
        shape = self.shape if self.kind == 0 else (len(self.shape), *self.shape)
        before = 0
        index = [count_bytes(len(self.index))]
        for place in self.index:
            index.append(count_bytes(place.part - before, place.position))
            index.append(place.state.to_bytes(8, "little"))
            before = place.part
        data = b"".join(
            (
                MAGIC,
                bytes((VERSION, self.method, self.kind)),
                count_bytes(*shape),
                count_bytes(len(self.prefix)),
                self.prefix,
                count_bytes(len(self.parameters)),
                self.parameters,
                self.identity,
                self.digest,
                *index,
                count_bytes(len(self.words)),
                self.words.astype("<u4").tobytes(),
            )
        )
        return data + zlib.crc32(data).to_bytes(_CHECKSUM_BYTES, "little")


def container_in(data: bytes | memoryview) -> Envelope:
    """What stands in a file; its checksum is verified before anything of it is believed."""
    try:
        view = memoryview(data).cast("B")
    except TypeError:
        raise CallError(f"data is {type(data).__name__}; expected the bytes of a file") from None
    if len(view) < len(MAGIC) + 1 or bytes(view[: len(MAGIC)]) != MAGIC:
        raise StateError("no file of an encoder: it does not begin as one (found " + _head(view))
    if view[len(MAGIC)] != VERSION:
        raise StateError(
            f"the file has format version {chr(view[len(MAGIC)])!r}, this library reads "
            f"{chr(VERSION)!r}; update unsurprised"
        )
    body, checksum = view[:-_CHECKSUM_BYTES], view[-_CHECKSUM_BYTES:]
    if zlib.crc32(body) != int.from_bytes(checksum, "little"):
        raise StateError(
            f"the file was altered or cut short: the checksum of its {len(view):,} bytes is wrong; "
            "copy it again, or encode again"
        )
    return _parsed(Bytes(body[len(MAGIC) + 1 :]))


def _parsed(source: Bytes) -> Envelope:
    method, kind = source.take(1)[0], source.take(1)[0]
    if method > ROWS or kind >= len(KINDS):
        raise source.nonsense()
    shape = _shape_in(source, kind)
    prefix = bytes(source.take(source.count()))
    parameters = bytes(source.take(source.count()))
    identity = bytes(source.take(HASH_BYTES)) if method in (GIVEN, ROWS) else b""
    content = bytes(source.take(HASH_BYTES))
    index, part = [], 0
    for _ in range(source.count()):
        part += source.count()
        index.append(Entrance(part, source.count(), int.from_bytes(source.take(8), "little")))
    words = np.frombuffer(source.take(4 * source.count()), dtype="<u4").astype(np.uint32)
    source.end()
    if any(place.position > len(words) or place.part > math.prod(shape) for place in index):
        raise source.nonsense()
    return Envelope(method, kind, shape, parameters, identity, content, words, tuple(index), prefix)


def _shape_in(source: Bytes, kind: int) -> tuple[int, ...]:
    """The shape that a file states; refused before anything is made of it that no array has."""
    dimensions = source.count() if kind else 1
    if dimensions > _MOST_DIMENSIONS:
        raise source.nonsense()
    shape = tuple(source.count() for _ in range(dimensions))
    if math.prod(max(length, 1) for length in shape) > _MOST_SYMBOLS:
        raise source.nonsense()
    return shape


class Bytes:
    """Bytes that are taken from the front; too few of them are an error, not a crash."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data, self._at = memoryview(data), 0

    def take(self, count: int) -> memoryview:
        """The next bytes."""
        if count > len(self._data) - self._at:
            raise self.nonsense()
        self._at += count
        return self._data[self._at - count : self._at]

    def count(self) -> int:
        """The next count."""
        value = 0
        for place in range(_LONGEST_COUNT):
            byte = self.take(1)[0]
            value |= (byte & 127) << 7 * place
            if byte < 128:
                return value
        raise self.nonsense()

    def rest(self) -> memoryview:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        """Raise unless all was taken."""
        if self._at < len(self._data):
            raise self.nonsense()

    @staticmethod
    def nonsense() -> StateError:
        """The checksum is right and the content is not: nobody's accident."""
        return StateError("the file states what no encoder writes; encode again")


def count_bytes(*values: int) -> bytes:
    """Counts, one after the other."""
    parts = bytearray()
    for value in values:
        rest = value
        while rest > 127:
            parts.append(rest & 127 | 128)
            rest >>= 7
        parts.append(rest)
    return bytes(parts)


def _head(view: memoryview) -> str:
    return f"{bytes(view[:4])!r})" if len(view) else "nothing in it)"


def packed(*columns: NDArray[np.uint64]) -> bytes:
    """Columns of as many whole numbers, small; :func:`unpacked` gives them back."""
    parts = [count_bytes(len(columns[0]))]
    for column in columns:
        width = max(1, -(-int(column.max(initial=0)).bit_length() // 8))
        planes = column.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width].T
        parts += [bytes([width]), planes.tobytes()]  # bytes of equal weight side by side: they pack
    deflate = zlib.compressobj(9, wbits=-15)
    return deflate.compress(b"".join(parts)) + deflate.flush()


#: zlib's Z_MEM_ERROR, which Python tells as damage.
_NO_MEMORY = -4


def unpacked(data: bytes, columns: int, most: int) -> list[NDArray[np.uint64]]:
    """What :func:`packed` packed; a file that claims more than ``most`` rows is refused."""
    inflate = zlib.decompressobj(wbits=-15)
    try:
        plain = inflate.decompress(data, _LONGEST_COUNT + columns * (1 + 8 * most))
    except zlib.error as error:
        if str(error).startswith(f"Error {_NO_MEMORY} "):
            raise MemoryError from None
        raise Bytes.nonsense() from None
    source = Bytes(plain)
    rows = source.count()
    found = []
    for _ in range(columns):
        width = source.take(1)[0]
        if width > 8 or rows > most:
            raise source.nonsense()
        wide = np.zeros((rows, 8), dtype=np.uint8)
        wide[:, :width] = np.frombuffer(source.take(rows * width), np.uint8).reshape(width, rows).T
        found.append(wide.view("<u8").reshape(-1).astype(np.uint64))
    source.end()
    if not inflate.eof or inflate.unused_data:
        raise source.nonsense()
    return found
