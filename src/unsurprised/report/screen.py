"""Lines of text, laid out to a width: as they are for a pipe, with colour for a terminal."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

#: What the first screen of a report fits into.
LINES, WIDTH = 40, 80
#: Text stays readable on a very wide terminal; a narrower one than this wraps by itself.
_WIDEST, _NARROWEST = 110, 40
_NO_BREAK = "\u00a0"


@dataclass(frozen=True, slots=True)
class Line:
    """A line: pieces of text, each with the style that a terminal with colour gives it."""

    pieces: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return "".join(text for text, _ in self.pieces).rstrip()


@dataclass(frozen=True, slots=True)
class Screen:
    """The room that a report has, and what its reader can do next."""

    width: int = WIDTH
    #: All of the report, rather than what fits the first screen.
    full: bool = False
    #: So many of the worst rows, where somebody said how many.
    worst: int | None = None
    #: What was taken from the input, said above the report.
    taken: tuple[Line, ...] = ()
    #: Whether a command made the report, and so no call of Python goes on from it.
    by_command: bool = False
    #: What is no result: what comes next, and where words are explained.
    notes: bool = True
    #: Commands, word by word, that can be pasted, by the name of the step; none in Python.
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)


def columns() -> int:
    """How wide the terminal is, or what ``COLUMNS`` says; 80 where neither is known."""
    found = shutil.get_terminal_size((WIDTH, LINES)).columns
    return max(_NARROWEST, min(found, _WIDEST))


def line(text: str = "", style: str = "") -> Line:
    """A line of one style."""
    return Line(((text, style),))


def plain(lines: Iterable[Line]) -> str:
    """The lines without styles, and without blanks at the end."""
    return "\n".join(map(str, lines)).rstrip()


def titled(title: str, lines: list[Line], width: int) -> list[Line]:
    """Lines under a title, after an empty line; nothing of no lines."""
    return [line(), *wrapped(title, width, "bold"), *lines] if lines else []


def wrapped(
    text: str, width: int, style: str = "", *, first: str = "", rest: str = ""
) -> list[Line]:
    """A text in lines of at most ``width`` columns; a percentage stays in one piece.

    >>> [str(line) for line in wrapped("all of 64.61 % of it", 15, rest="  ")]
    ['all of 64.61 %', '  of it']
    """
    rows, words = [first], 0
    for word in text.replace(" %", f"{_NO_BREAK}%").split(" "):
        longer = rows[-1] + " " * bool(words) + word
        if wide(longer) <= width:
            rows[-1], words = longer, words + 1
            continue
        if not words:
            rows.pop()
        parts = _parts(word, width - wide(rest))
        rows, words = [*rows, *(rest + part for part in parts)], 1
    return [line(row.replace(_NO_BREAK, " "), style) for row in rows]


def _parts(word: str, width: int) -> list[str]:
    """A word in parts that fit."""
    parts = [""]
    for letter in word:
        if parts[-1] and wide(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts


def joined(
    parts: Iterable[str], width: int, style: str = "", *, first: str = "", rest: str = ""
) -> list[Line]:
    """Parts with dots between them; a line ends between two where it can."""
    rows: list[str] = []
    for part in parts:
        longer = f"{rows[-1]} · {part}" if rows else part
        if rows and wide(longer) <= width - max(wide(first), wide(rest)):
            rows[-1] = longer
        else:
            rows.append(part)
    return [
        piece
        for index, row in enumerate(rows)
        for piece in wrapped(row, width, style, first=rest if index else first, rest=rest)
    ]


def first_fitting(made: Iterable[Callable[[], list[Line]]], width: int) -> list[Line]:
    """The first of several texts that fits the screen, else the last."""
    found: list[Line] = []
    for make in made:
        found = make()
        if len(found) <= LINES * max(1, WIDTH / width):  # a narrow screen is scrolled
            break
    return found


def sized_for(
    screen: Screen,
    sized: Callable[..., list[Line]],
    full: tuple[Any, ...],
    sizes: Iterable[tuple[Any, ...]],
) -> list[Line]:
    """A text of the full size where all is to be said, else of the first size that fits."""
    if screen.full:
        return sized(*full)
    return first_fitting((partial(sized, *size) for size in sizes), screen.width)


def wide(text: str) -> int:
    """How many columns of a screen a text takes.

    >>> wide("cat"), wide("猫"), wide("é")
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def cut(text: str, width: int) -> str:
    """A text that takes at most ``width`` columns.

    >>> cut("a long name", 7), cut("猫猫猫猫", 5)
    ('a long…', '猫猫…')
    """
    if wide(text) <= width:
        return text
    while wide(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def padded(text: str, width: int) -> str:
    """A text with spaces after it."""
    return text + " " * (width - wide(text))
