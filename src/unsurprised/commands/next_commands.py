"""Commands that go on from this one, with the same files and the same options."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unsurprised.addresses import without_password
from unsurprised.commands.told import is_told
from unsurprised.errors import STANDARD_INPUT
from unsurprised.report.screen import Screen, columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    import typer

    from unsurprised.sources import Reading

#: What a command writes, and how much it says, is asked anew.
_OF_ONE_CALL = frozenset(
    ("json", "html", "junit", "chart", "save", "out", "overwrite", "top", "full", "method", "quiet")
)
#: Commands that match the rows of two files without --truth.
_OF_TWO_MODELS = ("compare", "check")
#: More files than these are not written out.
_MOST_FILES = 4
#: Columns that name rows rather than groups of them.
_IDS = ("id", "row_id", "uuid", "index")


def next_command(
    context: typer.Context,
    name: str,
    files: Sequence[str],
    *more: str,
    without: Iterable[str] = (),
) -> tuple[str, ...]:
    """A command on files, with the options of this call that it has too.

    Parameters
    ----------
    context : typer.Context
        This call.
    name : str
        The command.
    files : sequence of str
        What it reads.
    *more : str
        Options, and their values, besides.
    without : iterable of str
        Options of this call, by the names of their parameters, that it does not take.
    """
    shown = list(files) if len(files) <= _MOST_FILES else [files[0], "..."]
    left_out = {*_OF_ONE_CALL, *without}
    if context.params.get("truth") is None and name not in _OF_TWO_MODELS:
        left_out.add("join")  # one file alone is matched with nothing
    return ("unsurprised", name, *shown, *_options(context, name, left_out), *more)


def _options(context: typer.Context, name: str, without: set[str]) -> Iterator[str]:
    """What was said in this call, as the other command calls it."""
    told = [parameter for parameter in context.command.params if is_told(context, parameter.name)]
    if all(parameter.param_type_name == "argument" for parameter in told):
        return  # and the other command need not be made for it
    group: Any = context.find_root().command
    other = group.get_command(context, name)
    others = {option for parameter in other.params for option in parameter.opts}
    for parameter in told:
        names = (option for option in parameter.opts if option.startswith("-"))
        shared = next((option for option in names if option in others), None)
        if shared is None or parameter.name in without:
            continue
        value = context.params[parameter.name or ""]
        if value is True:
            yield shared
        for each in [] if value is True else value if isinstance(value, list) else [value]:
            yield from (shared, without_password(str(each)))


def screen_of(
    context: typer.Context, reading: Mapping[str, str], commands: Mapping[str, Sequence[str]]
) -> Screen:
    """The screen as wide as the terminal, or as ``COLUMNS`` says, with what was asked for.

    No command goes on from standard input, which is gone; and quiet is the result alone.
    """
    from unsurprised.report.choices import choice_lines

    quiet = bool(context.params.get("quiet"))
    if quiet:
        reading, commands = {}, {}
    commands = {name: words for name, words in commands.items() if not any(map(_is_piped, words))}
    width = columns()
    worst = context.params["top"] if is_told(context, "top") else None
    return Screen(
        width,
        full=bool(context.params.get("full")),
        worst=worst,
        by_command=True,
        notes=not quiet,
        taken=tuple(choice_lines(reading, width)) if reading else (),
        commands=commands,
    )


def _is_piped(word: str) -> bool:
    return word == STANDARD_INPUT or word.startswith(f"{STANDARD_INPUT}:")


def groups_of(reading: Reading) -> str | None:
    """A column of the input that rows could be sliced by."""
    likely = (name for name in reading.unused_columns if name.lower() not in _IDS)
    return next(likely, None)
