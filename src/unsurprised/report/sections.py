"""The tables of a report, ready to show, the same for plain text, terminals and notebooks."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.evaluation.parts import Slice, SlicedBy
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.numbers import ABSENT, counted, interval, number, printable, share

#: Slices of names that are shown of a column; the JSON has all.
_MOST_SLICES = 10


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its title and, below it, what must be said of it."""

    title: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""

    def aligned_right(self, index: int) -> bool:
        """Whether a column holds numbers: all but the first and those without a name."""
        return index > 0 and bool(self.header[index])


def sections(evaluation: Evaluation) -> list[Section]:
    """The tables that the evaluation has, in the order of a report."""
    return [_slices(evaluation, column) for column in evaluation.sliced_by]


def _slices(evaluation: Evaluation, column: SlicedBy) -> Section:
    parts = [part for part in evaluation.slices if part.column == column.column]
    shown = parts if column.edges is not None else _shown(parts)
    note = ""
    if len(shown) < len(parts):
        note = f"{len(parts) - len(shown):,} slices more are in the JSON."
    return Section(
        f"By {printable(column.column, 40)}{_looked(column)}",
        ["slice", "rows", f"{evaluation.unit} a row", "95 % interval", "share", "could save", ""],
        [_slice(part) for part in shown],
        note,
    )


def _shown(parts: list[Slice]) -> list[Slice]:
    """Those that cost most above the others, and those that stand out for costing less."""
    if len(parts) <= _MOST_SLICES:
        return parts
    return parts[:_MOST_SLICES]


def _looked(column: SlicedBy) -> str:
    if column.looked is None or column.edges is None:
        return ""
    return f", cut at quantiles of a first look at {counted(column.looked, 'row')}"


def _verdict(part: Slice) -> str:
    if not part.stands_out or part.excess is None:
        return ""
    return "costs more" if part.excess.value > 0 else "costs less"


def _slice(part: Slice) -> list[str]:
    cost, saving = part.cross_entropy, part.saving
    return [
        ABSENT if part.value is None else printable(part.value, 24),
        f"{part.rows:,}",
        number(cost.value),
        interval(cost, "information"),
        ABSENT if part.share is None else share(part.share.value),
        ABSENT if saving is None or not saving > 0 else number(saving),
        _verdict(part),
    ]
