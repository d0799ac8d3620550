"""Bad input in foreign arrays: the diagnosis is NumPy's, to the letter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from library_cases import LIBRARIES, Library

import unsurprised as us

INF, NAN = math.inf, math.nan
HALF = [0.5, 0.5]

Make = Callable[[Any], Any]
Call = Callable[[Make, Make], Any]
FAULTS: dict[str, Call] = {
    "a negative share": lambda a, _: us.entropy(a([HALF, [1.25, -0.25]])),
    "logits as shares": lambda a, _: us.perplexity(a([HALF, [3.0, 2.0]])),
    "a sum": lambda a, _: us.kl_divergence(a(HALF), a([HALF, [0.5, 0.25]])),
    "two sums": lambda a, _: us.gini_impurity(a([[0.5, 0.25], HALF, [0.5, 0.25]])),
    "not a number": lambda a, _: us.js_divergence(a(HALF), a(HALF), a([NAN, 0.5])),
    "a NaN beside NumPy's rows": lambda a, _: us.kl_divergence(HALF, a([HALF, [0.5, NAN]])),
    "a fault in NumPy's rows": lambda a, _: us.kl_divergence(a(HALF), [HALF, [0.5, NAN]]),
    "an infinite logit": lambda a, _: us.min_entropy(us.Logits(a([[0.0, 1.0], [INF, 0.0]]))),
    "nothing possible": lambda a, _: us.hartley_entropy(us.Logits(a([[-INF, -INF]]))),
    "logits called log-probabilities": lambda a, _: us.entropy(us.LogProbs(a([[3.0, 0.0]]))),
    "no counts": lambda a, _: us.renyi_entropy(us.Counts(a([[0.0, 0.0]])), 2),
    "negative counts": lambda _, i: us.entropy(us.Counts(i([[3, 1], [2, -1]]))),
    "a cell": lambda a, _: us.total_correlation(a([[HALF, [NAN, 0.0]]])),
    "another axis": lambda a, _: us.entropy(a([[0.5, 0.25], HALF]), axis=0),
    "a label above": lambda a, i: us.surprisal(a([HALF] * 3), at=i([0, 1, 2])),
    "a label below": lambda a, i: us.cross_entropy(us.Labels(i([0, -1])), a([HALF] * 2)),
    "labels, smoothed": lambda a, i: us.kl_divergence(
        us.Labels(i([0, 7]), smoothing=0.5), a([HALF] * 2)
    ),
    "labels alone": lambda _, i: us.entropy(us.Labels(i([0, -1]))),
    "an event": lambda a, _: us.surprisal(a([HALF, [0.5, 1.5]])),
    "an event that is none": lambda a, _: us.binary_entropy(a([0.5, NAN])),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "library", [library for library in LIBRARIES if library.dtype != "float16"], ids=str
)
def test_the_same_diagnosis(library: Library, fault: str) -> None:
    call = FAULTS[fault]
    with pytest.raises(us.UnsurprisedError) as ours:
        call(np.array, np.array)
    with library.at_work(), pytest.raises(us.UnsurprisedError) as theirs:
        call(library.array, lambda numbers: library.place(numbers, "int32"))
    assert str(theirs.value) == str(ours.value)
    assert type(theirs.value) is type(ours.value)


def test_two_libraries_do_not_meet() -> None:
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    row, other = torch.tensor(HALF), jax.numpy.asarray(HALF)
    calls: list[Callable[[], Any]] = [
        lambda: us.kl_divergence(row, other),
        lambda: us.js_divergence(HALF, other, row.requires_grad_()),
        lambda: us.surprisal(other, at=torch.tensor(1)),
        lambda: us.cross_entropy(us.Labels(torch.tensor(1)), us.Logits(other)),
    ]
    for call in calls:
        with pytest.raises(
            us.CallError, match="found arrays of jax and torch; expected one library"
        ):
            call()
