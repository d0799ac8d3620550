"""``--help``: options in panels by purpose, in two columns or, on a narrow terminal, in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from unsurprised.commands.panels import EXAMPLES, SHOWS, VALUES

if TYPE_CHECKING:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

_ARGUMENTS = "What to read"
#: Longer lines are not read with ease; in fewer columns an option has a line of its own.
_WIDEST, _NARROW = 100, 72
#: Columns of names; longer ones are broken.
_NAMES = 24


class HelpfulCommand(TyperCommand):
    """A command whose help says what options are for rather than what type Python gives them."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(_helped(self, ctx))


class HelpfulGroup(TyperGroup):
    """The program, whose help has its commands by purpose."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        formatter.write(_helped(self, ctx))


def _helped(command: TyperCommand | TyperGroup, context: Any) -> str:
    """The help of a command, with colour where standard output is a terminal."""
    from rich.console import Console  # costs 50 ms
    from rich.text import Text

    console = Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    with console.capture() as written:
        console.print(Text.assemble("Usage: ", (_usage(command, context), "bold")))
        for paragraph in (command.help or "").split("\n\n"):
            console.print(Text(f"\n{paragraph}"))
        console.print()
        panels = list(_panels(command, context))
        names = max(len(name) for _, rows, _ in panels for name, _ in rows)
        for title, rows, example in panels:
            table = _table(rows, None if console.width < _NARROW else min(names, _NAMES))
            console.print(_panel(title, table, example))
        if command.epilog:
            console.print("\nExamples" if "\n" in command.epilog else "\nExample", style="bold")
            for line in command.epilog.split("\n"):
                console.print(Text(pasteable(line, console.width)))
    return "\n".join(line.rstrip() for line in written.get().rstrip().split("\n"))


def pasteable(line: str, width: int) -> str:
    r"""A command line, indented and broken so that a shell takes it as one.

    >>> print(pasteable("unsurprised evaluate a.parquet --by country", 36))
      unsurprised evaluate a.parquet \
          --by country
    """
    # An option and its value stay on one line.
    words = line.replace(" --", "\0--").split("\0")
    lines = [f"  {words[0]}"]
    for word in words[1:]:
        if len(lines[-1]) + len(word) + 1 <= width - 2:
            lines[-1] += f" {word}"
        else:
            lines.append(f"      {word}")
    return " \\\n".join(lines)


def _usage(command: TyperCommand | TyperGroup, context: Any) -> str:
    if isinstance(command, TyperGroup):
        return f"{context.command_path} COMMAND [OPTIONS]"
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    named = [parameter.metavar or parameter.name.upper() for parameter in arguments]
    return " ".join([context.command_path, *named, "[OPTIONS]"])


def _panels(
    command: TyperCommand | TyperGroup, context: Any
) -> Iterable[tuple[str, list[tuple[Text, Text]], str]]:
    """The title, the rows and an example of each panel."""
    from rich.text import Text

    parameters = [one for one in command.get_params(context) if not getattr(one, "hidden", False)]
    arguments = [one for one in parameters if isinstance(one, TyperArgument)]
    options = [one for one in parameters if isinstance(one, TyperOption)]
    if arguments:
        yield _ARGUMENTS, [_row(argument) for argument in arguments], ""
    if isinstance(command, TyperGroup):
        purposes: dict[str, list[tuple[Text, Text]]] = {}
        for one in command.commands.values():
            row = Text(str(one.name), "bold cyan"), Text((one.help or "").split("\n\n")[0])
            purposes.setdefault(str(getattr(one, "rich_help_panel", "")), []).append(row)
        yield from ((title, rows, "") for title, rows in purposes.items())
    titles = [*EXAMPLES, *(one.rich_help_panel or SHOWS for one in options)]
    for title in dict.fromkeys(titles):
        here = [one for one in options if (one.rich_help_panel or SHOWS) == title]
        values = {name: one.metavar or "" for one in here for name in one.opts}
        shown = [text for text in EXAMPLES.get(title, ()) if _is_of(text, values)]
        if here:
            yield title, [_row(one) for one in here], "  ".join(shown)


def _is_of(example: str, values: dict[str, str]) -> bool:
    """Whether an example is of one of these options, whose values are called so."""
    name = example.partition(" ")[0]
    return name in values and values[name] == VALUES.get(example, values[name])


def _row(parameter: TyperArgument | TyperOption) -> tuple[Text, Text]:
    """What a parameter is called, and what it is for."""
    from rich.text import Text

    value = parameter.metavar
    if isinstance(parameter, TyperArgument):
        name = Text(value or parameter.name.upper(), "bold cyan")
    else:
        # The short name first, as people look for it.
        names = ", ".join(sorted(parameter.opts, key=len))
        name = Text(names, "bold cyan")
        if value and not parameter.is_flag:
            name.append(f" {value}", "yellow")
    text = Text(parameter.help or "")
    default = parameter.default
    if parameter.show_default and default not in (None, False, (), []):
        said = default.value if isinstance(default, Enum) else default
        text.append(f" [default: {said}]", "dim")
    if parameter.required and isinstance(parameter, TyperOption):
        text.append(" [required]", "dim")
    return name, text


def _table(rows: Sequence[tuple[Text, Text]], names: int | None) -> Table:
    """Names beside their texts, in so many columns; above them where there is no room."""
    from rich.padding import Padding
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0), expand=True)
    table.add_column(width=names, overflow="fold")
    if names is None:
        for name, text in rows:
            table.add_row(name)
            table.add_row(Padding(text, (0, 0, 0, 4)))
        return table
    table.add_column(ratio=1, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _panel(title: str, table: Table, example: str) -> Panel:
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    said = [Text(f"e.g.  {example}", "dim")] if example else []
    return Panel(Group(table, *said), title=title, title_align="left", border_style="dim")
