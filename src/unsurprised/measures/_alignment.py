"""Distributions of named classes beside each other: names bind, never the position alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unsurprised.arrays.host import HostArray
from unsurprised.arrays.row_order import NamedRows, refuse_other_orders
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.indices import at_its_place, indices_of_labels
from unsurprised.class_names.names import (
    differences,
    key_of,
    listed,
    places_of,
    repeated,
    same_names,
)
from unsurprised.errors import CallError
from unsurprised.forms import Counts, DistributionForm, Form, Labels, Probs


def aligned(forms: Sequence[Form], axis: int, called: Sequence[str] = ("p", "q")) -> Sequence[Form]:
    """The forms with their classes in one order, that of the first with names.

    Forms without names stay as they are; so does everything where none, or only one, has names.
    ``called`` is for errors.
    """
    if len(forms) < 2:
        return forms
    _refuse_unsaid_labels(forms)
    _refuse_columns_of_labels(forms)
    if all(form.names is None and form.index is None for form in forms):
        return forms
    turned = [
        form.with_classes_last(axis) if isinstance(form, DistributionForm) else form
        for form in forms
    ]
    _refuse_other_rows(turned, called, turned_from=forms)
    turned = _with_numbers_as_names(turned)
    first = next((form.names for form in turned if form.names is not None), None)
    if first is None:
        return forms
    names = _united([form for form in turned if isinstance(form, DistributionForm)], first)
    return [_turned_back(_in_order(form, names), axis) for form in turned]


def _with_numbers_as_names(forms: Sequence[Form]) -> list[Form]:
    """The forms, classes that pandas numbered called 0, 1, … where others are called so too."""
    names = [form.names for form in forms if form.names is not None]
    found = list(forms)
    for place, form in enumerate(forms):
        if form.names is None and form.class_index is not None:
            numbers = tuple(map(str, range(form.shape[-1])))
            if any(len(others) == len(numbers) and same_names(others, numbers) for others in names):
                found[place] = form.with_array(form.array)
                found[place].names = numbers
    return found


def _united(forms: Sequence[DistributionForm], first: tuple[str, ...]) -> tuple[str, ...]:
    """The names of all; a class that one distribution does not list has no mass there."""
    names = list(first)
    for form in forms:
        if form.names is None or same_names(form.names, names):
            continue
        single = all(len(other.shape) == 1 and type(other) in (Probs, Counts) for other in forms)
        if not single or not any(key_of(name) in set(map(key_of, names)) for name in form.names):
            raise CallError(
                f"the names of the classes differ ({differences(form.names, names)}); expected the "
                "same names in both, in any order (columns, index or keys), or plain arrays, which "
                "are compared by position"
            )
        known = set(map(key_of, names))
        names += [name for name in form.names if key_of(name) not in known]
    return tuple(names)


def _in_order(form: Form, names: tuple[str, ...]) -> Form:
    if isinstance(form, Labels):
        return _labels_among(form, names)
    assert isinstance(form, DistributionForm)
    if form.names is None:
        if form.shape[-1] != len(names):
            raise CallError(
                f"{form!r} has {form.shape[-1]} classes without names beside {len(names)} with "
                f"names, {listed(names)}; expected as many"
            )
        return form
    if tuple(map(key_of, form.names)) == tuple(map(key_of, names)):
        return form
    _refuse_twice(form.names)
    _refuse_twice(names)
    own = places_of(form.names)
    order = [own.get(key_of(name), -1) for name in names]
    array = form.array
    values = array.values[..., [max(k, 0) for k in order]]
    values[..., np.array(order) < 0] = 0
    found = form.with_array(HostArray(values, array.dtype))
    found.names = names
    return found


def _refuse_twice(names: tuple[str, ...]) -> None:
    """Raise where a name stands for two classes, so that none binds by it."""
    twice = repeated(names)
    if twice is not None:
        raise CallError(
            f"two classes are called {twice!r} among {listed(names)}; expected distinct names "
            "(columns, index or keys), or plain arrays, which are compared by position"
        )


def _labels_among(form: Labels, names: tuple[str, ...]) -> Labels:
    """Labels as indices among named classes."""
    _refuse_twice(names)
    array = form.array
    flat = HostArray(array.values.reshape(-1), array.dtype)
    if isinstance(form.classes, tuple):
        if not same_names(form.classes, names):
            raise CallError(
                f"the names of the classes differ ({differences(form.classes, names)}); expected "
                "those of the rows beside the labels"
            )
        places = places_of(names)
        order = np.array([places[key_of(name)] for name in form.classes])
        indices = order[form.indices().reshape(-1)]
    else:
        binding = Binding(len(names), names, ordered=False, stated=False)
        with at_its_place(array.shape):
            indices = indices_of_labels(flat, binding)
    shaped = np.asarray(indices).reshape(array.shape)
    return Labels(shaped, smoothing=form.smoothing, classes=len(names))


def _turned_back(form: Form, axis: int) -> Form:
    """The form with its classes where the caller has them."""
    if not isinstance(form, DistributionForm) or axis == -1 or len(form.shape) == 1:
        return form
    names, axis = form.names, axis % len(form.shape)
    if axis == len(form.shape) - 1:
        return form
    array = form.array
    back = form.with_array(HostArray(np.moveaxis(array.values, -1, axis), array.dtype))
    back.names, back.index, back.class_index = None, names, None
    return back


def _refuse_other_rows(
    forms: Sequence[Form], called: Sequence[str], turned_from: Sequence[Form]
) -> None:
    """Raise for rows that are called alike and stand in another order; classes are last."""
    more = [f"more[{number}]" for number in range(len(forms) - len(called))]
    rows = {}
    for name, form, given in zip((*called, *more), forms, turned_from, strict=True):
        if form.index is not None and len(form.shape) == (1 if isinstance(form, Labels) else 2):
            rows[name] = NamedRows(form.index, "index" if form.index is given.index else "columns")
    refuse_other_orders(rows)


def _refuse_columns_of_labels(forms: Sequence[Form]) -> None:
    """Raise for labels of shape (n, 1) beside n rows: every label would meet every row."""
    rows = [form for form in forms if isinstance(form, DistributionForm)]
    for form in forms:
        if not isinstance(form, Labels) or not rows or len(form.shape) < 2 or form.shape[-1] != 1:
            continue
        if form.shape[:-1] == rows[0].shape[:-1] and form.shape[0] > 1:
            raise CallError(
                f"Labels of shape {form.shape} beside rows of shape {rows[0].shape[:-1]}: "
                "a label a "
                "row, or every label beside every row? Expected one axis less than the rows; a "
                f"label a row has the shape {form.shape[:-1]}: labels[..., 0]; every label beside "
                "every row wants rows[None]"
            )


def _refuse_unsaid_labels(forms: Sequence[Form]) -> None:
    """Raise for plain integers that may be a label for each row of the other side."""
    for form, other in zip(forms, reversed(forms), strict=True):
        if not isinstance(form, DistributionForm) or not form.unsaid or form is other:
            continue
        if form.shape == other.shape[:-1] and isinstance(other, DistributionForm):
            raise CallError(
                f"integers of shape {form.shape} beside rows of shape {other.shape}: labels, or a "
                "row of probabilities? Say which: Labels(…), a label a row; Probs(…), one row for "
                "all; Counts(…), votes"
            )
