"""Arrays in memory as artefacts: one, or one a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from unsurprised.arrays.host import FLOATS, HostArray, host_array
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Form, Logits, LogProbs
from unsurprised.language_models.artefacts.slabs import ArraySlab
from unsurprised.language_models.artefacts.whole import (
    Document,
    WholeRows,
    documents_of,
    refuse_shape,
)


def of_arrays(given: Any, said: str) -> WholeRows:
    """An array (tokens, V) or (document, position, V); a list or dictionary of one a document."""
    if isinstance(given, Mapping):
        parts = [(str(name), value) for name, value in given.items()]
        return WholeRows(said, [_document(value, name, said) for name, value in parts], named=True)
    if isinstance(given, (list, tuple)) and given and _is_array(given[0]):
        _refuse_steps(given, said)
        documents = [_document(value, str(k), said) for k, value in enumerate(given)]
        return WholeRows(said, documents, named=False)
    array = score_array(given, said)
    refuse_shape(array.shape, Place(said))
    return WholeRows(said, documents_of(_slab(array), array.shape), named=False)


def _refuse_steps(given: Any, said: str) -> None:
    """Raise for a tuple of arrays of one shape: steps of ``generate``, or documents."""
    shapes = {tuple(getattr(one, "shape", ())) for one in given}
    if isinstance(given, tuple) and len(given) > 1 and len(shapes) == 1:
        raise InputError(
            f"found a tuple of {len(given):,} arrays of shape {next(iter(shapes))}",
            note="generate() gives one (batch, vocabulary) a step; it may be one a document too",
            expected="to be told which",
            remedy="of steps, pass torch.stack(output.logits, dim=1) (raw, which scores are not); "
            "of documents, a list",
            place=Place(said),
        )


def _is_array(value: Any) -> bool:
    """Whether it is an array by itself, rather than a row of numbers or a list of rows."""
    return isinstance(value, Form) or hasattr(value, "shape")


def score_array(given: Any, said: str) -> HostArray:
    """Scores as an array of the host; an error for what are none."""
    if isinstance(given, Form):
        if not isinstance(given, (Logits, LogProbs)):
            raise CallError(
                f"{said} holds {type(given).__name__}; expected Logits, LogProbs, or a plain array "
                "of either: pass LogProbs(np.log(probabilities))"
            )
        array = given.array
    else:
        array = host_array(given, said)
    if array.dtype in FLOATS:
        return array
    if array.kind in "iu":
        raise InputError(
            f"found {array.dtype}",
            expected="scores of all tokens: float16, bfloat16, float32 or float64",
            remedy="token ids go to targets",
            place=Place(said),
        )
    raise InputError(
        f"found {array.dtype}",
        expected="float16, bfloat16, float32 or float64",
        place=Place(said),
    )


def _document(value: Any, name: str, said: str) -> Document:
    array = score_array(value, f"{said}[{name}]")
    if len(array.shape) != 2 or not array.shape[-1]:
        raise InputError(
            f"found an array of shape {array.shape} for the document {name!r}",
            expected="(tokens, vocabulary)",
            place=Place(said),
        )
    return Document(name, _slab(array), 0, array.shape[0])


def _slab(array: HostArray) -> ArraySlab:
    """The rows one after the other; without a copy where they lie so."""
    flat = np.reshape(array.values, (-1, array.shape[-1]))
    return ArraySlab(HostArray(flat, array.dtype))
