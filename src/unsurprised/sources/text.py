"""Shared code of CSV and JSONL: compression, the first bytes, types of the first rows."""

from __future__ import annotations

import io
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from unsurprised.sources.files import decompressed, first_bytes, size_of
from unsurprised.sources.standard_input import name_of

#: Text has no types. They are seen from this many rows, never from a block of bytes, so that they
#: do not depend on how a file is read; a later value that is none of its type is an error.
SAMPLE_ROWS = 1000

#: Marks a column of text that holds numbers too: a wrong number must not hide a class.
PARTLY_NUMBERS = {b"unsurprised.partly": b"numbers"}

#: A list of numbers as Python, JSON, NumPy and PyTorch write it into a cell.
_ENTRIES = r"(?:[^\[\]()]|np\.\w+\([^()]*\))*"
LIST = (
    rf"^\s*(?:\[{_ENTRIES}\]|\({_ENTRIES}\)|(?:array|tensor)\(\s*\[{_ENTRIES}\](?:,[^()]*)?\))\s*$"
)

COMPRESSIONS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}


def compression_of(file: str) -> str | None:
    """The compression that a file's name states.

    >>> compression_of("a.csv.gz"), compression_of("a.csv")
    ('gzip', None)
    """
    return COMPRESSIONS.get(PurePath(name_of(file)).suffix.lower())


def opened_text(file: str, begin: int = 0) -> pa.NativeFile:
    """A file's bytes, decompressed, from one of them on."""
    stream = decompressed(file, compression_of(file))
    if begin and stream.seekable():
        stream.seek(begin)
        return stream
    while begin and (passed := len(stream.read(min(begin, 1 << 20)))):
        begin -= passed
    return stream


def about_rows(file: str) -> int | None:
    """About how many rows a file has, by its size and the lines of its first MiB.

    None where that tells nothing: of compressed text, of one JSON array, of what is no text.
    """
    head = first_bytes(file, 1 << 20)
    lines = head.count(b"\n")
    if not lines or b"\0" in head or head.lstrip()[:1] == b"[" or compression_of(file) is not None:
        return None
    return round(size_of(file) / len(head) * lines)


def longer_row(file: str, most: int) -> int | None:
    """The number of the first row whose text is longer than ``most`` bytes."""
    with opened_text(file) as opened:
        stream = io.BufferedReader(opened, 1 << 20)
        row, size, quoted = -1, 0, False
        while line := stream.readline(most + 1):
            size += len(line)
            if size > most:
                return max(row, 0)
            quoted ^= bool(line.count(b'"') % 2)
            if not quoted and (line.strip(b"\r\n") or size > len(line)):
                row, size = row + 1, 0
            elif not quoted:
                size = 0
    return None


def lists(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Cells such as ``[0.1, 0.9]`` as lists.

    Examples
    --------
    >>> cells = pa.array(["[0.1, 0.9]", None, "[0.1 0.9]", "array([0.1, 0.9], dtype=float32)"])
    >>> lists(cells, pa.list_(pa.float64())).to_pylist()
    [[0.1, 0.9], None, [0.1, 0.9], [0.1, 0.9]]
    """
    try:
        return _split(column, kind)
    except pa.ArrowInvalid:  # only then, since looking for patterns takes twice as long
        for pattern, plain in _SPELLINGS:
            column = pc.replace_substring_regex(column, pattern, plain)
        return _split(column, kind)


#: What stands around and between numbers besides commas, and what it means.
_SPELLINGS = (
    (r"np\.\w+\(([^()]*)\)", r"\1"),
    (r"(?s)^\s*(?:array|tensor)\(\s*(\[[^\[\]]*\]).*$", r"\1"),
    (r"^\s*[\[(]\s*|\s*\]\s*$|,?\s*\)\s*$", ""),  # (0.5,) is a tuple of one
    (r"([^\s,])\s+([^\s,])", r"\1,\2"),
    (r"([^\s,])\s+([^\s,])", r"\1,\2"),  # numbers of one digit share their neighbours
)


def _split(column: pa.Array, kind: pa.DataType) -> pa.Array:
    cells = pc.split_pattern(pc.utf8_trim(column, characters="[] \t\r\n"), ",")
    values = pc.utf8_trim_whitespace(cells.flatten()).cast(kind.value_type)
    mask = cells.is_null() if cells.null_count else None
    return pa.ListArray.from_arrays(cells.offsets, values, mask=mask)
