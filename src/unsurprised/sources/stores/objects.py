"""Objects in stores: opened once in a process, read by ranges, looked at again when asked."""

from __future__ import annotations

import io
import math
import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import pyarrow as pa

from unsurprised.errors import InputError
from unsurprised.sources.stores.addresses import Address
from unsurprised.sources.stores.faults import asking, is_missing
from unsurprised.sources.stores.filesystems import (
    asked,
    filesystem_of,
    forget,
    path_of,
)
from unsurprised.sources.stores.pieces import Pieces

T = TypeVar("T")

#: The end of an object that holds its footer is read at once, and small objects as a whole.
TAIL_BYTES = 1 << 16
#: What is read at once where reading goes on: a request costs as much time as a MiB or so.
AHEAD_BYTES = 4 << 20
#: So much of what was read is kept, for who looks at one object several times, and then reads it.
_KEPT_BYTES = 64 << 20
#: So many ranges are asked for at once.
SIDE_BY_SIDE = 8
#: And so many objects are looked at, which is a wait and no work.
LOOKED_AT_ONCE = 24
#: An object that was opened no longer ago need not be opened anew.
_FRESH_SECONDS = 20
#: Opened objects hold no connection, and 2 KB each.
_MOST_OPENED = 1 << 15


def _forget_in_child() -> None:
    """A child that was forked has none of the threads that stores' clients work with."""
    _opened.clear()
    forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)

_pieces = Pieces()
_lock = threading.Lock()
_opened: OrderedDict[str, StoredObject] = OrderedDict()
#: When bytes of an object came last, whoever asked for them.
_came: OrderedDict[str, float] = OrderedDict()


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store tells of an object, by which it is known from another in its place."""

    size: int
    time_ns: int
    #: The store's own digest, where it is told; else nothing.
    tag: str


class StoredObject:
    """One object, as it was when it was opened; any number of threads may read it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.address = Address.of(file)
        with asking(file):
            path = path_of(self.address)
            self.handle: pa.NativeFile
            self.handle, self._patient = asked(
                self.address, lambda store: store.open_input_file(path)
            )
            self.told = _told(self.handle, self.address)
        self._opened_at: float | None = time.monotonic()
        #: So many of its first bytes are read at once, and kept.
        self.begin_bytes = AHEAD_BYTES
        self._begin: Future[bytes] | None = None

    @property
    def fresh(self) -> bool:
        """Whether it was opened just now, for a first reader who has not asked for it yet."""
        return self._opened_at is not None and time.monotonic() - self._opened_at < _FRESH_SECONDS

    def asked_for(self) -> ObjectInfo:
        """What is told of it to its first reader; the next one has it opened anew."""
        self._opened_at = None
        return self.told

    @property
    def _tail_begin(self) -> int:
        return max(self.told.size - TAIL_BYTES, 0)

    def tail(self) -> bytes:
        """The last bytes."""
        return self.read(self._tail_begin, TAIL_BYTES)

    def ask_for_begin(self) -> None:
        """Ask for the first bytes, which somebody will read, and do not wait for them."""
        if self._begin is None and self._tail_begin:
            pool = ThreadPoolExecutor(1, "unsurprised-begin")
            self._begin = pool.submit(self._range, 0, min(AHEAD_BYTES, self.told.size))
            pool.shutdown(wait=False)

    def keep_begin(self, piece: bytes) -> None:
        """Keep the first bytes, which have come, for a while."""
        self.keep(0, piece)

    def keep(self, begin: int, piece: bytes) -> None:
        """Keep some bytes until they are read by :meth:`exactly`, or others are kept."""
        _pieces.put(self, begin, piece, _KEPT_BYTES)

    def read(self, begin: int, size: int) -> bytes:
        """Up to ``size`` bytes from one on; the first and the last ones are kept for a while."""
        size = min(size, self.told.size - begin)
        if size <= 0:
            return b""
        if begin >= self._tail_begin:
            start, kept = self._tail_begin, TAIL_BYTES
        elif begin + size <= self.begin_bytes:
            start, kept = 0, min(self.begin_bytes, self.told.size)
        else:
            return self._range(begin, size)
        piece = self._kept(start)
        if len(piece) < begin - start + size:
            left = min(kept, self.told.size - start) - len(piece)
            piece += self._range(start + len(piece), left)
            self.keep(start, piece)
        return piece[begin - start : begin - start + size]

    def exactly(self, begin: int, size: int, *, again: bool = True) -> bytes:
        """So many bytes from one on, and no others; what is kept of them is not asked for again.

        ``again``: whether somebody may want them another time.
        """
        if begin >= self._tail_begin:
            return self.read(begin, size)
        self._kept(0)
        parts = _pieces.take(self, begin, begin + size)
        if not parts:
            return self._range(begin, size)
        held = sum(map(len, parts))
        if held < size:
            parts.append(memoryview(self._range(begin + held, size - held)))
        if not again:
            _pieces.release(self, begin, begin + size)
        return b"".join(parts)

    def _kept(self, start: int) -> bytes:
        """What there is of the first or the last bytes; those on their way are waited for."""
        coming = self._begin
        if start == 0 and coming is not None:
            if coming.exception() is None:  # else whoever reads them asks again, and is told
                self.keep(0, coming.result())
            self._begin = None
        return _pieces.get(self, start)

    def _range(self, begin: int, size: int) -> bytes:
        with asking(self.file):
            try:
                data: bytes = self.handle.read_at(size, begin)
            except OSError:
                if self._patient:
                    raise
                self._patient = True
                self.handle = filesystem_of(self.address).open_input_file(path_of(self.address))
                data = self.handle.read_at(size, begin)
        if len(data) < size:
            raise OSError("Unexpected end of stream")
        with _lock:
            _keep(_came, self.file, time.monotonic())
        return data


class _Ranges(Protocol):
    """What ranges of bytes can be had of."""

    told: ObjectInfo

    def read(self, begin: int, size: int) -> bytes | memoryview:
        """Up to ``size`` bytes from one on."""


class ObjectBytes(io.RawIOBase):
    """An object as a file of Python, with a position of its own."""

    def __init__(self, opened: _Ranges) -> None:
        self._opened, self._at = opened, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._opened.told.size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readall(self) -> bytes:
        """All that is left, by one request, where Python's own would read 8 KiB at a time."""
        data = bytes(self._opened.read(self._at, max(self._opened.told.size - self._at, 0)))
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, but for the end of the object."""
        view = memoryview(buffer).cast("B")
        data = self._opened.read(self._at, len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


def opened(file: str) -> StoredObject:
    """The object behind a file's name; it is opened once, with one request."""
    with _lock:
        found = _opened.get(file)
    return found or opened_anew(file)


def opened_before(file: str) -> StoredObject | None:
    """The object, if it is open."""
    with _lock:
        return _opened.get(file)


def opened_anew(file: str) -> StoredObject:
    """The object as it is now."""
    made = StoredObject(file)
    with _lock:
        _keep(_opened, file, made)
    return made


def _keep(held: OrderedDict[str, T], file: str, value: T) -> None:
    """Hold what belongs to an object, in place of what was held first; the lock is held."""
    held[file] = value
    held.move_to_end(file)
    while len(held) > _MOST_OPENED:
        held.popitem(last=False)


def came_before(file: str, moment: float) -> bool:
    """Whether all that was read of an object had come by then."""
    with _lock:
        return _came.get(file, math.inf) < moment


def told_at_opening(file: str) -> ObjectInfo:
    """What the store tells of an object that is about to be read, and is opened with that."""
    with _lock:
        found = _opened.get(file)
    if found is None or not found.fresh:
        found = opened_anew(file)
    return found.asked_for()


def told_now(file: str, *, opening: bool = False) -> ObjectInfo | None:
    """What the store tells of an object at this moment; None where there is none any more.

    ``opening``: it will be read next, and is opened with that.
    """
    try:
        return (opened_anew if opening else StoredObject)(file).told
    except InputError as error:
        if is_missing(error):
            return None
        raise


def stream_of(file: str, ahead: int = AHEAD_BYTES) -> io.BufferedReader:
    """An object's bytes, with so many read at once."""
    return io.BufferedReader(ObjectBytes(opened(file)), ahead)


def _told(handle: pa.NativeFile, address: Address) -> ObjectInfo:
    """Size, time and digest; they came with the answer that opened the object where it has them."""
    size = handle.size()
    try:
        said = {_text(name).lower(): _text(value) for name, value in handle.metadata().items()}
    except (NotImplementedError, pa.ArrowException, AttributeError, OSError):
        said = {}
    when = _time(said.get("last-modified", ""))
    tag = said.get("etag", "")
    if when is None or not tag:
        info = filesystem_of(address).get_file_info(path_of(address))
        when = info.mtime_ns if when is None else when
        size = size if info.size is None else info.size
    return ObjectInfo(size, when or 0, tag.strip('"'))


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _time(text: str) -> int | None:
    from email.utils import parsedate_to_datetime  # seldom needed

    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except (ValueError, TypeError):
            continue
        return int(found.replace(tzinfo=found.tzinfo or UTC).timestamp()) * 10**9
    return None
