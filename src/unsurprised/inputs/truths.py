"""Kind of a truth beside predictions: labels, shares, rows, votes, or many yes or no.

The dtype that carries it decides nothing: 1, 1.0 and True are the same label, and a one-hot row is
the same row as integers, booleans or floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import Names, taken_apart, torch_rows
from unsurprised.arrays.host import HostArray, host_array
from unsurprised.class_names.indices import EXACT
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Counts, DistributionForm, Form, Labels, Logits, Probs

Shape = tuple[int, ...]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HandedTruth:
    """The truth as it was handed in: a form, or an array of which nobody said what it is."""

    form: Form | None = None
    array: HostArray | None = None
    #: Names of the columns, of the rows, and entries without a value.
    names: Names | None = None
    index: Any = None
    missing: Mask | None = None

    @property
    def shape(self) -> Shape:
        """The shape of the array."""
        held = self.form if self.form is not None else self.array
        assert held is not None
        return held.shape

    @property
    def labelled(self) -> bool:
        """Whether it may be labels."""
        return not isinstance(self.form, DistributionForm)


def handed_truth(y_true: Any) -> HandedTruth:
    """Take the truth apart, whatever holds it."""
    scores = None if type(y_true) in (np.ndarray, list) else torch_rows(y_true)
    form = Logits(scores) if scores is not None else y_true
    if isinstance(form, Labels | DistributionForm):
        return HandedTruth(form, names=form.names, index=form.index)
    parts = taken_apart(y_true, "y_true")
    if parts is None:
        return HandedTruth(array=host_array(y_true, "y_true"))
    array = host_array(parts.values, "y_true")
    names = parts.columns if len(array.shape) > 1 else None
    index = parts.columns if isinstance(y_true, Mapping) and names is None else parts.index
    return HandedTruth(None, array, names, index, parts.missing)


@dataclass(frozen=True, slots=True)
class Beside:
    """How truth and predictions lie beside each other."""

    #: The shape of the rows.
    leading: Shape
    #: Whether the predictions are one number a row, and the truth rows of numbers.
    single: bool
    dense: bool


def beside(truth: HandedTruth, model: DistributionForm, *, multilabel: bool) -> Beside:
    """Decide by the shapes which axis the classes are on; an error where they do not fit."""
    ours, theirs = truth.shape, model.shape
    if multilabel:
        if ours != theirs:
            raise CallError(
                f"multilabel=True: y_true has the shape {ours}, y_pred {theirs}; expected "
                "one shape, "
                "a yes or no beside each probability of yes"
            )
        return Beside(theirs, single=True, dense=False)
    if not truth.labelled:
        if ours[:-1] != theirs[:-1]:
            raise CallError(_unlike(ours[:-1], theirs[:-1], model))
        return Beside(theirs[:-1], single=False, dense=True)
    one_number = theirs[-1:] == (1,)
    if one_number and model.kind == "probs" and (model.array.as_float64() == 1).all():
        raise CallError(
            f"y_pred of shape {theirs} holds 1 only: one class, or the probability of "
            "class 1? Of one "
            "class there is nothing to say; for the probability of class 1 pass y_pred[:, 0]"
        )
    if ours == theirs:
        rows = len(theirs) > 1 and not one_number and truth.form is None
        leading = theirs[:-1] if rows or (one_number and len(theirs) > 1) else theirs
        return Beside(leading, single=not rows, dense=rows)
    if one_number and ours == theirs[:-1]:
        return Beside(ours, single=True, dense=False)
    if ours == (*theirs, 1):
        return Beside(theirs, single=True, dense=False)
    if ours in (theirs[:-1], (*theirs[:-1], 1)):
        return Beside(theirs[:-1], single=False, dense=False)
    raise CallError(_unlike(ours, theirs, model))


def _unlike(truth: Shape, model: Shape, form: DistributionForm) -> str:
    for axis in range(len(form.shape) - 1):
        if len(form.shape) > 1 and truth == form.shape[:axis] + form.shape[axis + 1 :]:
            return (
                f"y_true has the shape {truth} beside y_pred {form.shape}, whose last axis "
                "cannot be "
                f"the classes; expected them last; if they are on axis {axis}, say axis={axis}"
            )
    return (
        f"y_true has rows of shape {truth}, y_pred of shape {model}; expected the same "
        "(classes are y_pred's last axis; a 1-D y_pred is the probability of class 1)"
    )


def kind_of(array: HostArray) -> str:
    """The kind of plain values: "text", "bool", "integer" or "float"."""
    return {"U": "text", "T": "text", "b": "bool", "i": "integer", "u": "integer"}.get(
        array.kind, "float" if array.kind == "f" else "other"
    )


def refuse_fraction(array: HostArray, classes: int) -> None:
    """Raise for floats that are neither labels nor shares of class 1."""
    values = array.as_float64().reshape(-1)
    with np.errstate(invalid="ignore"):
        bad = (values != np.floor(values)) | (np.abs(values) > EXACT[array.dtype])
    row = int(np.argmax(bad))
    shares = "" if classes != 2 else ", or shares of class 1 from 0 to 1"
    raise InputError(
        f"found {values[row]:.6g} ({array.dtype})",
        expected=f"labels (whole numbers or names){shares}, or rows of probabilities of y_pred's "
        "shape",
        remedy="if these are predictions, the truth comes first: evaluate(y_true, y_pred)",
        place=Place(row=row, column="y_true"),
    )


def dense_truth(values: HostArray, model: DistributionForm, *, normalize: bool) -> DistributionForm:
    """Rows of numbers as distributions or as votes; an error where they may be many yes or no.

    Whole numbers whose rows do not sum to one are votes, whatever type they have.
    """
    numbers = values.as_float64()
    with np.errstate(invalid="ignore"):
        whole = bool(((numbers == np.floor(numbers)) & (numbers >= 0)).all())
    if not whole:
        return Probs(values)
    sums = numbers.sum(axis=-1)
    one_hot = bool((sums == 1).all())
    binary = bool((numbers <= 1).all())
    if model.kind != "logits" and not (normalize or model.normalize) and binary:
        refuse_rows_off(model)
    if model.kind == "logits" and binary and not one_hot:
        row = _place(sums != 1)
        raise InputError(
            f"found a row of 0 and 1 with {int(sums[row])} ones beside logits: votes for "
            "classes, of "
            "which one happens, or classes that happen on their own",
            expected="a truth of which it is said what it is",
            remedy="say Counts(y_true) for votes, multilabel=True for many yes or no",
            place=Place(row=row, column="y_true"),
        )
    return Probs(numbers) if one_hot else Counts(numbers)


def _place(wrong: Mask) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argwhere(wrong)[0]) if wrong.shape else ()


def refuse_rows_off(model: DistributionForm, beside: Mask | bool = True) -> None:
    """Raise where rows beside a truth of 0 and 1 (where that is ``beside``) do not sum to one."""
    values = model.array.as_float64()
    with np.errstate(over="ignore", invalid="ignore"):
        sums = (np.exp(values) if model.kind == "logprobs" else values).sum(axis=-1)
        off = (np.abs(sums - 1) > model.tolerance) & beside
        legal = (values >= 0) & (values <= 1) if model.kind == "probs" else values <= 0
    if not off.any():
        return
    row = _place(off)
    if not legal[tuple(slice(k + 1) for k in row)].all():
        return  # what else is wrong is told where rows are read
    raise InputError(
        f"found probabilities that sum to {float(sums[row]):.6g} beside a truth of 0 and "
        "1: classes "
        "that happen on their own, or a row that is not normalised",
        expected=f"1 within {model.tolerance:g}",
        remedy="say multilabel=True for many yes or no, or normalize=True to take each row as "
        "row / sum (--normalize)",
        place=Place(row=row, column="y_pred"),
    )
