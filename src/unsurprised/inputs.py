"""Arrays in, a batch out: what ``evaluate(y_true, y_pred)`` means by its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays import HostArray, host_array
from unsurprised.batches import LARGEST_WEIGHT, Batch, RowIds, SliceColumn
from unsurprised.binary import two_columns
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import (
    DEFAULT_TOLERANCE,
    DistributionForm,
    Form,
    Labels,
    Probs,
)

#: In which order the arguments come, for whoever has mixed them up.
TRUTH_FIRST = (
    "the truth comes first: evaluate(y_true, y_pred), as in scikit-learn; torchmetrics has the "
    "reverse order"
)

_COLUMNS = {"truth": "y_true", "model": "y_pred", "weights": "weights", "ids": "ids"}


def batch_from_arrays(
    y_true: Any,
    y_pred: Any,
    *,
    weights: Any = None,
    ids: Any = None,
    by: Mapping[str, Any] | None = None,
    cluster: Any = None,
    classes: Sequence[str] | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    first_row: int = 0,
    order: str = TRUTH_FIRST,
) -> Batch:
    """One batch of all rows, leading dimensions flattened; ``order`` is for errors."""
    model = model_from(y_pred, normalize=normalize, tolerance=tolerance, order=order)
    truth = _truth(y_true, model, classes)
    if isinstance(truth, Labels) and len(truth.shape) == len(model.shape):
        _same_rows(truth.shape, model.shape)
        model = two_columns(model.kind, model.array)
    leading = model.rows(-1).shape[:-1]
    _same_rows(truth.shape if isinstance(truth, Labels) else truth.shape[:-1], leading)
    size = int(np.prod(leading, dtype=np.int64))
    return Batch(
        size=size,
        truth=_flat(truth, size),
        model=_flat_rows(model, size),
        weights=None if weights is None else checked_weights(weights, size),
        ids=RowIds(None if ids is None else _names(ids, size, "ids")),
        by={str(name): _slice_column(values, size, name) for name, values in (by or {}).items()},
        clusters=None if cluster is None else RowIds(_names(cluster, size, "cluster")),
        first_row=first_row,
        columns=dict(_COLUMNS),
    )


def model_from(
    y_pred: Any,
    *,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    order: str = TRUTH_FIRST,
) -> DistributionForm:
    """What the model says: a form as it is, a plain array as :class:`Probs`."""
    if isinstance(y_pred, DistributionForm):
        return y_pred
    if isinstance(y_pred, Form):
        raise CallError(
            f"y_pred is {y_pred!r}; expected the model's numbers for every class: Probs, Logits or "
            f"LogProbs ({order})"
        )
    array = host_array(y_pred, "y_pred")
    if array.kind in "iuUT" and array.values.size:
        raise CallError(
            f"y_pred holds {array.dtype}; expected probabilities, one for every class ({order})"
        )
    return Probs(array, normalize=normalize, tolerance=tolerance)


def _truth(
    y_true: Any, model: DistributionForm, classes: Sequence[str] | None
) -> Labels | DistributionForm:
    if isinstance(y_true, Labels | DistributionForm):
        return y_true
    array = host_array(y_true, "y_true")
    if array.kind in "iubUT" or array.values.size == 0:
        return Labels(array, classes=classes)
    if len(array.shape) > 1 and array.shape == model.shape:
        return Probs(array)
    raise CallError(
        f"y_true holds {array.dtype} in the shape {array.shape} beside y_pred {model.shape}; "
        "expected integers (the index of the class), class names, or rows of probabilities of "
        "y_pred's shape; labels stored as floats must be cast: y_true.astype(int)"
    )


def _same_rows(truth: tuple[int, ...], model: tuple[int, ...]) -> None:
    if truth != model:
        raise CallError(
            f"y_true has rows of shape {truth}, y_pred of shape {model}; expected the same "
            "(classes are y_pred's last axis; a 1-D y_pred is the probability of class 1)"
        )


def _flat(truth: Labels | DistributionForm, size: int) -> Labels | DistributionForm:
    if isinstance(truth, Labels):
        return Labels(
            truth.indices().reshape(size), smoothing=truth.smoothing, classes=truth.classes
        )
    return _flat_rows(truth, size)


def _flat_rows(form: DistributionForm, size: int) -> DistributionForm:
    rows = form.rows(-1)
    flat = rows.values.reshape(size, rows.shape[-1])
    return form.with_array(HostArray(flat, rows.dtype))


def checked_weights(weights: Any, size: int, place: Place | None = None) -> NDArray[np.float64]:
    """Weights as float64: one a row, at least 0, finite and not beyond the largest."""
    values = np.ascontiguousarray(host_array(weights, "weights").as_float64()).reshape(-1)
    if len(values) != size:
        raise CallError(f"weights are {len(values)} numbers for {size} rows; expected one a row")
    legal = (values >= 0) & (values <= LARGEST_WEIGHT)
    if not legal.all():
        row = int(np.argmin(legal))
        raise InputError(
            f"found the weight {values[row]:.6g}",
            expected=f"a number from 0 to {LARGEST_WEIGHT:g}",
            remedy="weights are importance weights; rescale them, or drop the row",
            place=place or Place(row=row, column="weights"),
        )
    return values


def _names(values: Any, size: int, what: str) -> Any:
    """What rows or their clusters are called: one integer or string a row."""
    array = host_array(values, what).values.reshape(-1)
    if len(array) != size:
        raise CallError(f"{what} are {len(array)} values for {size} rows; expected one a row")
    if array.dtype.kind not in "iuUT":
        raise CallError(f"{what} hold {array.dtype}; expected integers or strings")
    if array.dtype.kind == "u" and size and array.max() > np.iinfo(np.int64).max:
        raise CallError(f"{what} hold an integer above 2⁶³ − 1; pass such {what} as strings")
    return array


def _slice_column(values: Any, size: int, name: str) -> SliceColumn:
    """What rows are sliced by: names, numbers or booleans."""
    what = f"by[{name!r}]"
    array = host_array(values, what)
    numbers = array.values.reshape(-1)
    if len(numbers) != size:
        raise CallError(f"{what} holds {len(numbers)} values for {size} rows; expected one a row")
    if array.dtype == "bfloat16" or numbers.dtype.kind == "f":
        return SliceColumn(numbers=array.as_float64().reshape(-1))
    if numbers.dtype.kind in "iu":
        return SliceColumn(numbers=numbers)
    if numbers.dtype.kind == "b":
        return SliceColumn(codes=numbers.astype(np.int32), names=("false", "true"))
    if numbers.dtype.kind not in "UT":
        raise CallError(f"{what} holds {numbers.dtype}; expected names, numbers or booleans")
    found, codes = np.unique(numbers, return_inverse=True)
    return SliceColumn(codes=codes.reshape(-1).astype(np.int32), names=tuple(map(str, found)))
