"""Over-confidence: what the model paid beside what it expected to pay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.evaluation.records import ConfidenceGap
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    Row,
    bits_axis,
    distinct,
    inline,
    known,
    layered,
    names_axis,
    tooltips,
)
from unsurprised.report.evaluation import definitions, sentences
from unsurprised.report.numbers import in_brackets, interval, number, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    HtmlTable,
    Section,
    amount,
    counting,
    percent,
    ranged,
)
from unsurprised.report.tables import TextTable

if TYPE_CHECKING:
    import altair as alt

#: Classes that a chart has: those with most bits in the gap.
MOST_CLASSES = 20
#: What stands beside the axis, and above the names of a table.
_ABOUT = {"confidence": "probability of the top class", "class": "predicted class"}


def chosen(evaluation: Evaluation, by: str) -> tuple[list[ConfidenceGap], list[str]]:
    """The rows of the chart and their names; ``by`` is "confidence" or "class"."""
    if by == "confidence":
        gaps = list(evaluation.gaps_by_confidence)
        return gaps, [band(gap) for gap in gaps]
    gaps = list(evaluation.gaps_by_class)
    if len(gaps) > MOST_CLASSES:
        gaps = sorted(gaps, key=lambda gap: -_missed(gap))[:MOST_CLASSES]
    return gaps, distinct([str(gap.predicted) for gap in gaps])


def _missed(gap: ConfidenceGap) -> float:
    """What the gap of these rows weighs."""
    return abs(gap.gap.value) * gap.weight if not math.isnan(gap.gap.value) else 0.0


def band(gap: ConfidenceGap) -> str:
    """A band of confidence.

    >>> from unsurprised.statistics.estimate import Estimate
    >>> some = Estimate(0.5, 0.4, 0.6, "", 10)
    >>> band(ConfidenceGap(None, 0.99, 0.999, 10, 10.0, 0, some, some, some, some, some))
    '99 to 99.9 %'
    """
    return f"{100 * gap.low:g} to {100 * gap.high:g} %"


def table(evaluation: Evaluation) -> TextTable:
    """Observed and expected surprisal, along the confidence."""
    return TextTable(
        "Over-confidence, by the probability of the top class",
        ["probability", "rows", "accuracy", "expected", "observed", "gap", "95 % interval"],
        [
            [
                band(gap),
                f"{gap.rows:,}",
                share(gap.accuracy.value),
                number(gap.expected_surprisal.value),
                number(gap.cross_entropy.value),
                number(gap.gap.value),
                interval(gap.gap, "information"),
            ]
            for gap in evaluation.gaps_by_confidence
        ],
        sentences.sampled(evaluation),
        least=(2, 1, 3),
    )


def chart(
    evaluation: Evaluation, by: str = "confidence", palette: Palette = NOTEBOOK
) -> alt.LayerChart:
    """Two points a line: what the model expected to pay, and what it paid."""
    import altair as alt

    gaps, names = chosen(evaluation, by)
    rows = [_row(name, gap) for name, gap in zip(names, gaps, strict=True)]
    unit = evaluation.unit
    y = alt.Y("of:N", sort=names, title=_ABOUT[by], axis=names_axis())
    x = bits_axis("bits:Q", f"{unit} a row")
    points = [
        {"of": row["of"], "kind": kind, "bits": row[kind]} | _told(row)
        for row in rows
        for kind in ("expected", "observed")
    ]
    joined = (
        alt.Chart(inline(known(rows, "expected", "observed")))
        .mark_rule(strokeWidth=3)
        .encode(
            y=y,
            x=bits_axis("expected:Q", f"{unit} a row"),
            x2="observed:Q",
            color=alt.condition(
                "datum.observed > datum.expected", alt.value(palette.more), alt.value(palette.less)
            ),
        )
    )
    dots = (
        alt.Chart(inline(known(points, "bits")))
        .mark_point(size=90, opacity=1, filled=True, stroke=palette.plain, strokeWidth=2)
        .encode(
            y=y,
            x=x,
            fill=_kinds(palette),
            tooltip=tooltips("of", "rows", "accuracy", "surprisal", "gap", "interval"),
        )
    )
    endless = (
        alt.Chart(inline([row for row in rows if math.isinf(row["observed"])]))
        .mark_text(align="left", dx=10, text="observed: infinite", color=palette.more)
        .encode(y=y, x=alt.X("expected:Q"))
    )
    layers = layered(joined, dots, endless)
    return layers.properties(width=WIDTH, height=STEP * len(rows))


def _kinds(palette: Palette) -> alt.Fill:
    import altair as alt

    scale = alt.Scale(domain=["expected", "observed"], range=[palette.hollow, palette.plain])
    return alt.Fill("kind:N", scale=scale, legend=alt.Legend(title=None, orient="top"))


def _row(name: str, gap: ConfidenceGap) -> Row:
    observed, expected = gap.cross_entropy.value, gap.expected_surprisal.value
    return {
        "of": name,
        "expected": expected,
        "observed": observed,
        "rows": f"{gap.rows:,}",
        "accuracy": f"{100 * gap.accuracy.value:.1f} %",
        "surprisal": f"expected {number(expected)}, observed {number(observed)}",
        "gap": number(gap.gap.value),
        "interval": interval(gap.gap, "information"),
    }


def _told(row: Row) -> Row:
    kept = ("rows", "accuracy", "surprisal", "gap", "interval")
    return {key: row[key] for key in kept}


def section(evaluation: Evaluation) -> Section | None:
    """Along the confidence and by predicted class."""
    gap = evaluation.confidence_gap
    if gap is None or not evaluation.gaps_by_confidence:
        return None
    says = [
        f"The gap, observed − expected surprisal, is {number(gap.value)} {gap.unit} a row"
        f"{in_brackets(gap, 'information')}; of a calibrated model it is 0.",
        sentences.sampled(evaluation),
    ]
    about = {
        "confidence": "Expected and observed surprisal, by the probability of the top class",
        "class": "Expected and observed surprisal, by the class that the model predicts",
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
    gaps, names = chosen(evaluation, by)
    everything = evaluation.gaps_by_class if by == "class" else gaps
    note = "" if len(gaps) == len(everything) else f"The {len(gaps)} of {len(everything):,} "
    if note:
        note += "predicted classes whose gap weighs most; the JSON has all."
    return Chart(
        f"confidence-{by}",
        label,
        lambda: spec(chart(evaluation, by, PAGE)),
        _table(gaps, names, _ABOUT[by], label, note),
    )


def _table(
    gaps: Sequence[ConfidenceGap], names: list[str], about: str, caption: str, note: str
) -> HtmlTable:
    header = [about, "gap", "95 % interval", "expected", "observed", "confidence", "accuracy",
              "rows"]  # fmt: skip
    rows = [
        [
            Cell(name),
            amount(gap.gap.value, mark=_mark(gap)),
            ranged(gap.gap),
            amount(gap.expected_surprisal.value),
            amount(gap.cross_entropy.value),
            percent(gap.confidence.value),
            percent(gap.accuracy.value),
            counting(gap.rows),
        ]
        for name, gap in zip(names, gaps, strict=True)
    ]
    return HtmlTable(caption, header, rows, note, keeps=2)


def _mark(gap: ConfidenceGap) -> str:
    """Whether chance alone does not explain it."""
    return "more" if gap.gap.low > 0 else "less" if gap.gap.high < 0 else ""


def _advice(evaluation: Evaluation) -> str:
    side = sentences.leaning(evaluation)
    if not side:
        return ""
    return (
        f"The model is {side}. Recalibrate it on held-out rows: "
        "“unsurprised calibrate” finds the calibrator that saves most on rows it has not seen, "
        "and says how sure that is."
    )


TERMS = (
    *definitions.terms("expected_surprisal", "confidence_gap"),
    (
        "gap",
        "The same of some rows. It is 0 in every band of confidence and for every predicted class "
        "if the model is calibrated; not so by the class that happened.",
    ),
)
