"""Errors for rows that a kernel refused, with the place and the remedy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.class_names.binding import other_counting
from unsurprised.errors import InputError, Place, SumsOffError
from unsurprised.forms import DistributionForm

BAD_ENTRY, NO_MASS, SUM_OFF, BAD_LABEL = 1, 2, 3, 4


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
        known = np.asarray(labels)
        label = int(known[index])
        return InputError(
            f"found the label {label}",
            expected=f"0 to {rows.shape[-1] - 1}, the index of one of {rows.shape[-1]} classes",
            remedy=other_counting(known, rows.shape[-1]),
            place=place,
        )
    values = HostArray(rows[index], form.array.dtype).as_float64()
    if fault == BAD_ENTRY:
        return _bad_entry(form, values, place)
    if fault == NO_MASS:
        what = "−inf" if form.kind in ("logits", "logprobs") else "0"
        return InputError(
            f"{_whole(form)} that is {what} only",
            expected=f"at least one {'cell' if form.cells else 'class'} that is possible",
            remedy=_mend(form),
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
    remedy = _mend(form)
    if form.kind == "probs" and values[where] < 0:
        kind, call = ("logprobs", "LogProbs(…)") if np.all(values <= 0) else ("logits", "Logits(…)")
        remedy = (
            f"if these are {_MEANING[kind]}, say so: {call} (--kind {kind}); "
            "a tiny negative from rounding must be set to 0 where it arises"
        )
    value = values[where]
    found = "NaN" if np.isnan(value) else f"{value:.6g}"
    return InputError(
        f"found {found} {_entry(form, where)} {_whole(form)}",
        expected=expected,
        remedy=remedy,
        place=place,
    )


def _whole(form: DistributionForm) -> str:
    return f"a {'table' if form.cells else 'row'} of {form.kind}"


def _entry(form: DistributionForm, where: int) -> str:
    if not form.cells:
        return f"for class {where} in"
    cell = tuple(int(one) for one in np.unravel_index(where, form.cells))
    return f"in cell {cell} of"


def _mend(form: DistributionForm) -> str:
    what = "table" if form.cells else "row"
    return f"mend it where the {what} was made, or leave the {what} out"


_MEANING = {"logits": "logits", "logprobs": "log-probabilities", "probs": "probabilities"}


def _sum_off(form: DistributionForm, values: Values, rows: int, place: Place) -> InputError:
    if form.kind == "logprobs":
        with np.errstate(over="ignore"):
            total = float(np.exp(values).sum())
        what = f"log-probabilities whose exponentials sum to {_unlike_one(total)}"
    else:
        total = float(values.sum())
        what = f"probabilities that sum to {_unlike_one(total)}"
    return SumsOffError(
        f"found {what}",
        expected=f"1 within {form.tolerance:g}",
        remedy=_sum_remedy(form, values),
        place=place,
        note=SumsOffError.count(rows),
    )


def _unlike_one(total: float) -> str:
    """A sum in as many digits as tell it from 1."""
    short = f"{total:.6g}"
    return repr(total) if short == "1" else short


def _sum_remedy(form: DistributionForm, values: Values) -> str:
    called = "LogProbs" if form.kind == "logprobs" else "Probs"
    general = (
        f"to take each row as row / sum pass normalize=True, to a measure {called}(…, "
        "normalize=True) (--normalize), to accept larger deviations raise tolerance (--tolerance)"
    )
    if form.kind == "logprobs":
        if abs(values.sum() - 1) <= form.tolerance and np.all(values >= 0):
            return "these look like probabilities: Probs(…) (--kind probs)"
        return f"if these are logits, say so: Logits(…) (--kind logits); {general}"
    if form.unsaid and np.all(values <= 1):
        return (
            "0 and 1 alone are predicted classes, several in this row; pass what the model gave to "
            "each class before it chose, or say what they are: Counts(…) for votes, Labels(…)"
        )
    if form.unsaid:
        return "integers say what they are: Counts(…) for counts, Labels(…) for labels"
    return _probs_remedy(values, general)


def _probs_remedy(values: Values, general: str) -> str:
    total = float(values.sum())
    if abs(total - 100) <= _PERCENT_SLACK:
        return (
            "these look like percent: normalize=True (--normalize) takes each row as row / sum; "
            "if they are counts or logits, say so: Counts(…), Logits(…) (--kind logits)"
        )
    if np.any(values > 1):
        return (
            "entries above 1 are no probabilities; if these are logits, say so: Logits(…) "
            f"(--kind logits), if they are counts: Counts(…); {general}"
        )
    if np.all((values == 0) | (values == 1)):
        return (
            "0 and 1 alone are predicted classes, several in this row; pass what the model gave "
            "to each class before it chose"
        )
    return f"{_EACH_ITS_OWN}; {general}" if abs(total - 1) > _ROUNDED else general


#: By how much percents that are rounded to integers may miss 100.
_PERCENT_SLACK = 2.0

#: By how much probabilities that are rounded to two digits may miss 1.
_ROUNDED = 0.05

_EACH_ITS_OWN = (
    "if each entry is a probability of its own (one against the rest, a sigmoid a class), no row "
    "is a distribution until it is divided by its sum"
)
