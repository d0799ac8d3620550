"""Logarithms of probabilities, checked for what is written where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place

#: What servers write where a token is none of the likely ones, and JSON has no −∞ (OpenAI, vLLM),
#: and the least floats, which stand for −∞ in masks.
_PLACEHOLDERS = (-9999.0, float(np.finfo(np.float32).min), float(np.finfo(np.float64).min))


def check_logprobs(values: NDArray[Any]) -> None:
    """Refuse numbers that are no natural logarithm of a probability.

    Parameters
    ----------
    values : array of floats, shape (n,)
        The logarithm of what happened in each row.

    Raises
    ------
    InputError
        Naming the first row above 0, NaN, or with a number that stands for a missing one.

    Examples
    --------
    >>> check_logprobs(np.array([-0.7, -np.inf, 0.0]))
    """
    wrong = ~(values <= 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        value = float(values[row])
        raise InputError(
            f"found {value!r}",
            expected="the natural logarithm of a probability, at most 0",
            remedy="mend it where the row was made, or leave the row out"
            if np.isnan(value)
            else "if these are surprisals, −log p, negate them; if they are probabilities, take "
            "their logarithm",
            place=Place(row=row),
        )
    refuse_placeholders(values)


def refuse_placeholders(values: NDArray[Any]) -> None:
    """Refuse numbers that stand for a logarithm that was not told.

    Parameters
    ----------
    values : array of floats, shape (n,) or (n, K)
        Logarithms of probabilities.

    Raises
    ------
    InputError
        Naming the first row that holds one.

    Examples
    --------
    >>> refuse_placeholders(np.array([[-0.7, -0.7], [0.0, -np.inf]]))
    """
    if values.min(where=values > -np.inf, initial=0) > _PLACEHOLDERS[0] / 2:
        return  # the usual case, in one pass
    least = float(np.finfo(values.dtype).min)
    held = np.isin(values, np.array([p for p in _PLACEHOLDERS if p >= least], values.dtype))
    if not held.any():
        return
    row = int(np.argmax(held.reshape(len(values), -1).any(axis=1)))
    value = float(values[row][held[row]].flat[0]) if values.ndim > 1 else float(values[row])
    raise InputError(
        f"found {value!r}, which servers and masks write where they tell no number",
        expected="the natural logarithm of a probability",
        remedy="ask for the logarithms of more tokens; write −inf if the probability is 0; "
        "or leave the row out",
        place=Place(row=row),
    )
