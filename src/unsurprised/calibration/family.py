"""Which calibrators are tried, from the simplest to the richest, and why others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from unsurprised.calibrators import (
    BetaCalibration,
    Calibrator,
    Chain,
    IsotonicCalibration,
    MatrixScaling,
    PlattScaling,
    StructuredScaling,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
)
from unsurprised.calibrators._rows import FittingRows
from unsurprised.errors import CallError

#: From the simplest to the richest; of those that do as well, the first is taken.
TWO_CLASSES: tuple[type[Calibrator], ...] = (
    TemperatureScaling,
    UniformMixing,
    PlattScaling,
    BetaCalibration,
    IsotonicCalibration,
)
MORE_CLASSES: tuple[type[Calibrator], ...] = (
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
    StructuredScaling,
    MatrixScaling,
    IsotonicCalibration,
)

#: Names for the command line: "temperature", "vector", ….
NAMES: dict[str, type[Calibrator]] = {
    "temperature": TemperatureScaling,
    "mixing": UniformMixing,
    "platt": PlattScaling,
    "beta": BetaCalibration,
    "vector": VectorScaling,
    "structured": StructuredScaling,
    "matrix": MatrixScaling,
    "isotonic": IsotonicCalibration,
}

#: A parameter wants at least so many rows; with fewer, its noise costs more than it saves.
_ROWS_A_PARAMETER = 5
#: Products of all pairs of classes take minutes above this.
_MOST_CLASSES_OF_A_MATRIX = 100


@dataclass(frozen=True)
class Candidate:
    """A calibrator to try, and what it is called."""

    name: str
    make: Callable[[], Calibrator]


def candidates(
    rows: FittingRows, methods: Sequence[str] | None
) -> tuple[list[Candidate], dict[str, str]]:
    """The calibrators to try on these rows, and why the others of the family are not.

    Where a probability is 0, a little is mixed in before what cannot lift it.
    """
    family = TWO_CLASSES if rows.width == 2 else MORE_CLASSES
    if methods is not None:
        family = _named(methods, rows.width)
    zeros = np.isneginf(rows.log)
    mend_some, mend_all = bool(rows.impossible().any()), bool(zeros.any())
    tried, left_out = [], {}
    for kind in family:
        why = None if methods is not None else _unfit(kind, rows)
        if why is not None:
            left_out[kind.title] = why
            continue
        adds_all = kind in (StructuredScaling, MatrixScaling)
        lifts = kind in (UniformMixing, IsotonicCalibration)
        if (mend_all and adds_all) or (mend_some and not lifts):
            made = _mixed_first(kind)
            tried.append(Candidate(made().title, made))
        else:
            tried.append(Candidate(kind.title, kind))
    return tried, left_out


def _mixed_first(kind: type[Calibrator]) -> Callable[[], Calibrator]:
    return lambda: Chain([UniformMixing(), kind()])


def _named(methods: Sequence[str], width: int) -> tuple[type[Calibrator], ...]:
    if isinstance(methods, str):
        methods = [methods]
    unknown = [name for name in methods if name not in NAMES]
    if unknown or not methods:
        raise CallError(
            f"methods={list(methods)!r}; expected some of {', '.join(map(repr, NAMES))} (--method)"
        )
    family = tuple(kind for name, kind in NAMES.items() if name in methods)
    wrong = [kind.title for kind in family if kind.two_classes_only and width != 2]
    if wrong:
        raise CallError(
            f"{' and '.join(wrong)} are for two classes, and there are {width}; leave them out"
        )
    return family


def _unfit(kind: type[Calibrator], rows: FittingRows) -> str | None:
    """Why a calibrator is not worth trying on these rows; None if it is."""
    width = rows.width
    parameters = {VectorScaling: 2 * width, MatrixScaling: width * (width + 1)}.get(kind, 1)
    if rows.effective_count < _ROWS_A_PARAMETER * parameters:
        return f"its {parameters:,} parameters want {_ROWS_A_PARAMETER * parameters:,} rows"
    if kind in (StructuredScaling, MatrixScaling) and width > _MOST_CLASSES_OF_A_MATRIX:
        return (
            f"its time grows with the square of the classes; tried up to "
            f"{_MOST_CLASSES_OF_A_MATRIX}"
        )
    return None
