"""Shapes of predictions, so that calibrated ones are handed back the same way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.arrays.libraries import library_of
from unsurprised.arrays.same_kind import like
from unsurprised.calibrators._rows import log_rows
from unsurprised.class_names.columns import SeenLabels, named_columns
from unsurprised.class_names.names import are_positions, listed
from unsurprised.errors import CallError
from unsurprised.forms import DistributionForm, Form, Logits, LogProbs, Probs
from unsurprised.inputs.binary import two_columns
from unsurprised.inputs.in_memory import model_from
from unsurprised.measures._array_engine import home_of

_ONLY_PREDICTIONS = "transform(y_pred) takes no labels"


@dataclass(frozen=True)
class Shape:
    """What predictions looked like, so that others can be handed back the same way."""

    form: type[DistributionForm] | None
    shape: tuple[int, ...]
    #: One number a row, which speaks of class 1.
    one_number: bool
    given: Any
    #: Where each fitted class stands among the columns; None where they stand alike.
    order: tuple[int, ...] | None = None
    #: What the predictions came in, if that was no form, and the form with its names.
    container: Any = None
    named: DistributionForm | None = None

    def restored(self, log: Values) -> Any:
        """Log-probabilities (rows, classes) in the form, shape and library of the input."""
        found = self._restored(log)
        if self.named is None:
            return found
        if isinstance(found, DistributionForm):
            found.names, found.index, found.title = (
                self.named.names,
                self.named.index,
                self.named.title,
            )
            return found
        kept = None if self.given is not None else like(self.container, found, self.named.names)
        return found if kept is None else kept

    def _restored(self, log: Values) -> Any:
        if self.order is not None:
            turned = np.empty_like(log)
            turned[:, list(self.order)] = log
            log = turned
        if self.form in (Logits, LogProbs):
            return self.form(self._array(_as_scores(log, self)))
        probs, log_needed = probabilities(log)
        if log_needed:
            return LogProbs(self._array(log[:, 1] if self.one_number else log))
        array = self._array(probs[:, 1] if self.one_number else probs)
        return array if self.form is None else self.form(array)

    def _array(self, values: Values) -> Any:
        shaped = values.reshape(self.shape)
        home = None if self.given is None else home_of([self.given])
        return shaped if home is None else home.bring(shaped)


def _as_scores(log: Values, shape: Shape) -> Values:
    if not shape.one_number:
        return log
    if shape.form is Logits:
        with np.errstate(invalid="ignore"):
            return log[:, 1] - log[:, 0]
    return log[:, 1]


def probabilities(log: Values) -> tuple[Values, bool]:
    """The exponentials, and whether one is lost that no float holds."""
    with np.errstate(under="ignore"):
        probs = portable.exp(log)
    return probs, bool(((probs == 0) & ~np.isneginf(log)).any())


def read_predictions(
    y_pred: Any,
    classes: int,
    one_number: bool,
    names: tuple[str, ...] | None = None,
    *,
    spoken_of: int = 1,
) -> tuple[Values, Shape]:
    """Predictions as rows of log-probabilities, and how to hand back others like them.

    ``one_number`` tells that a calibrator was fitted on one number a row; so an array of one
    dimension is read, and so is, where there are two classes, one whose last axis is not 2 long.
    Such a number is the probability of the class ``spoken_of``.
    Columns with names are bound to ``names``, those of the classes that the calibrator knows.
    """
    is_form = isinstance(y_pred, Form)
    form = Probs(y_pred) if library_of(y_pred) else model_from(y_pred, order=_ONLY_PREDICTIONS)
    named, given, form = form, form.given, form.on_host()
    shape = form.shape
    single = classes == 2 and (shape[-1:] != (2,) or (one_number and len(shape) == 1))
    order: tuple[int, ...] | None = None
    if single:
        form = two_columns(form.kind, form.array, tolerance=form.tolerance)
        order = (1, 0) if spoken_of == 0 else None
    elif shape[-1] != classes:
        raise CallError(
            f"y_pred has {shape[-1]} classes, and the calibrator was fitted on {classes}; "
            "expected the same classes in the same order"
        )
    elif form.names is not None:
        order = _order_of(form.names, names)
    values = form.array
    flat = values.values.reshape(-1, classes)
    if order is not None:
        flat = flat[:, list(order)]
    log = log_rows(form.with_array(type(values)(flat, values.dtype)))
    kind, container = (type(form), None) if is_form else (None, y_pred)
    return log, Shape(kind, shape, single, given, order, container, named)


def _order_of(found: tuple[str, ...], fitted: tuple[str, ...] | None) -> tuple[int, ...] | None:
    """Where each class that a calibrator was fitted on stands among columns with names."""
    if fitted is None:
        if are_positions(found):
            return None
        raise CallError(
            f"y_pred names its classes, {listed(found)}, and the calibrator was fitted on classes "
            "without names; expected a plain array in the same order, or a fit on a frame or with "
            "classes=[…]"
        )
    named = named_columns(found, SeenLabels(), fitted)
    return named.order if named.turned else None
