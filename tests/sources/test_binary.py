"""Two classes as one number a row, against 50 digits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from unsurprised.errors import CallError, InputError
from unsurprised.forms import Logits, LogProbs, Probs
from unsurprised.inputs.binary import two_columns


def test_probabilities() -> None:
    form = two_columns("probs", np.array([0.0, 1.0, 0.25], np.float32), tolerance=0.5)
    assert type(form) is Probs
    assert form.tolerance == 0.5
    assert form.array.values.tolist() == [[1.0, 0.0], [0.0, 1.0], [0.75, 0.25]]


def test_log_odds() -> None:
    form = two_columns("logits", [1e4, -np.inf, 0.5])
    assert type(form) is Logits
    assert form.array.values.tolist() == [[0.0, 1e4], [0.0, -np.inf], [0.0, 0.5]]


LOGS = [-5e-324, -1e-300, -1e-17, -1e-8, -0.1, -0.69, -math.log(2), -0.7, -1.0, -30.0, -700.0]


@pytest.mark.parametrize("value", LOGS)
def test_log_probabilities_keep_their_digits(value: float) -> None:
    form = two_columns("logprobs", [value])
    assert type(form) is LogProbs
    with mpmath.workdps(400):
        expected = mpmath.log(-mpmath.expm1(mpmath.mpf(value)))
        got = mpmath.mpf(form.array.values[0, 0])
        assert abs(got - expected) <= abs(expected) * mpmath.mpf(2) ** -51
    assert form.array.values[0, 1] == value


def test_certain_log_probabilities() -> None:
    assert two_columns("logprobs", [0.0, -np.inf]).array.values.tolist() == [
        [-np.inf, 0.0],
        [0.0, -np.inf],
    ]


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        ("probs", 1.5, "row 1: found 1.5; expected a probability between 0 and 1; if these are"),
        ("probs", -1e-9, "row 1: found -1e-09; expected a probability"),
        ("probs", math.nan, "row 1: found nan; expected a probability between 0 and 1"),
        ("logits", math.inf, "row 1: found inf; expected log-odds below infinity"),
        ("logits", math.nan, "row 1: found nan; expected log-odds"),
        ("logprobs", 0.5, "row 1: found 0.5; expected the logarithm of a probability, at most 0;"),
        ("logprobs", math.nan, "row 1: found nan; expected the logarithm"),
    ],
)
def test_wrong_values(kind: str, wrong: float, message: str) -> None:
    with pytest.raises(InputError) as caught:
        two_columns(kind, [0.0, wrong, wrong])
    assert str(caught.value).startswith(message)
    assert ("pass kind=" in str(caught.value)) == (kind != "logits" and math.isfinite(wrong))


def test_more_dimensions_and_none() -> None:
    assert two_columns("probs", np.zeros((2, 3))).shape == (2, 3, 2)
    assert two_columns("probs", np.zeros(0)).shape == (0, 2)
    with pytest.raises(InputError, match=r"row \(1, 0\): found 2.0"):
        two_columns("probs", [[0.5, 0.5], [2.0, 0.5]])
    with pytest.raises(CallError, match="expected one number a row"):
        two_columns("probs", ["a"])
