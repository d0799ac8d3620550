"""The page of drift: which columns moved, what they are made of, how they were and are."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.dataset_drift.result import ColumnDrift, Drift
from unsurprised.report.drift import histograms, windows
from unsurprised.report.drift.words import made_of, name_of, reason_of, sentence, sizes
from unsurprised.report.numbers import interval, number, p_value, printable, valued
from unsurprised.report.pages.parts import (
    NAME,
    Card,
    Cell,
    HtmlTable,
    Page,
    Section,
    amount,
    ranged,
)

#: Columns that have a chart, and those that a table lists.
_MOST_CHARTS, _MOST_ROWS = 20, 1000
_MOST_CARDS = 4


def page(drift: Drift) -> Page:
    """What the page of drift says.

    Parameters
    ----------
    drift : Drift
        What :func:`unsurprised.drift` returned.
    """
    sections = [_columns(drift), _histograms(drift), windows.section(drift), _moved(drift),
                _apart(drift)]  # fmt: skip
    return Page(
        "Has the data drifted?",
        sentence(drift),
        [sizes(drift), *drift.notes],
        [_card(column) for column in drift.columns[:_MOST_CARDS]],
        [section for section in sections if section is not None],
        result="drift",
    )


def _card(column: ColumnDrift) -> Card:
    said = made_of(column) if column.drifted else "no drift found"
    return Card(
        name_of(column),
        valued(column.drift, "information"),
        interval(column.drift, "information"),
        said,
    )


def _columns(drift: Drift) -> Section | None:
    if not drift.columns:
        return None
    left = len(drift.columns) - _MOST_ROWS
    table = HtmlTable(
        "All columns that are compared",
        ["column", "verdict", "bits", "95 % interval", "p", "q", "PSI", "its noise",
         "made of"],
        [_row(column) for column in drift.columns[:_MOST_ROWS]],
        f"{left:,} more are in the JSON." if left > 0 else "",
        names=2,
        words=1,
        keeps=2,
        sortable=True,
        searchable=len(drift.columns) > _MOST_CHARTS,
    )  # fmt: skip
    return Section("columns", "Which columns moved?", tables=[table], terms=_TERMS)


def _row(column: ColumnDrift) -> list[Cell]:
    return [
        Cell(printable(column.name, NAME)),
        Cell("drifted", mark="more") if column.drifted else Cell("no drift found"),
        amount(column.drift.value),
        ranged(column.drift),
        Cell(p_value(column.p_value), f"{column.p_value:.9g}"),
        Cell(p_value(column.q_value), f"{column.q_value:.9g}"),
        amount(column.psi),
        amount(column.psi_noise),
        Cell(made_of(column) if column.drifted else ""),
    ]


def _histograms(drift: Drift) -> Section | None:
    drifted = drift.drifted[:_MOST_CHARTS]
    if not drifted:
        return None
    left = len(drift.drifted) - len(drifted)
    says = [f"The {len(drifted)} with the most bits of {len(drift.drifted)}."] if left else []
    figures = [histograms.figure(column, place) for place, column in enumerate(drifted)]
    return Section("cells", "How were they, and how are they?", says, charts=figures)


def _moved(drift: Drift) -> Section | None:
    if not drift.moved:
        return None
    rows: Sequence[Sequence[Cell]] = [
        [
            Cell(each.name),
            amount(each.base.value),
            amount(each.new.value),
            amount(each.difference.value),
            ranged(each.difference),
            Cell(number(each.p_value), f"{each.p_value:.9g}"),
        ]
        for each in drift.moved
    ]
    table = HtmlTable(
        "Base and new", ["figure", "base", "new", "new − base", "95 % interval", "p"], rows
    )
    return Section("model", "Did the model's surprise move?", tables=[table])


def _apart(drift: Drift) -> Section | None:
    if not drift.apart:
        return None
    rows = [
        [Cell(printable(column.name, NAME)), Cell(reason_of(column)),
         Cell(printable(column.said, 2 * NAME))]
        for column in drift.apart[:_MOST_ROWS]
    ]  # fmt: skip
    table = HtmlTable("Columns without bits", ["column", "why", "found"], rows, names=3)
    return Section("apart", "What is not compared?", tables=[table])


_TERMS = (
    (
        "bits",
        "Jensen–Shannon divergence of the column's shares in the two data sets, which weigh alike, "
        "less what chance makes of samples of their size: what one row tells about which of the "
        "two it is from, from 0 to 1. Below 0 there is less than chance makes.",
    ),
    (
        "p, q",
        "The share of permutations of the rows that part the data as much, and the least false "
        "discovery rate, over all columns, at which the column is said to have drifted (Benjamini "
        "and Hochberg, 1995).",
    ),
    (
        "PSI, its noise",
        "Population stability index over the same cells, in nats, half a row added to each; and "
        "what it is above in 5 % of comparisons without any drift.",
    ),
)
