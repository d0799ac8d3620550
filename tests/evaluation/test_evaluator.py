"""An evaluator's laws: any split, order and merge give the same bytes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows_alone import json_of_rows

import unsurprised as us
from unsurprised import CallError, Evaluator, InputError, StateError, UnsurprisedError

ROW = st.tuples(
    st.integers(0, 2),
    st.lists(st.integers(0, 16), min_size=3, max_size=3).filter(any),
    st.sampled_from([0.0, 0.25, 1.0, 3.7]),
)
ROWS = st.lists(ROW, min_size=1, max_size=30)
TRUTHS = ["labels", "probs", "counts"]


def evaluator_of(rows, ids, truth="labels", weighted=False, **settings):
    evaluator = Evaluator(normalize=True, top=4, **settings)
    if not rows:
        return evaluator
    labels = np.array([row[0] for row in rows])
    model = np.array([row[1] for row in rows], dtype=np.float32)
    weights = np.array([row[2] for row in rows]) if weighted else None
    given_truth = {
        "labels": labels,
        "probs": us.Probs(np.roll(model, 1, axis=1), normalize=True),
        "counts": us.Counts(np.roll(model, 1, axis=1).astype(np.int64)),
    }[truth]
    return evaluator.update(given_truth, model, weights=weights, ids=np.array(ids))


@given(
    ROWS, st.sampled_from(TRUTHS), st.booleans(), st.booleans(), st.integers(0, 30), st.randoms()
)
def test_update_of_all_is_the_merge_of_the_parts(rows, truth, weighted, named, cut, random):
    ids = [f"row {i}" if named else 1000 - i for i in range(len(rows))]
    whole = evaluator_of(rows, ids, truth, weighted).to_bytes()
    order = list(range(len(rows)))
    random.shuffle(order)
    parts = [
        evaluator_of([rows[i] for i in part], [ids[i] for i in part], truth, weighted)
        for part in (order[:cut], order[cut:])
    ]
    first, second = (part.to_bytes() for part in parts)
    assert parts[0].merge(parts[1]).to_bytes() == whole
    assert Evaluator.from_bytes(second).merge(Evaluator.from_bytes(first)).to_bytes() == whole
    assert Evaluator.from_bytes(whole).to_bytes() == whole


def test_a_state_that_travelled_answers_the_same():
    rows = [(0, [1, 2, 3], 1.0), (1, [5, 0, 1], 2.0), (2, [1, 1, 1], 0.5)]
    evaluator = evaluator_of(rows, [1, 2, 3], weighted=True, classes=["a", "b", "c"])
    again = Evaluator.from_bytes(evaluator.to_bytes())
    assert json_of_rows(again.result()) == json_of_rows(evaluator.result())
    again.update([2], [[0.2, 0.3, 0.5]], weights=[1.0], ids=[4])
    assert again.result().rows == 4
    assert again.result().classes == ("a", "b", "c")


def test_a_faulty_batch_changes_nothing():
    evaluator = Evaluator().update([0, 1], [[0.5, 0.5], [0.25, 0.75]])
    before = evaluator.to_bytes()
    with pytest.raises(InputError, match="row 3, column 'y_pred'"):
        evaluator.update([0, 1], [[0.5, 0.5], [0.25, -0.75]])
    with pytest.raises(InputError, match="row 2, column 'y_true': found the label 2"):
        evaluator.update([2], [[0.5, 0.5]])
    assert evaluator.to_bytes() == before


def test_rows_without_ids_are_numbered_on():
    evaluator = Evaluator(top=1)
    for p in (0.5, 0.01, 0.4):
        evaluator.update([0], [[p, 1 - p]])
    assert evaluator.result().worst_rows[0].id == 1
    whole = Evaluator(top=1).update([0] * 3, [[0.5, 0.5], [0.01, 0.99], [0.4, 0.6]])
    assert evaluator.to_bytes() == whole.to_bytes()


def test_logits_and_log_probabilities_may_come_from_half_precision():
    logits = np.array([[1.5, -2.0], [0.25, 8.0]], dtype=np.float16)
    half = Evaluator().update([0, 1], us.Logits(logits)).result()
    double = Evaluator().update([0, 1], us.Logits(logits.astype(np.float64))).result()
    assert half.to_json() == double.to_json()


def test_the_sample_holds_the_rows_themselves():
    evaluator = Evaluator().update([1, 0], [[0.25, 0.75], [0.5, 0.5]], ids=[10, 11])
    sample = evaluator.sample()
    assert sorted(sample["truth"].tolist()) == [0, 1]
    assert {tuple(row) for row in sample["model"].tolist()} == {(0.25, 0.75), (0.5, 0.5)}


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (lambda e: e.update([0], [[0.2, 0.3, 0.5]]), r"classes.*'0', '1', '2'.*'0', '1'"),
        (lambda e: e.update([0], [[0.5, 0.5]], weights=[1.0]), "weighted.*True.*False"),
        (lambda e: e.update([[0.5, 0.5]], [[0.5, 0.5]]), "'probs'.*'labels'"),
        (lambda e: e.update([0], us.Logits([[0.5, 0.5]])), "kind.*'logits'.*'probs'"),
    ],
)
def test_batches_of_another_kind_are_refused(second, message):
    evaluator = Evaluator().update([0], [[0.5, 0.5]])
    with pytest.raises(StateError, match=message):
        second(evaluator)


def test_nothing_to_say_without_rows_or_weight():
    with pytest.raises(CallError, match="no rows"):
        Evaluator().result()
    with pytest.raises(CallError, match="no sample"):
        Evaluator().sample()
    empty = Evaluator().update(np.zeros(0, dtype=int), np.zeros((0, 2)))
    with pytest.raises(CallError, match="no rows"):
        empty.result()
    with pytest.raises(InputError, match="found weights that are all 0"):
        Evaluator().update([0], [[0.5, 0.5]], weights=[0.0]).result()


def test_merging_with_an_empty_one_is_nothing():
    evaluator = Evaluator().update([0], [[0.5, 0.5]])
    before = evaluator.to_bytes()
    assert evaluator.merge(Evaluator()).to_bytes() == before
    assert Evaluator().merge(evaluator).to_bytes() == before


@given(st.binary(max_size=60), st.integers(0, 10_000), st.integers(1, 255))
def test_altered_bytes_are_refused(noise, at, flip):
    good = Evaluator(sample_rows=3).update([0, 1], [[0.5, 0.5], [1.0, 0.0]]).to_bytes()
    altered = bytearray(good)
    altered[at % len(good)] ^= flip
    for bad in (noise, good[: at % len(good)], bytes(altered)):
        with pytest.raises(StateError):
            Evaluator.from_bytes(bad)


def test_states_of_a_later_format_say_so():
    later = bytearray(Evaluator().update([0], [[0.5, 0.5]]).to_bytes())
    later[4] = 99
    with pytest.raises(StateError, match="format version 99; this release reads versions up to 2"):
        Evaluator.from_bytes(bytes(later))


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([[0.5, 0.5]], [0], "the truth comes first.*torchmetrics"),
        ([0.0, 1.5], [[0.5, 0.5], [0.5, 0.5]], r"found 1\.5 .*shares of class 1"),
        ([0, 1, 1], [[0.5, 0.5]], r"rows of shape \(3,\), y_pred of shape \(1, 2\)"),
        (["cat"], [[0.5, 0.5]], "classes="),
        ([0], us.Labels([0]), "expected the model's numbers"),
        ([0], [["a", "b"]], "y_pred holds"),
        ([0], [[0.5, [0.5]]], "rows of equal length"),
    ],
)
def test_arguments_that_do_not_go_together(y_true, y_pred, message):
    with pytest.raises(UnsurprisedError, match=message):
        us.evaluate(y_true, y_pred)


@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf, 1e101])
def test_weights_that_are_none(weight):
    with pytest.raises(InputError, match="row 1, column 'weights': found the weight"):
        us.evaluate([0, 0], [[0.5, 0.5]] * 2, weights=[1.0, weight])


@pytest.mark.parametrize("alone", [[0, 1], (0, 1), np.array([0, 1])])
def test_a_truth_without_predictions(alone):
    with pytest.raises(CallError, match="lacks y_pred"):
        us.evaluate(alone)


def test_a_weight_times_a_surprisal_that_no_float_holds():
    logits = us.Logits([[0.0, 0.0], [-1e300, 1e300]])
    with pytest.raises(InputError, match=r"row 1, column 'weights': .*no float holds.*rescale"):
        us.evaluate([0, 0], logits, weights=[1e100, 1e100])
    alone = us.evaluate([0, 0], logits)
    assert alone.cross_entropy.value == pytest.approx(1e300 / math.log(2))


@pytest.mark.parametrize(
    ("ids", "message"), [([1.5, 2.5], "hold float64"), ([1], "1 values for 2 rows")]
)
def test_ids_that_are_none(ids, message):
    with pytest.raises(CallError, match=message):
        us.evaluate([0, 0], [[0.5, 0.5]] * 2, ids=ids)


def test_class_names_must_fit():
    with pytest.raises(CallError, match="3 class names for predictions of 2"):
        us.evaluate([0], [[0.5, 0.5]], classes=["a", "b", "c"])


def test_sums_that_are_off_are_counted_over_all_rows_and_threads(monkeypatch):
    probs = np.full((3000, 2), 0.5)
    probs[[5, 700, 2999]] = 0.7
    for threads in ("1", "2"):
        monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
        with pytest.raises(InputError, match=r"row 5, .*sum to 1.4 \(3 such rows, this is"):
            us.evaluate(np.zeros(3000, dtype=int), probs, batch_rows=100)
