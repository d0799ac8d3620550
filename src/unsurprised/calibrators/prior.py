"""Other class frequencies than those a model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from unsurprised import portable
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._rows import FittingRows
from unsurprised.errors import CallError


class PriorShift(Calibrator):
    r"""Prior shift: predictions corrected for known new class frequencies.

    .. math:: q'_k \propto q_k \, \frac{\pi'_k}{\pi_k}

    where π are the frequencies of the classes among the rows that it is fitted on, and π′ the new
    ones. Right where only the frequencies changed, and what a class looks like did not.

    Parameters
    ----------
    frequencies : sequence of float, shape (K,)
        π′: one above 0 for each class, in the order of the columns; their sum does not matter.

    References
    ----------
    Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
    Probabilities: A Simple Procedure" (Neural Computation 14, 2002).

    Examples
    --------
    >>> calibrator = PriorShift([0.9, 0.1]).fit([[0.5, 0.5], [0.4, 0.6]], [0, 1])
    >>> calibrator.transform([0.5, 0.5]).round(4)
    array([0.9, 0.1])
    """

    title = "prior shift"
    formula = staticmethod(_formulas.prior_shift)
    holds: ClassVar = {"shift": Parameter(1)}

    def __init__(self, frequencies: Sequence[float]) -> None:
        self.frequencies = frequencies

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        new = _checked(self.frequencies, rows)
        old = rows.frequencies()
        if (old == 0).any():
            name = rows.name(int(np.argmin(old)))
            raise CallError(
                f"class {name!r} does not happen in the rows that are fitted, so nothing is known "
                "of its old frequency; expected every class among them"
            )
        return {"shift": portable.log(new) - portable.log(old)}, ()


def _checked(frequencies: Any, rows: FittingRows) -> Any:
    try:
        new = np.asarray(frequencies, dtype=np.float64)
    except (TypeError, ValueError):
        new = np.empty(0)
    if new.shape != (rows.width,) or not ((new > 0) & np.isfinite(new)).all():
        raise CallError(
            f"frequencies={frequencies!r}; expected {rows.width} numbers above 0, one for each "
            "class in the order of the columns"
        )
    return new / new.sum()
