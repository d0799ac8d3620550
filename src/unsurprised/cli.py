"""The command line: its commands, exit codes, and the one line for whatever is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from unsurprised import __version__
from unsurprised.commands import apply, calibrate, check, compare, decode, encode, evaluate, explain
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.writing import PipeClosedError, standard_output

#: Exit codes: fine; the input or the call was wrong. 1 is kept for checks that fail.
FINE, WRONG = 0, 2
#: What shells report for a program that ended by these signals.
_INTERRUPTED, _PIPE_CLOSED = 130, 141

#: Newer versions of typer bring their own copy of click, so the class is found by its heir.
_ClickError: type[typer.BadParameter] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"unsurprised {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def unsurprised(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Measure, explain and reduce a model's surprise, in bits."""
    if context.invoked_subcommand is None:
        raise CallError("no command given; try: unsurprised evaluate FILE, or unsurprised --help")


for module in (evaluate, compare, check, explain, calibrate, apply, encode, decode):
    name = module.__name__.rsplit(".", 1)[-1]
    settings = getattr(module, "CONTEXT", None)
    app.command(name, help=module.HELP, epilog=module.EPILOG, context_settings=settings)(
        module.command
    )


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; what went wrong is one line on stderr."""
    try:
        code = app(
            args=list(arguments),
            prog_name="unsurprised",
            standalone_mode=False,
            obj=list(arguments),  # pages say which command made them
        )
        with standard_output():
            return code if isinstance(code, int) else FINE
    except UnsurprisedError as error:
        return _wrong(str(error))
    except _ClickError as error:
        where = getattr(getattr(error, "ctx", None), "command_path", "unsurprised")
        return _wrong(f"{error.format_message().rstrip('.')}; see {where} --help")
    except (PipeClosedError, SystemExit):  # the latter is typer's and rich's, for --help
        return _PIPE_CLOSED
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED


def _wrong(message: str) -> int:
    from unsurprised.report.numbers import printable

    print(f"unsurprised: {printable(' '.join(message.split()))}", file=sys.stderr)
    return WRONG


def main() -> None:
    """The entry point of the command ``unsurprised``."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell: >&-
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode still gets the report
    sys.exit(run(sys.argv[1:]))
