"""What CSV and JSONL share: compression, the first bytes, and types seen from the first rows."""

from __future__ import annotations

from pathlib import PurePath

import pyarrow as pa

#: Text has no types. They are seen from this many rows, never from a block of bytes, so that they
#: do not depend on how a file is read; a later value that is none of its type is an error.
SAMPLE_ROWS = 1000

#: Marks a column of text that holds numbers too: a wrong number must not hide a class.
PARTLY_NUMBERS = {b"unsurprised.partly": b"numbers"}

COMPRESSIONS = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}


def compression_of(file: str) -> str | None:
    """The compression that a file's name states.

    >>> compression_of("a.csv.gz"), compression_of("a.csv")
    ('gzip', None)
    """
    return COMPRESSIONS.get(PurePath(file).suffix.lower())


def opened_text(file: str) -> pa.NativeFile:
    """A file's bytes, decompressed."""
    return pa.input_stream(file, compression=compression_of(file))
