"""What is no logarithm of a probability."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unsurprised.errors import InputError
from unsurprised.sources.logprobs import check_logprobs, refuse_placeholders


def told(values: Any, check: Any = check_logprobs) -> str:
    with pytest.raises(InputError) as caught:
        check(np.array(values))
    return str(caught.value)


@pytest.mark.parametrize("value", [2.5, 0.3, np.inf])
def test_positive_numbers(value: float) -> None:
    assert told([-1.0, value, 3.0]) == (
        f"row 1: found {value!r}; expected the natural logarithm of a probability, at most 0; "
        "if these are surprisals, −log p, negate them; if they are probabilities, take their "
        "logarithm"
    )


def test_nan() -> None:
    assert told([np.nan]) == (
        "row 0: found nan; expected the natural logarithm of a probability, at most 0; mend it "
        "where the row was made, or leave the row out"
    )


REMEDY = (
    "which servers and masks write where they tell no number; expected the natural logarithm of a "
    "probability; ask for the logarithms of more tokens; write −inf if the probability is 0; or "
    "leave the row out"
)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_placeholders(kind: Any) -> None:
    values = np.array([-0.5, -np.inf, -9999.0, -9999.0], kind)
    number = float(values[2])
    assert told(values) == f"row 2: found {number!r}, {REMEDY}"
    rows = np.array([[-0.5, -np.inf], [0, -9999]], kind)
    assert told(rows, refuse_placeholders) == f"row 1: found {number!r}, {REMEDY}"
    if kind is not np.float16:
        least = np.finfo(kind).min
        assert told([kind(least)]) == f"row 0: found {float(least)!r}, {REMEDY}"


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_unlikely_is_no_placeholder(kind: Any) -> None:
    for values in ([-9998.5, -1e4, -1e9, -np.inf], [[-9998.5, 0], [-np.inf, -2e4]], []):
        refuse_placeholders(np.array(values, kind))
    check_logprobs(np.array([-9998.5, 0.0, -np.inf], kind))
