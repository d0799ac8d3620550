"""How a state becomes bytes: equal states give equal bytes, and altered bytes are refused.

Layout, little-endian: ``b"UNSP"``, format version (u16), name of the state and its settings as
sorted JSON (u32 length each), the number of parts (u32), each part (u64 length), CRC-32 of it all.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from unsurprised.alone import OneAtATime
from unsurprised.copies import Kept, path_of
from unsurprised.errors import StateError, shortened

#: The newest: 2 has moments, where rows are independent. All else is still written as 1.
FORMAT_VERSION = 2
_MAGIC = b"UNSP"

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
    said = json.dumps(settings, sort_keys=True, separators=(",", ":")).encode()
    out = [_MAGIC, struct.pack("<H", version)]
    for text in (name.encode(), said):
        out += [struct.pack("<I", len(text)), text]
    out.append(struct.pack("<I", len(parts)))
    for part in parts:
        out += [struct.pack("<Q", len(part)), part]
    body = b"".join(out)
    return body + struct.pack("<I", zlib.crc32(body))


def unpack(data: bytes, name: str) -> tuple[dict[str, Any], list[bytes]]:
    """What :func:`pack` was given; an error that says why where it was not this state."""
    cursor, found = _opened(data)
    settings = cursor.text("<I")
    (count,) = cursor.numbers("<I")
    parts = [cursor.text("<Q") for _ in range(count)]
    body_end = cursor.at
    (checksum,) = cursor.numbers("<I")
    if cursor.at != len(data) or checksum != zlib.crc32(data[:body_end]):
        raise StateError("the bytes of the state were altered or cut: their checksum is wrong")
    if found != name:
        said = found if found.isidentifier() else shortened(repr(found), _MOST_TOLD)
        raise StateError(f"the bytes hold a {said}; expected a {name}")
    return json.loads(settings), parts


def name_of(data: bytes) -> str:
    """The name of the state that the bytes hold."""
    return _opened(data)[1]


def _opened(data: bytes) -> tuple[_Cursor, str]:
    if data[: len(_MAGIC)] != _MAGIC:
        raise StateError("these bytes are no state of unsurprised; expected those of to_bytes()")
    cursor = _Cursor(data, len(_MAGIC))
    (version,) = cursor.numbers("<H")
    if not 1 <= version <= FORMAT_VERSION:
        raise StateError(
            f"the state has format version {version}; this release reads versions up to "
            f"{FORMAT_VERSION}: read it with the release that wrote it"
        )
    return cursor, cursor.text("<I").decode(errors="replace")


class _Cursor:
    """Reads forward and never past the end."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise StateError("the bytes of the state end too early: they were cut")
        self.at += size
        return self.data[self.at - size : self.at]

    def numbers(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def text(self, length_layout: str) -> bytes:
        return self.take(self.numbers(length_layout)[0])


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
