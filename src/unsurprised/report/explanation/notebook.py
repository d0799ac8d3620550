"""An explanation as HTML for notebooks: self-contained, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from unsurprised.explanation.result import Explanation
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.sentences import meaning, notes, totals
from unsurprised.report.explanation.text import legend

_TEXT = "padding:2px 10px;text-align:left;white-space:nowrap"
_NUMBER = "padding:2px 10px;text-align:right;white-space:pre;font-variant-numeric:tabular-nums"
_GROUP = "padding:2px 10px;text-align:right;font-weight:normal;opacity:.7"
_FIRST = "border-left:1px solid rgba(128,128,128,.4)"
_MARKED = "font-weight:bold;background:rgba(220,60,60,.15)"
_HAPPENED = "font-weight:bold;background:rgba(80,140,220,.15)"
_TOTAL = "border-top:1px solid rgba(128,128,128,.4);font-weight:bold"


def page(explanation: Explanation) -> str:
    """The explanation as HTML; it loads nothing and runs nothing.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.

    Returns
    -------
    str
        One ``div``; all text that comes from the caller is escaped.
    """
    shown = layout.shown(explanation)
    return "".join(
        (
            "<div>",
            f"<p><strong>{escape(meaning(explanation))}</strong></p>",
            _table(explanation, shown),
            *(f"<p>{escape(line)}</p>" for line in legend(explanation, shown)),
            _totals(explanation),
            *(f"<p>{escape(note)}</p>" for note in notes(explanation)),
            "</div>",
        )
    )


def _table(explanation: Explanation, shown: layout.Shown) -> str:
    groups = layout.grouped(shown.columns)
    spans = "".join(
        f'<th colspan="{len(columns)}" style="{_GROUP};{_FIRST}">{escape(name)}</th>'
        for name, columns in groups
    )
    starts = [index == 0 for _, columns in groups for index in range(len(columns))]
    columns = shown.columns
    lines = [
        f"<tr><th></th>{spans}</tr>",
        _line("outcome", [column.name for column in columns], starts, tag="th"),
    ]
    mark = _MARKED if explanation.happened is None else _HAPPENED
    for index, (name, marked) in enumerate(zip(shown.names, shown.marked, strict=True)):
        cells = [column.cells[index] for column in columns]
        shown_name = f"{name} {layout.MARK}" if marked else name
        lines.append(_line(shown_name, cells, starts, mark if marked else ""))
    if shown.others:
        lines.append(_line(shown.others, [column.others for column in columns], starts))
    lines.append(_line("total", [column.total for column in columns], starts, _TOTAL))
    return _framed(lines)


def _line(
    name: str, cells: Sequence[str], starts: Sequence[bool], style: str = "", tag: str = "td"
) -> str:
    inner = "".join(
        f'<{tag} style="{_NUMBER}{";" + _FIRST if first else ""}">{escape(cell)}</{tag}>'
        for cell, first in zip(cells, starts, strict=True)
    )
    return f'<tr style="{style}"><{tag} style="{_TEXT}">{escape(name)}</{tag}>{inner}</tr>'


def _totals(explanation: Explanation) -> str:
    return _framed(
        f'<tr><td style="{_TEXT}">{escape(line.name)}</td>'
        f'<td style="{_NUMBER}">{escape(line.value)} {escape(line.unit)}</td>'
        f'<td style="{_TEXT};opacity:.7">{escape(line.definition)}</td></tr>'
        for line in totals(explanation)
    )


def _framed(rows: Iterable[str]) -> str:
    return f'<table style="border-collapse:collapse;margin:.5em 0">{"".join(rows)}</table>'
