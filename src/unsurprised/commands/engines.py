"""``--engine``: what runs the work of a command, connected to for it, and let go of with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

import typer

from unsurprised.addresses import without_secrets
from unsurprised.commands.panels import SHOWS
from unsurprised.errors import STANDARD_INPUT, CallError, shortened

Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME|ADDRESS",
        show_default=False,
        rich_help_panel=SHOWS,
        help="What reads the files, to the same result, in place of the threads of this process: "
        "processes (or processes:4), dask://HOST:PORT, ray, spark or spark://HOST:PORT.",
    ),
]
ExchangeFolder = Annotated[
    str | None,
    typer.Option(
        "--exchange",
        metavar="FOLDER",
        show_default=False,
        rich_help_panel=SHOWS,
        help="With --engine and --id, a folder that all machines reach, or an address in a store, "
        "such as s3://bucket/tmp: through it workers match the rows, which else come here. Nothing "
        "is left in it.",
    ),
]
_MOST = 80


def refuse_read_here(context: typer.Context, *files: str | None) -> None:
    """Raise where ``--engine`` stands beside what this process alone reads, ``files`` among it."""
    told = context.params
    if told["engine"] is None:
        return
    if told.get("db") is not None:
        raise CallError(
            "--engine does not go with --db, whose answer this process alone reads; write it to "
            "Parquet files, which workers open too, and name these"
        )
    if STANDARD_INPUT in (*files, *(told.get("files") or told.get("models") or ())):
        raise CallError(
            "--engine does not go with - (standard input), which this process alone reads; write "
            "it to a file, which workers open too, and name that"
        )


@contextmanager
def engine_of(name: str | None) -> Iterator[Any]:
    """The engine of ``--engine``, until the work is done or has failed; None where none is told."""
    if name is None:
        yield None
        return
    from unsurprised.engines.named import opener_of

    with ExitStack() as stack:
        try:
            engine = stack.enter_context(opener_of(name))
        except CallError as error:
            shown = shortened(without_secrets(name), _MOST)
            raise CallError(f"--engine {shown}: {error}") from None
        yield engine
