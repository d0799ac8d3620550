"""Symbols to encode: bytes, or an array of integers, flat while it is coded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.coding._container import KINDS, count_bytes, digest
from unsurprised.errors import CallError, Place, StateError
from unsurprised.forms import Form

Integers = NDArray[Any]

_REMEDY = {
    "U": "; text is encoded as its bytes: text.encode()",
    "f": "; floats are no symbols: cast them to integers, or encode their bytes: array.tobytes()",
}


@dataclass(frozen=True)
class Symbols:
    """Symbols in a row, and what they were before."""

    values: Integers
    kind: int
    shape: tuple[int, ...]
    prefix: bytes = b""

    @classmethod
    def of(cls, given: Any) -> Symbols:
        """Symbols from what the caller has."""
        if isinstance(given, bytes | bytearray | memoryview):
            values = np.frombuffer(given, dtype=np.uint8)
            return cls(values, 0, values.shape)
        if isinstance(given, Form | str | Mapping):
            remedy = _REMEDY["U"] if isinstance(given, str) else ""
            raise CallError(
                f"symbols are {type(given).__name__}; expected bytes or integers{remedy}"
            )
        array = host_array(given, "symbols").values
        if not array.size:
            array = array.astype(np.int64) if array.dtype.kind == "f" else array
        name = array.dtype.newbyteorder("<").str.replace("=", "<")
        if name not in KINDS:
            raise CallError(
                f"symbols hold {array.dtype}; expected bytes or integers"
                f"{_REMEDY.get(array.dtype.kind, '')}"
            )
        return cls(np.ascontiguousarray(array).reshape(-1), KINDS.index(name), array.shape)

    @property
    def digest(self) -> bytes:
        """What tells these symbols from any others of their kind and shape."""
        return symbols_digest(self.values, self.kind, self.shape, self.prefix)

    def name(self, symbol: int) -> str:
        """A symbol in words."""
        if self.kind:
            return f"symbol {symbol}"
        letter = chr(symbol)
        shown = f" ({letter!r})" if letter.isascii() and letter.isprintable() else ""
        return f"byte 0x{symbol:02X}{shown}"

    def place(self, index: int) -> tuple[int, ...]:
        """Where a symbol stands."""
        return tuple(int(i) for i in np.unravel_index(index, self.shape))

    def found(self, index: int) -> str:
        """A symbol in words, and where it stands if that is no row."""
        name = self.name(int(self.values[index]))
        return name if self.kind else f"{name} at offset {index:,}"

    def where(self, index: int) -> Place | None:
        """The row where a symbol stands, if it is one."""
        return Place(row=self.place(index)) if self.kind else None


def symbols_digest(values: Integers, kind: int, shape: tuple[int, ...], prefix: bytes) -> bytes:
    """The digest of flat values, of what they are and of what stands before them."""
    plain = np.ascontiguousarray(values, dtype="u1" if kind == 0 else KINDS[kind])
    about = count_bytes(kind, len(shape), *shape, len(prefix)) + prefix
    return digest(about, plain.view(np.uint8).data if plain.size else b"")


def empty(kind: int, count: int) -> Integers:
    """Room for flat symbols of a kind."""
    dtype = np.dtype("u1" if kind == 0 else KINDS[kind]).newbyteorder("=")
    try:
        return np.empty(count, dtype=dtype)
    except (MemoryError, ValueError):
        size = count * dtype.itemsize
        raise StateError(
            f"the file states {count:,} symbols, which need {size:,} bytes of memory"
        ) from None


def restored(values: Integers, kind: int, shape: tuple[int, ...]) -> bytes | Integers:
    """What the caller had."""
    if kind == 0:
        return values.tobytes()
    assert values.size == math.prod(shape)
    return values.reshape(shape)
