"""Cut-off lists in two columns of lists: tokens, and their log-probabilities; a row a token."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.row_table import beside
from unsurprised.language_models.artefacts.table_slab import is_list
from unsurprised.language_models.list_cleaning import RawLists
from unsurprised.language_models.top_lists import Texts
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.sources.table import Table

#: What the column of tokens may be called.
NAMES = ("tokens", "token_ids", "top_tokens", "top_ids", "top_token_ids", "ids", "indices",
         "top_indices")  # fmt: skip
_ROWS = 1 << 14


def token_column(schema: pa.Schema) -> str | None:
    """The column of lists of ids or texts, if there is one."""
    for name in NAMES:
        at = schema.get_field_index(name)
        if at >= 0 and is_list(schema.field(at).type):
            kind = schema.field(at).type.value_type
            if pa.types.is_integer(kind) or pa.types.is_string(kind):
                return name
    return None


def list_columns(table: Table, tokens: str, logprobs: str, said: str) -> TopLogProbs:
    """Lists of a table: ``tokens`` and ``logprobs`` are columns of lists of equal lengths."""
    keys: list[Any] = []
    numbers, lengths, row = [], [], 0
    for part in table.parts():
        for batch in table.read(part, {tokens: "other", logprobs: "other"}, _ROWS):
            mine, theirs = (_lists(batch.column(name), row, name, said)
                            for name in (tokens, logprobs))  # fmt: skip
            counts = [np.asarray(one.value_lengths()) for one in (mine, theirs)]
            if (counts[0] != counts[1]).any():
                at = int(np.argmax(counts[0] != counts[1]))
                raise InputError(
                    f"found {counts[0][at]} tokens and {counts[1][at]} log-probabilities",
                    expected="as many",
                    place=Place(said, row + at, tokens),
                )
            keys += mine.flatten().to_pylist()
            numbers.append(theirs.flatten().cast(pa.float64()).to_numpy(zero_copy_only=False))
            lengths.append(counts[0])
            row += batch.num_rows
    if not row:
        raise InputError("holds no row", place=Place(said))
    around = beside(table, said)
    documents, names, positions = around.places(row, said)
    codes, texts = _codes(keys, tokens, said)
    raw = RawLists(
        np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64),
        codes,
        np.concatenate(numbers),
        targets=None if texts is not None else around.targets,
    )
    return TopLogProbs.of_raw(
        raw, said=said, documents=documents, names=names, positions=positions, texts=texts
    )


def _lists(column: Any, row: int, name: str, said: str) -> Any:
    """A column of lists of no fixed size; an error for a null among them."""
    if column.null_count:
        at = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise InputError("found a null", expected="a list", place=Place(said, row + at, name))
    if pa.types.is_fixed_size_list(column.type):
        return column.cast(pa.large_list(column.type.value_type))
    return column


def _codes(keys: list[Any], name: str, said: str) -> tuple[Any, Texts | None]:
    """Tokens as integers, and what texts these stand for."""
    if None in keys:
        raise InputError("found a null among the tokens", place=Place(said, column=name))
    if all(type(key) is int for key in keys):
        if keys and min(keys) < 0:
            raise InputError(
                f"found the id {min(keys)}",
                expected="ids from 0 on",
                place=Place(said, column=name),
            )
        return np.array(keys, dtype=np.int64), None
    places: dict[str, int] = {}
    return np.array([places.setdefault(key, len(places)) for key in keys], np.int64), Texts(places)
