"""What people hand in as arrays and frames, and the right number: −log₂ of what was given to what happened."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import unsurprised as us
from unsurprised.calibrators import TemperatureScaling

P = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.1, 0.8]])
Q = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
B = np.array([0.1, 0.8, 0.6])
RIGHT = float(-np.log2([0.7, 0.5, 0.8]).mean())
NAMES = ["cat", "dog", "eel"]


def bits(*given: Any, **options: Any) -> float:
    return us.evaluate(*given, **options).cross_entropy.value


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool", "float32", "float64", "O"])
@pytest.mark.parametrize(
    "form", [us.Probs, lambda p: us.Logits(np.log(p)), lambda p: us.LogProbs(np.log(p))]
)
def test_one_hot_rows_are_the_same_truth_whatever_carries_them(kind: str, form: Any) -> None:
    result = us.evaluate(np.eye(3).astype(kind), form(P))
    assert result.cross_entropy.value == close(RIGHT)
    assert result.truth_entropy is not None
    assert result.annotators is None
    assert result.reading.truth_means == "distributions"


def test_one_hot_rows_of_every_type_give_the_same_bytes() -> None:
    found = {us.evaluate(np.eye(3).astype(kind), P).to_json() for kind in ("i1", "?", "f2", "f8")}
    assert len(found) == 1


@pytest.mark.parametrize("kind", ["int8", "uint16", "int64", "float16", "float64", "O"])
def test_labels_are_the_same_whatever_carries_them(kind: str) -> None:
    assert bits(np.arange(3).astype(kind), P) == close(RIGHT)
    assert bits(np.arange(3).astype(kind)[:, None], P) == close(RIGHT)


@pytest.mark.parametrize(
    "label", [[True, False], ["True", "False"], [1, 0], [1.0, 0.0], ["yes", "no"], ["1", "0"]]
)
def test_two_classes_whose_names_mean_yes_and_no(label: list[Any]) -> None:
    frame = pd.DataFrame({"yes": [0.9, 0.2], "no": [0.1, 0.8]})
    right = float(-np.log2([0.9, 0.8]).mean())
    if isinstance(label[0], bool | str):
        assert bits(label, frame) == close(right)
    else:  # by position 1 is "no", by its name it is "yes"
        with pytest.raises(us.InputError, match=r"--positive no.*--positive yes"):
            bits(label, frame)
    assert bits(label, frame[["no", "yes"]]) == close(right)
    assert bits(label, frame, positive="yes") == close(right)


def test_booleans_ask_which_class_is_true() -> None:
    frame = pd.DataFrame({"ham": [0.1, 0.8], "spam": [0.9, 0.2]})
    for label in ([True, False], [1, 0]):
        with pytest.raises(us.InputError, match=r"positive='spam'.*positive='ham'"):
            bits(label, frame)
        assert bits(label, frame, positive="spam") == close(float(-np.log2([0.9, 0.8]).mean()))
        assert bits(label, frame, positive="ham") == close(float(-np.log2([0.1, 0.2]).mean()))


def test_integers_bind_by_name() -> None:
    assert bits([2, 0, 1], Q, classes=[2, 0, 1]) == close(float(-np.log2([0.9, 0.8, 0.6]).mean()))
    assert bits([1, 2, 3], P, classes=[1, 2, 3]) == close(RIGHT)
    assert bits([1, 2, 3], P, classes=["1.0", "2.0", "3.0"]) == close(RIGHT)
    assert bits(["1", "2", "3"], P, classes=[1.0, 2.0, 3.0]) == close(RIGHT)
    assert bits([-1, 1, 1], B, classes=[-1, 1]) == close(float(-np.log2([0.9, 0.8, 0.6]).mean()))
    assert bits([-1, 1, 1], 1 - B, classes=[1, -1]) == close(
        float(-np.log2([0.9, 0.8, 0.6]).mean())
    )
    labels = us.Labels([2, 0, 1], classes=[2, 0, 1])
    assert labels.indices().tolist() == [0, 1, 2]
    with pytest.raises(
        us.InputError,
        match=r"row 1, column 'y_true': found the unknown class 7; expected one of '2', '0', '1'",
    ):
        bits([2, 7], Q[:2], classes=[2, 0, 1])


FRAMES = {
    "pandas": lambda names, values: pd.DataFrame(values, columns=names),
    "polars": lambda names, values: pl.DataFrame(
        values, schema=[str(name) for name in names], orient="row"
    ),
    "pyarrow": lambda names, values: pa.table(dict(zip(map(str, names), values.T, strict=True))),
    "batch": lambda names, values: pa.record_batch(
        dict(zip(map(str, names), values.T, strict=True))
    ),
    "dict": lambda names, values: dict(zip(names, values.T, strict=True)),
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
def test_columns_of_frames_bind_by_name(kind: str, order: list[int]) -> None:
    for names, labels in ((NAMES, NAMES), ([0, 1, 2], [0, 1, 2]), (["P(cat)", "P(dog)", "P(eel)"], NAMES),
                          (["prob_class_2", "prob_class_9", "prob_class_10"], [2, 9, 10])):  # fmt: skip
        frame = FRAMES[kind]([names[k] for k in order], P[:, order])
        found = us.evaluate(labels, frame)
        assert found.cross_entropy.value == close(RIGHT)
        assert found.reading.bound_by == "name"
        assert found.classes is not None
        assert found.classes[0].endswith(str(labels[order[0]]))


def test_the_same_by_evaluator_compare_calibrate_check_and_fit() -> None:
    generator = np.random.default_rng(0)
    values = generator.dirichlet(np.ones(3), 400)
    happened = (generator.random((400, 1)) > values.cumsum(axis=1)).sum(axis=1)
    names = np.array(NAMES)[happened]
    frame = pd.DataFrame(values, columns=NAMES)
    turned = frame[["eel", "cat", "dog"]]
    plain = us.evaluate(happened, values).cross_entropy.value
    assert us.evaluate(names, turned).cross_entropy.value == plain
    assert us.Evaluator().update(names, turned).result().cross_entropy.value == plain
    found = us.compare(names, frame, turned)
    assert found.differences[0].difference.value == 0
    assert us.check(names, turned, max_bits=plain + 1).findings[0].estimate.value == plain
    assert us.calibrate(names, turned).cross_entropy.value == pytest.approx(plain, rel=1e-12)
    fitted = TemperatureScaling().fit(turned, names)
    assert fitted.classes_.tolist() == ["eel", "cat", "dog"]
    there = fitted.transform(turned)
    assert list(there.columns) == ["eel", "cat", "dog"]
    pd.testing.assert_frame_equal(fitted.transform(frame)[["eel", "cat", "dog"]], there)
    with pytest.raises(us.CallError, match=r"missing 'cat', additional 'cow'"):
        fitted.transform(frame.rename(columns={"cat": "cow"}))


def test_classes_order_the_columns_of_a_frame() -> None:
    found = us.evaluate(NAMES, pd.DataFrame(P, columns=NAMES), classes=["eel", "cat", "dog"])
    assert found.classes == ("eel", "cat", "dog")
    assert found.cross_entropy.value == close(RIGHT)
    with pytest.raises(us.CallError, match=r"missing 'cow'.*which column is which"):
        us.evaluate(NAMES, pd.DataFrame(P, columns=NAMES), classes=["cow", "cat", "dog"])


def test_integers_without_a_zero_beside_names_may_count_from_one() -> None:
    frame = pd.DataFrame(P, columns=NAMES)
    with pytest.raises(
        us.InputError,
        match=r"positions from 0, or codes from 1.*classes=\[0,1,2\].*classes=\[1,2,3\]",
    ):
        bits([1, 2], frame[:2])
    assert bits([0, 1, 2], frame) == close(RIGHT)
    assert bits([1, 2], P[:2]) == close(float(-np.log2([0.2, 0.2]).mean()))  # arrays have no names


def test_rows_of_another_order_are_refused() -> None:
    frame = pd.DataFrame(P, columns=NAMES, index=["a", "b", "c"])
    happened = pd.Series(NAMES, index=["a", "b", "c"])
    assert bits(happened, frame) == close(RIGHT)
    with pytest.raises(
        us.CallError, match=r"by index or by position.*y_pred.loc\[y_true.index\].*to_numpy"
    ):
        bits(happened[::-1], frame)
    assert bits(happened[::-1], frame.loc[happened[::-1].index]) == close(RIGHT)
    others = pd.Series(NAMES, index=["x", "y", "z"])  # no rows of the frame: by position
    assert bits(others, frame) == close(RIGHT)


def test_many_yes_or_no_are_said() -> None:
    truth, yes = np.array([[1, 0, 1], [0, 1, 1]]), np.array([[0.9, 0.3, 0.8], [0.1, 0.7, 0.8]])
    right = float(-np.log2([0.9, 0.7, 0.8, 0.9, 0.7, 0.8]).mean())
    for kind in (int, bool, float):
        with pytest.raises(
            us.InputError, match=r"sum to 2 beside.*multilabel=True.*normalize=True"
        ):
            bits(truth.astype(kind), yes)
        assert bits(truth.astype(kind), yes, multilabel=True) == close(right)
        with pytest.raises(us.InputError, match=r"Counts\(y_true\) for votes, multilabel=True"):
            bits(truth.astype(kind), us.Logits(np.log(yes / (1 - yes))))
    assert bits(truth, us.Logits(np.log(yes / (1 - yes))), multilabel=True) == close(right)
    assert bits(truth, yes, multilabel=True, weights=[1, 0]) == close(
        float(-np.log2([0.9, 0.7, 0.8]).mean())
    )


def test_votes_as_integers_and_as_whole_floats() -> None:
    votes = np.array([[3, 1, 0], [0, 2, 0], [1, 1, 2]])
    share = votes / votes.sum(axis=1, keepdims=True)
    right = float(-(share * np.log2(P)).sum(axis=1).mean())
    for given in (votes, votes.astype(float), us.Counts(votes), votes.tolist()):
        found = us.evaluate(given, P)
        assert found.cross_entropy.value == close(right)
        assert found.annotators is not None


def test_shares_of_class_1() -> None:
    weights, share, p = (
        np.array([3, 3, 1.0]),
        np.array([1 / 3, 2 / 3, 1.0]),
        np.array([0.8, 0.1, 0.9]),
    )
    costs = -(share * np.log2(p) + (1 - share) * np.log2(1 - p))
    right = float(weights @ costs / weights.sum())
    assert bits(share, p, weights=weights) == close(right)
    assert bits(share, np.stack([1 - p, p], axis=1), weights=weights) == close(right)
    assert bits(1 - share, 1 - p, weights=weights) == close(right)
    frame = pd.DataFrame({"yes": p, "no": 1 - p})
    assert bits(share, frame, weights=weights, positive="yes") == close(right)
    with pytest.raises(us.InputError, match=r"row 0, column 'y_true': found 0.5.*labels"):
        bits([0.5, 1.0], P[:2])


def test_one_number_a_row_in_a_column_of_its_own() -> None:
    z = np.array([[2.0], [-2], [1]])
    right = float(np.mean([math.log2(1 + math.exp(v)) for v in (2, -2, 1)]))
    for truth in ([0, 0, 0], [[0], [0], [0]]):
        assert bits(np.array(truth), us.Logits(z)) == close(right)
        assert bits(np.array(truth), 1 / (1 + np.exp(-z))) == close(right)
    assert bits(pd.Series([0, 0, 0]), pd.DataFrame({"p": (1 / (1 + np.exp(-z)))[:, 0]})) == close(
        right
    )


def test_names_beside_one_number_a_row() -> None:
    right = float(-np.log2([0.9, 0.8, 0.6]).mean())
    assert bits(["no", "yes", "yes"], B) == close(right)
    assert bits([False, True, True], B) == close(right)
    assert bits(["ham", "spam", "spam"], B, positive="spam") == close(right)
    assert bits(["ham", "spam", "spam"], 1 - B, positive="ham") == close(right)
    assert bits(["ham", "spam", "spam"], B, classes=["ham", "spam"]) == close(right)
    with pytest.raises(us.CallError, match=r"of which class.*positive='spam'"):
        bits(["ham", "spam", "spam"], B)
    with pytest.raises(us.CallError, match=r"3 classes"):
        bits(["a", "b", "c"], B, positive="a")


def test_predicted_classes_are_no_probabilities() -> None:
    with pytest.raises(us.InputError, match=r"0 and 1 only: predicted classes"):
        bits([0, 1, 1], [0.0, 1.0, 0.0])
    assert bits([0, 1], us.Probs([0.0, 1.0])) == 0
    with pytest.raises(us.CallError, match=r"predicted classes"):
        bits([0, 1, 1], [0, 1, 0])


def test_rows_of_weight_0_may_hold_anything() -> None:
    rows = np.vstack([P[0], [np.nan] * 3, P[1], P[2]])
    found = us.evaluate(np.array([0, -100, 1, 2]), rows, weights=[1, 0, 1, 1])
    assert found.cross_entropy.value == close(RIGHT)
    assert (found.rows, found.skipped_rows) == (3, 1)
    assert [row.id for row in found.worst_rows] == [2, 0, 3]
    truth = np.ma.masked_array([0, 9, 1, 2], mask=[0, 1, 0, 0])
    assert bits(truth, np.vstack([P[0], P[:3]])[[0, 0, 2, 3]], weights=[1, 0, 1, 1]) == close(RIGHT)
    assert bits([0, -100, 1, 2], np.vstack([P[0], P]), ignore_index=-100) == close(RIGHT)
    assert bits([0.0, math.nan, 1, 2], np.vstack([P[0], P]), weights=[1, 0, 1, 1]) == close(RIGHT)
    with pytest.raises(us.InputError, match=r"row 1: found no value"):
        bits(truth, np.vstack([P[0], P]))
    with pytest.raises(us.InputError, match=r"ignore_index=-100"):
        bits([0, -100, 1, 2], np.vstack([P[0], P]))


def test_the_axis_of_the_classes() -> None:
    generator = np.random.default_rng(0)
    rows = generator.dirichlet(np.ones(3), size=(2, 4, 5))
    labels = generator.integers(0, 3, (2, 4, 5))
    right = bits(labels, rows)
    assert bits(labels, np.moveaxis(rows, -1, 1), axis=1) == close(right)
    with pytest.raises(us.CallError, match=r"axis=1"):
        bits(labels, np.moveaxis(rows, -1, 1))


def test_a_distribution_by_the_names_of_its_classes() -> None:
    p, q = {"a": 0.5, "b": 0.5}, {"b": 0.75, "a": 0.25}
    right = us.kl_divergence([0.5, 0.5], [0.25, 0.75])
    assert us.kl_divergence(p, q) == right
    assert us.kl_divergence(pd.Series(p), pd.Series(q)) == right
    assert us.kl_divergence(us.Probs(p), pd.Series(q)) == right
    assert us.kl_divergence(us.Counts(Counter("abab")), us.Counts(Counter("abbb"))) == right
    assert us.kl_divergence({"a": 0.5, "b": 0.5}, {"a": 1.0}) == math.inf
    assert us.kl_divergence({"a": 1.0}, p) == 1
    with pytest.raises(us.CallError, match=r"missing 'a', 'b', additional 'x', 'y'"):
        us.kl_divergence(p, {"x": 0.5, "y": 0.5})
    with pytest.raises(us.CallError, match=r"names"):
        us.kl_divergence(us.Logits({"a": 0.5, "b": 0.5}), us.Logits({"a": 1.0}))


def test_psi_of_value_counts_binds_by_name() -> None:
    first = pd.Series(["a"] * 5 + ["b"] * 3 + ["c"] * 2).value_counts()
    second = pd.Series(["c"] * 5 + ["a"] * 3 + ["b"] * 2).value_counts()
    right = sum((p - q) * math.log(p / q) for p, q in [(0.5, 0.3), (0.3, 0.2), (0.2, 0.5)])
    assert us.population_stability_index(us.Counts(first), us.Counts(second)) == close(right)


def test_frames_beside_each_other_bind_by_name_along_the_axis_of_the_classes() -> None:
    p = pd.DataFrame(P, columns=NAMES, index=list("xyz"))
    q = pd.DataFrame(Q, columns=NAMES, index=list("xyz"))
    right = us.kl_divergence(P, Q)
    np.testing.assert_array_equal(us.kl_divergence(p, q[["eel", "dog", "cat"]]), right)
    np.testing.assert_array_equal(
        us.kl_divergence(p.T, q.T.loc[["eel", "dog", "cat"]], axis=0), right
    )
    with pytest.raises(us.CallError, match=r"another order"):
        us.kl_divergence(p, q[::-1])
    labels = us.Labels(["cat", "dog", "eel"])
    np.testing.assert_array_equal(
        us.cross_entropy(labels, p[["eel", "dog", "cat"]]),
        us.cross_entropy(us.Labels([0, 1, 2]), P),
    )


def test_integers_in_front_of_a_measure_say_what_they_are() -> None:
    rows = np.eye(3) * 0.7 + 0.1
    with pytest.raises(us.CallError, match=r"Labels\(…\), a label a row; Probs\(…\)"):
        us.cross_entropy(np.array([0, 1, 0]), rows)
    assert np.mean(us.cross_entropy(us.Labels([0, 1, 0]), rows)) == close(
        float(-np.log2([0.8, 0.8, 0.1]).mean())
    )
    with pytest.raises(us.InputError, match=r"Counts\(…\) for counts, Labels\(…\) for labels"):
        us.entropy([3, 1])
    assert us.entropy([1, 0]) == 0


def test_a_column_of_labels_beside_rows() -> None:
    with pytest.raises(us.CallError, match=r"shape \(3, 1\).*shape \(3,\)"):
        us.cross_entropy(us.Labels([[0], [1], [2]]), P)


OBJECTS = {
    "integers": (np.array([0, 1, 2], dtype=object), P),
    "nullable integers": (pd.Series([0, 1, 2], dtype="Int64"), P),
    "categories": (pd.Categorical(["0", "1", "2"]), pd.DataFrame(P, columns=["0", "1", "2"])),
    "a categorical series": (pd.Series(NAMES, dtype="category"), pd.DataFrame(P, columns=NAMES)),
    "decimals": ([0, 1, 2], np.array([[Decimal(str(x)) for x in row] for row in P])),
    "fractions": ([0, 1, 2], np.array([[Fraction(str(x)) for x in row] for row in P], dtype=object)),
    "rows in an array of objects": ([0, 1, 2], pd.Series(list(P))),
    "lists of Polars": (pl.Series([0, 1, 2]), pl.Series(P.tolist())),
    "arrays of Polars": (pl.Series([0, 1, 2]), pl.Series(P.tolist(), dtype=pl.Array(pl.Float64, 3))),
    "categories of Polars": (pl.Series(NAMES, dtype=pl.Categorical), pl.DataFrame(P, schema=NAMES)),
    "an enum of Polars": (pl.Series(NAMES, dtype=pl.Enum(NAMES[::-1])), pl.DataFrame(P, schema=NAMES)),
    "lists of Arrow": (pa.array([0, 1, 2]), pa.array(P.tolist())),
    "chunks of Arrow": (pa.chunked_array([[0], [1, 2]]), pa.chunked_array([pa.array(P[:1].tolist()), pa.array(P[1:].tolist())])),
    "tensors of Arrow": ([0, 1, 2], pa.FixedShapeTensorArray.from_numpy_ndarray(P)),
    "a list view": ([0, 1, 2], pa.array(P.tolist(), pa.list_view(pa.float64()))),
    "a dictionary": (pa.array(NAMES).dictionary_encode(), pd.DataFrame(P, columns=NAMES)),
    "runs": (pa.RunEndEncodedArray.from_arrays([1, 2, 3], [0, 1, 2]), P),
    "a nullable frame": (pd.Series([0, 1, 2], dtype="Int64"), pd.DataFrame(P).convert_dtypes()),
    "Arrow's own types in pandas": (pd.Series([0, 1, 2], dtype="int64[pyarrow]"), pd.DataFrame(P).astype("double[pyarrow]")),
}  # fmt: skip


@pytest.mark.parametrize("case", OBJECTS)
def test_whatever_holds_them(case: str) -> None:
    assert bits(*OBJECTS[case]) == close(RIGHT)


def test_what_is_not_at_hand_says_how_to_bring_it() -> None:
    with pytest.raises(us.CallError, match=r"\.collect\(\)"):
        bits([0, 1, 2], pl.DataFrame(P).lazy())
    with pytest.raises(us.CallError, match=r"\.collect\(\)"):
        us.evaluate(pl.DataFrame({"label": [0], "probs": [[1.0]]}).lazy())
    from scipy import sparse

    with pytest.raises(us.CallError, match=r"\.toarray\(\)"):
        bits([0, 1, 2], sparse.csr_matrix(P))
    with pytest.raises(us.CallError, match=r"ragged or holds Python objects"):
        bits([0, 1], np.array([[0.5, 0.5], None], dtype=object))


def test_the_classes_may_be_swapped() -> None:
    generator = np.random.default_rng(0)
    p = generator.random(500)
    happened = (generator.random(500) < p).astype(int)
    (note,) = us.evaluate(happened, 1 - p).notes
    right = us.evaluate(happened, p).cross_entropy.value
    assert f"Exchanged, the cross-entropy would be {right:.4f} bits" in note
    assert us.evaluate(happened, p).notes == ()
    assert note in str(us.evaluate(happened, 1 - p)).replace("\n", " ")


def test_what_was_decided_is_part_of_the_result() -> None:
    found = us.evaluate(NAMES, pd.DataFrame(P, columns=NAMES))
    assert found.as_dict()["reading"] == {
        "truth": "y_true",
        "truth_means": "labels",
        "prediction": "y_pred",
        "prediction_means": "probs",
        "layout": "3 columns",
        "classes_from": "from the columns' names",
        "bound_by": "name",
        "left_aside": [],
    }
    assert us.evaluate([0, 1, 2], P).reading.bound_by == "position"


def test_a_series_called_0() -> None:
    proba = pd.DataFrame({0: [0.1, 0.8], 1: [0.9, 0.2]})
    right = close(float(-np.log2([0.9, 0.8]).mean()))
    assert bits([1, 0], proba[1]) == right
    with pytest.raises(us.CallError, match=r"called 0.*positive=0.*to_numpy"):
        bits([1, 0], proba[0])
    with pytest.raises(us.CallError, match=r"called 0"):
        bits([1, 0], proba[0].rename(np.int64(0)))  # as pandas 2 calls it
    with pytest.raises(us.CallError, match=r"called 0"):
        bits([1, 0], proba[[0]].set_axis(pd.Index([0]), axis=1))
    assert bits([1, 0], proba[0], positive=0) == right
    assert bits([1, 0], proba[[0]], positive=0) == right
    with pytest.raises(us.CallError, match=r"called 0"):
        bits([1, 0], proba[[0]])


def test_rows_without_names_beside_columns_with_names() -> None:
    turned = pd.DataFrame(P, columns=["cat", "eel", "dog"])
    dummies = pd.get_dummies(pd.Series(["cat", "eel", "dog"]))
    assert bits(dummies, turned) == close(RIGHT)
    with pytest.raises(
        us.InputError, match=r"rows without names beside.*codes of the sorted names"
    ):
        bits(dummies.to_numpy(), turned)
    assert bits(np.eye(3), turned, classes=["cat", "eel", "dog"]) == close(RIGHT)
    with pytest.raises(us.CallError, match=r"y_pred's have no names"):
        bits(dummies, P)
    assert bits(dummies, P, classes=["cat", "eel", "dog"]) == close(RIGHT)


def test_rows_that_pandas_numbered_in_another_order() -> None:
    frame = pd.DataFrame(P, columns=NAMES)
    with pytest.raises(us.CallError, match="another order"):
        bits(pd.Series(NAMES), frame[::-1])


def test_large_integers_are_names() -> None:
    large = [2**60, 2**60 + 1, 2**60 + 2]
    assert bits(large, P, classes=large) == close(RIGHT)
    assert bits(large, pd.DataFrame(P, columns=large)) == close(RIGHT)


def test_dictionaries_of_rows_in_another_order() -> None:
    with pytest.raises(us.CallError, match=r"dictionaries whose keys.*by key or by position"):
        bits({"r1": "no", "r2": "yes"}, {"r2": 0.8, "r1": 0.1})
    assert bits({"r1": "no", "r2": "yes"}, {"r1": 0.1, "r2": 0.8}) == close(
        float(-np.log2([0.9, 0.8]).mean())
    )


def test_names_in_rows_of_weight_0_and_rows_without_a_value() -> None:
    frame = pd.DataFrame([[0.9, 0.1], [0.9, 0.1]], columns=["cat", "dog"])
    for strange in ("zebra", None):
        assert bits(["cat", strange], frame, weights=[1, 0]) == close(-math.log2(0.9))
    found = us.evaluate(["cat", None], frame, nulls="skip")
    assert (found.rows, found.skipped_rows) == (1, 1)


def test_the_class_that_a_number_speaks_of_is_said() -> None:
    found = us.evaluate([0, 1, 1], pd.Series([0.9, 0.2, 0.4], name="p_0"))
    assert found.reading.layout == "one number a row: class 0 of two"
    assert (
        us.evaluate(
            [True, False], pd.DataFrame({"no": [0.1, 0.8], "yes": [0.9, 0.2]})
        ).reading.bound_by
        == "name"
    )


def test_labels_beside_frames_in_a_measure_bind_by_name() -> None:
    rows = pd.DataFrame([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2]], columns=[2, 0, 1])
    right = [-math.log2(0.7), -math.log2(0.5)]
    assert us.cross_entropy(us.Labels([2, 0]), rows).tolist() == close(right)
    frame = rows.set_axis(["cat", "dog", "bird"], axis=1)
    for labels in (["cat", "dog"], [2, 1]):
        said = us.Labels(labels, classes=["bird", "dog", "cat"])
        assert us.cross_entropy(said, frame).tolist() == close(right)
    with pytest.raises(us.InputError, match="codes of the sorted names"):
        us.cross_entropy(us.Labels([0, 1]), frame)


def test_an_evaluator_keeps_the_order_of_its_first_batch() -> None:
    frame = pd.DataFrame(P, columns=NAMES)
    evaluator = (
        us.Evaluator()
        .update(NAMES[:2], frame[:2])
        .update(NAMES[2:], frame[["eel", "cat", "dog"]][2:])
    )
    assert evaluator.result().cross_entropy.value == close(RIGHT)
    with pytest.raises(us.InputError, match="codes from 1"):
        us.Evaluator().update([1, 2], frame[:2]).update([2], frame[2:]).result()
    assert us.Evaluator().update([1, 2], frame[1:]).update([0], frame[:1]).result().rows == 3


@pytest.mark.parametrize(
    "name", ["no", "logit_no", "logit_0", "no_logit", "class_0_logit", "y_pred_no"]
)
def test_log_odds_of_the_class_that_they_are_named_after(name: str) -> None:
    odds = pd.Series([2.0, -1, -1], name=name)
    right = float(np.mean([math.log2(1 + math.exp(-z)) for z in (2, 1, 1)]))
    text = ["no", "yes", "yes"] if "no" in name else [0, 1, 1]
    assert bits(text, us.Logits(odds)) == close(right)
    assert bits([0, 1, 1], us.Logits(odds)) == close(right)
    assert us.evaluate(
        pd.DataFrame({name: odds, "y": text}), pred=name, kind="logits"
    ).cross_entropy.value == close(right)
