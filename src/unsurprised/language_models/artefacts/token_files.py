"""Token ids in a file: npy, or numbers in a text."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.numpy_arrays import Header, check_size, exactly
from unsurprised.sources.places import plain

#: As Linux has it.
_LONGEST_PATH = 4096
#: Bytes of a text of numbers at most.
_MOST_TEXT = 1 << 30
_ID = re.compile(rb"[-+]?\d{1,18}")


def refuse_no_path(path: str) -> None:
    """Raise for a text that no file can be called by."""
    if "\0" in path or len(path) > _LONGEST_PATH:
        raise CallError(f"{path!r} is no path (it is too long, or holds a NUL character)")


def token_file(file: str) -> NDArray[np.int64]:
    """The numbers, in their order."""
    refuse_no_path(file)
    file = plain(file)
    with guarded(file, "token ids"), binary(file) as stream:
        if stream.read(6) == b"\x93NUMPY":
            stream.seek(0)
            header = Header.read(stream)
            if header.dtype.hasobject or header.dtype.kind not in "iu":
                raise InputError(
                    f"found {'pickled objects' if header.dtype.hasobject else header.dtype}",
                    expected="token ids, as integers",
                    place=Place(file),
                )
            check_size(header, stream.seek(0, 2) - header.offset, file, file)
            stream.seek(header.offset)
            data = exactly(stream, header.data_bytes)
            ids = np.frombuffer(data, dtype=header.dtype).astype(np.int64)
            return ids.reshape(header.shape[::-1]).T.ravel() if header.fortran else ids
        stream.seek(0)
        text = stream.read(_MOST_TEXT + 1)
    if len(text) > _MOST_TEXT:
        raise InputError("found more than 1 GiB of text", expected="an npy file", place=Place(file))
    words = text.replace(b",", b" ").split()
    wrong = next((word for word in words if not _ID.fullmatch(word)), None)
    if wrong is not None:
        raise InputError(
            f"found {wrong[:40].decode(errors='replace')!r}",
            expected="token ids: an npy file of integers, or numbers with spaces or line ends "
            "between them",
            place=Place(file),
        )
    return np.array([int(word) for word in words], dtype=np.int64)
