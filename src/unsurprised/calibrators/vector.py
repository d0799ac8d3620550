"""Vector scaling: a factor and a shift for every class."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._loss import TOLERANCE_NEARBY
from unsurprised.calibrators._newton import least
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._refusals import refuse_few_rows, refuse_zeros_that_happened
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators._scores import VectorScores
from unsurprised.calibrators.temperature import rough_inverse


class VectorScaling(Calibrator):
    r"""Vector scaling: a factor and a shift for the log-probability of every class.

    .. math:: q'_k \propto \exp(a_k \log q_k + b_k)

    Besides over-confidence it cures a model that leans towards some classes. It may change a row's
    top class. Classes to which a row gives 0 keep it.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017).

    Examples
    --------
    >>> import numpy as np
    >>> probs = np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.2, 0.8]] * 3)
    >>> calibrator = VectorScaling().fit(probs, [0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 1])
    >>> calibrator.predict_proba(probs).mean(axis=0).round(6)  # as often as they happened
    array([0.416667, 0.583333])
    """

    title = "vector scaling"
    formula = staticmethod(_formulas.vector)
    holds: ClassVar = {"scale": Parameter(1), "shift": Parameter(1)}
    #: Where the search begins.
    _start: Values | None = None

    def near(self) -> Self:
        """One whose fit begins where that of nearly the same rows ended, which is soon done."""
        found = type(self)()
        found._start = np.concatenate([self.parameters_["scale"], self.parameters_["shift"]])
        return found

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        refuse_zeros_that_happened(rows, "vector scaling")
        refuse_few_rows(rows, 2 * rows.width, "TemperatureScaling, StructuredScaling")
        if self._start is None:
            found, notes = least(rows, VectorScores(rows.width, rough_inverse(rows)))
        else:
            model = VectorScores(rows.width)
            model.start = self._start
            found, notes = least(rows, model, TOLERANCE_NEARBY, nearby=True)
        scale, shift = found[: rows.width], found[rows.width :]
        return {"scale": scale, "shift": shift - shift.mean()}, notes

    @property
    def scale_(self) -> object:
        """The factors a."""
        self._check_fitted()
        return self.parameters_["scale"]

    @property
    def shift_(self) -> object:
        """The shifts b."""
        self._check_fitted()
        return self.parameters_["shift"]
