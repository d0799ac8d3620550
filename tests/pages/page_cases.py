"""Evaluations whose pages are opened, made by hand or of the example's rows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import unsurprised as us
from unsurprised.evaluation.records import (
    CalibrationBin,
    CalibrationCurve,
    ClassProbability,
    ConfidenceGap,
    HistogramBar,
    Slice,
    SlicedBy,
    WorstRow,
)
from unsurprised.evaluation.result import Evaluation
from unsurprised.statistics.estimate import Estimate

EXAMPLES = Path(__file__).parents[2] / "examples"

#: Each would do something if it were read as HTML, as a script, as JSON within a script, or as a
#: template.
HOSTILE = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<!--<script>",
    "]]><img src=x onerror=\"document.title='owned'\">",
    "'\"><svg/onload=document.title='owned'>",
    "a\u2028b\u2029c",
    "{{ 7 * 7 }}{% raw %}",
    "datum.cost && (document.title = 'owned')",
    "\udcff\x1b[2J\u202e",
    "javascript:document.title='owned'",
)


@cache
def models() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and the probabilities of the example's two models."""
    first, second = (pq.read_table(EXAMPLES / f"digits{end}.parquet") for end in ("", "_better"))
    probs = (np.array(table["probs"].to_pylist()) for table in (first, second))
    return first["label"].to_numpy(), *probs


@cache
def compared() -> us.Comparison:
    return us.compare(*models())


@cache
def compared_by_site() -> us.Comparison:
    return us.compare(*models(), by={"site": np.resize(["north", "south"], len(models()[0]))})


@cache
def calibrated() -> us.Calibration:
    return us.calibrate(EXAMPLES / "digits.parquet", methods=["vector"])


@cache
def digits() -> Evaluation:
    return us.evaluate(EXAMPLES / "digits.parquet", id="row_id", by=["ink"], top=30)


@cache
def hostile() -> Evaluation:
    """Real figures under hostile names: of classes, of slices and their columns, of rows."""
    generator = np.random.default_rng(5)
    size, count = 400, len(HOSTILE)
    labels = generator.integers(count, size=size)
    probs = generator.dirichlet(np.ones(count), size=size) + np.eye(count)[labels]
    found = us.evaluate(labels, probs / 2, top=12, by={"column": generator.integers(4, size=size)})
    names = dict(zip((str(index) for index in range(count)), HOSTILE, strict=True))

    def renamed(name: str | None) -> str | None:
        return None if name is None else names.get(name, name)

    return replace(
        found,
        classes=HOSTILE,
        sliced_by=(SlicedBy(HOSTILE[1], None, None),),
        slices=tuple(
            replace(part, column=HOSTILE[1], value=name)
            for part, name in zip(found.slices, HOSTILE, strict=False)
        ),
        gaps_by_class=tuple(
            replace(gap, predicted=renamed(gap.predicted)) for gap in found.gaps_by_class
        ),
        calibration=tuple(
            replace(curve, predicted=renamed(curve.predicted)) for curve in found.calibration
        ),
        worst_rows=tuple(
            replace(
                row,
                id=HOSTILE[index % count],
                file=HOSTILE[-1 - index % count],
                label=renamed(row.label),
                predicted=renamed(row.predicted),
                leaders=tuple(replace(held, name=renamed(held.name)) for held in row.leaders),
            )
            for index, row in enumerate(found.worst_rows)
        ),
        missing={"kl_divergence": HOSTILE[1]},
    )


@cache
def infinite() -> Evaluation:
    """Some rows were ruled out, of one class and one slice."""
    generator = np.random.default_rng(7)
    probs = generator.dirichlet(np.ones(4), size=300)
    labels = generator.integers(4, size=300)
    probs[:20, 0], labels[:20] = 0.0, 0
    groups = np.where(np.arange(300) < 20, "ruled out", "possible")
    return us.evaluate(labels, us.Probs(probs, normalize=True), by={"group": groups})


def largest() -> Evaluation:
    """More of everything than a page shows, with names as long as they may be."""
    count = 400
    wide = Estimate(123456.789012345, 123456.789012345, 123456.789012345, "bits", 10**9)
    share = Estimate(0.123456789, 0.123456789, 0.123456789, "", 10**9)
    names = tuple(f"{index:04d}" + "<&\u2028" * 200 for index in range(count))
    cells = tuple(tuple(1e-3 + i * j for j in range(count)) for i in range(count))
    return replace(
        digits(),
        rows=10**9,
        classes=names,
        worst_rows=tuple(
            WorstRow(f"{n}" + "&" * 1000, names[n % count], names[0], names[1], 0.9999999, 30.0,
                     tuple(ClassProbability(name, 0.123456789) for name in names[:3]))
            for n in range(3000)
        ),
        histogram=tuple(HistogramBar(float(n), n + 1.0, 1e9 + n) for n in range(500)),
        confusion_bits=cells,
        confusion=None,
        sliced_by=tuple(SlicedBy(f"{n}" + "<" * 500, None, None) for n in range(30)),
        slices=tuple(
            Slice(f"{n % 30}" + "<" * 500, names[n % count], 10**8, 1e8, 0, wide, wide, share,
                  wide, share, wide, 0.123456, 1e-9, True)
            for n in range(5000)
        ),
        gaps_by_class=tuple(
            ConfidenceGap(name, 0.0, 1.0, 10**8, 1e8, 0, share, share, wide, wide, wide)
            for name in names
        ),
        calibration=tuple(
            CalibrationCurve(
                name,
                tuple(
                    CalibrationBin(0.1, 0.2, 10**8, 1e8, 0.123456789, share, 0.123456, 0.98765432)
                    for _ in range(15)
                ),
                0.123456789,
                0.123456789,
                0.0123456789,
            )
            for name in (None, *names)
        ),
        missing={"kl_divergence": math.pi.hex() * 10},
    )  # fmt: skip
