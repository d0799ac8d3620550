"""The only place that knows forms: rows to kernels, and what a kernel found back to an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.arrays import FLOATS, HostArray, host_array
from unsurprised.errors import CallError, InputError, Place, SumsOffError
from unsurprised.forms import DistributionForm, Form, Labels, Probs
from unsurprised.threads import thread_count
from unsurprised.units import units_per_bit

Values = NDArray[np.float64]

#: Below this many elements, starting a thread costs more than it saves.
_ELEMENTS_PER_THREAD = 1 << 18

#: What NumPy broadcasts and the kernels walk.
_MOST_DIMENSIONS = 31

BAD_ENTRY, NO_MASS, SUM_OFF, BAD_LABEL = 1, 2, 3, 4


def kernel_rows(form: DistributionForm, rows: NDArray[Any]) -> _kernels.Rows:
    """``rows`` (classes last) as the kernels take them, with what ``form`` says of them."""
    # Without a check of the sum the deviation is still reported, except where a sum has no meaning.
    tolerance = -1.0 if form.normalize else form.tolerance
    return _kernels.Rows(
        rows,
        form.array.dtype,
        form.kind in ("logits", "logprobs"),
        form.kind in ("probs", "logprobs"),
        tolerance,
    )


def measure_rows(
    name: str,
    p: DistributionForm,
    q: DistributionForm | None = None,
    *,
    labels: NDArray[Any] | None = None,
    axis: int,
    base: float,
) -> Values | float:
    """One number for each row, from the kernel called ``name``."""
    units = units_per_bit(base)
    forms = [p] if q is None else [p, q]
    sides = [form.rows(axis).values for form in forms]
    shape = _common_shape(forms, sides, labels, axis)
    classes = sides[0].shape[-1]
    sides = [np.broadcast_to(side, (*shape, classes)) for side in sides]
    at = None
    if labels is not None:
        at = np.ascontiguousarray(np.broadcast_to(labels, shape), dtype=np.int64)
    values = np.empty(shape, dtype=np.float64)
    rows = [kernel_rows(form, side) for form, side in zip(forms, sides, strict=True)]
    findings = _kernels.measure(
        name, rows[0], rows[1] if q is not None else None, at, units, values, _threads(sides[0])
    )
    names = ("p", "q") if len(forms) > 1 else (None,)
    for argument, form, side, found in zip(names, forms, sides, findings, strict=False):
        if found[0] >= 0:
            raise fault_of(form, side, found, at).located(file=argument)
    return values if shape else float(values)


def _threads(rows: NDArray[Any]) -> int:
    most = rows.size // _ELEMENTS_PER_THREAD
    return 1 if most < 2 else min(most, thread_count())


def _common_shape(
    forms: list[DistributionForm],
    sides: list[NDArray[Any]],
    labels: NDArray[Any] | None,
    axis: int,
) -> tuple[int, ...]:
    classes = {side.shape[-1] for side in sides}
    if len(classes) > 1:
        raise CallError(
            f"different numbers of classes along axis {axis}: "
            + " and ".join(
                f"{form!r} has {s.shape[-1]}" for form, s in zip(forms, sides, strict=True)
            )
        )
    shapes = [side.shape[:-1] for side in sides] + ([] if labels is None else [labels.shape])
    return common_shape(shapes, f" beside the classes along axis {axis}")


def common_shape(shapes: list[tuple[int, ...]], where: str = "") -> tuple[int, ...]:
    """The shape that rows of these shapes broadcast to."""
    if max(map(len, shapes)) > _MOST_DIMENSIONS:
        raise CallError(f"expected at most {_MOST_DIMENSIONS} dimensions beside the classes")
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise CallError(
            f"rows do not broadcast: {' and '.join(map(str, shapes))}{where}; "
            "expected equal shapes, or 1 where they differ"
        ) from None


def fault_of(
    form: DistributionForm,
    rows: NDArray[Any],
    found: tuple[int, int, int, float],
    labels: NDArray[Any] | None = None,
) -> InputError:
    """The error for the first faulty row of ``rows`` (classes last)."""
    first, fault, sum_off_rows, _ = found
    index = tuple(int(i) for i in np.unravel_index(first, rows.shape[:-1])) if rows.ndim > 1 else ()
    place = Place(row=index or None)
    if fault == BAD_LABEL:
        label = int(np.asarray(labels)[index])
        return InputError(
            f"found the label {label}",
            expected=f"0 to {rows.shape[-1] - 1}, the index of one of {rows.shape[-1]} classes",
            place=place,
        )
    values = HostArray(rows[index], form.array.dtype).as_float64()
    if fault == BAD_ENTRY:
        return _bad_entry(form, values, place)
    if fault == NO_MASS:
        what = "−inf" if form.kind in ("logits", "logprobs") else "0"
        return InputError(
            f"a row of {form.kind} that is {what} only",
            expected="at least one class that is possible",
            remedy="mend it where the row was made, or leave the row out",
            place=place,
        )
    return _sum_off(form, values, sum_off_rows, place)


def _bad_entry(form: DistributionForm, values: Values, place: Place) -> InputError:
    if form.kind in ("logits", "logprobs"):
        bad = np.isnan(values) | (values == math.inf)
        expected = "finite numbers, or −inf for a probability of 0"
    else:
        bad = ~((values >= 0) & (values < math.inf))
        expected = "finite numbers of at least 0"
    if not bad.any():
        return InputError(
            f"{form.kind} whose sum is too large for a float", expected="a finite sum", place=place
        )
    where = int(np.argmax(bad))
    remedy = "mend it where the row was made, or leave the row out"
    if form.kind == "probs" and values[where] < 0:
        kind, call = ("logprobs", "LogProbs(…)") if np.all(values <= 0) else ("logits", "Logits(…)")
        remedy = (
            f"if these are {_MEANING[kind]}, say so: {call} (--kind {kind}); "
            "a tiny negative from rounding must be set to 0 where it arises"
        )
    value = values[where]
    found = "NaN" if np.isnan(value) else f"{value:.6g}"
    return InputError(
        f"found {found} for class {where} in a row of {form.kind}",
        expected=expected,
        remedy=remedy,
        place=place,
    )


_MEANING = {"logits": "logits", "logprobs": "log-probabilities", "probs": "probabilities"}


def _sum_off(form: DistributionForm, values: Values, rows: int, place: Place) -> InputError:
    if form.kind == "logprobs":
        with np.errstate(over="ignore"):
            total = float(np.exp(values).sum())
        what = f"log-probabilities whose exponentials sum to {total:.6g}"
    else:
        total = float(values.sum())
        what = f"probabilities that sum to {total:.6g}"
    return SumsOffError(
        f"found {what}",
        expected=f"1 within {form.tolerance:g}",
        remedy=_sum_remedy(form, values),
        place=place,
        note=SumsOffError.count(rows),
    )


def _sum_remedy(form: DistributionForm, values: Values) -> str:
    general = (
        "to take each row as row / sum pass normalize=True (--normalize), "
        "to accept larger deviations raise tolerance (--tolerance)"
    )
    if form.kind == "logprobs":
        if abs(values.sum() - 1) <= form.tolerance and np.all(values >= 0):
            return "these look like probabilities: Probs(…) (--kind probs)"
        return f"if these are logits, say so: Logits(…) (--kind logits); {general}"
    if np.any(values > 1):
        return (
            "entries above 1 are no probabilities; if these are logits, say so: Logits(…) "
            f"(--kind logits), if they are counts: Counts(…); {general}"
        )
    return general


def dense(labels: Labels, classes: int) -> Probs:
    """Labels as rows of probabilities, smoothing included."""
    indices = checked_indices(labels, classes)
    share = labels.smoothing / classes
    rows = np.full((*indices.shape, classes), share)
    np.put_along_axis(rows, indices[..., None], share + (1.0 - labels.smoothing), axis=-1)
    return Probs(rows)


def checked_indices(labels: Labels, classes: int) -> NDArray[np.int64]:
    """The labels' indices, all of them within the classes."""
    said = labels.class_count
    if said is not None and said != classes:
        raise CallError(f"Labels(…, classes={said}) met rows of {classes} classes")
    return _indices_within(labels, classes)


def own_indices(labels: Labels) -> NDArray[np.int64]:
    """The labels' indices, all of them within the classes that they know of."""
    return _indices_within(labels, labels.class_count)


def _indices_within(labels: Labels, classes: int | None) -> NDArray[np.int64]:
    indices = labels.indices()
    outside = indices < 0
    expected = "at least 0, the index of a class"
    if classes is not None:
        outside |= indices >= classes
        expected = f"0 to {classes - 1}, the index of one of {classes} classes"
    if outside.any():
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        raise InputError(
            f"found the label {int(indices[first])}",
            expected=expected,
            place=Place(row=first or None),
        )
    return indices


def need_distribution(form: Form, argument: str) -> DistributionForm:
    """``form`` where it names a number for every class."""
    if not isinstance(form, DistributionForm):
        raise CallError(
            f"{argument} is {form!r}; expected rows with a number for every class: "
            "Probs, Logits, LogProbs or Counts"
        )
    return form


def pointwise(values: Any, function: Callable[[Values, Values], None], what: str) -> Values | float:
    """``function`` applied to each number of an array of any shape."""
    host = host_array(values, what)
    if host.dtype not in FLOATS and host.values.dtype.kind not in "iub":
        raise CallError(f"{what} holds {host.dtype}; expected numbers")
    array = np.asarray(host.as_float64(), order="C")
    out = np.empty(array.shape, dtype=np.float64)
    function(array, out)
    return out if array.shape else float(out)
