"""Wrong calls of what measures pairs of rows raise; none reads or writes outside its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from wrong_arrays import REFUSED

from unsurprised import _kernels

ROWS, CLASSES = 3, 5
#: What stands in the place of an array: shorter, longer, of another type, no array.
WRONG = [np.zeros(1), np.zeros(999), np.zeros(999, np.uint8), [0.0], None, "abc", 1.0]


def scores() -> Any:
    values = np.log(np.full((ROWS, CLASSES), 0.2, dtype=np.float32))
    return _kernels.Rows(values, "float32", True, False, 1.0)


def calls() -> dict[str, tuple[Any, list[Any], dict[int, Any]]]:
    """Each function, its arguments, and which of them are arrays that are checked."""
    floored, labels = np.ones(ROWS, bool), np.zeros(ROWS, np.int64)
    tops, censored = np.empty(2 * ROWS, np.int32), np.empty(2 * ROWS, bool)
    values, sums = np.empty(10 * ROWS), np.empty(2 * ROWS)
    steps = np.zeros((ROWS, CLASSES + 5), np.uint16)
    ends = np.zeros((ROWS, 2), np.float32)
    found = np.empty((ROWS, CLASSES), np.float32)
    both = [scores(), scores(), floored, None, labels, values, tops, censored, sums, 2]
    one = [scores(), floored, labels, np.empty(7 * ROWS), tops[:ROWS], censored[:ROWS], 2]
    return {
        "floored_facts": (_kernels.floored_facts, both, dict.fromkeys((2, 4, 5, 6, 7, 8))),
        "floored_rows": (_kernels.floored_rows, one, dict.fromkeys((1, 2, 3, 4, 5))),
        "from_step_rows": (
            _kernels.from_step_rows,
            [steps, ends, found, np.empty(ROWS, bool), 2],
            dict.fromkeys((0, 1, 2, 3)),
        ),
    }


@pytest.mark.parametrize("name", calls())
def test_arrays_of_another_kind_are_refused(name: str) -> None:
    function, arguments, arrays = calls()[name]
    function(*arguments)
    for place in arrays:
        for wrong in WRONG:
            if name == "floored_facts" and place == 2 and wrong is None:
                continue  # whole rows
            with pytest.raises(REFUSED):
                function(*arguments[:place], wrong, *arguments[place + 1 :])


@pytest.mark.parametrize("label", [-1, CLASSES, 1 << 40])
def test_labels_that_no_class_has_are_refused(label: int) -> None:
    for name, place in (("floored_facts", 4), ("floored_rows", 2)):
        function, arguments, _ = calls()[name]
        arguments[place] = np.full(ROWS, label, dtype=np.int64)
        with pytest.raises(ValueError, match="no such class"):
            function(*arguments)


@pytest.mark.parametrize("shape", [(ROWS, CLASSES + 3), (ROWS + 1, CLASSES + 5), (ROWS,)])
def test_rows_that_are_too_short_are_refused(shape: tuple[int, ...]) -> None:
    function, arguments, _ = calls()["from_step_rows"]
    with pytest.raises(ValueError, match="rows of steps"):
        function(np.zeros(shape, np.uint16), *arguments[1:])


def test_steps_are_numbers_between_two_ends() -> None:
    random = np.random.default_rng(0)
    words = random.integers(0, 1 << 16, size=(40, 1001 + 5)).astype(np.uint16)
    words[:20] |= 1  # no step is 0
    ends = random.normal(size=(40, 2)).astype(np.float32)
    values, zeros = np.empty((40, 1001), np.float32), np.empty(40, bool)
    words[30, 4 + 1000] = 0
    _kernels.from_step_rows(words, ends, values, zeros, 3)
    steps = words[:, 4:1005]
    np.testing.assert_array_equal(values, ends[:, 1:] + ends[:, :1] * steps.astype(np.float32))
    np.testing.assert_array_equal(zeros, (steps == 0).any(axis=1))


def test_one_side_is_as_in_pairs() -> None:
    """A row by itself has the sum, surprisals and entropy that it has beside another."""
    random = np.random.default_rng(1)
    logits = (4 * random.normal(size=(30, 700))).astype(np.float32)
    logs = logits - np.log(np.exp(logits.astype(np.float64)).sum(axis=1, keepdims=True))
    floored = random.integers(0, 2, 30).astype(bool)
    least = logs.max(axis=1, keepdims=True) - 9
    logs = np.where(floored[:, None], np.maximum(logs, least), logs).astype(np.float32)
    rows = _kernels.Rows(logs, "float32", True, False, 1.0)
    labels = random.integers(0, 700, 30)
    told, sums = np.empty((10, 30)), np.empty((2, 30))
    tops, censored = np.empty((2, 30), np.int32), np.empty((2, 30), bool)
    _kernels.floored_facts(rows, rows, floored, floored, labels, told, tops, censored, sums, 2)
    alone, top, at_floor = np.empty(7 * 30), np.empty(30, np.int32), np.empty(30, bool)
    _kernels.floored_rows(rows, floored, labels, alone, top, at_floor, 2)
    np.testing.assert_array_equal(alone[:90].reshape(3, 30), told[:3])
    np.testing.assert_array_equal(alone[90:120], sums[0])
    np.testing.assert_array_equal(top, tops[0])
    np.testing.assert_array_equal(at_floor, censored[0])
    np.testing.assert_array_equal(sums[0], sums[1])
    exact = np.exp(logs.astype(np.float64)).sum(axis=1)
    np.testing.assert_allclose(sums[0], exact, rtol=3e-7)  # rows of single precision
    cap, low, high = alone[120:].reshape(30, 3).T
    assert (low[floored] <= high[floored]).all()
    assert (high[floored] > 0).all()
    assert (alone[120:].reshape(30, 3)[~floored] == 0).all()
    half = (logs.max(axis=1) - logs.min(axis=1)).astype(np.float64) / 65535 / 2
    wanted = np.exp(logs.min(axis=1) + half)
    np.testing.assert_allclose(cap[floored], wanted[floored], rtol=1e-6)
