"""Over-confidence by the model's top class and along its confidence; bits between classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.evaluation.figures.sample import Sampled, ends_of
from unsurprised.evaluation.records import ConfidenceGap
from unsurprised.states import exact_sum
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import within
from unsurprised.statistics.ratios import difference_of
from unsurprised.statistics.totals import Totals

#: Fixed, so that bands of two models can be compared; close together where models are sure.
BANDS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 1.0)

Scaled = Callable[[Estimate], Estimate]


def gaps_by_band(rows: Sampled, scaled: Scaled) -> tuple[ConfidenceGap, ...]:
    """Surprisal observed and expected, by the probability of the top class."""
    which = np.minimum(np.searchsorted(BANDS, rows.confidence, side="right") - 1, len(BANDS) - 2)
    found = _gaps(rows, which, len(BANDS) - 1, scaled)
    return tuple(
        replace(gap, low=BANDS[index], high=BANDS[index + 1]) for index, gap in found.items()
    )


def gaps_by_class(rows: Sampled, scaled: Scaled) -> tuple[ConfidenceGap, ...]:
    """Surprisal observed and expected, by the top class; in the order of the classes."""
    found = _gaps(rows, rows.top, len(rows.classes), scaled)
    least, most = ends_of(rows.confidence, rows.top, len(rows.classes))
    return tuple(
        replace(
            gap,
            predicted=rows.classes[index],
            low=float(least[index]),
            high=float(most[index]),
        )
        for index, gap in found.items()
    )


def bits_between_classes(rows: Sampled) -> Values | None:
    """Bits a row of all by (class that happened, top class); their sum is the cross-entropy.

    ``None`` where the truth is a distribution.
    """
    if rows.labels is None:
        return None
    count = len(rows.classes)
    table, bits = _kernels.ExactTable(count * count), np.empty(count * count)
    slots = rows.labels * count + rows.top
    finite = np.isfinite(rows.surprisal)
    table.add(slots, rows.weight() * np.where(finite, rows.surprisal, 0.0))
    table.rounded(bits)
    bits /= exact_sum(rows.weight())
    bits[slots[~finite]] = np.inf
    return bits.reshape(count, count)


def _gaps(
    rows: Sampled, which: NDArray[Any], count: int, scaled: Scaled
) -> dict[int, ConfidenceGap]:
    infinite = np.isinf(rows.surprisal)
    columns = {
        "rows": None,
        "infinite_rows": infinite,
        "weight": None,
        "surprisal": np.where(infinite, 0.0, rows.surprisal),
        "infinite": infinite,
        "expected": rows.expected,
        "correct": rows.correct,
        "confidence": rows.confidence,
    }
    asked = ("surprisal", "infinite", "expected", "correct", "confidence",
             difference_of("surprisal", "expected"))  # fmt: skip
    found = rows.totals(which, count, columns, 2, asked)
    return {
        index: _gap(part, rows.weight_unit, scaled)
        for index, part in enumerate(found)
        if part is not None
    }


def _gap(part: Totals, weight_unit: float, scaled: Scaled) -> ConfidenceGap:
    return ConfidenceGap(
        predicted=None,
        low=0.0,
        high=1.0,
        rows=part.rows,
        weight=part.totals["weight"] * weight_unit,
        infinite_rows=int(part.totals["infinite_rows"]),
        confidence=within(part.mean_of("confidence", "weight", ""), 0.0, 1.0),
        accuracy=part.share_of("correct"),
        cross_entropy=scaled(part.mean_surprisal()),
        expected_surprisal=scaled(part.mean_of("expected", "weight", "bits")),
        gap=scaled(part.mean_surprisal(less="expected")),
    )
