"""How a state becomes bytes: equal states give equal bytes, and altered bytes are refused.

Layout, little-endian: ``b"UNSP"``, format version (u16), name of the state and its settings as
sorted JSON (u32 length each), the number of parts (u32), each part (u64 length), CRC-32 of it all.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from unsurprised.errors import StateError

FORMAT_VERSION = 1
_MAGIC = b"UNSP"


def pack(name: str, settings: dict[str, Any], parts: Sequence[bytes]) -> bytes:
    """A state's settings and parts as bytes."""
    said = json.dumps(settings, sort_keys=True, separators=(",", ":")).encode()
    out = [_MAGIC, struct.pack("<H", FORMAT_VERSION)]
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
        raise StateError(f"the bytes hold a {found}; expected a {name}")
    return json.loads(settings), parts


def name_of(data: bytes) -> str:
    """The name of the state that the bytes hold."""
    return _opened(data)[1]


def _opened(data: bytes) -> tuple[_Cursor, str]:
    if data[: len(_MAGIC)] != _MAGIC:
        raise StateError("these bytes are no state of unsurprised; expected those of to_bytes()")
    cursor = _Cursor(data, len(_MAGIC))
    (version,) = cursor.numbers("<H")
    if version != FORMAT_VERSION:
        raise StateError(
            f"the state has format version {version}; this release reads version "
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
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError) as error:
        raise StateError(f"the bytes of the state make no sense: {error!r}") from None


def must_match(name: str, mine: Any, theirs: Any) -> None:
    """Merging asks for equal settings."""
    if mine != theirs:
        raise StateError(
            f"two states of {name} do not merge: one was made with {mine}, the other with "
            f"{theirs}; expected the same settings"
        )
