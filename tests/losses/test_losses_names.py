"""Frames beside NumPy's losses: a position is never taken where names say another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import unsurprised as us
from unsurprised.losses.numpy import cross_entropy_loss, distill_loss, kl_loss

LOGITS = pd.DataFrame([[2.0, 0.0], [0.0, 1.0]], columns=["b", "a"], index=["x", "y"])
TARGET = pd.DataFrame([[0.9, 0.1], [0.2, 0.8]], columns=["b", "a"], index=["x", "y"])


def test_names_in_one_order_are_plain_arrays() -> None:
    plain = cross_entropy_loss(LOGITS.to_numpy(), TARGET.to_numpy(), weight=[1.0, 2.0])
    found = cross_entropy_loss(LOGITS, TARGET, weight=pd.Series({"b": 1.0, "a": 2.0}))
    assert found.loss == plain.loss
    labels = cross_entropy_loss(LOGITS, pd.Series([0, 1], index=["x", "y"]))
    assert labels.loss == cross_entropy_loss(LOGITS.to_numpy(), [0, 1]).loss
    assert cross_entropy_loss(LOGITS, [0, 1], weight=pd.Series([1.0, 2.0])).loss > 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: cross_entropy_loss(LOGITS, TARGET[["a", "b"]]),
        lambda: kl_loss(LOGITS, TARGET[["a", "b"]]),
        lambda: distill_loss(LOGITS, LOGITS[["a", "b"]]),
        lambda: cross_entropy_loss(LOGITS, [0, 1], weight=pd.Series({"a": 2.0, "b": 1.0})),
        lambda: cross_entropy_loss(np.eye(2), [0, 1], weight=pd.Series({"a": 2.0, "b": 1.0})),
        lambda: cross_entropy_loss(np.eye(2), [0, 1], weight=pd.Series({1: 2.0, 0: 1.0})),
    ],
)
def test_other_names_are_refused(call: Any) -> None:
    with pytest.raises(us.CallError, match="by name or by position"):
        call()


@pytest.mark.parametrize("call", [
    lambda rows: cross_entropy_loss(LOGITS, pd.Series([0, 1], index=rows)),
    lambda rows: cross_entropy_loss(LOGITS, [0, 1], sample_weight=pd.Series([1, 2], index=rows)),
    lambda rows: distill_loss(LOGITS, LOGITS.loc[rows]),
])  # fmt: skip
def test_rows_in_another_order_are_refused(call: Any) -> None:
    call(["x", "y"])
    with pytest.raises(us.CallError, match="in another order: by index or by position"):
        call(["y", "x"])


def test_dictionaries_are_refused() -> None:
    with pytest.raises(us.CallError, match="weight is a dictionary"):
        cross_entropy_loss(np.eye(2), [0, 1], weight={1: 2.0, 0: 1.0})
    with pytest.raises(us.CallError, match="sample_weight is a dictionary"):
        cross_entropy_loss(np.eye(2), [0, 1], sample_weight={1: 2.0, 0: 1.0})
