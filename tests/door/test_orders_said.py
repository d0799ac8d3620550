"""An order that is asked for is one: no set, and no mapping of two meanings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import unsurprised as us
from unsurprised.calibrators import TemperatureScaling
from unsurprised.class_names.names import checked_names

Y, ROWS = ["cat", "dog", "cat"], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]
RIGHT = float(-np.log2([0.9, 0.8, 0.7]).mean())
TURNED = float(-np.log2([0.1, 0.2, 0.3]).mean())
FRAME = pd.DataFrame({"label": Y, "a": [0.9, 0.2, 0.7], "b": [0.1, 0.8, 0.3]})

CALLS: dict[str, Callable[[Any], Any]] = {
    "evaluate": lambda names: us.evaluate(Y, ROWS, classes=names),
    "evaluate a frame": lambda names: us.evaluate(FRAME, pred=["a", "b"], classes=names),
    "Evaluator": lambda names: us.Evaluator(classes=names),
    "calibrate": lambda names: us.calibrate(Y, ROWS, classes=names),
    "compare": lambda names: us.compare(Y, ROWS, ROWS, classes=names),
    "check": lambda names: us.check(Y, ROWS, max_bits=9, classes=names),
    "fit": lambda names: TemperatureScaling().fit(ROWS, Y, classes=names),
    "Labels": lambda names: us.Labels(Y, classes=names),
    "explain": lambda names: us.explain([0.9, 0.1], names=names),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("unordered", [{"cat", "dog"}, frozenset(["cat", "dog"])])
def test_sets_are_refused(call: str, unordered: Any) -> None:
    with pytest.raises(us.CallError, match=r"is a (frozen)?set, which has no order; .*\['cat', "):
        CALLS[call](unordered)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("scores", [{"cat": 0.9, "dog": 0.1}, {"0": "cat", "1": "dog"}])
def test_mappings_without_places_are_refused(call: str, scores: Any) -> None:
    with pytest.raises(us.CallError, match="a mapping from name to place or from place to name"):
        CALLS[call](scores)


@pytest.mark.parametrize(
    "order", [["cat", "dog"], {"dog": 1, "cat": 0}, {1: "dog", 0: "cat"},
              {"dog": np.int64(1), "cat": np.int64(0)}, {"cat": 0, "dog": 1}.keys(),
              pd.Series(["cat", "dog"]), pd.Index(["cat", "dog"]), (name for name in ("cat", "dog"))]
)  # fmt: skip
def test_orders(order: Any) -> None:
    assert us.evaluate(Y, ROWS, classes=order).cross_entropy.value == pytest.approx(RIGHT, 1e-13)


@pytest.mark.parametrize("order", [{"dog": 0, "cat": 1}, {1: "cat", 0: "dog"}, ["dog", "cat"]])
def test_other_orders_are_other_numbers(order: Any) -> None:
    assert us.evaluate(Y, ROWS, classes=order).cross_entropy.value == pytest.approx(TURNED, 1e-13)
    assert us.evaluate(FRAME, pred=["a", "b"], classes=order).cross_entropy.value == pytest.approx(
        TURNED, 1e-13
    )


def test_integers_for_integers_are_taken_where_both_readings_agree() -> None:
    assert checked_names({0: 0, 1: 1, 2: 2}) == ("0", "1", "2")
    assert checked_names({0: 1, 1: 0}) == ("1", "0")
    with pytest.raises(
        us.CallError, match=r"names at their places, '2', '0', '1', or .*'1', '2', '0'"
    ):
        checked_names({0: 1, 1: 2, 2: 0})
    for places in ({"a": 0, "b": 2}, {"a": 1, "b": 2}, {"a": True, "b": False}, {"a": 0.0, "b": 1}):
        with pytest.raises(us.CallError, match="0 to 1"):
            checked_names(places)


def test_a_series_whose_index_says_another_order_is_refused() -> None:
    for series in (pd.Series({1: "cat", 0: "dog"}), pd.Series({"cat": 1, "dog": 0})):
        with pytest.raises(us.CallError, match="index"):
            checked_names(series)
    assert checked_names(pd.Series({3: "cat", 0: "dog"})) == ("cat", "dog")
    assert checked_names(pd.Series({0: "cat", 1: "dog"})) == ("cat", "dog")


@pytest.mark.parametrize(
    "call",
    [
        lambda held: us.evaluate(FRAME, pred=held, label="label"),
        lambda held: us.evaluate(FRAME, by=held, label="label", pred=["a", "b"]),
        lambda held: us.compare(Y, ROWS, ROWS, names=held, classes=["cat", "dog"]),
        lambda held: us.check(Y, ROWS, ROWS, max_worse=9, names=held, classes=["cat", "dog"]),
    ],
)
def test_sets_of_columns_and_models_are_refused(call: Callable[[Any], Any]) -> None:
    with pytest.raises(us.CallError, match="is a set, which has no order"):
        call({"a", "b"})


def test_models_are_named_in_an_order() -> None:
    with pytest.raises(us.CallError, match="names is a dict"):
        us.compare(Y, ROWS, ROWS, names={"old": 0, "new": 1}, classes=["cat", "dog"])


@pytest.mark.parametrize("name", ["weights", "ids", "cluster"])
def test_values_of_rows_have_no_keys(name: str) -> None:
    with pytest.raises(us.CallError, match=f"{name} is a dictionary"):
        us.evaluate([1, 0], [[0.3, 0.7], [0.8, 0.2]], **{name: {1: 1, 0: 2}})
    if name == "weights":
        with pytest.raises(us.CallError, match="weights is a dictionary"):
            TemperatureScaling().fit(ROWS, [0, 1, 0], sample_weight={2: 1, 1: 2, 0: 1})


def test_slices_of_rows_have_no_keys() -> None:
    with pytest.raises(us.CallError, match=r"by\['x'\] is a dictionary"):
        us.evaluate([1, 0], [[0.3, 0.7], [0.8, 0.2]], by={"x": {1: "u", 0: "v"}})
