"""Lines on a terminal, with colour where it has any; as they are where there is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from unsurprised.report.screen import Line, plain

if TYPE_CHECKING:
    from rich.console import Console


def put(lines: Iterable[Line]) -> None:
    """Print lines to standard output."""
    if not sys.stdout.isatty():
        print(plain(lines))
        return
    from rich.console import Console  # rich costs 50 ms

    show(lines, Console(highlight=False))


def show(lines: Iterable[Line], console: Console) -> None:
    """Print lines with their styles; none is wrapped anew."""
    from rich.text import Text

    for line in lines:
        text = Text.assemble(*line.pieces)
        text.rstrip()
        console.print(text, soft_wrap=True)
