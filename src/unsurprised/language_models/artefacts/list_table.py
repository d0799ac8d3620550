"""A long table of lists, an entry a row by document, position and rank; or of scored tokens.

A table with one row for each token, and no ranks, holds what the tokens that came were given, as
trainers and engines keep it: what is likely beside them isn't known.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.errors import InputError, Place
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN, RawLists
from unsurprised.language_models.top_lists import Texts
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.sources.formats import opened
from unsurprised.sources.frames import FrameTable
from unsurprised.sources.table import Table

#: What columns may be called; the first is the name that errors say.
NAMES: Mapping[str, tuple[str, ...]] = {
    "document": ("document", "document_id", "doc", "doc_id", "prompt", "prompt_id", "sequence_id"),
    "position": ("position", "pos", "token_index", "index", "step"),
    "token": ("token", "token_id", "id", "decoded_token"),
    "logprob": ("logprob", "log_prob", "logp", "lp"),
    "rank": ("rank",),
    "target": ("target", "is_target", "chosen", "actual", "sampled"),
}
_OPTIONAL = ("document", "rank", "target")
#: What stands for all tokens where a table says of none which it is.
_UNNAMED = "(not said)"
#: As what each is read.
_ROLES = {"document": "id", "token": "id", "logprob": "pred"}
_ROWS = 1 << 16

Columns = dict[str, NDArray[Any]]


def list_table(
    source: Any,
    *,
    column: str | None = None,
    vocabulary: int | None = None,
    unknown: float | None = DEFAULT_UNKNOWN,
) -> TopLogProbs:
    """Lists of a CSV, Parquet, Arrow or JSON lines file, or of a data frame.

    Columns ``position``, ``token`` and ``logprob``, and where there are any ``document``, ``rank``
    (from 1 on: entries beyond the last rank without a gap were added because they came) and
    ``target`` (whether the entry is the token that came). Rows stand in any order. Where each token
    has one row and no rank, that is the token that came; ``position`` and ``token`` may lack then,
    and rows are in order. ``column`` is what the log-probabilities are called, if otherwise.
    """
    path = isinstance(source, str | os.PathLike)
    table: Table = opened(os.fspath(source)) if path else FrameTable(source)
    found = roles_of(table.schema, table.file, column)
    said = table.file or "TopLogProbs(…)"
    columns = _read(table, found)
    size = len(columns["logprob"])
    if not size:
        raise InputError("holds no row", place=Place(table.file))
    documents, names = _coded(columns.get("document", np.zeros(size, dtype=np.int64)))
    tokens, texts = _tokens(columns.get("token", np.full(size, _UNNAMED, dtype=object)))
    ranks = columns.get("rank", np.zeros(size))
    if "position" not in columns:
        columns["position"] = _in_order(documents)
    order = np.lexsort((ranks, columns["position"], documents))
    documents, positions = documents[order], columns["position"][order]
    begins = np.ones(size, bool)
    begins[1:] = (np.diff(documents) != 0) | (np.diff(positions) != 0)
    starts = np.append(np.flatnonzero(begins), size)
    raw = _raw(columns, order, starts, tokens[order])
    if raw.targets is None and "token" not in found:
        raise no_role("token", table.schema, table.file)
    return TopLogProbs.of_raw(
        raw,
        said=said,
        documents=documents[begins],
        names=names,
        positions=positions[begins],
        texts=texts,
        vocabulary=vocabulary,
        unknown=unknown,
    )


def _raw(
    columns: Columns, order: NDArray[np.int64], starts: Any, tokens: NDArray[np.int64]
) -> RawLists:
    """Lists of the entries in their order; of scored tokens each is what came, and nothing else."""
    logprobs = columns["logprob"][order]
    came = columns["target"][order] if "target" in columns else None
    starts = starts.astype(np.int64)
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    alone = "rank" not in columns and len(starts) - 1 == len(rows)
    if alone and (came is None or came.all()):
        return RawLists(starts, tokens, logprobs, np.zeros(len(rows), bool), tokens, scored=True)
    likely = None
    if "rank" in columns:
        likely = _likely(columns["rank"][order], rows, starts)
    elif came is not None:
        likely = _likely_by_counts(logprobs, came, rows, starts)
    targets = None if came is None else _targets(came, tokens, rows, len(starts) - 1)
    return RawLists(starts, tokens, logprobs, likely, targets)


def roles_of(schema: pa.Schema, file: str | None, logprob: str | None = None) -> dict[str, str]:
    """Which column is what; ``logprob`` is the log-probabilities' name, if it was said."""
    by_name = {name.lower(): name for name in reversed(schema.names)}
    found = {}
    for role, names in NAMES.items():
        held = next((by_name[name] for name in names if name in by_name), None)
        if role == "logprob" and logprob is not None:
            held = logprob
        if held is not None:
            found[role] = held
    optional = _OPTIONAL if "rank" in found else (*_OPTIONAL, "position", "token")
    for role in NAMES:
        if role not in found and role not in optional:
            raise no_role(role, schema, file)
    return found


def no_role(role: str, schema: pa.Schema, file: str | None) -> InputError:
    """The error for a table that lacks a column."""
    return InputError(
        f"no column {role!r}; there are {', '.join(map(repr, schema.names))}",
        expected="document, position, token, logprob and perhaps rank, an entry a row; or the "
        "log-probability of the token that came, a token a row",
        remedy=f"call one {role!r}" + (", or name it: FILE:COLUMN" if role == "logprob" else ""),
        place=Place(file),
    )


def _read(table: Table, found: Mapping[str, str]) -> Columns:
    """All columns, whole: numbers as they are measured, names as Arrow has them."""
    roles = {name: _ROLES.get(role, "other") for role, name in found.items()}
    kept: dict[str, list[Any]] = {role: [] for role in found}
    row = 0
    for part in table.parts():
        for batch in table.read(part, roles, _ROWS):
            for role, name in found.items():
                place = Place(table.file, row, name)
                kept[role].append(_column(batch.column(name), role, place))
            row += batch.num_rows
    return {role: np.concatenate(parts) if parts else np.empty(0) for role, parts in kept.items()}


def _column(values: Any, role: str, place: Place) -> NDArray[Any]:
    """Some rows of a column; nulls are legal among log-probabilities and ranks alone."""
    if isinstance(values.type, pa.DictionaryType):
        values = values.dictionary_decode()
    if values.null_count and role not in ("logprob", "rank"):
        first = int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
        raise InputError(
            "found a null",
            expected=f"a {role} in every row",
            place=Place(place.file, (place.row or 0) + first, place.column),  # type: ignore[operator]
        )
    try:
        if role == "logprob":
            return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
        if role == "rank":
            numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
            return np.where(np.isnan(numbers), np.inf, numbers)
        if role == "position":
            return np.asarray(values.cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)
        if role == "target":
            return np.asarray(values.cast(pa.bool_()).to_numpy(zero_copy_only=False), np.bool_)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"found values that are none ({str(error).splitlines()[0]:.80})",
            expected={"position": "whole numbers", "target": "true or false"}.get(role, "numbers"),
            place=place,
        ) from None
    return np.array(values.to_pylist(), dtype=object)


def _coded(values: NDArray[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Documents by their number, in the order in which they first come."""
    places: dict[str, int] = {}
    codes = [places.setdefault(str(value), len(places)) for value in values.tolist()]
    return np.array(codes, dtype=np.int64), tuple(places)


def _in_order(documents: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each row among those of its document."""
    order = np.argsort(documents, kind="stable")
    firsts = np.searchsorted(documents[order], documents[order])
    found = np.empty(len(documents), dtype=np.int64)
    found[order] = np.arange(len(documents)) - firsts
    return found


def _tokens(values: NDArray[Any]) -> tuple[NDArray[np.int64], Texts | None]:
    """Ids as they are; texts by their places."""
    held = values.tolist()
    if all(type(value) is int for value in held):
        return np.array(held, dtype=np.int64), None
    places: dict[str, int] = {}
    codes = [places.setdefault(str(value), len(places)) for value in held]
    return np.array(codes, dtype=np.int64), Texts(places)


def _likely(ranks: Values, rows: NDArray[np.int64], starts: Any) -> NDArray[np.bool_]:
    """Entries whose rank is one of 1, 2, …, k without a gap; they come in the order of ranks."""
    return np.asarray(ranks == np.arange(len(ranks)) - starts[rows] + 1)


def _likely_by_counts(
    logprobs: Values, came: NDArray[np.bool_], rows: NDArray[np.int64], starts: Any
) -> NDArray[np.bool_]:
    """Entries of lists of k, or of one more, which is the token that came where it is the least.

    k is the largest number that no list contradicts, as in ``list_builder.py``.
    """
    counts = np.diff(starts)
    least = np.full(len(counts), np.inf)
    np.fmin.at(least, rows, logprobs)
    last = came & (logprobs == least[rows])
    has_last = np.bincount(rows[last], minlength=len(counts)) > 0
    k = int((counts - has_last).max())
    return np.asarray(~(last & (counts > k)[rows]))


def _targets(
    came: NDArray[np.bool_], tokens: NDArray[np.int64], rows: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    """The token that came in each row, −1 where none is marked."""
    targets = np.full(size, -1, dtype=np.int64)
    targets[rows[came]] = tokens[came]
    return targets
