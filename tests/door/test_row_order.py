"""Rows of several pandas objects beside each other, and classes that pandas numbered by itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import unsurprised as us

ROWS = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
TURN = [2, 0, 1]
FRAME = pd.DataFrame(ROWS, columns=["a", "b"])
NUMBERED = pd.DataFrame(ROWS)
TRUTH = pd.Series(["a", "b", "a"])
CODES = pd.Series([0, 1, 0])
GROUPS = pd.Series(["u", "v", "v"])
LOG = pd.Series([-0.1, -0.2, -0.3])
LONG = pd.Series(np.random.default_rng(5).normal(size=40))
OTHER = pd.Series(np.random.default_rng(6).normal(size=40))
MANY = pd.Series([0, 1, 1, 0, 1] * 8)
SCORES = pd.DataFrame({0: LONG, 1: OTHER})[[0, 1]].set_axis(pd.RangeIndex(2), axis=1)
#: −log₂ of 0.9, 0.8 and 0.5, worked out by hand.
RIGHT = (0.15200309344504997 + 0.32192809488736235 + 1.0) / 3
BETWEEN = stats.entropy(ROWS, ROWS[TURN], base=2, axis=1)


def turned(values: Any) -> Any:
    return values.iloc[TURN] if len(values) == 3 else values[::-1]


def plain(values: Any) -> Any:
    return values.to_numpy()


Call = Callable[[Callable[[Any], Any]], Any]
#: Of each its call with one of two arguments changed, and what that is called.
PAIRS: dict[str, tuple[Call, str, str]] = {
    "evaluate": (lambda way: us.evaluate(way(TRUTH), FRAME), "y_pred", "y_true"),
    "evaluate Probs": (lambda way: us.evaluate(way(TRUTH), us.Probs(FRAME)), "y_pred", "y_true"),
    "evaluate Labels": (
        lambda way: us.evaluate(us.Labels(way(TRUTH)), us.LogProbs(np.log(FRAME))),
        "y_pred",
        "y_true",
    ),
    "evaluate rows": (lambda way: us.evaluate(us.Probs(NUMBERED), us.Probs(way(NUMBERED))),
                      "y_pred", "y_true"),
    "calibrate": (lambda way: us.calibrate(way(MANY), us.Logits(SCORES)), "y_pred", "y_true"),
    "by": (lambda way: us.evaluate(TRUTH, FRAME, by={"g": way(GROUPS)}), "by['g']", "y_true"),
    "cluster": (lambda way: us.evaluate(TRUTH, FRAME, cluster=way(GROUPS)), "cluster", "y_true"),
    "ids": (lambda way: us.evaluate(TRUTH, us.Probs(FRAME), ids=way(GROUPS)), "ids", "y_true"),
    "weights": (lambda way: us.evaluate(TRUTH, FRAME, weights=-way(LOG)), "weights", "y_true"),
    "weights, ids": (
        lambda way: us.evaluate(plain(CODES), ROWS, weights=-LOG, ids=way(GROUPS)), "ids", "weights"
    ),
    "columns": (lambda way: us.evaluate(plain(TRUTH), {"a": FRAME["a"], "b": way(FRAME["b"])}),
                "y_pred['b']", "y_pred['a']"),
    "compare": (lambda way: us.compare(plain(CODES), NUMBERED, way(NUMBERED)), "new", "base"),
    "surprisal": (lambda way: us.surprisal(FRAME, at=way(TRUTH)), "at", "q"),
    "surprisal of numbered": (lambda way: us.surprisal(NUMBERED, at=way(CODES)), "at", "q"),
    "cross-entropy": (lambda way: us.cross_entropy(us.Labels(way(TRUTH)), FRAME), "p", "q"),
    "kl": (lambda way: us.kl_divergence(FRAME, way(FRAME)), "q", "p"),
    "kl of numbered": (lambda way: us.kl_divergence(NUMBERED, way(NUMBERED)), "q", "p"),
    "kl of forms": (lambda way: us.kl_divergence(us.Probs(NUMBERED), us.Probs(way(NUMBERED))),
                    "q", "p"),
    "smooth": (lambda way: us.smooth(NUMBERED, 0.1, towards=way(FRAME)), "towards", "p"),
    "shares": (lambda way: us.smooth(NUMBERED, -way(LOG)), "epsilon", "p"),
    "js": (lambda way: us.js_divergence(ROWS, FRAME, way(FRAME)), "more[0]", "q"),
    "contingency": (lambda way: us.contingency(TRUTH, way(GROUPS)), "b", "a"),
    "v-measure": (lambda way: us.v_measure(us.Labels(TRUTH, classes=["a", "b"]), way(GROUPS)),
                  "b", "a"),
    "mutual information": (lambda way: us.mutual_information(TRUTH, way(GROUPS)), "b", "a"),
    "estimate": (lambda way: us.estimate.mutual_information(LONG, way(OTHER)), "y", "x"),
    "estimate, given": (
        lambda way: us.estimate.mutual_information(plain(LONG), OTHER, way(LONG)), "given", "y"
    ),
    "ranking": (lambda way: us.estimate.rank_columns({"x": LONG, "y": way(OTHER)}, "y"), "y", "x"),
    "mi": (lambda way: us.mi({"x": LONG, "y": way(OTHER)}, "y"), "y", "x"),
    "transfer": (lambda way: us.estimate.transfer_entropy(LONG, way(OTHER)), "target", "source"),
    "trials": (lambda way: us.estimate.transfer_entropy([LONG, OTHER], [OTHER, way(LONG)]),
               "target[1]", "source[1]"),
    "sampled": (lambda way: us.sampled_kl(LOG, way(LOG)), "other", "base"),
    "documents": (lambda way: us.sampled_kl(LOG, LOG, document=way(GROUPS)), "document", "base"),
    "meter": (lambda way: us.SampledKLMeter().update(LOG, way(LOG)), "other", "base"),
    "fidelity": (lambda way: us.fidelity(NUMBERED, way(NUMBERED)), "other", "base"),
    "targets": (lambda way: us.fidelity(NUMBERED, ROWS, targets=way(CODES)), "targets", "base"),
    "fidelity meter": (lambda way: us.FidelityMeter().update(ROWS, NUMBERED, by={"g": way(GROUPS)}),
                       "by['g']", "other"),
    "encode": (lambda way: us.coding.encode(way(CODES), NUMBERED), "model", "symbols"),
    "fit": (lambda way: us.calibrators.TemperatureScaling().fit(us.Logits(SCORES), way(MANY)),
            "y_pred", "y_true"),
}  # fmt: skip


@pytest.mark.parametrize("case", PAIRS)
def test_rows_in_another_order_are_refused_whichever_way_they_come(case: str) -> None:
    call, other, first = PAIRS[case]
    with pytest.raises(us.CallError) as caught:
        call(turned)
    said = f"the index of {other} holds the rows of {first} in another order"
    assert said in str(caught.value)
    assert f"{other}.loc[{first}.index]" in str(caught.value)
    call(lambda values: values)
    call(lambda values: values.set_axis(values.index + 7))  # other rows: by position
    if case != "columns":  # which stand in a dictionary beside arrays
        call(lambda values: turned(values).reset_index(drop=True))


def test_what_is_in_one_order_is_measured() -> None:
    for form in (lambda frame: frame, us.Probs, lambda frame: us.LogProbs(np.log(frame))):
        for wanted in ([0, 1, 2], TURN):
            found = us.evaluate(TRUTH.iloc[wanted], form(FRAME.iloc[wanted])).cross_entropy.value
            assert found == pytest.approx(RIGHT, rel=1e-15)
    np.testing.assert_allclose(us.kl_divergence(FRAME, ROWS[TURN]), BETWEEN, rtol=1e-14)
    renumbered = FRAME.iloc[TURN].reset_index(drop=True)
    np.testing.assert_allclose(us.kl_divergence(FRAME, renumbered), BETWEEN, rtol=1e-14)


LABELS: dict[str, Any] = {
    "names": ["x", "y", "z"],
    "numbers": [5, 7, 9],
    "with NaN": [np.nan, 1.0, 2.0],
    "of several types": [1, "a", None],
    "days": pd.date_range("2026-01-01", periods=3),
    "categories": pd.CategoricalIndex(["z", "x", "y"]),
    "pairs": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
    "intervals that overlap": pd.IntervalIndex.from_tuples([(0, 2), (1, 3), (2, 4)]),
    "some twice": ["x", "x", "y"],
    "some twice, of several types": [1, "x", "x"],
}


@pytest.mark.parametrize("case", LABELS)
def test_rows_called_whatever(case: str) -> None:
    frame = NUMBERED.set_axis(LABELS[case])
    with pytest.raises(us.CallError, match="another order"):
        us.kl_divergence(frame, frame.iloc[TURN])
    np.testing.assert_allclose(us.kl_divergence(frame, NUMBERED.iloc[TURN]), BETWEEN, rtol=1e-14)
    assert us.kl_divergence(frame, frame).tolist() == [0, 0, 0]


def test_as_many_rows_with_some_twice_are_no_other_order() -> None:
    first, other = NUMBERED.set_axis(["x", "x", "y"]), NUMBERED.set_axis(["x", "y", "y"])
    assert us.kl_divergence(first, other).tolist() == [0, 0, 0]


def test_rows_by_key_beside_rows_by_index() -> None:
    series = pd.Series([0.2, 0.9], index=["v", "u"])
    with pytest.raises(us.CallError, match=r"the index of y_pred.*y_pred\.loc\[list\(y_true\)\]"):
        us.evaluate({"u": 0, "v": 1}, series)
    with pytest.raises(us.CallError, match=r"the keys of y_pred.*list\(y_pred\.values\(\)\)"):
        us.evaluate(pd.Series([0, 1], index=["u", "v"]), {"v": 0.2, "u": 0.9})


TWO = pd.DataFrame([[0.9, 0.1], [0.3, 0.7]])
#: The KL from the first row to itself turned: 0.8 log₂ 9, and 0.4 log₂ (7 / 3) of the second.
APART = [0.8 * math.log2(9), 0.4 * math.log2(7 / 3)]


def test_classes_that_pandas_numbered_bind_by_name() -> None:
    series = TWO.iloc[0]
    for other in (series.sort_values(), {"1": 0.1, "0": 0.9}, {1: 0.1, 0: 0.9}):
        assert us.kl_divergence(series, other) == 0
        assert us.kl_divergence(other, series) == 0
    assert us.kl_divergence(TWO, TWO[[1, 0]]).tolist() == [0, 0]
    assert us.kl_divergence(us.Probs(TWO[[1, 0]]), us.Logits(np.log(TWO))) == pytest.approx(0)
    assert us.js_divergence(TWO.to_numpy(), TWO, TWO[[1, 0]]).tolist() == [0, 0]
    counts = us.Counts(pd.Series([0, 1, 1, 1]).value_counts())  # 1 comes first
    assert us.kl_divergence(us.Counts(pd.Series([1, 3])), counts) == 0
    wide = pd.DataFrame(np.arange(1.0, 13).reshape(1, 12) / 78)
    assert us.kl_divergence(wide, wide[[*range(11, -1, -1)]]).tolist() == [0]


def test_classes_beside_no_names_or_other_names_go_by_position() -> None:
    backwards = TWO[[1, 0]]
    for other in (backwards.to_numpy(), backwards.set_axis(["a", "b"], axis=1),
                  backwards.set_axis([0, 1], axis=1), backwards.set_axis([1, 2], axis=1)):  # fmt: skip
        np.testing.assert_allclose(us.kl_divergence(TWO, other), APART, rtol=1e-14)
    np.testing.assert_allclose(us.kl_divergence(backwards, TWO.to_numpy()[:, ::-1]), [0, 0])


def test_classes_in_the_index_bind_whatever_the_columns_are() -> None:
    across = TWO.T.set_axis(["a", "b"])
    named = across.set_axis(["r1", "r2"], axis=1)
    for frame in (across, named, TWO.T):
        assert us.kl_divergence(frame, frame.iloc[::-1], axis=0).tolist() == [0, 0]
        assert us.kl_divergence(frame.iloc[::-1], frame, axis=-2).tolist() == [0, 0]
        with pytest.raises(us.CallError, match=r"the columns of q hold the rows.*q\[p\.columns\]"):
            us.kl_divergence(frame, frame.iloc[:, ::-1], axis=0)
    labels = pd.Series(["a", "b"], index=["r2", "r1"])
    with pytest.raises(us.CallError, match=r"the index of at holds.*at\.loc\[q\.columns\]"):
        us.surprisal(named, at=labels, axis=0)
    found = us.surprisal(named, at=labels[::-1], axis=0)
    np.testing.assert_allclose(found, [-math.log2(0.1), -math.log2(0.3)], rtol=1e-14)
    with pytest.raises(us.CallError, match=r"the columns of y_pred hold.*y_pred\[y_true\.index\]"):
        us.evaluate(labels, named, axis=0)
    with pytest.raises(us.CallError, match="the columns of new hold the rows of base"):
        us.compare(["a", "b"], named, named.iloc[:, ::-1], axis=0)
    us.compare(["a", "b"], named, named.iloc[::-1], axis=0)


def test_models_of_dictionaries_name_classes_not_rows() -> None:
    models = {
        "base": {"a": [0.9, 0.3], "b": [0.1, 0.7]},
        "new": {"b": [0.1, 0.7], "a": [0.9, 0.3]},
    }
    assert us.compare(["a", "b"], models).difference.value == 0


def test_a_series_of_rows_names_rows_not_classes() -> None:
    rows = pd.Series([[0.9, 0.1], [0.2, 0.8]], index=["x", "y"])
    np.testing.assert_allclose(
        us.kl_divergence(rows, FRAME.iloc[[1, 0]].set_axis(["x", "y"])),
        stats.entropy(ROWS[:2], ROWS[[1, 0]], base=2, axis=1), rtol=1e-14
    )  # fmt: skip
    with pytest.raises(us.CallError, match="another order"):
        us.kl_divergence(rows, rows[::-1])


def test_a_frame_beside_a_small_batch_of_arrays_counts_on() -> None:
    evaluator = us.Evaluator()
    for _ in range(3):
        evaluator.update(np.array([0, 1, 0]), us.Probs(NUMBERED))
    assert evaluator.result().cross_entropy.value == pytest.approx(RIGHT, rel=1e-15)
