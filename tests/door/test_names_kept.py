"""Distributions that come out are called as those that went in, so that names go on binding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import entropy as scipy_entropy

import unsurprised as us
from unsurprised.calibrators import PriorShift, TemperatureScaling, load

P, Q = {"a": 0.9, "b": 0.1}, {"b": 0.1, "a": 0.9}
FRAME = pd.DataFrame({"a": [0.9, 0.3], "b": [0.1, 0.7]}, index=["x", "y"])
TURNED = FRAME[["b", "a"]]


def mixed(row: Mapping[str, float], epsilon: float, towards: Mapping[str, float]) -> list[float]:
    """By name, in the order a, b."""
    return [(1 - epsilon) * row[name] + epsilon * towards[name] for name in "ab"]


def kl(p: Any, q: Any) -> float:
    return float(scipy_entropy(p, q, base=2))


def named(found: Any) -> dict[str, float]:
    """One distribution by the names that it bears."""
    if isinstance(found, us.Probs | us.Counts | us.Logits | us.LogProbs):
        return dict(zip(found.names, found.array.values.reshape(-1).tolist(), strict=True))
    return {str(name): float(found[name]) for name in found.keys()}  # noqa: SIM118


@pytest.mark.parametrize(
    "hold", [dict, pd.Series, us.Probs, lambda q: us.Probs(pd.Series(q)), us.Counts]
)
def test_what_is_smoothed_keeps_its_names(hold: Any) -> None:
    smoothed = us.smooth(hold(Q), 0.1)
    right = mixed(Q, 0.1, {"a": 0.5, "b": 0.5})
    assert list(named(smoothed)) == ["b", "a"]
    assert [named(smoothed)[name] for name in "ab"] == pytest.approx(right, rel=1e-14)
    assert us.kl_divergence(P, smoothed) == pytest.approx(kl([0.9, 0.1], right), rel=1e-12)
    assert us.kl_divergence(P, us.smooth(hold(Q), 1e-9)) < 1e-15


def test_logits_become_probabilities_of_the_same_names() -> None:
    logits = us.Logits(pd.Series({"b": np.log(0.1), "a": np.log(0.9)}))
    smoothed = us.smooth(logits, 0.1)
    assert [named(smoothed)[name] for name in "ab"] == pytest.approx([0.86, 0.14], rel=1e-14)


def test_a_container_comes_back_in_its_kind() -> None:
    assert us.smooth(Q, 0.5) == {"b": 0.3, "a": 0.7}
    series = pd.Series(Q, name="q")
    found = us.smooth(series, 0.5)
    pd.testing.assert_series_equal(found, pd.Series({"b": 0.3, "a": 0.7}, name="q"))
    wanted = pd.DataFrame({"b": [0.3, 0.6], "a": [0.7, 0.4]}, index=["x", "y"])
    pd.testing.assert_frame_equal(us.smooth(TURNED, 0.5), wanted)
    polars = us.smooth(pl.DataFrame({"b": [0.1, 0.7], "a": [0.9, 0.3]}), 0.5)
    assert polars.to_dict(as_series=False) == {"b": [0.3, 0.6], "a": [0.7, 0.4]}
    columns = us.smooth({"b": [0.1, 0.7], "a": [0.9, 0.3]}, 0.5)
    assert {name: column.tolist() for name, column in columns.items()} == {
        "b": [0.3, 0.6],
        "a": [0.7, 0.4],
    }


def test_plain_arrays_and_forms_come_back_as_ever() -> None:
    for plain in ([0.9, 0.1], np.array([0.9, 0.1]), us.Probs([0.9, 0.1])):
        found = us.smooth(plain, 0.1)
        assert type(found) is us.Probs
        assert found.names is None
        assert found.array.values == pytest.approx([0.86, 0.14], rel=1e-15)


def test_a_smoothed_frame_binds_in_an_evaluation() -> None:
    truth = ["a", "b"]
    right = -np.mean([np.log2(0.9), np.log2(0.7)])
    for rows in (us.smooth(TURNED, 1e-12), us.smooth(us.Probs(TURNED), 1e-12)):
        for classes in (["a", "b"], ["b", "a"]):
            found = us.evaluate(truth, rows, classes=classes)
            assert found.cross_entropy.value == pytest.approx(right, rel=1e-9)


def test_a_prior_lends_its_names_and_binds_by_them() -> None:
    found = us.smooth(Q, 0.5, towards={"a": 0.1, "b": 0.9})
    assert found == pytest.approx({"b": 0.5, "a": 0.5}, rel=1e-14)
    lent = us.smooth([0.9, 0.1], 0.5, towards={"b": 0.1, "a": 0.9})
    assert named(lent) == pytest.approx({"b": 0.5, "a": 0.5}, rel=1e-14)
    wider = us.smooth({"a": 1.0}, 0.5, towards={"b": 0.5, "a": 0.5})
    assert named(wider) == pytest.approx({"a": 0.75, "b": 0.25}, rel=1e-14)


def test_rows_along_another_axis_keep_their_names() -> None:
    lying = TURNED.T
    found = us.smooth(lying, 0.5, axis=0)
    assert list(found.index) == ["b", "a"]
    assert list(found.columns) == ["x", "y"]
    held = us.smooth(us.Probs(lying), 0.5, axis=0)
    right = kl([0.9, 0.1], [0.7, 0.3]), kl([0.3, 0.7], [0.4, 0.6])
    for smoothed in (found, held):
        values = us.kl_divergence(FRAME.T, smoothed, axis=0)
        assert values == pytest.approx(right, rel=1e-13)


def test_smoothed_labels_bear_the_names_of_their_classes() -> None:
    smoothed = us.smooth(us.Labels(["b"], classes=["b", "a"]), 0.2)
    right = kl([0.9, 0.1], [0.1, 0.9])
    assert us.kl_divergence(P, smoothed)[0] == pytest.approx(right, rel=1e-12)


def test_rows_that_are_called_alike_in_another_order_are_asked_about() -> None:
    shares = pd.Series([0.1, 0.2], index=["y", "x"])
    with pytest.raises(us.CallError, match=r"epsilon holds the rows of p in another order"):
        us.smooth(FRAME, shares)
    with pytest.raises(us.CallError, match="epsilon"):
        us.smooth(FRAME, {"y": 0.1, "x": 0.2})


@pytest.mark.parametrize("hold", [dict, pd.Series, lambda c: us.Counts(pd.Series(c)), us.Counts])
def test_counts_keep_their_names(hold: Any) -> None:
    found = us.add_pseudocounts(hold({"b": 1.0, "a": 9.0}), 1)
    assert type(found) is us.Counts
    assert named(found) == {"b": 2.0, "a": 10.0}
    p = us.Counts({"a": 10, "b": 2})
    assert us.kl_divergence(p, found) == 0


def test_pseudocounts_bind_by_name() -> None:
    right = float(scipy_entropy([4.0, 11.0], base=2))
    for added in (pd.Series({"b": 10.0, "a": 1.0}), {"b": 10.0, "a": 1.0}):
        for counts in (us.Counts({"a": 3, "b": 1}), {"a": 3, "b": 1}, [3, 1]):
            found = us.add_pseudocounts(counts, added)
            wanted = right if not isinstance(counts, list) else scipy_entropy([13, 2], base=2)
            assert us.entropy(found) == pytest.approx(float(wanted), rel=1e-13)
    table = us.add_pseudocounts(pd.DataFrame({"a": [3, 1], "b": [1, 5]}), {"b": 10.0, "a": 1.0})
    assert table.array.values.tolist() == [[4, 11], [2, 15]]
    assert table.names == ("a", "b")


def test_pseudocounts_of_other_names_are_refused() -> None:
    with pytest.raises(us.CallError, match="names of the classes differ"):
        us.add_pseudocounts({"a": 3, "b": 1}, {"c": 1.0, "d": 1.0})


def test_calibrated_predictions_keep_their_names() -> None:
    train = pd.DataFrame({"a": [0.9, 0.2, 0.6, 0.3], "b": [0.1, 0.8, 0.4, 0.7]})
    calibrator = TemperatureScaling().fit(train, ["a", "b", "b", "a"])
    right = calibrator.transform(us.Probs([[0.9, 0.1]])).array.values[0]
    found = calibrator.transform(Q)
    assert isinstance(found, dict)
    assert list(found) == ["b", "a"]
    for smoothed in (found, calibrator.transform(us.Probs(Q))):
        assert [named(smoothed)[name] for name in "ab"] == right.tolist()
    log = calibrator.transform(us.LogProbs(pd.Series({"b": np.log(0.1), "a": np.log(0.9)})))
    assert np.exp(named(log)["a"]) == pytest.approx(right[0], rel=1e-14)
    rows = calibrator.transform(us.Probs(TURNED))
    assert (rows.names, list(rows.index)) == (("b", "a"), ["x", "y"])


Y4 = ["a", "b", "b", "a"]
ROWS4 = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])


def shifted(row: list[float], new: list[float]) -> list[float]:
    """By Bayes, from classes as frequent as each other."""
    odds = [q * pi / 0.5 for q, pi in zip(row, new, strict=True)]
    return [one / sum(odds) for one in odds]


@pytest.mark.parametrize(
    "hold",
    [
        dict,
        pd.Series,
        us.Probs,
        lambda new: us.Counts({name: round(10 * share) for name, share in new.items()}),
        lambda new: pd.Series(["b"] + ["a"] * 9).value_counts()[["b", "a"]],
        lambda new: {f"P({name})": share for name, share in new.items()},
    ],
)
def test_new_frequencies_bind_by_name(hold: Any) -> None:
    right = shifted([0.5, 0.5], [0.9, 0.1])
    frame = pd.DataFrame(ROWS4, columns=["a", "b"])
    for rows, classes in ((frame, None), (frame[["b", "a"]], ["a", "b"]), (ROWS4, ["a", "b"])):
        fitted = PriorShift(hold(Q)).fit(rows, Y4, classes=classes)
        assert fitted.predict_proba([0.5, 0.5]) == pytest.approx(right, rel=1e-12)
    turned = PriorShift(hold(Q)).fit(frame[["b", "a"]], Y4)
    assert turned.predict_proba([0.5, 0.5]) == pytest.approx(right[::-1], rel=1e-12)


def test_new_frequencies_of_numbered_classes_bind_by_number() -> None:
    seen = pd.Series([1] + [0] * 9)
    for new in (seen.value_counts().iloc[::-1], {1: 0.1, 0: 0.9}):
        fitted = PriorShift(new).fit(ROWS4, [0, 1, 1, 0])
        assert fitted.predict_proba([0.5, 0.5]) == pytest.approx([0.9, 0.1], rel=1e-12)


def test_new_frequencies_without_names_go_by_place() -> None:
    for new in ([0.9, 0.1], (0.9, 0.1), np.array([9, 1]), pd.Series([0.9, 0.1])):
        fitted = PriorShift(new).fit(ROWS4, Y4, classes=["a", "b"])
        assert fitted.predict_proba([0.5, 0.5]) == pytest.approx([0.9, 0.1], rel=1e-12)


def test_new_frequencies_of_other_names_are_refused() -> None:
    with pytest.raises(
        us.CallError, match=r"frequencies names the classes 'b', 'a'.*without names"
    ):
        PriorShift(pd.Series(Q)).fit(ROWS4, [0, 1, 1, 0])
    for other in ({"a": 0.9, "c": 0.1}, {"a": 0.9}, {"a": 0.8, "b": 0.1, "c": 0.1}):
        with pytest.raises(us.CallError, match="other classes"):
            PriorShift(other).fit(ROWS4, Y4, classes=["a", "b"])
    with pytest.raises(us.CallError, match="2 numbers above 0"):
        PriorShift({"a": 1.0, "b": 0.0}).fit(ROWS4, Y4, classes=["a", "b"])


def test_named_frequencies_are_saved_as_they_were_given(tmp_path: Any) -> None:
    for new in (Q, pd.Series(Q), us.Probs(Q)):
        fitted = PriorShift(new).fit(ROWS4, Y4, classes=["a", "b"])
        fitted.save(tmp_path / "shift.json", overwrite=True)
        again = load(tmp_path / "shift.json")
        assert again.frequencies == Q
        assert again.predict_proba([0.5, 0.5]) == pytest.approx([0.9, 0.1], rel=1e-12)
        refitted = type(again)(again.frequencies).fit(ROWS4, Y4, classes=["a", "b"])
        assert refitted.parameters_["shift"].tolist() == fitted.parameters_["shift"].tolist()
