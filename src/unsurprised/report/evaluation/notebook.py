"""An evaluation as an HTML table for notebooks: self-contained, everything escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import layout, sentences
from unsurprised.report.evaluation.topics import figures, histogram, worst
from unsurprised.report.tables import TextTable

_CELL = "padding:2px 10px;text-align:left"
_NUMBER = "padding:2px 10px;text-align:right;white-space:nowrap"
_MUTED = f"{_CELL};opacity:.7"
_GROUP = "border-top:1px solid rgba(128,128,128,.4)"
_BAR = "display:inline-block;height:.8em;background:currentColor;opacity:.5"


def table(evaluation: Evaluation) -> str:
    """The report as HTML; it loads nothing and runs nothing.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.

    Returns
    -------
    str
        One ``div``; all text that comes from the data is escaped.
    """
    return "".join(
        (
            "<div>",
            f"<p><strong>{escape(sentences.headline(evaluation))}</strong><br>",
            f"{escape(sentences.size(evaluation))}</p>",
            *(f"<p>{escape(note)}</p>" for note in sentences.notes(evaluation)),
            _figures(evaluation),
            _histogram(evaluation),
            *map(_listed, layout.tables(evaluation)),
            _listed(worst.table(evaluation)),
            _missing(evaluation),
            "</div>",
        )
    )


def _figures(evaluation: Evaluation) -> str:
    body = [_row(("", "", "95 % interval", ""), tag="th")]
    for group in figures.groups(evaluation):
        for index, line in enumerate(group):
            cells = (line.name, line.value, line.interval, line.definition)
            body.append(_row(cells, style="" if index else _GROUP))
    return _table(body)


def _row(cells: tuple[str, ...], tag: str = "td", style: str = "") -> str:
    styles = (_CELL, _NUMBER, _NUMBER, _MUTED)
    inner = "".join(
        f'<{tag} style="{look}">{_indented(cell)}</{tag}>'
        for cell, look in zip(cells, styles, strict=True)
    )
    return f'<tr style="{style}">{inner}</tr>'


def _indented(text: str) -> str:
    bare = text.lstrip(" ")
    return "&emsp;" * ((len(text) - len(bare)) // 2) + escape(bare)


def _histogram(evaluation: Evaluation) -> str:
    bars = histogram.bars(evaluation)
    if not bars:
        return ""
    rows = [
        f'<tr><td style="{_NUMBER}">{escape(bar.range)}</td>'
        f'<td style="{_CELL};width:20em">'
        f'<span style="{_BAR};width:{100 * bar.fill:.1f}%"></span></td>'
        f'<td style="{_NUMBER}">{escape(bar.amount)}</td></tr>'
        for bar in bars
    ]
    title = f"How the surprisal of the rows is spread, in {evaluation.unit}"
    return _details(title, _table(rows))


def _listed(shown: TextTable) -> str:
    if not shown.rows:
        return ""
    lines = [_cells(shown.header, "th"), *(_cells(row, "td") for row in shown.rows)]
    note = f"<p>{escape(shown.note)}</p>" if shown.note else ""
    return _details(shown.title, _table(lines) + note)


def _cells(cells: Iterable[str], tag: str) -> str:
    inner = "".join(f'<{tag} style="{_CELL}">{escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{inner}</tr>"


def _missing(evaluation: Evaluation) -> str:
    lines = sentences.missing(evaluation)
    if not lines:
        return ""
    return _details("Not reported", "".join(f"<p>{escape(line)}</p>" for line in lines))


def _table(rows: Iterable[str]) -> str:
    return f'<table style="border-collapse:collapse">{"".join(rows)}</table>'


def _details(title: str, inner: str) -> str:
    return f"<details open><summary>{escape(title)}</summary>{inner}</details>"
