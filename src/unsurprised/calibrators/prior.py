"""Other class frequencies than those a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from unsurprised import portable
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._rows import FittingRows
from unsurprised.class_names.columns import SeenLabels, named_columns
from unsurprised.class_names.names import differences, listed
from unsurprised.errors import CallError
from unsurprised.forms import Counts, Probs


class PriorShift(Calibrator):
    r"""Prior shift: predictions corrected for known new class frequencies.

    .. math:: q'_k \propto q_k \, \frac{\pi'_k}{\pi_k}

    where π are the frequencies of the classes among the rows that it is fitted on, and π′ the new
    ones. Right where only the frequencies changed, and what a class looks like did not.

    Parameters
    ----------
    frequencies : sequence of float, mapping, series or form, shape (K,)
        π′: one above 0 for each class; their sum does not matter. By the names of the classes where
        they have names, as those of a dictionary or of pandas' ``value_counts()``, else in the
        order of the columns.

    References
    ----------
    Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
    Probabilities: A Simple Procedure" (Neural Computation 14, 2002).

    Examples
    --------
    >>> calibrator = PriorShift([0.9, 0.1]).fit([[0.5, 0.5], [0.4, 0.6]], [0, 1])
    >>> calibrator.transform([0.5, 0.5]).round(4)
    array([0.9, 0.1])
    >>> rows = {"a": [0.5, 0.4], "b": [0.5, 0.6]}
    >>> PriorShift({"b": 1, "a": 9}).fit(rows, ["a", "b"]).transform([0.5, 0.5]).round(4)
    array([0.9, 0.1])
    """

    title = "prior shift"
    formula = staticmethod(_formulas.prior_shift)
    holds: ClassVar = {"shift": Parameter(1)}

    def __init__(self, frequencies: Sequence[float] | Mapping[Any, float]) -> None:
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
    form = _form_of(frequencies)
    new = np.empty(0) if form is None else form.array.as_float64()
    if form is not None and form.names is not None and len(form.shape) == 1:
        new = new[list(_order_of(form.names, rows))]
    if new.shape != (rows.width,) or not ((new > 0) & np.isfinite(new)).all():
        raise CallError(
            f"frequencies={frequencies!r}; expected {rows.width} numbers above 0, one for each "
            "class in the order of the columns, or by the names of the classes"
        )
    return new / new.sum()


def _form_of(frequencies: Any) -> Probs | Counts | None:
    """Frequencies with their names, whatever holds them; None of what holds no numbers."""
    if isinstance(frequencies, Probs | Counts):
        return frequencies
    try:
        return Counts(frequencies)
    except CallError:
        return None


def _order_of(found: tuple[str, ...], rows: FittingRows) -> tuple[int, ...]:
    """Where each class stands among frequencies with names; classes without names are numbers."""
    fitted = rows.classes or tuple(map(str, range(rows.width)))
    try:
        return named_columns(found, SeenLabels(), fitted).order
    except CallError:
        pass
    if rows.classes is None:
        raise CallError(
            f"frequencies names the classes {listed(found)}, and the rows that are fitted have "
            f"classes without names; expected the numbers 0 to {rows.width - 1}, a list in their "
            "order, or a fit on a frame or with classes=[…]"
        )
    raise CallError(
        f"frequencies names other classes than the rows that are fitted "
        f"({differences(found, fitted)}); expected one above 0 for each of {listed(fitted)}"
    )
