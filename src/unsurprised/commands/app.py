"""The command ``unsurprised`` with its subcommands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from importlib import import_module
from typing import Annotated, Any

import typer

from unsurprised import __version__
from unsurprised.commands.completion import ShowCompletion
from unsurprised.commands.help import HelpfulCommand, HelpfulGroup
from unsurprised.errors import CallError, shortened

#: Newer versions of typer bring their own copy of click, so the class is found by its heir.
_ClickError: type[typer.BadParameter] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)
#: Characters of what it says, which quotes what was typed.
_MOST = 400

#: The commands by purpose; each is the module of that name.
_PURPOSES = {
    "Measure": ("evaluate", "compare", "fidelity", "check", "drift", "mi", "explain"),
    "Recalibrate": ("calibrate", "apply"),
    "Spread over machines": ("plan", "merge"),
    "Compress": ("encode", "decode"),
}


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


def _unsurprised(
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


class _Program(HelpfulGroup):
    """All commands, of which those that are not run are made when somebody asks for them."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; None if there is none."""
        found = super().get_command(ctx, cmd_name)
        if found is None and any(cmd_name in names for names in _PURPOSES.values()):
            group: Any = typer.main.get_command(program([cmd_name]))
            found = group.commands[cmd_name]
        return found


def program(arguments: Sequence[str] = ()) -> typer.Typer:
    """The command line; with one command alone where the first argument is one.

    Whoever asks for one command need not wait for the others.
    """
    app = typer.Typer(
        cls=_Program,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True, epilog="unsurprised evaluate predictions.parquet")(
        _unsurprised
    )
    asked = arguments[0] if arguments else None
    known = {name: purpose for purpose, names in _PURPOSES.items() for name in names}
    for name in [asked] if asked in known else known:
        module = import_module(f"unsurprised.commands.{name}")
        app.command(
            name,
            cls=HelpfulCommand,
            help=module.HELP,
            epilog="\n".join(module.EXAMPLES),
            rich_help_panel=known[name],
            context_settings=getattr(module, "CONTEXT", None),
        )(_passing(module.command))
    return app
