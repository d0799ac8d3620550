"""Two classes as one number a row: a probability, log-odds or log-probability of class 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import DEFAULT_TOLERANCE, DistributionForm, Logits, LogProbs, Probs

Numbers = NDArray[np.float64]


def two_columns(
    kind: str, values: Any, *, tolerance: float = DEFAULT_TOLERANCE
) -> DistributionForm:
    """Rows of two classes from one number a row, which speaks of class 1.

    Parameters
    ----------
    kind : {"probs", "logits", "logprobs"}
        Whether the numbers are ``p``, the log-odds ``ln(p / (1 − p))`` or ``ln p``.
    values : array of any shape
        One number a row.
    tolerance : float
        Handed on to the form.

    Returns
    -------
    DistributionForm
        Float64 rows ``[1 − p, p]``, ``[0, z]`` or ``[ln(1 − e^l), l]``.

    Raises
    ------
    InputError
        Naming the first row that holds no such number.

    Examples
    --------
    >>> two_columns("probs", [0.25, 1.0]).array.values
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """
    array = host_array(values, "the prediction")
    if array.kind not in "iubf":
        raise CallError(f"the prediction holds {array.dtype}; expected one number a row")
    numbers = array.as_float64()
    first, second = _PAIRS[kind](numbers)
    rows = np.stack([first, second], axis=-1)
    if kind == "logits":
        return Logits(rows)
    form = Probs if kind == "probs" else LogProbs
    return form(rows, tolerance=tolerance)


def _from_probs(p: Numbers) -> tuple[Numbers, Numbers]:
    _refuse(
        p,
        ~((p >= 0) & (p <= 1)),
        "a probability between 0 and 1",
        'if these are log-odds pass kind="logits", if logarithms kind="logprobs" '
        "(--kind logits, --kind logprobs)",
    )
    return 1 - p, p


def _from_logits(z: Numbers) -> tuple[Numbers, Numbers]:
    _refuse(z, ~(z < np.inf), "log-odds below infinity", None)
    return np.zeros_like(z), z


def _from_logprobs(logp: Numbers) -> tuple[Numbers, Numbers]:
    _refuse(
        logp,
        ~(logp <= 0),
        "the logarithm of a probability, at most 0",
        'if these are probabilities pass kind="probs", if log-odds kind="logits" '
        "(--kind probs, --kind logits)",
    )
    return portable.log1mexp(logp), logp


_PAIRS: dict[str, Callable[[Numbers], tuple[Numbers, Numbers]]] = {
    "probs": _from_probs,
    "logits": _from_logits,
    "logprobs": _from_logprobs,
}


def _refuse(values: Numbers, wrong: NDArray[np.bool_], expected: str, remedy: str | None) -> None:
    if not wrong.any():
        return
    where = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    row = tuple(int(index) for index in where)
    raise InputError(
        f"found {float(values[where])!r}",
        expected=expected,
        remedy=remedy if np.isfinite(values[where]) else None,
        place=Place(row=row[0] if len(row) == 1 else row),
    )
