"""How a state becomes bytes: equal states give equal bytes, and altered bytes are refused.

Layout, little-endian: ``b"UNSP"``, format version (u16), name of the state and its settings as
sorted JSON (u32 length each), the number of parts (u32), each part (u64 length), CRC-32 of it all.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any, Self

from unsurprised.alone import OneAtATime
from unsurprised.copies import Kept, path_of
from unsurprised.errors import StateError, shortened
from unsurprised.states.mistaken import HEAD_BYTES, told_of

#: The newest: 2 has moments, where rows are independent. All else is still written as 1.
FORMAT_VERSION = 2
_MAGIC = b"UNSP"
#: So much of a stream is read at once.
_PIECE = 1 << 20

#: Places of a table of counts at most, and of a state's exact sums, which take more memory: eight
#: million classes in 32 groups, and one million.
MOST_COUNTS, MOST_SUMS = 1 << 28, 1 << 25
#: Characters of what a message cites.
_MOST_TOLD = 200
_NONSENSE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


def pack(name: str, settings: dict[str, Any], parts: Sequence[bytes], version: int = 1) -> bytes:
    """A state's settings and parts as bytes."""
    return b"".join(packed(name, settings, [(len(part), (part,)) for part in parts], version))


def packed(
    name: str,
    settings: dict[str, Any],
    parts: Sequence[tuple[int, Iterable[bytes]]],
    version: int = 1,
) -> Iterator[bytes]:
    """The same bytes piece by piece, for parts that memory does not hold: their sizes, and them."""
    said = json.dumps(settings, sort_keys=True, separators=(",", ":")).encode()
    head = [_MAGIC, struct.pack("<H", version)]
    for text in (name.encode(), said):
        head += [struct.pack("<I", len(text)), text]
    head.append(struct.pack("<I", len(parts)))
    checksum = 0
    for piece in chain(head, *map(_with_size, parts)):
        checksum = zlib.crc32(piece, checksum)
        yield piece
    yield struct.pack("<I", checksum)


def _with_size(part: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
    size, pieces = part
    yield struct.pack("<Q", size)
    yield from pieces


def unpack(data: bytes, name: str) -> tuple[dict[str, Any], list[bytes]]:
    """What :func:`pack` was given; an error that says why where it was not this state."""
    cursor = _Cursor(data)
    found = _name_in(cursor)
    settings = cursor.text("<I")
    (count,) = cursor.numbers("<I")
    parts = [cursor.text("<Q") for _ in range(count)]
    body_end = cursor.at
    (checksum,) = cursor.numbers("<I")
    if cursor.at != len(data) or checksum != zlib.crc32(data[:body_end]):
        raise _altered()
    if found != name:
        said = found if found.isidentifier() else shortened(repr(found), _MOST_TOLD)
        raise StateError(f"the bytes hold a {said}; expected a {name}")
    return json.loads(settings), parts


def name_of(data: bytes) -> str:
    """The name of the state that the bytes hold."""
    return _name_in(_Cursor(data))


class PackedStream:
    """A state that is read part by part, of which memory holds a piece at a time.

    Only :meth:`finish` tells whether the bytes are those that were written, so until then nothing
    follows from them.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._cursor = _StreamCursor(stream)
        self.name = _name_in(self._cursor)
        self._settings = self._cursor.text("<I")
        (self.parts,) = self._cursor.numbers("<I")

    @property
    def settings(self) -> dict[str, Any]:
        """The settings."""
        found: dict[str, Any] = json.loads(self._settings)
        return found

    def part(self) -> bytes:
        """The next part."""
        return self._cursor.text("<Q")

    def pieces(self) -> Iterator[bytes]:
        """The next part, piece by piece."""
        yield from self._cursor.pieces(self._cursor.numbers("<Q")[0])

    def finish(self) -> None:
        """Raise unless the state ends here, and its checksum is right."""
        found = self._cursor.checksum
        (checksum,) = self._cursor.numbers("<I")
        if checksum != found or self._cursor.head(1):
            raise _altered()


def _altered() -> StateError:
    return StateError("the bytes of the state were altered or cut: their checksum is wrong")


def _name_in(cursor: _Cursor) -> str:
    magic = cursor.head(len(_MAGIC))
    if magic != _MAGIC:
        head = magic + cursor.head(HEAD_BYTES)
        raise StateError(f"these bytes are no state of unsurprised{told_of(head)}")
    (version,) = cursor.numbers("<H")
    if not 1 <= version <= FORMAT_VERSION:
        raise StateError(
            f"the state has format version {version}; this release reads versions up to "
            f"{FORMAT_VERSION}: read it with the release that wrote it"
        )
    return cursor.text("<I").decode(errors="replace")


class _Cursor:
    """Reads forward and never past the end."""

    def __init__(self, data: bytes = b"") -> None:
        self.data, self.at = data, 0

    def head(self, size: int) -> bytes:
        """So many bytes, or fewer where there are no more."""
        self.at += size
        return self.data[self.at - size : self.at]

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise _cut()
        return self.head(size)

    def numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def text(self, length_layout: str) -> bytes:
        return self.take(self.numbers(length_layout)[0])


class _StreamCursor(_Cursor):
    """The same over a stream, of which nothing is kept but a checksum."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self.stream, self.checksum = stream, 0

    def head(self, size: int) -> bytes:
        found = self.stream.read(size)
        self.checksum = zlib.crc32(found, self.checksum)
        return found

    def take(self, size: int) -> bytes:
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """So many bytes; a size that is told wrongly takes no more memory than there is data."""
        while size:
            piece = self.head(min(size, _PIECE))
            if not piece:
                raise _cut()
            size -= len(piece)
            yield piece


def _cut() -> StateError:
    return StateError("the bytes of the state end too early: they were cut")


@contextmanager
def sensible() -> Iterator[None]:
    """Bytes whose checksum is right may still make no sense: that is a :class:`StateError`."""
    try:
        yield
    except StateError:
        raise
    except _NONSENSE as error:
        told = shortened(" ".join(repr(error).split()), _MOST_TOLD)
        raise StateError(f"the bytes of the state make no sense: {told}") from None


def must_match(name: str, mine: Any, theirs: Any) -> None:
    """Merging asks for equal settings."""
    if mine != theirs:
        raise StateError(
            f"two states of {name} do not merge: one was made with "
            f"{shortened(str(mine), _MOST_TOLD)}, the other with "
            f"{shortened(str(theirs), _MOST_TOLD)}; expected the same settings"
        )


class ByBytes(OneAtATime, Kept):
    """Base of states: pickled and copied by their bytes, entered by one thread at a time."""

    __slots__ = ()

    def to_bytes(self) -> bytes:
        """The state as bytes."""
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The state that :meth:`to_bytes` wrote."""
        raise NotImplementedError

    def _kept(self) -> dict[str, Any]:
        data = self.to_bytes()
        return {"bytes": data, **self._added(data)}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        made = cls.from_bytes(kept["bytes"])
        for name, value in kept.items():
            if name != "bytes":
                setattr(made, name, value)
        return made

    def _added(self, data: bytes) -> dict[str, Any]:
        """The attributes that somebody's subclass adds, which the bytes do not hold."""
        if isinstance(path_of(type(self)), str):
            return {}
        ours: Any = next(kind for kind in type(self).__mro__ if isinstance(path_of(kind), str))
        known = vars(ours.from_bytes(data))
        return {name: value for name, value in vars(self).items() if name not in known}


def whole(value: Any, name: str, least: int = 0, most: int = (1 << 63) - 1) -> int:
    """A whole number that bytes state, within its bounds."""
    if type(value) is not int or not least <= value <= most:
        raise StateError(
            f"the bytes of the state hold {name} = {shortened(repr(value), 40)}; expected a whole "
            f"number from {least} to {most}"
        )
    return value


def written(said: Mapping[str, Any]) -> str:
    """Plain values as JSON: equal values give equal text, whatever names of files hold."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
