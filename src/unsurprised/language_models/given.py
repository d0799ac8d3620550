"""What is handed to a meter, brought to rows of tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray, host_array
from unsurprised.arrays.row_order import refuse_other_orders, rows_of_classes
from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.arrays import score_array
from unsurprised.language_models.artefacts.whole import refuse_shape
from unsurprised.language_models.by_document import slice_columns
from unsurprised.language_models.named_scores import by_name
from unsurprised.language_models.tokens import PairedTokens, TokenScores


@dataclass(frozen=True, slots=True)
class GivenRows:
    """The tokens of a call that count, and what became of the others."""

    rows: PairedTokens
    #: The numbers of the tokens that count, among all of the call.
    numbers: NDArray[np.int64]
    #: How many a target, and how many a mask leaves out.
    left_out: int
    masked: int


def refuse_other_rows(base: Any, other: Any, by: Mapping[str, Any] | None, **along: Any) -> None:
    """Raise where two arguments have the same tokens of pandas in another order."""
    sides = {"base": rows_of_classes(base, -1), "other": rows_of_classes(other, -1)}
    named = by if isinstance(by, Mapping) else {}
    slices = {f"by[{name!r}]": values for name, values in named.items()}
    # The keys of a mapping are documents, which go by these.
    rows = {name: one for name, one in along.items() if not isinstance(one, Mapping)}
    refuse_other_orders({**sides, **rows, **slices})


def rows_given(
    base: Any,
    other: Any,
    *,
    targets: Any,
    documents: Any,
    positions: Any,
    by: Mapping[str, Any] | None,
    mask: Any,
    ignore_index: int,
) -> GivenRows:
    """The arrays of one call as tokens without those left out."""
    along = {"targets": targets, "documents": documents, "positions": positions, "mask": mask}
    refuse_other_rows(base, other, by, **along)
    plain = by_name({"base": base, "other": other}, targets=targets)
    sides = [score_array(side, name) for side, name in zip(plain, ("base", "other"), strict=True)]
    shape = sides[0].shape
    for side, name in zip(sides, ("base", "other"), strict=True):
        refuse_shape(side.shape, Place(name))
    if sides[1].shape != shape:
        raise CallError(
            f"base has shape {shape} and other {sides[1].shape}; expected the same tokens and one "
            "vocabulary (cut padded columns off: logits[..., :N])"
        )
    leading, size = shape[:-1], int(np.prod(shape[:-1]))
    flat = [TokenScores(HostArray(side.values.reshape(size, shape[-1]), side.dtype))
            for side in sides]  # fmt: skip
    ids = None if targets is None else token_ids(targets, leading, shape[-1], ignore_index)
    names, which = _documents(documents, leading)
    places = _positions(positions, leading, which)
    counts = None if mask is None else mask_of(mask, size)
    columns = slice_columns(by, size, *_as_given(leading, names, which))
    rows = PairedTokens(flat[0], flat[1], ids, names, which, places, by=columns)
    kept, left_out, masked = tokens_that_count(ids, counts, ignore_index)
    if kept is None:
        return GivenRows(rows, np.arange(size), 0, 0)
    return GivenRows(rows.taken(kept), kept, left_out, masked)


def _as_given(
    leading: Sequence[int], names: Sequence[str], which: NDArray[np.int64]
) -> tuple[Sequence[str], NDArray[np.int64]]:
    """The documents of a call as it has them: those of equal names apart."""
    if len(leading) == 1 or not leading[1]:
        return names, which
    rows = np.repeat(np.arange(leading[0]), leading[1])
    return [names[int(one)] for one in which[:: leading[1]]], rows


def tokens_that_count(
    targets: NDArray[np.int64] | None, mask: NDArray[np.bool_] | None, ignore_index: int
) -> tuple[NDArray[np.int64] | None, int, int]:
    """The numbers of the tokens that count (None: all), how many a target and a mask leave out."""
    masked = 0 if mask is None else len(mask) - int(mask.sum())
    if targets is None:
        return (np.flatnonzero(mask) if mask is not None and masked else None), 0, masked
    counts = targets != ignore_index
    if mask is not None:
        counts &= mask
    left = len(counts) - int(counts.sum())
    return (np.flatnonzero(counts) if left else None), left - masked, masked


def mask_of(given: Any, size: int) -> NDArray[np.bool_]:
    """Which tokens count: those whose entry is 1 or true."""
    array = host_array(given, "mask")
    values = array.as_float64() if array.kind == "f" else array.values
    values = values.reshape(-1)
    if len(values) != size:
        raise CallError(
            f"mask has shape {array.shape} for {size:,} tokens; expected 1 or 0 for each (logits "
            "at position i predict token i + 1: mask[:, 1:] beside logits[:, :-1])"
        )
    wrong = (values != 0) & (values != 1) if values.dtype.kind in "biuf" else np.ones(size, bool)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"found {values[row].item()!r:.40}",
            expected="1 or true for a token that counts, 0 or false for one that is left out",
            place=Place("mask", row),
        )
    counts: NDArray[np.bool_] = values != 0
    return counts


def token_ids(
    given: Any, leading: Sequence[int], vocabulary: int, ignore_index: int
) -> NDArray[np.int64]:
    """Targets, one a token; an error for those of no token."""
    array = host_array(given, "targets")
    if array.kind not in "iu":
        raise InputError(f"found {array.dtype}", expected="token ids", place=Place("targets"))
    if array.shape != tuple(leading) and array.values.size != int(np.prod(leading)):
        raise CallError(
            f"targets have shape {array.shape} and the rows of scores {tuple(leading)}; expected "
            "the token that came, one a row (logits at position i predict token i + 1: pass "
            "tokens[1:] for logits[:-1])"
        )
    ids = array.values.reshape(-1).astype(np.int64)
    wrong = ((ids < 0) | (ids >= vocabulary)) & (ids != ignore_index)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"found the token {int(ids[row])}",
            expected=f"0 to {vocabulary - 1}, or {ignore_index} for a token that is left out",
            place=Place("targets", row),
        )
    return ids


def _documents(given: Any, leading: tuple[int, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of documents, and of each token which is its own."""
    rows = int(np.prod(leading))
    if given is None and len(leading) == 1:
        return ("0",), np.zeros(rows, dtype=np.int64)
    if given is None:
        return tuple(map(str, range(leading[0]))), np.repeat(np.arange(leading[0]), leading[1])
    if isinstance(given, str):
        return (given,), np.zeros(rows, dtype=np.int64)
    values = given.tolist() if hasattr(given, "tolist") else list(given)
    if len(leading) == 2 and len(values) == leading[0] and not isinstance(values[0], list):
        values = [value for value in values for _ in range(leading[1])]
    if len(values) != rows or any(isinstance(value, (list, tuple)) for value in values):
        raise CallError(
            f"found {len(values)} documents for rows of shape {leading}; expected one name a row, "
            "or one a document"
        )
    names: dict[str, int] = {}
    which = [names.setdefault(str(value), len(names)) for value in values]
    return tuple(names), np.array(which, dtype=np.int64)


def _positions(given: Any, leading: tuple[int, ...], which: NDArray[np.int64]) -> NDArray[np.int64]:
    if given is not None:
        array = host_array(given, "positions")
        if array.kind not in "iu" or array.values.size != len(which):
            raise CallError(
                f"positions have shape {array.shape} of {array.dtype} for rows of shape {leading}; "
                "expected a whole number a row"
            )
        found = array.values.reshape(-1).astype(np.int64)
        if len(found) and found.min() < 0:
            raise CallError(f"found the position {int(found.min())}; expected 0 or more")
        return found
    if len(leading) == 2 and len(np.unique(which)) == leading[0]:
        return np.tile(np.arange(leading[1]), leading[0])
    return counted_within(which)


def counted_within(which: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each token among those of its document, in their order.

    Examples
    --------
    >>> counted_within(np.array([0, 1, 0, 1, 1])).tolist()
    [0, 0, 1, 1, 2]
    """
    order = np.argsort(which, kind="stable")
    grouped = which[order]
    begins = np.flatnonzero(np.append(True, grouped[1:] != grouped[:-1])[: len(grouped)])
    firsts = np.repeat(begins, np.diff(np.append(begins, len(grouped))))
    found = np.empty(len(which), dtype=np.int64)
    found[order] = np.arange(len(which)) - firsts
    return found
