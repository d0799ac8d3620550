"""Lists in a file, whatever it is: responses of servers, or a long table."""

from __future__ import annotations

import os
from typing import Any

from unsurprised.errors import CallError
from unsurprised.language_models.artefacts.list_table import list_table
from unsurprised.language_models.artefacts.server_lists import server_lists
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.sources.frames import is_frame
from unsurprised.sources.places import is_folder, named_path, plain

_TABLES = (".csv", ".tsv", ".tab", ".parquet", ".pq", ".parq", ".arrow", ".feather", ".ipc",
           ".arrows", ".ipcs")  # fmt: skip


def read_top_logprobs(
    source: Any,
    *,
    part: str | None = None,
    column: str | None = None,
    vocabulary: int | None = None,
    unknown: float | None = DEFAULT_UNKNOWN,
) -> TopLogProbs:
    """Read the log-probabilities of likely tokens that a server or a table has.

    Parameters
    ----------
    source : path or data frame
        Responses as JSON, JSON lines (OpenAI's batches too) or a folder of either: chat
        completions, completions, vLLM's ``prompt_logprobs``, llama.cpp's server. Or a long table
        (Parquet, CSV, Arrow, a frame) with columns ``position``, ``token``, ``logprob``, and where
        there are any ``document``, ``rank`` and ``target``.
    part : {"prompt", "completion"}, optional
        Which tokens to take of responses that hold both.
    column : str, optional
        The log-probabilities' column of a table, if it is called otherwise. Of a table with one row
        a token and no ranks they are those of the tokens that came, in their order.
    vocabulary : int, optional
        How many tokens there are at all.
    unknown : float or None, default -9999.0
        The value that means "not known".

    Raises
    ------
    InputError
        With the file, the row, the field, what was found and what was expected.

    Examples
    --------
    >>> import pyarrow as pa
    >>> columns = {"position": [0, 0], "token": ["a", "b"], "logprob": [-0.5, -1.5]}
    >>> read_top_logprobs(pa.table(columns))
    TopLogProbs(tokens=1, documents=1)
    """
    if isinstance(source, str | os.PathLike):
        path = plain(os.fspath(source))
        if named_path(path).suffix.lower() in _TABLES and not is_folder(path):
            _no_part(part)
            return list_table(path, column=column, vocabulary=vocabulary, unknown=unknown)
        if column is not None:
            raise CallError(f"column={column!r} is for tables; responses of servers have none")
        return server_lists(path, part=part, vocabulary=vocabulary, unknown=unknown)
    if not is_frame(source):
        raise CallError(
            f"read_top_logprobs({type(source).__name__}); expected a path or a data frame; lists "
            "at hand are TopLogProbs(tokens, logprobs)"
        )
    _no_part(part)
    return list_table(source, column=column, vocabulary=vocabulary, unknown=unknown)


def _no_part(part: str | None) -> None:
    if part is not None:
        raise CallError(f"part={part!r} is for responses of servers; a table has no parts")
