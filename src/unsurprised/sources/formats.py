"""The formats, one row each: names of files, first bytes, reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath

import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.csv import CsvTable
from unsurprised.sources.files import first_bytes, look_soon
from unsurprised.sources.guard import guarded
from unsurprised.sources.ipc import IpcFileTable, IpcStreamTable
from unsurprised.sources.jsonl import JsonlTable
from unsurprised.sources.limits import COLUMNS, NAME
from unsurprised.sources.numpy_files import NpyTable, NpzTable
from unsurprised.sources.numpy_records import RecordsTable, holds_records
from unsurprised.sources.parquet import ParquetTable
from unsurprised.sources.standard_input import is_kept, name_of
from unsurprised.sources.strangers import stranger, stranger_in_archive
from unsurprised.sources.table import Table
from unsurprised.sources.text import COMPRESSIONS, opened_text
from unsurprised.sources.unchanged import stamps


@dataclass(frozen=True, slots=True)
class Format:
    """A format: how its files are called, how they begin, what reads them."""

    name: str
    suffixes: tuple[str, ...]
    opened: Callable[[str], Table]
    #: The first bytes; empty for text, which begins in any way.
    magic: tuple[bytes, ...] = ()
    #: The last bytes, where a file that ends so begins so too.
    ends: bytes = b""

    @property
    def text(self) -> bool:
        """Whether the files are text, which may be compressed as a whole."""
        return not self.magic


def _npy_alone(file: str) -> Table:
    return RecordsTable(file) if holds_records(file) else NpyTable(file, [file])


FORMATS = (
    Format("Parquet", (".parquet", ".pq", ".parq"), ParquetTable, (b"PAR1",), b"PAR1"),
    Format("an Arrow file", (".arrow", ".feather", ".ipc"), IpcFileTable, (b"ARROW1",)),
    Format("an Arrow stream", (".arrows", ".ipcs"), IpcStreamTable, (b"\xff\xff\xff\xff",)),
    Format("CSV", (".csv",), CsvTable),
    Format("TSV", (".tsv", ".tab"), CsvTable),
    Format("JSON lines", (".jsonl", ".ndjson", ".json"), JsonlTable),
    Format("npz", (".npz",), NpzTable, (b"PK\x03\x04", b"PK\x05\x06")),
    Format("npy", (".npy",), _npy_alone, (b"\x93NUMPY",)),
)

_NPZ = next(fmt for fmt in FORMATS if fmt.opened is NpzTable)

_HEAD = 64


def suffix_of(file: str) -> str:
    """The suffix that says the format, without the compression's: ``.csv`` of ``a.csv.gz``."""
    path = PurePath(name_of(file))
    if path.suffix.lower() in COMPRESSIONS:
        path = path.with_suffix("")
    return path.suffix.lower()


def named_format(file: str) -> Format | None:
    """The format that a file's name states."""
    suffix = suffix_of(file)
    return next((fmt for fmt in FORMATS if suffix in fmt.suffixes), None)


def opened(file: str, *, looked_at: bool = False) -> Table:
    """A file as a table: its format by its name, checked against its first bytes.

    ``looked_at``: its first rows will tell what columns mean.
    """

    def made() -> Table:
        if looked_at:
            look_soon(file)
        return _opened(file)

    return stamped([file], made)


def stamped(files: Iterable[str], make: Callable[[], Table]) -> Table:
    """A table with the stamps that its files had before it was made."""
    before = stamps(files)
    table = make()
    table.stamps = before
    return table


def _opened(file: str) -> Table:
    fmt = named_format(file)
    packed = PurePath(name_of(file)).suffix.lower() in COMPRESSIONS
    if packed and fmt is not None and not fmt.text:
        raise InputError(
            f"{fmt.name} is compressed inside, not as a whole",
            remedy="decompress the file first",
            place=Place(file),
        )
    with guarded(file, fmt.name if fmt else "a file of predictions"):
        if packed and (fmt is None or fmt.text):
            with opened_text(file) as stream:
                head = stream.read(_HEAD)
        else:
            head = first_bytes(file, _HEAD, fmt.ends if fmt else b"")
    found = _by_magic(head)
    other = stranger_in_archive(file) if found is _NPZ else None
    if found is None:
        other = stranger(file, head)
    if other is not None:
        raise other.error(file, fmt.name if fmt else None)
    if fmt is None:
        return _readable(file, _by_content(file, head))
    if found is not None and found is not fmt and {found.name, fmt.name} == _ARROW:
        fmt = found  # .arrow is used for both
    _check(file, fmt, head)
    return _readable(file, fmt)


_ARROW = {"an Arrow file", "an Arrow stream"}


def _readable(file: str, fmt: Format) -> Table:
    """The table; names that are no text are found now, not wherever one is asked for."""
    with guarded(file, fmt.name):
        table = fmt.opened(file)
        COLUMNS.check(len(table.schema), Place(file))
        _visited(table.schema, Place(file))
        return table


def _visited(fields: Iterable[pa.Field], place: Place) -> None:
    """Decode every name, those within types too."""
    for field in fields:
        NAME.check(len(field.name), place)
        if pa.types.is_struct(field.type):
            _visited(field.type, place)


def _check(file: str, fmt: Format, head: bytes) -> None:
    wrong = not head.startswith(fmt.magic) if fmt.magic else _by_magic(head) is not None
    if wrong:
        kept = is_kept(file)
        raise InputError(
            f"{'said to be' if kept else 'named like'} {fmt.name}, but {seems(head)}",
            remedy="say --format as it is, or leave it out"
            if kept
            else "name the file after its format, or write it again",
            place=Place(file),
        )


def _by_content(file: str, head: bytes) -> Format:
    found = _by_magic(head)
    if found is None and re.match(rb"\s*(\[\s*)?\{", head):
        found = next(fmt for fmt in FORMATS if fmt.opened is JsonlTable)
    if not head and is_kept(file):
        raise InputError("is empty", expected="rows", place=Place(file))
    if found is None and is_kept(file):
        raise InputError(
            f"the content {seems(head)}",
            expected=", ".join(fmt.name for fmt in FORMATS),
            remedy="say which: --format, such as --format csv",
            place=Place(file),
        )
    if found is None:
        known = ", ".join(suffix for fmt in FORMATS for suffix in fmt.suffixes)
        raise InputError(
            f"the name states no known format, and the content {seems(head)}",
            expected=f"a file named {known} (text also with .gz or .zst)",
            place=Place(file),
        )
    return found


def _by_magic(head: bytes) -> Format | None:
    return next((f for f in FORMATS if f.magic and head.startswith(f.magic)), None)


def seems(head: bytes) -> str:
    r"""What a file that begins with these bytes seems to be.

    >>> seems(b"PK\x03\x04")
    'seems to be npz'
    >>> seems(b"a,b\n1,2\n")
    'seems to be text'
    """
    if not head:
        return "is empty"
    found = _by_magic(head)
    name = found.name if found else None
    if name is None:
        try:
            head[: _HEAD - 4].decode("utf-8")
        except UnicodeDecodeError:
            return "is of no known format"
        name = "JSON" if head.lstrip()[:1] in (b"{", b"[") else "text"
    return f"seems to be {name}"
