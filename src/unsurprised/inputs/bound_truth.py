"""A truth handed in as an array, bound to the classes of the predictions beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.columns import SeenLabels, named_columns
from unsurprised.class_names.indices import indices_of_texts, whole_numbers
from unsurprised.class_names.names import are_positions, key_of, listed, places_of
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import DistributionForm, Labels, Probs
from unsurprised.inputs.handed import Handed, Meaning
from unsurprised.inputs.truths import Beside, Mask, dense_truth, kind_of, refuse_fraction


def kept_rows(
    handed: Handed, lie: Beside, said: Meaning, weights: Values | None, missing: Mask | None
) -> Mask | None:
    """Which rows are kept: rows of weight 0 without a legal value are not, nor ignored labels."""
    if weights is None and missing is None and said.ignore_index is None:
        return None
    left = np.zeros(handed.size, dtype=bool)
    labels = _plain_labels(handed, lie)
    if said.nulls == "skip" and missing is not None:
        left |= missing
    if said.ignore_index is not None and labels is not None:
        left |= labels == said.ignore_index
    idle = None if weights is None else weights == 0
    if idle is not None and idle.any():
        bad = _not_a_number(handed) if missing is None else missing | _not_a_number(handed)
        if labels is not None:
            bad = bad | ~handed.binding.knows(labels)
        elif not lie.dense:
            bad = bad | _unknown_names(handed)
        left |= idle & bad
    if missing is not None and (missing & ~left).any():
        raise InputError(
            "found no value (a null or a masked entry)",
            expected="a value in every row, or the weight 0",
            remedy="leave such rows out, or give them the weight 0",
            place=Place(row=int(np.argmax(missing & ~left))),
        )
    return ~left if left.any() else None


def _unknown_names(handed: Handed) -> Mask:
    """Which labels that are names name no class."""
    array = handed.truth.array
    if array is None or kind_of(array) != "text" or handed.binding.names is None:
        return np.zeros(handed.size, dtype=bool)
    names, where = np.unique(array.values.reshape(-1), return_inverse=True)
    return np.array([k < 0 for k in handed.binding.of_texts(names.tolist())])[where]


def _not_a_number(handed: Handed) -> Mask:
    """Rows with a NaN, in the predictions or the truth."""
    arrays = [handed.model.array]
    if handed.truth.array is not None and handed.truth.array.kind == "f":
        arrays.append(handed.truth.array)
    found = np.zeros(handed.size, dtype=bool)
    for array in arrays:
        found |= np.isnan(array.as_float64()).reshape(handed.size, -1).any(axis=1)
    return found


def _plain_labels(handed: Handed, lie: Beside) -> NDArray[Any] | None:
    """Labels as integers, where they are numbers; NaN is −1, which names no class by position."""
    array = handed.truth.array
    if lie.dense or array is None or kind_of(array) not in ("integer", "float"):
        return None
    values = array.as_float64() if array.kind == "f" else array.values
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(values), -1, values).astype(np.int64).reshape(-1)


def bound_truth(
    handed: Handed, lie: Beside, said: Meaning, kept: Mask | None
) -> tuple[Labels | DistributionForm, str]:
    """The truth of the rows that are kept, flat, and what it is."""
    if lie.dense:
        return _dense(handed, said, kept)
    truth, count = handed.truth, handed.binding.count
    if isinstance(truth.form, Labels):
        indices = chosen(_of_form(truth.form, handed), kept)
        return Labels(indices, smoothing=truth.form.smoothing, classes=count), "labels"
    array = truth.array
    assert array is not None
    values = HostArray(chosen(array.values.reshape(-1), kept), array.dtype)
    try:
        shares = _shares(values, handed) if kind_of(array) == "float" else None
        if shares is not None:
            return shares, "shares of class 1"
        return Labels(_indices(values, handed.binding), classes=count), "labels"
    except InputError as error:
        row = error.place.row
        if kept is not None and isinstance(row, int):
            row = int(np.flatnonzero(kept)[row])
        raise error.located(row=row, column="y_true") from None


def chosen(values: NDArray[Any], kept: Mask | None) -> NDArray[Any]:
    """The values of the rows that are kept; None keeps all."""
    return values if kept is None else values[kept]


def _indices(values: HostArray, binding: Binding) -> NDArray[np.int64]:
    """The class of each plain label."""
    kind = kind_of(values)
    if not values.values.size:
        return np.zeros(0, dtype=np.int64)
    if kind == "text":
        if binding.names is None:
            raise CallError(
                "y_true holds names, and the order of y_pred's columns is not guessed: pass "
                "classes=[…], the names in the order of the columns, or a data frame with them"
            )
        return indices_of_texts(values.values, binding)
    if kind == "bool":
        return binding.of_booleans(values.values)
    if kind == "float":
        whole = whole_numbers(values)
        if whole is None and binding.names is not None:
            texts = values.as_float64().astype(str)
            if all(place >= 0 for place in binding.of_texts(np.unique(texts).tolist())):
                return indices_of_texts(texts, binding)
        if whole is None:
            refuse_fraction(values, binding.count)
            raise AssertionError("a fraction is refused")
        return binding.of_integers(whole.values, checked=False)
    if kind != "integer":
        raise CallError(f"y_true holds {values.dtype}; expected integers or names")
    # Their own bounds are checked where the rows are read.
    plain = values.dtype == "int64"
    return binding.of_integers(values.values if plain else Labels(values).indices(), checked=False)


def _of_form(form: Labels, handed: Handed) -> NDArray[np.int64]:
    """The class of each label of a form, among those of the predictions."""
    names = handed.binding.names
    if not isinstance(form.classes, tuple):
        array = form.array
        if (
            form.given is None
            and array.kind in "iubUT"
            and (names is not None or array.kind in "UT")
        ):
            return _indices(HostArray(array.values.reshape(-1), array.dtype), handed.binding)
        return form.indices().reshape(-1)
    own = form.indices().reshape(-1)
    if names is None or tuple(map(key_of, names)) == tuple(map(key_of, form.classes)):
        return own
    places = places_of(names)
    try:
        order = np.array([places[key_of(name)] for name in form.classes], dtype=np.int64)
    except KeyError:
        raise CallError(
            f"Labels(…) has the classes {listed(form.classes)}, and y_pred {listed(names)}; "
            "expected the same names"
        ) from None
    return order[own]


def _shares(values: HostArray, handed: Handed) -> Probs | None:
    """Shares of class 1 as rows of two; None for whole numbers, which are labels."""
    if handed.binding.count != 2 or whole_numbers(values) is not None:
        return None
    numbers = values.as_float64()
    if not ((numbers >= 0) & (numbers <= 1)).all():
        return None
    handed.binding.of_integers(np.zeros(1, dtype=np.int64))  # asks where no name tells which is 1
    one = (handed.binding.pair or (0, 1))[1]
    pair = (1 - numbers, numbers) if one == 1 else (numbers, 1 - numbers)
    return Probs(np.stack(pair, axis=-1))


def _dense(handed: Handed, said: Meaning, kept: Mask | None) -> tuple[DistributionForm, str]:
    truth, width = handed.truth, handed.model.shape[-1]
    form = truth.form
    if not isinstance(form, DistributionForm):
        assert truth.array is not None
        form = dense_truth(truth.array, handed.model, normalize=said.normalize)
        form.names = truth.names
    flat = flat_rows(form, handed.size, kept)
    order = None
    if truth.names is None and handed.model.names is not None:
        handed.binding.refuse_unsaid_order("the truth is rows without names")
    if truth.names is not None and handed.names is None and not are_positions(truth.names):
        raise CallError(
            f"y_true names its columns, {listed(truth.names)}, and y_pred's have no names; "
            "expected names in both, or classes=[…], the classes in the order of y_pred's columns"
        )
    if truth.names is not None and handed.names is not None:
        order = named_columns(truth.names, SeenLabels(), handed.names.names).order
    elif handed.names is not None and form.shape[-1] == width and handed.names.turned:
        order = handed.names.order  # a truth without names stands as the columns do
    if order is not None:
        flat = flat.with_array(HostArray(flat.array.values[:, list(order)], flat.array.dtype))
    return flat, "counts" if form.kind == "counts" else "distributions"


def flat_rows(form: DistributionForm, size: int, kept: Mask | None = None) -> DistributionForm:
    """The rows that are kept, without leading dimensions."""
    rows = form.rows(-1)
    flat = rows.values.reshape(size, rows.shape[-1])
    found = form.with_array(HostArray(chosen(flat, kept), rows.dtype))
    found.names = found.index = found.class_index = None  # bound from here on, by position
    return found
