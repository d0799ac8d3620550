"""The command ``unsurprised`` with its subcommands."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from unsurprised import __version__
from unsurprised.commands import (
    apply,
    calibrate,
    check,
    compare,
    decode,
    encode,
    evaluate,
    explain,
    fidelity,
)
from unsurprised.commands.completion import ShowCompletion
from unsurprised.commands.help import HelpfulCommand, HelpfulGroup
from unsurprised.errors import CallError, shortened

#: Newer versions of typer bring their own copy of click, so the class is found by its heir.
_ClickError: type[typer.BadParameter] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
#: Characters of what it says, which quotes what was typed.
_MOST = 400

app = typer.Typer(
    cls=HelpfulGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Passed(BaseException):
    """Carries an exception of a command through the parser, which would take it for its own."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


def _passing(command: Callable[..., None]) -> Callable[..., None]:
    @wraps(command)
    def passing(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except (EOFError, KeyboardInterrupt) as error:
            raise Passed(error) from None

    return passing


def said_of(error: Exception) -> str | None:
    """The line for what the parser of the command line refuses; None for any other error."""
    if not isinstance(error, _ClickError):
        return None
    where = getattr(getattr(error, "ctx", None), "command_path", "unsurprised")
    said = shortened(error.format_message().rstrip("."), _MOST, tail=_MOST // 2)
    return f"{said}; see {where} --help"


def _print_version(asked: bool) -> None:
    if asked:
        print(f"unsurprised {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog="unsurprised evaluate predictions.parquet")
def unsurprised(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
    show_completion: ShowCompletion = None,
) -> None:
    """Measure, explain and reduce a model's surprise, in bits."""
    if context.invoked_subcommand is None:
        raise CallError("no command given; try: unsurprised evaluate FILE, or unsurprised --help")


for purpose, modules in {
    "Measure": (evaluate, compare, fidelity, check, explain),
    "Recalibrate": (calibrate, apply),
    "Compress": (encode, decode),
}.items():
    for module in modules:
        app.command(
            module.__name__.rsplit(".", 1)[-1],
            cls=HelpfulCommand,
            help=module.HELP,
            epilog="\n".join(module.EXAMPLES),
            rich_help_panel=purpose,
            context_settings=getattr(module, "CONTEXT", None),
        )(_passing(module.command))
