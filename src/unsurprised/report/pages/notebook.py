"""A page within a notebook: its figures and tables; charts are drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from unsurprised.report.pages.parts import Card, HtmlTable, Page, Section

_CELL = "padding:2px 10px;text-align:left"
_NUMBER = "padding:2px 10px;text-align:right;white-space:nowrap"
_MUTED = f"{_CELL};opacity:.7"
#: Rows of a table that a notebook shows.
_MOST_ROWS = 20


def shown(page: Page) -> str:
    """The page as HTML that loads nothing and runs nothing.

    Parameters
    ----------
    page : Page
        What is said and shown.

    Returns
    -------
    str
        One ``div``; all text is escaped.
    """
    return "".join(
        (
            f"<div><p><strong>{escape(page.headline)}</strong></p>",
            *(f"<p>{escape(line)}</p>" for line in page.says),
            _framed(_card(card) for card in page.cards),
            *(_section(section) for section in page.sections),
            "</div>",
        )
    )


def _section(section: Section) -> str:
    said = [*section.says, *([section.advice] if section.advice else [])]
    tables = [*(chart.table for chart in section.charts), *section.tables]
    inner = "".join([*(f"<p>{escape(line)}</p>" for line in said), *map(_table, tables)])
    return f"<details open><summary>{escape(section.title)}</summary>{inner}</details>"


def _table(table: HtmlTable) -> str:
    looks = [_NUMBER if table.is_number(place) else _CELL for place in range(len(table.header))]
    left = len(table.rows) - _MOST_ROWS
    notes = [table.note, f"{left:,} rows more are on the page." if left > 0 else ""]
    return "".join(
        (
            f"<p>{escape(table.caption)}</p>",
            _framed(
                [
                    _row(table.header, looks, "th"),
                    *(_row([cell.text for cell in row], looks) for row in table.rows[:_MOST_ROWS]),
                ]
            ),
            *(f"<p>{escape(note)}</p>" for note in notes if note),
        )
    )


def _card(card: Card) -> str:
    cells = (card.name, card.value, card.interval, card.definition)
    return _row(cells, (_CELL, _NUMBER, _NUMBER, _MUTED))


def _row(cells: Sequence[str], looks: Sequence[str], tag: str = "td") -> str:
    inner = "".join(
        f'<{tag} style="{look}">{escape(cell)}</{tag}>'
        for cell, look in zip(cells, looks, strict=True)
    )
    return f"<tr>{inner}</tr>"


def _framed(rows: Iterable[str]) -> str:
    inner = "".join(rows)
    return f'<table style="border-collapse:collapse">{inner}</table>' if inner else ""
