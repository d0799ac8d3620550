"""Every calibrator, and which of them are worth trying on so many rows of so many classes.

One more calibrator is its class and its line here: what is saved and loaded, what ``calibrate`` and
``--method`` know, and what ``evaluate`` and ``compare`` try in a moment, follow from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators._refusals import WIDEST
from unsurprised.calibrators._rows import FittingRows, widest
from unsurprised.calibrators.binary import BetaCalibration, PlattScaling
from unsurprised.calibrators.chain import Chain
from unsurprised.calibrators.isotonic import IsotonicCalibration
from unsurprised.calibrators.matrix import MatrixScaling, StructuredScaling
from unsurprised.calibrators.mixing import UniformMixing
from unsurprised.calibrators.prior import PriorShift
from unsurprised.calibrators.temperature import TemperatureScaling
from unsurprised.calibrators.vector import VectorScaling
from unsurprised.errors import CallError

__all__ = [
    "KINDS",
    "BetaCalibration",
    "Calibrator",
    "Chain",
    "IsotonicCalibration",
    "MatrixScaling",
    "PlattScaling",
    "PriorShift",
    "StructuredScaling",
    "TemperatureScaling",
    "UniformMixing",
    "VectorScaling",
]

_MANY = 1 << 62
#: Numbers of classes that a family is for.
_NONE, _TWO, _MORE, _ANY = range(0), range(2, 3), range(3, _MANY), range(2, _MANY)


@dataclass(frozen=True)
class Family:
    """A kind of recalibration, and when it is worth trying."""

    #: What ``--method`` calls it; None of what no rows can choose.
    name: str | None
    kind: type[Calibrator]
    #: Of how many classes it is tried at all, and at once: where an answer is to take a moment.
    classes: range = _NONE
    quick: range = _NONE
    #: How many numbers it fits freely. With fewer rows for each, or of a class, they would be
    #: fitted to noise, which costs more than they save.
    parameters: Callable[[int], int] | None = None
    rows_a_parameter: int = 0
    rows_a_class: int = 0
    #: Above this its time, which grows with the square of the classes, is not worth it.
    most_classes: int = _MANY
    most_classes_quick: int = _MANY
    #: Whether it is fitted by second derivatives, which are squares of log-probabilities.
    by_curvature: bool = False

    def unfit(self, rows: FittingRows, *, quick: bool) -> str | None:
        """Why it is not worth trying on these rows; None if it is."""
        most = min(self.most_classes, self.most_classes_quick if quick else _MANY)
        if rows.width > most:
            return f"its time grows with the square of the classes; tried up to {most}"
        if self.by_curvature and widest(rows) > WIDEST:
            return f"its second derivatives need log-probabilities above −{WIDEST:g}"
        if self.parameters is not None:
            count = self.parameters(rows.width)
            if rows.effective_count < self.rows_a_parameter * count:
                return f"its {count:,} parameters want {self.rows_a_parameter * count:,} rows"
        if self.rows_a_class:
            happened = rows.frequencies() * rows.effective_count
            rarest = int(np.argmin(happened))
            if happened[rarest] < self.rows_a_class:
                return (
                    f"wants {self.rows_a_class} rows of each class; {rows.name(rarest)!r} happens "
                    "less often"
                )
        return None


#: From the simplest to the richest; of those that do as well, the first is taken.
FAMILIES: tuple[Family, ...] = (
    Family("temperature", TemperatureScaling, _ANY, quick=_MORE),
    Family("mixing", UniformMixing, _ANY),
    Family("platt", PlattScaling, _TWO, by_curvature=True),
    Family("beta", BetaCalibration, _TWO, by_curvature=True),
    Family(
        "vector",
        VectorScaling,
        _MORE,
        quick=_MORE,
        parameters=lambda classes: 2 * classes,
        rows_a_parameter=20,
        rows_a_class=10,
        most_classes_quick=100,
        by_curvature=True,
    ),
    Family("structured", StructuredScaling, _MORE, most_classes=100, by_curvature=True),
    Family(
        "matrix",
        MatrixScaling,
        _MORE,
        parameters=lambda classes: classes * (classes + 1),
        rows_a_parameter=5,
        most_classes=100,
        by_curvature=True,
    ),
    Family("isotonic", IsotonicCalibration, _ANY, quick=_TWO),
    Family(None, PriorShift),
)

#: Every calibrator that can be fitted by itself.
KINDS: tuple[type[Calibrator], ...] = tuple(family.kind for family in FAMILIES)

#: Names for the command line: "temperature", "vector", ….
NAMES: dict[str, Family] = {family.name: family for family in FAMILIES if family.name is not None}


@dataclass(frozen=True)
class Candidate:
    """A family to try on some rows, what it is called there, and how one of it is made."""

    family: Family
    title: str
    make: Callable[[], Calibrator]


def candidates(
    rows: FittingRows, methods: Sequence[str] | None = None, *, quick: bool = False
) -> tuple[list[Candidate], dict[str, str]]:
    """What to try on these rows, from the simplest to the richest, and why not the others.

    Where a probability is 0, a little is mixed in before what cannot lift it. ``methods`` names
    what to try, worth it or not; ``quick`` leaves out what takes long.
    """
    if methods is not None:
        return [_candidate(family, rows) for family in _named(methods, rows.width)], {}
    tried, left_out = [], {}
    for family in FAMILIES:
        if rows.width not in (family.quick if quick else family.classes):
            continue
        why = family.unfit(rows, quick=quick)
        if why is None:
            tried.append(_candidate(family, rows))
        else:
            left_out[family.kind.title] = why
    return tried, left_out


def _candidate(family: Family, rows: FittingRows) -> Candidate:
    kind = family.kind
    lacking = bool(rows.impossible().any()) and not kind.lifts_zeros
    if not (lacking or (kind.refuses_zeros and bool(np.isneginf(rows.log).any()))):
        return Candidate(family, kind.title, kind)

    def mixed_first() -> Calibrator:
        return Chain([UniformMixing(), kind()])

    return Candidate(family, mixed_first().title, mixed_first)


def _named(methods: Sequence[str], width: int) -> list[Family]:
    if isinstance(methods, str):
        methods = [methods]
    unknown = [name for name in methods if name not in NAMES]
    if unknown or not methods:
        raise CallError(
            f"methods={list(methods)!r}; expected some of {', '.join(map(repr, NAMES))} (--method)"
        )
    families = [family for name, family in NAMES.items() if name in methods]
    wrong = [one.kind.title for one in families if one.kind.two_classes_only and width != 2]
    if wrong:
        raise CallError(
            f"{' and '.join(wrong)} are for two classes, and there are {width}; leave them out"
        )
    return families
