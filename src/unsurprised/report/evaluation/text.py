"""An evaluation as plain text, at most 100 columns wide: its repr, and what is piped."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import layout, sentences
from unsurprised.report.evaluation.topics import figures, histogram, worst
from unsurprised.report.tables import TextTable

WIDTH = 100
_BAR = 40


def summary(evaluation: Evaluation) -> str:
    """The whole report as text; the same evaluation gives the same text.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.

    Returns
    -------
    str
        Lines of at most 100 characters, without a newline at the end.
    """
    parts = [
        _wrapped(sentences.headline(evaluation)),
        sentences.size(evaluation, WIDTH),
        *(_wrapped(note) for note in sentences.notes(evaluation)),
        "",
        *_figures(evaluation),
        *_histogram(evaluation),
        *(line for table in layout.tables(evaluation) for line in _listed(table)),
        *_worst_rows(evaluation),
        *_missing(evaluation),
    ]
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines()).rstrip()


def _wrapped(text: str, width: int = WIDTH) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)


def _figures(evaluation: Evaluation) -> list[str]:
    shown = figures.groups(evaluation)
    about = figures.definitions(shown, WIDTH)
    groups = [
        [[line.name, line.value, line.interval, about(line)] for line in group] for group in shown
    ]
    header = ["", "", "95 % interval", ""]
    widths = _widths([header, *(row for group in groups for row in group)])
    lines = [_row(header, widths)]
    for group in groups:
        lines += [*(_row(row, widths) for row in group), ""]
    return lines


def _histogram(evaluation: Evaluation) -> list[str]:
    bars = histogram.bars(evaluation)
    if not bars:
        return []
    width = max(len(bar.range) for bar in bars)
    return [
        f"How the surprisal of the rows is spread, in {evaluation.unit}",
        *(
            f"  {bar.range:>{width}}  {histogram.blocks(bar.fill, _BAR):<{_BAR}}  {bar.amount}"
            for bar in bars
        ),
        "",
    ]


def _listed(shown: TextTable) -> list[str]:
    widths = _widths([shown.header, *shown.rows])
    lines = [
        "  ".join(
            f"{cell:>{width}}" if shown.aligned_right(index) else f"{cell:<{width}}"
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        for cells in [shown.header, *shown.rows]
    ]
    note = textwrap.indent(_wrapped(shown.note, WIDTH - 2), "  ")
    return [shown.title, *(f"  {line}"[:WIDTH] for line in lines), *([note] * bool(note)), ""]


def _worst_rows(evaluation: Evaluation) -> list[str]:
    header, rows = worst.table(evaluation)
    if not rows:
        return []
    widths = _widths([header, *rows])
    return [
        "The rows that surprised the model most",
        *(f"  {_row(row, widths)}"[:WIDTH] for row in [header, *rows]),
        "",
    ]


def _missing(evaluation: Evaluation) -> list[str]:
    lines = sentences.missing(evaluation)
    return ["Not reported", *(textwrap.indent(_wrapped(line, 98), "  ") for line in lines)] * bool(
        lines
    )


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
