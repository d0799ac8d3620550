"""What is said of a ranking and its columns, in words."""

from __future__ import annotations

from unsurprised.column_ranking.columns import renamed
from unsurprised.column_ranking.redundancy import Redundancy
from unsurprised.column_ranking.result import InformationRanking
from unsurprised.estimate.ranking import RankedColumn
from unsurprised.report.numbers import counted, interval, number, printable, round_number

#: Letters of a name that are shown.
_NAME = 40


def headline(ranking: InformationRanking) -> str:
    """How many columns tell something.

    Examples
    --------
    >>> headline(InformationRanking("y", None, 9, 9, None, (), (), 0.05, 199))
    'no column could be tested'
    """
    if not ranking.columns:
        return "no column could be tested"
    told, tested = len(ranking.informative), counted(len(ranking.columns), "column")
    tell = "tells" if told == 1 else "tell"
    beyond = "" if ranking.given is None else f" beyond {printable(ranking.given, _NAME)}"
    return (
        f"{told} of {tested} {tell} something of {printable(ranking.y, _NAME)}{beyond} (false "
        f"discovery rate {round_number(100 * ranking.fdr)} %)"
    )


def sentence(ranking: InformationRanking) -> str:
    """The headline as a sentence."""
    return f"{headline(ranking)}."


def sizes(ranking: InformationRanking) -> str:
    """The rows, whether they are a sample, and the entropy of y."""
    rows = counted(ranking.rows, "row")
    sampled = len(ranking.sampled)
    if sampled:
        which = "all columns" if sampled == len(ranking.columns) else counted(sampled, "column")
        rows += f", {which} by a sample of {ranking.sampled_rows:,} of them"
    y = printable(ranking.y, _NAME)
    if ranking.y_entropy is None:
        return f"{rows}; {y} holds numbers, which have no entropy to share"
    return f"{rows}; H({y}) = {number(ranking.y_entropy.value)} {ranking.unit}"


def name_of(column: RankedColumn) -> str:
    """A column's name as it is shown."""
    return printable(column.name, _NAME)


def kind_of(column: RankedColumn) -> str:
    """What the column was taken for."""
    kinds = () if column.information is None else column.information.kinds
    return kinds[0] if kinds else "discrete"


def p_of(column: RankedColumn) -> float:
    """The p-value; NaN where there is none."""
    found = column.information
    return float("nan") if found is None or found.p_value is None else found.p_value


def notes_of(column: RankedColumn) -> list[str]:
    """What the estimator says of the column and of the pair; of y it is said once, elsewhere."""
    found = () if column.information is None else column.information.notes
    shown = name_of(column)
    return [
        printable(renamed(note, "x", shown) or f"{shown}: {note}")
        for note in found
        if renamed(note, "y", "") is None and renamed(note, "given", "") is None
    ]


def redundancy_of(found: Redundancy) -> str:
    """What a column shares with one above it, and tells beyond that."""
    name, other = (printable(each, _NAME) for each in (found.name, found.other))
    shared, unit = number(found.shared.value), found.shared.unit
    beyond = f"{number(found.beyond.value)} ({interval(found.beyond, 'information')})"
    return f"{name} shares {shared} {unit} with {other}, and tells {beyond} beyond it"
