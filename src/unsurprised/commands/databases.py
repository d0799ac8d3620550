"""``--db`` and ``--query``: what a database answers, in place of files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands.panels import HOLDS
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from unsurprised.sources.databases import Query

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="ADDRESS|FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="In place of files: a database, as postgresql://user@host/name, or a file of SQLite "
        "or DuckDB.",
    ),
]
QueryText = Annotated[
    str | None,
    typer.Option(
        "--query",
        metavar="SQL|@FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="With --db, the query whose rows are read; or a file that holds it.",
    ),
]


def source_of(
    context: typer.Context, files: Sequence[str] | None, or_else: str = ""
) -> list[str] | Query:
    """The files of a command, or the query in their place; an error where there is neither.

    ``or_else`` is what may stand in the place of files besides.
    """
    database, query = context.params["db"], context.params["query"]
    if database is None and query is None:
        if not files:
            raise CallError(
                f"Missing argument 'FILE...'{or_else}, or --db and --query in its place; see "
                f"{context.command_path} --help"
            )
        return list(files)
    if database is None or query is None:
        told, lacking = ("--query", "--db") if database is None else ("--db", "--query")
        raise CallError(f"{told} goes with {lacking}, which is not given; expected both")
    if files:
        raise CallError(f"{files[0]} does not go with --db: rows come from one of them")
    from unsurprised.sources.databases import Query  # pyarrow is slow

    return Query(database, _text(query))


def names_of(source: list[str] | Query) -> list[str]:
    """The files that are named, for what concerns files alone."""
    return source if isinstance(source, list) else []


def files_of(context: typer.Context, source: list[str] | Query) -> list[str]:
    """Files that a query is read from, which outputs must not be."""
    if isinstance(source, list):
        return []
    query = str(context.params["query"])
    return [file for file in (source.file, query[1:] if query.startswith("@") else None) if file]


def _text(query: str) -> str:
    """A query, or what stands in the file that it names."""
    if not query.startswith("@"):
        return query
    try:
        return Path(query[1:]).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise CallError(f"--query {query}: cannot be read: {reason}") from None
