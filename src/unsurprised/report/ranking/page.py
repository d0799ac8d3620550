"""The page of a ranking: which columns tell something, as bars and as a table."""

from __future__ import annotations

from unsurprised.column_ranking.result import InformationRanking
from unsurprised.estimate.ranking import RankedColumn
from unsurprised.report.numbers import interval, p_value, printable, share, valued
from unsurprised.report.pages.parts import (
    NAME,
    Card,
    Cell,
    HtmlTable,
    Page,
    Section,
    amount,
    counting,
    percent,
    ranged,
)
from unsurprised.report.ranking import bars, pictures
from unsurprised.report.ranking.words import (
    kind_of,
    name_of,
    notes_of,
    p_of,
    sentence,
    sizes,
)

#: Columns that the table lists, and those that have a card.
_MOST_ROWS, _MOST_CARDS = 1000, 4
_MANY = 20


def page(ranking: InformationRanking) -> Page:
    """What the page of a ranking says.

    Parameters
    ----------
    ranking : InformationRanking
        What :func:`unsurprised.mi` returned.
    """
    sections = [
        _columns(ranking),
        pictures.section(ranking),
        _redundancy(ranking),
        _apart(ranking),
        _notes(ranking),
    ]
    return Page(
        f"What tells of {printable(ranking.y, NAME)}?",
        sentence(ranking),
        [sizes(ranking), *map(printable, ranking.notes)],
        [_card(column) for column in ranking.informative[:_MOST_CARDS]],
        [section for section in sections if section is not None],
        result="ranking",
    )


def _card(column: RankedColumn) -> Card:
    found = column.information
    if found is None:
        return Card(name_of(column), "", "", column.reason)
    part = "" if column.share != column.share else f"{share(column.share)} of H(y)"
    shown = interval(found, "information")
    return Card(name_of(column), valued(found, "information"), shown, part)


def _columns(ranking: InformationRanking) -> Section | None:
    if not ranking.columns:
        return None
    left = len(ranking.columns) - _MOST_ROWS
    table = HtmlTable(
        "All columns that are tested",
        [
            "column",
            "verdict",
            ranking.unit,
            "95 % interval",
            "p",
            "q",
            "share of H(y)",
            "rows",
            "holds",
        ],
        [_row(ranking, column) for column in ranking.columns[:_MOST_ROWS]],
        f"{left:,} more are in the JSON." if left > 0 else "",
        names=2,
        words=1,
        keeps=2,
        sortable=True,
        searchable=len(ranking.columns) > _MANY,
    )
    title = "Which columns tell something?"
    return Section("columns", title, charts=[bars.figure(ranking, table)], terms=_TERMS)


def _row(ranking: InformationRanking, column: RankedColumn) -> list[Cell]:
    found, p, q = column.information, p_of(column), column.q_value
    told = q <= ranking.fdr
    return [
        Cell(printable(column.name, NAME)),
        Cell("tells something", mark="more") if told else Cell("nothing found"),
        amount(None if found is None else found.value),
        ranged(found),
        Cell(p_value(p), f"{p:.9g}"),
        Cell(p_value(q), f"{q:.9g}"),
        percent(column.share),
        counting(0 if found is None else found.rows),
        Cell(printable(kind_of(column), NAME)),
    ]


def _redundancy(ranking: InformationRanking) -> Section | None:
    if not ranking.redundancy:
        return None
    rows = [
        [
            Cell(printable(each.name, NAME)),
            Cell(printable(each.other, NAME)),
            amount(each.shared.value),
            amount(each.beyond.value),
            ranged(each.beyond),
        ]
        for each in ranking.redundancy[:_MOST_ROWS]
    ]
    header = ["column", "shares most with", f"{ranking.unit} shared", "tells beyond it",
              "95 % interval"]  # fmt: skip
    table = HtmlTable("Each column beside those above it", header, rows, names=2, sortable=True)
    return Section("redundancy", "What do they tell in common?", tables=[table])


def _apart(ranking: InformationRanking) -> Section | None:
    if not ranking.apart:
        return None
    rows = [
        [Cell(printable(column.name, NAME)), Cell(printable(column.reason, 3 * NAME))]
        for column in ranking.apart[:_MOST_ROWS]
    ]
    table = HtmlTable(f"Columns without {ranking.unit}", ["column", "why"], rows, names=2)
    return Section("apart", "What is not tested?", tables=[table])


def _notes(ranking: InformationRanking) -> Section | None:
    rows = [[Cell(note)] for column in ranking.columns[:_MOST_ROWS] for note in notes_of(column)]
    if not rows:
        return None
    table = HtmlTable("Notes of the estimators", ["note"], rows[:_MOST_ROWS])
    return Section("notes", "What should be known of the estimates?", tables=[table])


_TERMS = (
    (
        "bits",
        "Mutual information: what the value of the column in a row tells of y there, on average. "
        "The estimate is free of the plug-in's bias, and may be negative where there is nothing.",
    ),
    (
        "p, q",
        "The share of shuffled columns that tell as much, and the least false discovery rate, over "
        "all columns, at which the column is said to tell something (Benjamini and Hochberg, "
        "1995).",
    ),
    (
        "share of H(y)",
        "The information as a share of the entropy of y: 100 % where the column says y. Numbers "
        "have no entropy to share.",
    ),
)
