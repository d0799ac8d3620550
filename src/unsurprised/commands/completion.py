"""Completion for shells: the script that asks for it, and the answers."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands.panels import SHOWS
from unsurprised.commands.shells import VARIABLE

if TYPE_CHECKING:
    from typer import Typer

_PROGRAM = "unsurprised"


class Shell(StrEnum):
    """A shell that completes."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def _print_script(shell: Shell | None) -> None:
    if shell is None:
        return
    # Typer's own option asks the processes which shell it is, and comes with one that installs.
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    print(get_completion_script(prog_name=_PROGRAM, complete_var=VARIABLE, shell=shell.value))
    raise typer.Exit


#: Only shown: whose files it goes to is for their owner to say.
ShowCompletion = Annotated[
    Shell | None,
    typer.Option(
        "--show-completion",
        metavar="bash|zsh|fish",
        show_default=False,
        callback=_print_script,
        is_eager=True,
        rich_help_panel=SHOWS,
        help="Print a script that completes commands, options and their words; for bash:  "
        'eval "$(unsurprised --show-completion bash)"',
    ),
]


def columns(incomplete: str) -> list[str]:
    """The columns of the last file on the line, where nothing has to be read for it but its head.

    Those that a shell would take apart are left out.
    """
    # As the scripts hand it over: bash a word a line, the others the line.
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    with suppress(Exception):  # completion never complains
        words = [re.sub(r":-?\d+$", "", word) for word in shlex.split(line)]
        files = [word for word in words if Path(word).is_file()]
        if files:
            from unsurprised.sources.formats import opened  # pyarrow is slow

            names = opened(files[-1]).schema.names
            return [n for n in names if n.startswith(incomplete) and shlex.quote(n) == n]
    return []


def answer(app: Typer) -> int:
    """Print what may stand where the cursor is; 0 where there is anything."""
    from typer.completion import completion_init  # type: ignore[attr-defined]

    completion_init()
    try:
        app(args=[], prog_name=_PROGRAM)
    except SystemExit as end:
        # 1 is the exit code of checks alone.
        return 2 if end.code else 0
    return 0
