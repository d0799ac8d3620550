"""Over-confidence: what the model paid beside what it expected to pay."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.evaluation.records import ConfidenceGap
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.evaluation.tables import sampled
from unsurprised.report.evaluation.topics import confidence_chart as confidence
from unsurprised.report.numbers import interval, number
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    Section,
    Table,
    amount,
    counting,
    percent,
    ranged,
)


def section(evaluation: Evaluation) -> Section | None:
    """Along the confidence and by predicted class."""
    gap = evaluation.confidence_gap
    if gap is None or not evaluation.gaps_by_confidence:
        return None
    says = [
        f"The gap between the surprise met and the surprise expected is {number(gap.value)} "
        f"{gap.unit} a row ({interval(gap, 'information')}); of a calibrated model it is 0.",
        sampled(evaluation),
    ]
    about = {
        "confidence": "Expected and met, by the probability of the top class",
        "class": "Expected and met, by the class that the model predicts",
    }
    charts = [_chart(evaluation, by, label) for by, label in about.items()]
    return Section(
        "confidence",
        "Does the model know what it knows?",
        [line for line in says if line],
        charts,
        advice=_advice(evaluation),
        terms=TERMS,
    )


def _chart(evaluation: Evaluation, by: str, label: str) -> Chart:
    gaps, names = confidence.chosen(evaluation, by)
    drawing = spec(confidence.chart(evaluation, by, PAGE))
    everything = evaluation.gaps_by_class if by == "class" else gaps
    note = "" if len(gaps) == len(everything) else f"The {len(gaps)} of {len(everything):,} "
    if note:
        note += "predicted classes whose gap weighs most; the JSON has all."
    return Chart(f"confidence-{by}", label, drawing, _table(gaps, names, label, note))


def _table(gaps: Sequence[ConfidenceGap], names: list[str], caption: str, note: str) -> Table:
    header = ["", "rows", "accuracy", "confidence", "expected", "met", "gap", "95 % interval"]
    rows = [
        [
            Cell(name),
            counting(gap.rows),
            percent(gap.accuracy.value),
            percent(gap.confidence.value),
            amount(gap.expected_surprisal.value),
            amount(gap.cross_entropy.value),
            amount(gap.gap.value, mark=_mark(gap)),
            ranged(gap.gap),
        ]
        for name, gap in zip(names, gaps, strict=True)
    ]
    return Table(caption, header, rows, note)


def _mark(gap: ConfidenceGap) -> str:
    """Whether chance alone does not explain it."""
    return "more" if gap.gap.low > 0 else "less" if gap.gap.high < 0 else ""


def _advice(evaluation: Evaluation) -> str:
    gap = evaluation.confidence_gap
    if gap is None or not (gap.low > 0 or gap.high < 0):
        return ""
    sides = {True: "over-confident", False: "under-confident"}
    return (
        f"The model is {sides[gap.low > 0]}. Recalibrate it on held-out rows: "
        "“unsurprised calibrate” finds the calibrator that saves most on rows it has not seen, "
        "and says how sure that is."
    )


TERMS = (
    (
        "expected surprisal",
        "The mean entropy of the predictions, −Σ q log q: what the model would pay on average if "
        "what it says were true.",
    ),
    (
        "gap",
        "cross-entropy − expected surprisal. Above 0 the model is over-confident, below 0 "
        "under-confident. It is 0 in every band of confidence and for every predicted class if "
        "the model is calibrated; not so by the class that happened.",
    ),
)
