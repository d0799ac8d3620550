"""A table of tokens as an artefact: whole rows in a column of lists, cut-off lists, or scores."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.list_columns import list_columns, token_column
from unsurprised.language_models.artefacts.list_table import NAMES, list_table
from unsurprised.language_models.artefacts.nested_table import (
    element,
    float_columns,
    row_a_token,
)
from unsurprised.language_models.artefacts.row_table import SCORES, row_table, score_column
from unsurprised.language_models.artefacts.table_slab import is_list
from unsurprised.language_models.artefacts.whole import WholeRows
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.sources.formats import opened
from unsurprised.sources.frames import FrameTable, is_frame
from unsurprised.sources.table import Table, require

LOGPROBS = NAMES["logprob"]


def table_artefact(source: Any, said: str, column: str | None = None) -> WholeRows | TopLogProbs:
    """A table by its columns.

    Parameters
    ----------
    source : path or data frame
        Parquet, Arrow, CSV, or anything with the Arrow interface.
    said : str
        What errors call it.
    column : str, optional
        The column of scores or log-probabilities, where there are several.
    """
    table = _table(source)
    if column is not None:
        require(table, column, "FILE:COLUMN")
    table = row_a_token(table, said, column)
    wide = score_column(table.schema, column)
    tokens = token_column(table.schema)
    if wide is not None and tokens is not None:
        return list_columns(table, tokens, wide, said)
    if wide is not None:
        return row_table(table, wide, said)
    if column is None:
        _refuse_several(table, said)
    _refuse_no_scores(table, column, said)
    found = list_table(source, column=column)
    return found if found.said == said else _called(found, said)


def is_table(given: Any) -> bool:
    """Whether something handed in is a table of tokens, rather than an array of scores in a frame.

    A frame of numbers with a column for each token of the vocabulary is such an array.
    """
    if isinstance(given, pa.RecordBatchReader):
        return True
    if not is_frame(given) or not (hasattr(given, "columns") or hasattr(given, "column_names")):
        return False
    schema = FrameTable(given).schema
    names = {name.lower() for name in schema.names}
    return any(is_list(field.type) for field in schema) or not names.isdisjoint(LOGPROBS)


def _called(lists: TopLogProbs, said: str) -> TopLogProbs:
    """The same lists under another name in errors."""
    lists.said = said
    return lists


def _table(source: Any) -> Table:
    if isinstance(source, str | os.PathLike):
        return opened(os.fspath(source))
    if isinstance(source, pa.RecordBatchReader):
        raise CallError(
            "found a pyarrow.RecordBatchReader, whose rows can be read once; expected a table: "
            "reader.read_all()"
        )
    return FrameTable(source)


def _refuse_no_scores(table: Table, column: str | None, said: str) -> None:
    """Raise where the column of scores, by its name or as it is asked for, has lists of others."""
    kinds = {field.name: field.type for field in table.schema if is_list(field.type)}
    name = column or next((name for name in SCORES if name in kinds), None)
    if name in kinds:
        raise InputError(
            f"found lists of {element(kinds[name])}",
            expected="float16, float32 or float64: the scores of all tokens",
            place=Place(said, column=name),
        )


def _refuse_several(table: Table, said: str) -> None:
    """Raise where several columns hold whole rows and nothing says which is meant."""
    wide = float_columns(table.schema)
    if len(wide) > 1:
        raise InputError(
            f"found the columns {', '.join(map(repr, wide[:6]))} of lists",
            expected="one of scores, or its name",
            remedy=f"say which: {said}:{wide[0]} (of a frame: frame.select([…]))",
            place=Place(said),
        )
