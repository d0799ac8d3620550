"""The tables of a report, ready to show, the same for plain text, terminals and notebooks."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

from unsurprised.evaluation.records import Slice, SlicedBy
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.numbers import ABSENT, counted, interval, number, printable, share

#: Slices of names that are shown of a column; the JSON has all.
_MOST_SLICES = 10
#: Pairs of classes that are shown, of those that cost most.
_MOST_CONFUSIONS = 5


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its title and, below it, what must be said of it."""

    title: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    #: How many columns, from the first, are names.
    names: int = 1

    def aligned_right(self, index: int) -> bool:
        """Whether a column holds numbers: those behind the names, save for one without a title."""
        return index >= self.names and bool(self.header[index])


def sections(evaluation: Evaluation) -> list[Section]:
    """The tables that the evaluation has, in the order of a report."""
    shown = [_slices(evaluation, column) for column in evaluation.sliced_by]
    if evaluation.gaps_by_confidence:
        shown.append(_gaps(evaluation))
    if evaluation.confusion_bits is not None and evaluation.classes is not None:
        shown.append(_confusions(evaluation, evaluation.confusion_bits, evaluation.classes))
    return shown


def _gaps(evaluation: Evaluation) -> Section:
    return Section(
        "Over-confidence, by the probability of the top class",
        ["probability", "rows", "accuracy", "expected", "met", "gap", "95 % interval"],
        [
            [
                f"{100 * gap.low:g} to {100 * gap.high:g} %",
                f"{gap.rows:,}",
                share(gap.accuracy.value),
                number(gap.expected_surprisal.value),
                number(gap.cross_entropy.value),
                number(gap.gap.value),
                interval(gap.gap, "information"),
            ]
            for gap in evaluation.gaps_by_confidence
        ],
        sampled(evaluation),
    )


def _confusions(
    evaluation: Evaluation, bits: tuple[tuple[float, ...], ...], classes: tuple[str, ...]
) -> Section:
    """The pairs of classes that cost most."""
    total = sum(map(sum, bits))
    cells = [(cost, i, j) for i, row in enumerate(bits) for j, cost in enumerate(row) if cost > 0]
    cells = heapq.nsmallest(_MOST_CONFUSIONS, cells, key=lambda cell: (-cell[0], *cell[1:]))
    return Section(
        "Where the bits go, by class",
        ["label", "predicted", f"{evaluation.unit} a row", "share"],
        [
            [
                printable(classes[label], 24),
                printable(classes[top], 24),
                number(cost),
                share(cost / total) if math.isfinite(total) else ABSENT,
            ]
            for cost, label, top in cells
        ],
        sampled(evaluation),
        names=2,
    )


def sampled(evaluation: Evaluation) -> str:
    """What must be said of figures that are of a sample; nothing where they are of all rows."""
    if evaluation.sampled_rows >= evaluation.rows:
        return ""
    return f"Of a sample of {counted(evaluation.sampled_rows, 'row')}."


def _slices(evaluation: Evaluation, column: SlicedBy) -> Section:
    parts = [part for part in evaluation.slices if part.column == column.column]
    shown = parts if column.edges is not None else _shown(parts)
    note = ""
    if len(shown) < len(parts):
        note = f"{len(parts) - len(shown):,} slices more are in the JSON."
    return Section(
        f"By {printable(column.column, 40)}{looked(column)}",
        ["slice", "rows", f"{evaluation.unit} a row", "95 % interval", "share", "could save", ""],
        [_slice(part) for part in shown],
        note,
    )


def _shown(parts: list[Slice]) -> list[Slice]:
    """Those that cost most above the others, and those that stand out for costing less."""
    if len(parts) <= _MOST_SLICES:
        return parts
    return parts[:_MOST_SLICES]


def looked(column: SlicedBy) -> str:
    """Where the numbers of a column were cut; nothing of other columns."""
    if column.looked is None or column.edges is None:
        return ""
    return f", cut at quantiles of a first look at {counted(column.looked, 'row')}"


def verdict(part: Slice) -> str:
    """Whether it stands out, and how; nothing of one that does not."""
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
        verdict(part),
    ]
