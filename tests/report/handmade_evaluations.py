"""Evaluations made by hand, one for each kind of input."""

from __future__ import annotations

import math
from dataclasses import replace

from unsurprised.evaluation.records import (
    Annotators,
    ClassProbability,
    HistogramBar,
    IfCalibrated,
    Ledger,
    Mixed,
    Recalibration,
    Slice,
    SlicedBy,
    WorstRow,
)
from unsurprised.evaluation.result import Evaluation
from unsurprised.statistics.estimate import Estimate

ROWS = 1000


def bits(value: float, spread: float = 0.1) -> Estimate:
    return Estimate(value, value - spread, value + spread, "bits", ROWS)


def plain(value: float, spread: float = 0.01) -> Estimate:
    return Estimate(value, value - spread, value + spread, "", ROWS)


LABELLED = Evaluation(
    rows=ROWS,
    skipped_rows=0,
    weight=float(ROWS),
    weighted=False,
    unit="bits",
    base=2.0,
    classes=tuple("0123456789"),
    cross_entropy=bits(1.1755),
    cross_entropy_nats=Estimate(0.8148, 0.7455, 0.8841, "nats", ROWS),
    infinite_rows=0,
    finite_cross_entropy=bits(1.1755),
    perplexity=plain(2.2586),
    label_entropy=bits(3.3211, 0.001),
    information_gained=bits(2.1456),
    information_gained_share=plain(0.646),
    expected_surprisal=bits(0.2278, 0.02),
    confidence_gap=bits(0.9477),
    truth_entropy=None,
    kl_divergence=None,
    annotators=None,
    accuracy=plain(0.837),
    worse_than_uniform=plain(0.105),
    quantiles={
        0.05: bits(2.5e-9, 1e-9),
        0.25: bits(1e-5, 1e-6),
        0.5: bits(0.0021, 0.0001),
        0.75: bits(0.15),
        0.95: bits(7.5),
        0.99: bits(17.0),
    },
    histogram=(
        HistogramBar(0.0, 1.0, 850.0),
        HistogramBar(1.0, 2.0, 149.0),
        HistogramBar(2.0, 31.0, 1.0),
    ),
    worst_rows=(
        WorstRow(1553, None, "8", "1", 0.9999999, 30.3613, (ClassProbability("1", 0.9999999),)),
        WorstRow(829, None, "1", "8", 0.99, 20.0),
    ),
    confusion=((90, 10), (5, 95)),
    class_frequencies=(0.1,) * 10,
    largest_sum_deviation=1.79e-7,
    missing={
        "truth_entropy": "the truth is one label a row",
        "kl_divergence": "the truth is one label a row",
    },
)

INFINITE = replace(
    LABELLED,
    cross_entropy=Estimate(math.inf, math.nan, math.nan, "bits", ROWS),
    cross_entropy_nats=Estimate(math.inf, math.nan, math.nan, "nats", ROWS),
    infinite_rows=41,
    finite_cross_entropy=Estimate(5.2264, 4.5, 5.9, "bits", ROWS - 41),
    perplexity=Estimate(math.inf, math.nan, math.nan, "", ROWS),
    information_gained=Estimate(-math.inf, math.nan, math.nan, "bits", ROWS),
    information_gained_share=Estimate(-math.inf, math.nan, math.nan, "", ROWS),
    confidence_gap=Estimate(math.inf, math.nan, math.nan, "bits", ROWS),
    worst_rows=(WorstRow(1553, None, "8", "1", 1.0, math.inf),),
)

SOFT = replace(
    LABELLED,
    truth_entropy=bits(0.9, 0.05),
    kl_divergence=bits(0.2755, 0.05),
    annotators=Annotators(3.0, 51.1, bits(0.0641, 0.001)),
    missing={},
)

LOGPROB = replace(
    LABELLED,
    classes=None,
    label_entropy=None,
    information_gained=None,
    information_gained_share=None,
    expected_surprisal=None,
    confidence_gap=None,
    accuracy=None,
    worse_than_uniform=None,
    confusion=None,
    class_frequencies=None,
    largest_sum_deviation=None,
    worst_rows=(WorstRow(7, "a.parquet", None, None, None, 30.0),),
    missing={"accuracy": "only the log-probability of what happened is known"},
)

ONE_ROW = replace(
    LABELLED,
    rows=1,
    weight=1.0,
    cross_entropy=Estimate(1.0, math.nan, math.nan, "bits", 1),
    confidence_gap=Estimate(-0.0, math.nan, math.nan, "bits", 1),
    histogram=(),
    worst_rows=(),
)

#: Names that would repaint a terminal, break a line, or run in a browser.
HOSTILE = replace(
    LABELLED,
    classes=("cat\n\x1b[2J", "<script>alert(1)</script>", "[bold]x[/bold]", "a" * 500, "ü\u202e"),
    worst_rows=(
        WorstRow("<b>\x1b]0;t\x07", "x\ny\udcff.parquet", "[red]", "<script>", 0.5, 3.0),
        WorstRow("z" * 300, "other.parquet", "cat\n\x1b[2J", None, None, 2.0),
    ),
    missing={"kl_divergence": "file <img src=x onerror=alert(1)>\x1b[0m"},
)

WEIGHTED = replace(LABELLED, weighted=True, weight=512.25, skipped_rows=12)

#: Slices by names, one of them hostile, and by numbers; few clusters.
SLICED = replace(
    LABELLED,
    sliced_by=(SlicedBy("country", None, None), SlicedBy("age", (18.0, 65.0), 900)),
    slices=(
        Slice("country", "<script>\x1b[2J", 600, 600.0, 0, bits(1.5), bits(0.9), plain(0.77),
              bits(1.2), plain(0.8), bits(0.8), 0.48, 1e-5, True),
        Slice("country", None, 400, 400.0, 0, bits(0.7), bits(0.28), None, None, None, None, None,
              None, False),
        Slice("age", "18 to < 65", 1000, 1000.0, 3, bits(math.inf), bits(math.inf), None,
              bits(math.inf), plain(0.8), bits(-0.8), -0.8, 1e-4, True),
    ),
    clusters=37,
)  # fmt: skip

_TEST = IfCalibrated(0.0139, 0.0265, 0.005, True, 199)
RECALIBRATED = replace(
    LABELLED,
    ledger=Ledger(
        rows=ROWS,
        folds=5,
        label_entropy=bits(3.3211, 0.001),
        cross_entropy=bits(1.1755),
        recalibrations=(
            Recalibration("temperature scaling", 1, bits(2.5663), bits(0.4203), bits(2.5689),
                          bits(0.4229), _TEST),
            Recalibration("vector scaling", 20, bits(2.6028), bits(0.4568), bits(2.6352),
                          bits(0.4893), _TEST),
        ),
    ),
)  # fmt: skip
_MIXED = "uniform mixing, then temperature scaling"
MIXED = replace(
    INFINITE,
    ledger=Ledger(
        rows=ROWS,
        folds=5,
        label_entropy=bits(3.3211, 0.001),
        cross_entropy=bits(math.inf),
        recalibrations=(
            Recalibration(_MIXED, 2, bits(2.1), bits(math.inf), bits(2.2), bits(math.inf), None),
        ),
        mixed=Mixed(0.0123, bits(1.9), bits(0.7)),
        left_out={"vector scaling": "its 20 parameters want 400 rows"},
    ),
)  # fmt: skip

ALL = {
    "labelled": LABELLED,
    "infinite": INFINITE,
    "soft": SOFT,
    "logprob": LOGPROB,
    "one row": ONE_ROW,
    "hostile": HOSTILE,
    "weighted": WEIGHTED,
    "sliced": SLICED,
    "recalibrated": RECALIBRATED,
    "mixed": MIXED,
}
