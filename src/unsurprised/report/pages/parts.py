"""What a page is made of. Text is plain here; the templates escape all of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from unsurprised.report.numbers import ABSENT, Style, interval, number, printable, share
from unsurprised.statistics.estimate import Estimate

#: Letters of a name that a page shows: it must stay small, whatever the data are called.
NAME = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """An entry of a table, and what it is sorted by: a number as scripts read it, or its text."""

    text: str
    sort: str | None = None
    #: How it looks: "more", "less", or nothing.
    mark: str = ""
    #: The element of the page that it leads to.
    anchor: str = ""


def named(name: object, mark: str = "") -> Cell:
    """A name from the data, or a word."""
    return Cell(ABSENT if name is None else printable(name, NAME), mark=mark)


def counting(count: int) -> Cell:
    """How many rows."""
    return Cell(f"{count:,}", str(count))


def amount(value: float | None, *, mark: str = "") -> Cell:
    """A number.

    >>> [(cell.text, cell.sort) for cell in (amount(math.inf), amount(None))]
    [('inf', 'Infinity'), ('–', '-Infinity')]
    """
    return _number(value, number, mark)


def percent(value: float | None) -> Cell:
    """A share."""
    return _number(value, share, "")


def ranged(estimate: Estimate | None, style: Style = "information") -> Cell:
    """The interval of an estimate, sorted by its lower end."""
    if estimate is None:
        return Cell(ABSENT, _sort(math.nan))
    return Cell(interval(estimate, style), _sort(estimate.low))


def _number(value: float | None, shown: Callable[[float], str], mark: str) -> Cell:
    if value is None or math.isnan(value):
        return Cell(ABSENT, _sort(math.nan), mark)
    return Cell(shown(value), _sort(value), mark)


def _sort(value: float) -> str:
    if math.isfinite(value):
        return f"{value:.9g}"
    return "Infinity" if value > 0 else "-Infinity"  # what is not there comes last


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """Rows under a header; numbers stand in the columns between ``names`` and ``words``."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    #: How many columns are text: from the first, and at the end.
    names: int = 1
    words: int = 0
    sortable: bool = False
    searchable: bool = False
    #: How many columns, from the first, stay in view where the table is wider than the screen: what
    #: a row is of, and what decides.
    keeps: int = 1

    def is_number(self, place: int) -> bool:
        """Whether a column (from 0) holds numbers, which are aligned at their right."""
        return self.names <= place < len(self.header) - self.words


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, what it shows in a sentence, and its numbers for those who do not see it."""

    id: str
    label: str
    #: Makes the chart for the page; who does not draw it does not wait for it.
    spec: Callable[[], dict[str, Any]]
    table: HtmlTable
    #: What is chosen below it, as a word for its place; "" where nothing is.
    choice: str = ""
    #: How it uses the room: as wide as there is, a square, or as wide as it must be.
    shape: str = "wide"
    #: The chart whose choice is its own too.
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a figure is, to which others link, and what it is called elsewhere."""

    key: str
    name: str
    text: str
    also: str = ""

    @property
    def anchor(self) -> str:
        """The id of its element."""
        return f"define-{self.key}"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: what is found, the charts and tables, and what the words mean."""

    id: str
    title: str
    says: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[HtmlTable] = ()
    advice: str = ""
    terms: Sequence[tuple[str, str]] = ()
    definitions: Sequence[Definition] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """A figure at the top of the page."""

    name: str
    value: str
    interval: str
    definition: str
    #: The element of the page that defines it.
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page."""

    title: str
    headline: str
    says: Sequence[str]
    cards: Sequence[Card]
    sections: Sequence[Section]
    #: Which result it shows, so that its command knows its own pages.
    result: str = ""
