"""Options of commands that read the log-probabilities of a text."""

from __future__ import annotations

from typing import Annotated

import typer

from unsurprised.commands.completion import columns
from unsurprised.commands.panels import HOLDS, MEANS

Units = Annotated[
    list[str] | None,
    typer.Option(
        "--units",
        metavar="UNIT",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="With --logprob, of a text: its bits by token, word, byte or character, as columns "
        "of numbers or texts have them: bytes, words=n_words; may be given several times.",
    ),
]
Unknown = Annotated[
    float | None,
    typer.Option(
        "--unknown",
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEANS,
        help="With --units: the log-probability that means not known; -9999 by default.",
    ),
]
