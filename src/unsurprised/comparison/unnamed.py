"""A file without a name, for what memory does not hold."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError

#: So much is read at once to be sent.
_PIECE = 1 << 20


class SpoolFile(Protocol):
    """Where a spool's rows lie."""

    #: Where what comes next begins.
    end: int

    def close(self) -> None:
        """Let go of it."""

    def put(self, data: Any) -> None:
        """Write at the end."""

    def fill(self, offset: int, values: NDArray[Any]) -> None:
        """Read what lies at an offset into an array."""

    def fill_all(self, wanted: Iterable[tuple[int, NDArray[Any]]]) -> None:
        """Read what lies at some offsets, each into its array."""

    def pieces(self) -> Iterator[bytes]:
        """All that was written."""


class UnnamedFile:
    """A file that is gone once it is closed, and that nobody else can open."""

    def __init__(self) -> None:
        #: Where what comes next begins; what lies behind it counts for nothing.
        self.end = 0
        self._file = _opened()
        weakref.finalize(self, self._file.close)

    @property
    def closed(self) -> bool:
        """Whether it is gone."""
        return bool(self._file.closed)

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()

    def put(self, data: Any) -> None:
        """Write at the end."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        try:
            self._file.seek(self.end)
            while len(view):
                count = self._file.write(view)
                self.end += count
                view = view[count:]
        except OSError as error:
            raise _full(error, self.end) from None

    def fill(self, offset: int, values: NDArray[Any]) -> None:
        """Read what lies at an offset into an array."""
        view: Any = values.reshape(-1).view(np.uint8).data
        self._file.seek(offset)
        while len(view):
            count = self._file.readinto(view)
            if not count:
                raise CallError("the scored rows were cut off on the disk; run it again")
            view = view[count:]

    def fill_all(self, wanted: Iterable[tuple[int, NDArray[Any]]]) -> None:
        """Read what lies at some offsets, each into its array."""
        for offset, values in wanted:
            self.fill(offset, values)

    def pieces(self) -> Iterator[bytes]:
        """All that was written."""
        for offset in range(0, self.end, _PIECE):
            values = np.empty(min(_PIECE, self.end - offset), dtype=np.uint8)
            self.fill(offset, values)
            yield values.tobytes()


def _opened() -> Any:
    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError as error:
        raise _full(error, 0) from None


def _full(error: OSError, written: int) -> CallError:
    return CallError(
        f"{tempfile.gettempdir()}: scored rows cannot be written: {error.strerror or error} (after "
        f"{written / 1e9:,.1f} GB); expected a folder with room: name it by TMPDIR, or compare "
        "with more memory"
    )
