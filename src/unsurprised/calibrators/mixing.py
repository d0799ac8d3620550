"""Giving every class something: mixing with the uniform distribution, its share fitted."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._loss import TOLERANCE
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._rows import FittingRows


class UniformMixing(Calibrator):
    r"""Mix with the uniform distribution, so that no surprisal is infinite any more.

    .. math:: q'_k = (1 - \varepsilon)\, q_k + \varepsilon / K

    ε is that of least mean cross-entropy, which is convex in ε; but at least ½/(n + 1), half of a
    row more than the n that were seen, so that no class is left without any chance. Rows keep the
    order of their scores.

    See Also
    --------
    unsurprised.smooth : The same with a given ε, towards any distribution.

    Examples
    --------
    >>> model = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]  # sure, and wrong once in four
    >>> calibrator = UniformMixing().fit(model, [0, 0, 1, 1])
    >>> round(calibrator.epsilon_, 6)
    0.5
    >>> calibrator.transform(model[0])
    array([0.75, 0.25])
    """

    title = "uniform mixing"
    formula = staticmethod(_formulas.uniform_mixing)
    holds: ClassVar = {"epsilon": Parameter(0, above=0.0, high=1.0)}
    keeps_ranking = True
    lifts_zeros = True

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        least = 0.5 / (rows.count + 1)
        return {"epsilon": np.array(max(_best(rows), least))}, ()

    @property
    def epsilon_(self) -> float:
        """The share of the uniform distribution."""
        self._check_fitted()
        return float(self.parameters_["epsilon"])


def _best(rows: FittingRows) -> float:
    """The ε where the derivative of the mean cross-entropy vanishes, or the end it points to."""
    at, weights = _happened(rows)
    uniform = 1.0 / rows.width
    beyond = uniform - at

    def slope(epsilon: float) -> tuple[float, float]:
        with np.errstate(divide="ignore"):
            ratio = beyond / (at + epsilon * beyond)
        return -float((weights * ratio).sum()), float((weights * ratio * ratio).sum())

    low, high, epsilon = 0.0, 1.0, 0.5
    if slope(1.0)[0] <= 0:
        return 1.0
    for _ in range(200):
        first, second = slope(epsilon)
        if abs(first) <= TOLERANCE:
            break
        if first > 0:
            high = epsilon
        else:
            low = epsilon
        newton = epsilon - first / second if second > 0 else np.nan
        epsilon = newton if low < newton < high else (low + high) / 2
        if high - low < 1e-300:
            return low
    return epsilon


def _happened(rows: FittingRows) -> tuple[Values, Values]:
    """What was given to everything that happened, and its weight; these sum to one."""
    if rows.labels is not None:
        at = portable.exp(rows.log[np.arange(rows.count), rows.labels])
        weights = np.ones(rows.count) if rows.weights is None else rows.weights
    else:
        assert rows.shares is not None
        at = portable.exp(rows.log).ravel()
        shares = rows.shares if rows.weights is None else rows.shares * rows.weights[:, None]
        weights = shares.ravel()
    kept = weights > 0
    return at[kept], weights[kept] / weights.sum()
