"""Rows of text as programs write them, read by a kernel; whatever else there is, is left to others.

The readers of JSON lines and of CSV take all that these formats allow, and say what is wrong. They
are slow, or slower than measuring: so a kernel goes before them, which reads blocks of whole lines
and ends where anything is not plain: a null, an escape, a key that is missing or unknown, a number
that no float holds. What it reads is the same to the bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from unsurprised import _kernels
from unsurprised.sources.limits import LINE
from unsurprised.threads import get_num_threads, is_lack_of_threads

#: Bytes of a block: little at first, since a look at a file needs no more; much where a block would
#: have few rows.
_FIRST, _USUAL, _MOST = 1 << 18, 2 << 20, 32 << 20
_FEWEST_ROWS = 64

#: A field as the kernel is told it: its name, what it holds, whether lists of it; its own fields.
_Said = tuple[bytes, int, bool, tuple[Any, ...]]

_SKIPPED, _NUMBER, _INTEGER, _BOOLEAN, _TEXT, _OBJECT = range(6)
_HELD = {
    pa.float64(): _NUMBER,
    pa.int64(): _INTEGER,
    pa.bool_(): _BOOLEAN,
    pa.string(): _TEXT,
}


@dataclass(frozen=True, slots=True)
class PlainRows:
    """What was read of a block."""

    batch: pa.RecordBatch
    #: Bytes: all of them, or those before the first row that is left to others.
    consumed: int


class TextRows:
    """Reads some columns of plain text.

    Parameters
    ----------
    kernel : callable
        From text and fields to a number of rows, of bytes, and what each field holds.
    names : sequence of str
        The names of all columns, in their order.
    types : mapping of str to DataType
        Those that are read.
    """

    def __init__(
        self,
        kernel: Callable[[bytearray, list[Any]], tuple[int, int, list[Any]]],
        names: Sequence[str],
        types: Mapping[str, pa.DataType],
    ) -> None:
        self._kernel, self._types = kernel, types
        self._fields: list[Any] = [_said(name, types.get(name)) for name in names]
        self._read = [name for name in names if name in types]
        self._nothing = pa.RecordBatch.from_pylist([], pa.schema(list(types.items())))

    @staticmethod
    def can_hold(kind: pa.DataType) -> bool:
        """Whether values of a type are plain text."""
        if pa.types.is_list(kind):
            return kind.value_type in (pa.float64(), pa.int64())
        if pa.types.is_struct(kind):
            return kind.num_fields > 0 and all(field.type == pa.float64() for field in kind)
        return kind in _HELD

    def blocks(self, stream: IO[bytes]) -> Iterator[tuple[bytearray, PlainRows]]:
        """Blocks of whole lines, each with its rows, which are read ahead in threads."""
        blocks = _blocks(stream)
        for block in blocks:  # the first alone: a look ends there
            yield block, self.rows(block)
            break
        workers = get_num_threads()
        if workers == 1:
            yield from ((block, self.rows(block)) for block in blocks)
            return
        ahead: deque[tuple[bytearray, Future[PlainRows]]] = deque()
        with ThreadPoolExecutor(workers) as pool:
            for block in blocks:
                ahead.append((block, self._begun(pool, block)))
                most = workers if len(block) <= 2 * _USUAL else 0  # wide rows take much memory
                while len(ahead) > most:
                    yield _done(ahead.popleft())
            while ahead:
                yield _done(ahead.popleft())

    def rows(self, block: bytearray) -> PlainRows:
        """The rows of a block, up to the first that is not plain."""
        if len(block) > LINE.most or not _is_text(block):
            return PlainRows(self._nothing, 0)
        count, consumed, found = self._kernel(block, self._fields)
        parts = iter(found)
        arrays = {name: _array(self._types[name], count, parts) for name in self._read}
        batch = pa.record_batch([arrays[name] for name in self._types], schema=self._nothing.schema)
        return PlainRows(batch, consumed)

    def _begun(self, pool: ThreadPoolExecutor, block: bytearray) -> Future[PlainRows]:
        try:
            return pool.submit(self.rows, block)
        except RuntimeError as error:
            if not is_lack_of_threads(error):
                raise
            done: Future[PlainRows] = Future()
            done.set_result(self.rows(block))
            return done


def json_rows(names: Sequence[str], types: Mapping[str, pa.DataType]) -> TextRows | None:
    """A reader of objects, one a line; None where keys or values are never plain."""
    inner = (field.name for kind in types.values() if pa.types.is_struct(kind) for field in kind)
    plain = bool(types) and all(map(TextRows.can_hold, types.values()))
    if not plain or not all(map(_is_written_as_it_is, (*names, *inner))):
        return None
    return TextRows(_kernels.json_rows, names, types)


def csv_rows(names: Sequence[str], types: Mapping[str, pa.DataType], delimiter: str) -> TextRows:
    """A reader of lines of cells."""
    return TextRows(lambda text, fields: _kernels.csv_rows(text, fields, delimiter), names, types)


def _is_written_as_it_is(name: str) -> bool:
    """Whether JSON may hold a name without an escape."""
    return not any(sign in '"\\' or sign < " " for sign in name)


def _said(name: str, kind: pa.DataType | None) -> _Said:
    written = name.encode("utf-8", "surrogatepass")
    if kind is None:
        return written, _SKIPPED, False, ()
    if pa.types.is_list(kind):
        return written, _HELD[kind.value_type], True, ()
    if pa.types.is_struct(kind):
        return written, _OBJECT, False, tuple(_said(field.name, field.type) for field in kind)
    return written, _HELD[kind], False, ()


def _array(kind: pa.DataType, count: int, parts: Iterator[tuple[bytes, bytes | None]]) -> pa.Array:
    """The next field as an array of ``count`` values."""
    if pa.types.is_struct(kind):
        inner = [_array(field.type, count, parts) for field in kind]
        return pa.StructArray.from_arrays(inner, fields=list(kind))
    values, ends = next(parts)
    if pa.types.is_list(kind):
        assert ends is not None
        offsets = pa.Array.from_buffers(pa.int32(), count + 1, [None, pa.py_buffer(ends)])
        entries = _array(kind.value_type, len(values) // 8, iter([(values, None)]))
        return pa.ListArray.from_arrays(offsets, entries)
    if pa.types.is_boolean(kind):
        flags = pa.Array.from_buffers(pa.uint8(), count, [None, pa.py_buffer(values)])
        return flags.cast(pa.bool_())
    buffers = [None, pa.py_buffer(values)]
    if ends is not None:
        buffers.insert(1, pa.py_buffer(ends))
    return pa.Array.from_buffers(kind, count, buffers)


def _blocks(stream: IO[bytes]) -> Iterator[bytearray]:
    """A file's text, cut after lines; of a line that is too long, enough to tell."""
    begun, size = bytearray(), _FIRST  # a line whose end is still to come
    while True:
        block, kept = bytearray(len(begun) + size), len(begun)
        block[:kept] = begun
        with memoryview(block) as view:
            read = stream.readinto(view[kept:])  # type: ignore[attr-defined]
        del block[kept + read :]
        cut = block.rfind(b"\n") + 1 if read else 0
        begun = block[cut:]
        if cut:
            del block[cut:]
            yield block
            for_few = _FEWEST_ROWS * (block.index(b"\n") + 1)
            size = min(max(for_few, min(2 * size, _USUAL)), _MOST)
        elif not read or len(begun) > LINE.most:
            break
    if begun:
        yield begun


def _done(begun: tuple[bytearray, Future[PlainRows]]) -> tuple[bytearray, PlainRows]:
    return begun[0], begun[1].result()


def _is_text(block: bytearray) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True
