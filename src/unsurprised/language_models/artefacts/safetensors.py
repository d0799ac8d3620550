"""safetensors files of scores: a header in JSON, then the numbers; bfloat16 among them.

Eight bytes, little-endian, say how long the header is; it holds each tensor's type, shape, and
where its bytes begin and end after the header.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.named_arrays import chosen
from unsurprised.language_models.artefacts.no_artefact import is_pickle, pickle_error
from unsurprised.language_models.artefacts.slabs import ELEMENTS, FileSlab
from unsurprised.language_models.artefacts.whole import (
    Document,
    WholeRows,
    documents_of,
    refuse_shape,
)
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.limits import CLASSES, COLUMNS

#: As the format's own library has it.
_MOST_HEADER = 100 << 20
_LENGTH = struct.Struct("<Q")
_TYPES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}
_BROKEN = "the file seems to be truncated or damaged; write it again"


def safetensors(file: str, name: str | None = None) -> WholeRows:
    """A safetensors file: its tensor of scores, or one a document."""
    with guarded(file, "safetensors"), binary(file) as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        begin, header = _header(stream.read(_LENGTH.size), stream, size, file)
    tensors = {key: _Tensor.of(key, said, begin, size, file) for key, said in header.items()}
    _refuse_gaps(tensors, begin, size, file)
    names = chosen({key: tensor.shape for key, tensor in tensors.items()}, file)
    documents: list[Document] = []
    for key in names:
        slab = tensors[key].slab(file, key)
        called = name if len(names) == 1 else key
        documents += documents_of(slab, tensors[key].shape, called)
    return WholeRows(file, documents, named=len(names) > 1 or name is not None)


def _header(first: bytes, stream: Any, size: int, file: str) -> tuple[int, dict[str, Any]]:
    """Where the tensors' bytes begin, and what is said of each tensor."""
    if len(first) < _LENGTH.size:
        raise _wrong(f"found {len(first)} bytes", "a safetensors file, of 8 at least", file)
    (length,) = _LENGTH.unpack(first)
    begin = _LENGTH.size + length
    if begin > size and is_pickle(first, ""):
        raise pickle_error(file)
    if length > _MOST_HEADER or begin > size:
        raise _wrong(
            f"the first 8 bytes state a header of {length:,} bytes; {size - _LENGTH.size:,} follow",
            f"at most {min(_MOST_HEADER, size - _LENGTH.size):,}",
            file,
        )
    try:
        header = json.loads(stream.read(length).decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _wrong("the header is no JSON object of tensors", "one", file) from None
    if not isinstance(header, dict):
        raise _wrong("the header is no JSON object", "one of tensors by name", file)
    header.pop("__metadata__", None)
    COLUMNS.check(len(header), Place(file))
    return begin, header


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


class _Tensor:
    """What a header says of a tensor, checked against the file."""

    def __init__(self, dtype: str, shape: tuple[int, ...], begin: int, end: int) -> None:
        self.dtype, self.shape, self.begin, self.end = dtype, shape, begin, end

    @classmethod
    def of(cls, name: str, said: Any, begin: int, size: int, file: str) -> _Tensor:
        """From the header's entry."""
        said = said if isinstance(said, dict) else {}
        dtype, shape, offsets = (said.get(key) for key in ("dtype", "shape", "data_offsets"))
        if not (isinstance(dtype, str) and _whole(shape) and _whole(offsets) and len(offsets) == 2):
            raise _wrong(
                f"the header says {json.dumps(said)[:80]} of a tensor",
                "dtype, shape and data_offsets",
                file,
                name,
            )
        start, end = offsets
        if not start <= end <= size - begin:
            raise _wrong(
                f"the tensor is said to lie at bytes {start:,} to {end:,} of {size - begin:,}",
                "offsets within the file",
                file,
                name,
            )
        if dtype in _TYPES:
            count = int(np.prod(shape, dtype=object)) if shape else 1
            taken = count * np.dtype(ELEMENTS[_TYPES[dtype]]).itemsize
            if taken != end - start:
                raise _wrong(
                    f"the shape {tuple(shape)} of {dtype} takes {taken:,} bytes; {end - start:,} "
                    "are stated",
                    "offsets that fit the shape",
                    file,
                    name,
                )
        return cls(dtype, tuple(shape), begin + start, begin + end)

    def slab(self, file: str, name: str) -> FileSlab:
        """The rows; an error where the tensor is none of scores."""
        place = Place(file, column=name)
        if self.dtype not in _TYPES:
            raise InputError(
                f"found a tensor of {self.dtype}", expected=", ".join(_TYPES), place=place
            )
        refuse_shape(self.shape, place)
        CLASSES.check(self.shape[-1], place)
        rows = int(np.prod(self.shape[:-1], dtype=object))
        kind = _TYPES[self.dtype]
        return FileSlab(file, self.begin, rows, self.shape[-1], kind, format="safetensors")


def _whole(value: Any) -> bool:
    return isinstance(value, list) and all(type(one) is int and one >= 0 for one in value)


def _refuse_gaps(tensors: dict[str, _Tensor], begin: int, size: int, file: str) -> None:
    """Raise where tensors overlap, or bytes belong to none, as the format forbids."""
    at = begin
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin != at:
            what = "overlaps another" if tensor.begin < at else "follows bytes of none"
            raise _wrong(f"the tensor {what}", "one tensor after the other", file, name)
        at = tensor.end
    if at != size:
        raise _wrong(f"{size - at:,} bytes follow the last tensor", "none", file)


def _wrong(found: str, expected: str, file: str, name: str | None = None) -> InputError:
    return InputError(found, expected=expected, remedy=_BROKEN, place=Place(file, column=name))
