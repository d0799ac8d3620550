"""Matrix scaling: every class's score may depend on all others; and a thrifty way to do it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._newton import least
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._refusals import is_number, refuse_few_rows
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators._scores import MatrixScores
from unsurprised.calibrators.temperature import best_inverse, rough_inverse
from unsurprised.errors import CallError, InputError, Place


class MatrixScaling(Calibrator):
    r"""Matrix scaling (Dirichlet calibration): a regularised linear map of log-probabilities.

    .. math:: q'_k \propto \exp\Big(\sum_j W_{kj} \log q_j + b_k\Big), \qquad
              \min_{W, b}\; H(Y, Q') + \frac{\lambda}{n} \sum_{k \ne j} W_{kj}^2
              + \frac{\mu}{n} \sum_k b_k^2

    in nats a row: λ and μ are a normal belief about the entries, whose part fades as rows come in.

    Parameters
    ----------
    off_diagonal : float, default 1.0
        λ, at least 0.
    shift : float, default 0.0
        μ, at least 0.

    References
    ----------
    Kull, Perello Nieto, Kängsepp, Silva Filho, Song and Flach, "Beyond temperature scaling:
    Obtaining well-calibrated multiclass probabilities with Dirichlet calibration" (NeurIPS 2019).

    Examples
    --------
    >>> import numpy as np
    >>> probs = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]] * 10)
    >>> swapped = [1, 0, 2, 1, 0, 2, 1, 0, 2, 0, 1, 0, 2, 2, 1] * 2  # mostly the first two
    >>> MatrixScaling().fit(probs, swapped).predict(probs[:3])
    array([1, 0, 2])
    """

    title = "matrix scaling"
    refuses_zeros = True
    formula = staticmethod(_formulas.matrix)
    holds: ClassVar = {"scale": Parameter(2), "shift": Parameter(1)}

    def __init__(self, off_diagonal: float = 1.0, shift: float = 0.0) -> None:
        self.off_diagonal, self.shift = off_diagonal, shift

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        for name in ("off_diagonal", "shift"):
            value = getattr(self, name)
            if not is_number(value) or value < 0:
                raise CallError(f"{name}={value!r}; expected a number of at least 0")
        self._refuse(rows.log)
        refuse_few_rows(
            rows, rows.width * (rows.width + 1), "TemperatureScaling, StructuredScaling"
        )
        n = rows.count
        model = MatrixScores(
            rows.width, self.off_diagonal / n, 0.0, self.shift / n, rough_inverse(rows)
        )
        found, notes = least(rows, model)
        return _table(found, rows.width), notes

    def _refuse(self, log: Values) -> None:
        refuse_zeros(log, "matrix scaling")

    @property
    def scale_(self) -> Any:
        """The matrix W."""
        self._check_fitted()
        return self.parameters_["scale"]

    @property
    def shift_(self) -> Any:
        """The shifts b."""
        self._check_fitted()
        return self.parameters_["shift"]


class StructuredScaling(Calibrator):
    r"""Structured scaling: a temperature, then a matrix that is shrunk towards the identity.

    .. math:: q'_k \propto \exp\Big(\sum_j (I + M)_{kj} \log q^T_j + b_k\Big), \qquad
              \min_{M, b}\; H(Y, Q') + \frac{K}{n} \sum_k \left( \lambda_b b_k^2
              + \lambda_d M_{kk}^2 \right) + \frac{K (K - 1)}{n} \lambda_o \sum_{k \ne j} M_{kj}^2

    in nats a row, where :math:`q^T` are the probabilities after temperature scaling. With few rows
    it is temperature scaling, with many matrix scaling.

    Parameters
    ----------
    off_diagonal, diagonal, shift : float, default 1.0
        λ of the three kinds of parameters, above 0.

    References
    ----------
    Berta, Holzmüller, Jordan and Bach, "Structured Matrix Scaling for Multi-Class Calibration",
    arXiv 2511.03685 (2025).

    Examples
    --------
    >>> import numpy as np
    >>> probs = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]] * 8)
    >>> StructuredScaling().fit(probs, [0, 1, 2, 0, 1, 1] * 4).predict(probs[:3])
    array([0, 1, 2])
    """

    title = "structured scaling"
    refuses_zeros = True
    formula = staticmethod(_formulas.structured)
    holds: ClassVar = {
        "scale": Parameter(2),
        "shift": Parameter(1),
        "inverse_temperature": Parameter(0, above=0.0),
    }

    def __init__(
        self, off_diagonal: float = 1.0, diagonal: float = 1.0, shift: float = 1.0
    ) -> None:
        self.off_diagonal, self.diagonal, self.shift = off_diagonal, diagonal, shift

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        for name in ("off_diagonal", "diagonal", "shift"):
            value = getattr(self, name)
            if not is_number(value) or value <= 0:
                raise CallError(f"{name}={value!r}; expected a number above 0")
        self._refuse(rows.log)
        inverse, notes = best_inverse(rows)
        scaled = rows.with_log(_formulas.log_softmax(portable, inverse * rows.log))
        width, n = rows.width, rows.count
        strength = width / n
        model = MatrixScores(
            width,
            self.off_diagonal * strength * (width - 1),
            self.diagonal * strength,
            self.shift * strength,
        )
        found, more = least(scaled, model)
        after = _table(found, width)
        return {
            "scale": after["scale"],
            "shift": after["shift"],
            "inverse_temperature": np.array(inverse),
        }, (*notes, *more)

    def _refuse(self, log: Values) -> None:
        refuse_zeros(log, "structured scaling")

    @property
    def temperature_(self) -> float:
        """The temperature that comes first."""
        self._check_fitted()
        return 1.0 / float(self.parameters_["inverse_temperature"])

    @property
    def scale_(self) -> Any:
        """I + M."""
        self._check_fitted()
        return self.parameters_["scale"]

    @property
    def shift_(self) -> Any:
        """The shifts b."""
        self._check_fitted()
        return self.parameters_["shift"]


def _table(found: Any, width: int) -> Parameters:
    table = found.reshape(width, width + 1)
    return {"scale": np.ascontiguousarray(table[:, :-1]), "shift": table[:, -1].copy()}


def refuse_zeros(log: Values, method: str) -> None:
    """A sum of log-probabilities has no value where one of them is −inf."""
    zero = np.isneginf(log)
    if zero.any():
        row, entry = (int(i) for i in np.argwhere(zero)[0])
        raise InputError(
            f"found a probability of 0 for class {entry}",
            expected=f"more than 0 for every class: {method} adds their logarithms",
            remedy="give every class something first: Chain([UniformMixing(), …])",
            place=Place(file="y_pred", row=row),
        )
