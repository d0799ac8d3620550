"""Series that are none, or say nothing: an error that says what, where, and what to do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised.estimate import active_information_storage, transfer_entropy

BAD: list[tuple[str, tuple[Any, Any], dict[str, Any]]] = [
    (
        "source has 5 times, target 4; expected series of the same times",
        ([1, 2] * 2 + [1], [1] * 4),
        {},
    ),
    ("source has 2 trials, target one trial", ([[1, 2, 1], [2, 1, 2]], [1, 2, 1]), {}),
    (
        "source has 3 times in trial 1, target 4",
        ([[1, 2, 1], [2, 1, 2]], [[1, 2, 1], [2, 1, 2, 1]]),
        {},
    ),
    ("source, row 1: found NaN in a series of numbers", ([0.5, math.nan, 1], [1, 2, 1]), {}),
    (
        "source[1], row 0: found inf",
        ([np.ones(3), np.array([math.inf, 1, 2])], [np.ones(3)] * 2),
        {},
    ),
    ("source is a list of 4 lists of 2; expected an array", ([[0.1, 0.2]] * 4, [1, 2, 1, 2]), {}),
    ("source has the shape (2, 9); expected (times, dimensions)", (np.ones((2, 9)), [1] * 2), {}),
    ("source has the shape (2, 2, 2)", (np.ones((2, 2, 2)), [1] * 2), {}),
    ("source has the shape (0,); expected", ([], []), {}),
    ("source has no value at any time", ([None, None], [1, 2]), {}),
    ("source is a NoneType; expected a series", (None, [1]), {}),
    ("source is a Counts; expected a series", (us.Counts([1, 2]), [1, 2]), {}),
    (
        "source[0] holds numbers, source[1] integers",
        ([np.ones(3), np.ones(3, int)], [[1, 2, 3]] * 2),
        {},
    ),
    (
        "no window fits into target: the longest of 1 trials has 2 times",
        ([1, 2], [2, 1]),
        {"history": 2},
    ),
    ("history=-1; expected 'auto' or an integer from 0 on", ([1, 2], [2, 1]), {"history": -1}),
    ("history='best'; expected 'auto'", ([1, 2], [2, 1]), {"history": "best"}),
    (
        "source_history=0; expected 'auto' or an integer from 1",
        ([1, 2], [2, 1]),
        {"source_history": 0},
    ),
    ("delay=0; expected an integer from 1 on", ([1, 2], [2, 1]), {"delay": 0}),
    ("step=1.5; expected 'auto' or", ([1, 2], [2, 1]), {"step": 1.5}),
    ("given_history=True; expected", ([1, 2], [2, 1]), {"given": [1, 2], "given_history": True}),
    ("method='ksg2'; expected 'auto', 'ksg1' for numbers", ([1, 2], [2, 1]), {"method": "ksg2"}),
    (
        "surrogates='fft'; expected 'shift' or 'blocks'",
        ([1, 2, 3], [2, 1, 2]),
        {"surrogates": "fft"},
    ),
    ("k=3 and 3 rows; expected more rows than k", ([0.1, 0.4, 0.2, 0.7], [0.3, 0.1, 0.9, 0.2]), {}),
    ("the past is another in each of 5 windows", ([1, 2, 3, 4, 5, 6], [1, 2, 1, 2, 1, 2]), {}),
    ("what is known is another in each of 4 windows", ([1, 2, 1, 2, 1], [5, 4, 3, 2, 2]), {}),
    (
        "history='auto', step=1, and 1 windows of target that hold",
        ([1, 2] * 3, [1, 2] * 3),
        {"history": "auto"},
    ),
]


@pytest.mark.parametrize(("told", "series", "options"), BAD, ids=[case[0][:40] for case in BAD])
def test_bad_input(told: str, series: tuple[Any, Any], options: dict[str, Any]) -> None:
    with pytest.raises(us.UnsurprisedError) as error:
        transfer_entropy(*series, **options)
    assert told in str(error.value)


def test_storage_needs_a_past() -> None:
    with pytest.raises(us.CallError, match="history=0; expected 'auto' or an integer from 1 on"):
        active_information_storage([1, 2, 1], history=0)
