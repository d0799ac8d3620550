"""The only place that knows forms: what a formula is given, where it runs, what comes back.

NumPy's arrays, and tensors in main memory that nobody differentiates, are measured in float64: by a
compiled kernel where there is one, else by the formula in blocks. Everything else (other devices,
gradients, ``jit``, ``vmap``) runs the same formula on its own library's arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.libraries import (
    is_in_main_memory,
    is_traced,
)
from unsurprised.errors import CallError
from unsurprised.forms import DistributionForm, Form, Labels, as_form
from unsurprised.measures._alignment import aligned
from unsurprised.measures._array_engine import Home, by_library, copied, home_of
from unsurprised.measures._distribution import Formula
from unsurprised.measures._labels import dense, same_or_not
from unsurprised.measures._numpy_engine import (
    by_kernel,
    by_numpy,
    common_rows,
    is_log,
    refuse,
)
from unsurprised.measures._straight import is_plain, straight
from unsurprised.units import NO_UNIT, checked_base

#: Kernels that say NaN of rows whose shares have products below the floats; the formula tells them.
_LEAVING_ROWS = frozenset({"bhattacharyya_coefficient", "bhattacharyya_distance"})

#: What a measure answers with: a float or float64 array, or an array of its input's library.
Answer = Any


def settled(forms: Sequence[Form]) -> tuple[Home | None, bool, list[Form]]:
    """Where the answer belongs, whether NumPy computes it, and the forms as it will see them."""
    given = [form.given for form in forms if form.given is not None]
    if not given:
        return None, True, list(forms)
    home = home_of(given)
    on_host = all(map(is_in_main_memory, given))
    return home, on_host, [form.on_host() for form in forms] if on_host else list(forms)


def answer(
    formula: Formula,
    given: Sequence[Any],
    *,
    axis: int = -1,
    base: Any = NO_UNIT,
    kernel: str | None = None,
    home: Home | None = None,
    each_class: bool = False,
) -> Answer:
    """What ``formula`` (in nats where there is a ``base``) says of each row, or ``each_class``.

    ``formula`` takes one :class:`Side` for each form; a plain array is :class:`Probs`. Labels
    become rows of as many classes as the other forms have. Whoever knows of another array that
    decides where the answer belongs, and that NumPy cannot compute it, passes ``home``.
    """
    if base is not NO_UNIT:
        base = checked_base(base)
    if kernel and home is None:
        given = [one if is_plain(one) else as_form(one) for one in given]
        found = straight(kernel, given, axis=axis, base=2 if base is NO_UNIT else base)
        if found is not None and not _left(kernel, found):
            return found
    forms: Sequence[Form] = [as_form(one) for one in given]
    if len(forms) > 1:
        forms = aligned(forms, axis)
    if home is None:
        home, on_host, forms = settled(forms)
    else:
        on_host = False
    rows = as_rows(forms, axis)
    if not on_host:
        return by_library(home, formula, rows, axis, base)
    if kernel:
        values = by_kernel(kernel, rows, base=2 if base is NO_UNIT else base, axis=axis)
        if not _left(kernel, values):
            return finished(home, values)
    values = by_numpy(formula, rows, axis=axis, each_class=each_class)
    if base is not NO_UNIT:
        with np.errstate(over="ignore", under="ignore"):  # of 1e308 nats, of 5e-324
            values /= math.log(base)
    return finished(home, values)


def _left(kernel: str, values: Any) -> bool:
    return kernel in _LEAVING_ROWS and bool(np.isnan(np.asarray(values)).any())


def finished(home: Home | None, values: NDArray[Any]) -> Answer:
    """NumPy's values as the caller wants them."""
    if home is not None:
        return home.bring(values)
    return values if values.shape else float(values)


def as_rows(
    forms: Sequence[Form], axis: int, called: Sequence[str] = ("p", "q")
) -> list[DistributionForm]:
    """Every form as rows with its classes last; ``called`` is for errors."""
    forms = aligned(forms, axis, called)
    rows = [form.with_classes_last(axis) for form in forms if isinstance(form, DistributionForm)]
    if len(rows) == len(forms):
        return rows
    labels = [form for form in forms if isinstance(form, Labels)]
    classes = rows[0].shape[-1] if rows else _classes_of(labels)
    if classes is None:
        return list(same_or_not(labels))
    left = iter(rows)
    return [dense(form, classes) if isinstance(form, Labels) else next(left) for form in forms]


def _classes_of(labels: Sequence[Labels]) -> int | None:
    """How many classes labels have that meet no rows; None where nobody said."""
    named = {label.classes for label in labels if isinstance(label.classes, tuple)}
    if len(named) > 1:
        ours, theirs = (list(names) for names in sorted(named)[:2])
        raise CallError(
            f"the classes of p, {ours}, are not those of q, {theirs}; "
            "expected the same names in the same order"
        )
    said = {label.class_count for label in labels} - {None}
    if len(said) > 1:
        first, second = (label.class_count for label in labels[:2])
        raise CallError(f"p has {first} classes, q has {second}; expected the same number")
    if said:
        return int(said.pop() or 0)
    if any(label.smoothing for label in labels):
        raise CallError("Labels(…, smoothing=…) needs classes=…, the number of classes or names")
    return None


def denied_classes(forms: Sequence[Form], axis: int) -> NDArray[np.bool_]:
    """Where the second side says "impossible" and the first does not; classes last."""
    if any(form.given is not None and is_traced(form.given) for form in forms):
        raise CallError(
            "what is traced has no values yet to explain; call it outside of jit or vmap"
        )
    rows = [copied(row) for row in as_rows(forms, axis)]
    shape = common_rows(rows, axis)
    refuse(rows, axis=axis)
    possible = []
    for row in rows:
        values = row.array.as_float64()
        some = values > (-math.inf if is_log(row) else 0.0)
        possible.append(np.broadcast_to(some, (*shape, row.shape[-1])))
    return possible[0] & ~possible[1]


def need_distribution(form: Form, argument: str) -> DistributionForm:
    """``form`` where it names a number for every class."""
    if not isinstance(form, DistributionForm):
        raise CallError(
            f"{argument} is {form!r}; expected rows with a number for every class: "
            "Probs, Logits, LogProbs or Counts"
        )
    return form
