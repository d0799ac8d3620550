"""Standard input as a source: kept in a temporary file, since sources are read more than once.

Its name stays ``-``, in errors and in results, so that nothing hangs on where it is kept.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from unsurprised.addresses import named
from unsurprised.errors import STANDARD_INPUT, InputError, Place
from unsurprised.writing.interruption import held_back
from unsurprised.writing.temporary import Temporary, sweep

_CHUNK = 1 << 20
_HEAD = 1 << 16
#: How text begins that is compressed.
_COMPRESSED = {b"\x1f\x8b": ("gzip", ".gz"), b"\x28\xb5\x2f\xfd": ("zstd", ".zst")}


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where standard input is kept, and what a file of its format would be called."""

    path: str
    name: str


#: Of the one command that a process runs.
_kept: dict[str, _Kept] = {}


def is_kept(file: str) -> bool:
    """Whether a name stands for standard input."""
    return file in _kept


def location(file: str | None) -> str:
    """Where the bytes of a file are.

    >>> location("rows.csv")
    'rows.csv'
    """
    return _kept[file].path if file in _kept else file or ""


def name_of(file: str) -> str:
    """The name that tells a file's format, without what an address says of its store.

    >>> name_of("rows.csv")
    'rows.csv'
    """
    return _kept[file].name if file in _kept else named(file)


@contextmanager
def standard_input(form: str | None = None) -> Iterator[None]:
    """Keep what comes on standard input, for as long as the context is open.

    Parameters
    ----------
    form : str, optional
        What it holds, as the suffix of a file's name; by default its first bytes tell.
    """
    if sys.stdin is None:
        raise InputError("cannot be read: it is closed", place=Place(STANDARD_INPUT))
    with held_back():  # the folder is tried with a file, which a signal would leave there
        folder = Path(tempfile.gettempdir())
    temporary = None
    try:
        try:
            sweep(folder)
            temporary = Temporary.private(folder)
            with temporary.path.open("wb") as stream:
                shutil.copyfileobj(sys.stdin.buffer, stream, _CHUNK)
        except (OSError, ValueError) as error:
            raise InputError(
                f"cannot be kept in {folder}: {getattr(error, 'strerror', None) or error}",
                remedy="name a folder with room for it: TMPDIR=FOLDER",
                place=Place(STANDARD_INPUT),
            ) from None
        path = str(temporary.path)
        _kept[STANDARD_INPUT] = _Kept(path, f"{STANDARD_INPUT}{_suffixes(path, form)}")
        yield
    finally:
        _kept.pop(STANDARD_INPUT, None)
        if temporary is not None:
            temporary.drop()


def _suffixes(path: str, form: str | None) -> str:
    """The suffixes of format and compression; none of a format where nothing tells it."""
    with Path(path).open("rb") as stream:
        head = stream.read(_HEAD)
    packing, packed = next((v for k, v in _COMPRESSED.items() if head.startswith(k)), (None, ""))
    if packing:
        try:
            with pa.input_stream(path, compression=packing) as opened:
                head = opened.read(_HEAD)
        except (pa.ArrowException, OSError):  # whoever reads it will say
            head = b""
    suffix = f".{form}" if form else _text_suffix(head)
    return suffix + packed


def _text_suffix(head: bytes) -> str:
    r"""The suffix of a text's format, by its beginning; binary formats say what they are.

    >>> _text_suffix(b"label,p_0\n0,0.5\n"), _text_suffix(b"label\tp_0\n"), _text_suffix(b"word\n")
    ('.csv', '.tsv', '')
    """
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:  # else a character is cut
            return ""
        text = head[: error.start].decode("utf-8-sig")
    if "\0" in text:
        return ""
    if re.match(r"\s*(\[\s*)?\{", text):
        return ".jsonl"
    first = text.lstrip().partition("\n")[0]
    if "\t" in first and first.count("\t") >= first.count(","):
        return ".tsv"
    return ".csv" if "," in first else ""
