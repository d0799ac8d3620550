"""Rows and settings that nothing can be learned from, each refused with the remedy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unsurprised.calibrators._rows import FittingRows, finite, widest
from unsurprised.errors import CallError, InputError, Place

#: The largest gap between two log-probabilities that are fitted by second derivatives.
WIDEST = 1e150


def refuse_zeros_that_happened(rows: FittingRows, method: str) -> None:
    """A score of −inf for what happened stays −inf, whatever finite factor it is given."""
    bad = rows.impossible()
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"found a probability of 0 for what happened ({int(bad.sum()):,} such "
            f"{'row' if bad.sum() == 1 else 'rows'}, this is the first)",
            expected=f"more than 0: {method} cannot lift a 0, and the surprise stays infinite",
            remedy="give every class something first: "
            "Chain([UniformMixing(), …]), or UniformMixing() alone",
            place=Place(file="y_pred", row=row),
        )


def refuse_one_class(rows: FittingRows) -> None:
    """With one class only there is nothing that a prediction could tell apart."""
    if rows.width < 2:
        raise CallError("y_pred has one class; expected at least two")
    frequencies = rows.frequencies()
    if np.count_nonzero(frequencies) == 1:
        name = rows.name(int(np.argmax(frequencies)))
        said = f"these {rows.count:,} rows" if rows.count > 1 else "the only row that counts"
        raise InputError(
            f"only class {name!r} happens in {said}",
            expected="at least two classes among the rows that a calibrator is fitted on",
            place=Place(file="y_true"),
        )


def refuse_wide_gaps(rows: FittingRows) -> None:
    """The loss has second derivatives, which are squares of log-probabilities."""
    if widest(rows) > WIDEST:
        raise InputError(
            f"found a log-probability of −{widest(rows):.6g}, whose square no float holds",
            expected=f"nothing below −{WIDEST:g} but −inf, a probability of 0",
            remedy="write −inf for what is ruled out, or use TemperatureScaling",
            place=Place(file="y_pred", row=int(np.argmin(finite(rows.log).min(axis=1)))),
        )


def refuse_few_rows(rows: FittingRows, parameters: int, instead: str) -> None:
    """More parameters than rows fit any labels."""
    if rows.count < parameters:
        raise InputError(
            f"found {rows.count:,} rows for {parameters:,} parameters",
            expected="more rows than parameters",
            remedy=f"use {instead}, or more rows",
            place=Place(file="y_pred"),
        )


def is_number(value: Any) -> bool:
    """Whether something is a finite real number."""
    return isinstance(value, int | float | np.number) and math.isfinite(float(value))
