"""One file, one verdict: the same family saves the same bits, to the last digit, whoever asks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.cli import run
from unsurprised.evaluation.figures import recalibration


def drawn(rows, classes, *, factor=2.0, lean=0.7, seed=0):
    """Labels, and log-odds that are over-confident and lean towards some classes."""
    random = np.random.default_rng(seed)
    true = random.normal(size=(rows, classes)) * 1.5
    labels = (true + random.gumbel(size=true.shape)).argmax(axis=1)
    return labels, factor * true + lean * random.normal(size=classes)


def softmax(scores):
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    return probs / probs.sum(axis=1, keepdims=True)


def with_impossible_rows(labels, scores):
    probs = softmax(scores)
    probs[::50] = np.eye(scores.shape[1])[(labels[::50] + 1) % scores.shape[1]]
    return labels, probs


def of(rows, classes, **options):
    labels, scores = drawn(rows, classes)
    return labels, us.Logits(scores), options


WEIGHTS = np.random.default_rng(1).gamma(1.0, size=700)
CASES = {
    "2 classes": of(600, 2),
    "3 classes": of(700, 3),
    "10 classes": of(1500, 10),
    "too few rows for a vector": of(90, 5),
    "weights": of(700, 3, weights=WEIGHTS),
    "weights, 2 classes": of(700, 2, weights=1e-3 * WEIGHTS),
    "clusters": of(700, 3, cluster=np.arange(700) // 3),
    "few clusters": of(700, 3, cluster=np.arange(700) % 7),
    "names": of(700, 3, ids=np.random.default_rng(2).permutation(700)),
    "zeros that happen": (*with_impossible_rows(*drawn(700, 3)), {}),
    "soft truth": (us.Probs(softmax(drawn(400, 3)[1])), us.Logits(drawn(400, 3, seed=3)[1]), {}),
}


def same(one, other):
    """The same number, NaN included."""
    return one == other or (math.isnan(one) and math.isnan(other))


@pytest.mark.parametrize("name", CASES)
def test_a_family_saves_the_same_whoever_asks(name):
    labels, predictions, options = CASES[name]
    ledger = us.evaluate(labels, predictions, **options).ledger
    calibration = us.calibrate(labels, predictions, **options)
    tried = {trial.method: trial.saved for trial in calibration.trials}
    for found in ledger.recalibrations:
        saved = tried[found.family]
        assert same(found.miscalibration.value, saved.value)
        assert same(found.miscalibration.low, saved.low)
        # The upper end is that of the best of the family, which no fit to so many rows is.
        assert not found.miscalibration.high < saved.high
    assert ledger.cross_entropy.value == calibration.cross_entropy.value


@pytest.mark.parametrize("name", CASES)
def test_a_comparison_is_the_difference_of_two_verdicts(name):
    labels, predictions, options = CASES[name]
    array = getattr(predictions, "array", None)
    scores = np.log(np.maximum(predictions, 1e-9)) if array is None else array.values
    other = us.Logits(0.8 * scores)
    pair = us.compare(labels, predictions, other, **options).differences[0]
    ledgers = [us.evaluate(labels, one, **options).ledger for one in (predictions, other)]
    plain = pair.family.removeprefix("uniform mixing, then ")
    for ledger, told in zip(
        ledgers, (pair.base_miscalibration, pair.new_miscalibration), strict=True
    ):
        found = [each for each in ledger.recalibrations if each.family.endswith(plain)]
        assert [each.miscalibration.value for each in found] == [told.value]
    assert any(ledger.family.endswith(plain) for ledger in ledgers)
    assert pair.split_rows == ledgers[0].rows
    # The part is held out on folds that both models share, each model alone on its own.
    change = pair.new_miscalibration.value - pair.base_miscalibration.value
    assert change == pytest.approx(pair.miscalibration.value, abs=0.05)


def test_a_model_beside_itself_differs_in_nothing():
    for name in ("2 classes", "10 classes", "weights", "clusters", "soft truth"):
        labels, predictions, options = CASES[name]
        pair = us.compare(labels, predictions, predictions, **options).differences[0]
        assert pair.miscalibration.value == pair.discrimination.value == 0


def test_other_units():
    labels, predictions, _ = CASES["3 classes"]
    ledger = us.evaluate(labels, predictions, base=math.e).ledger
    tried = us.calibrate(labels, predictions, base=math.e).trials
    pair = us.compare(labels, predictions, predictions, log_base=math.e).differences[0]
    found = {trial.method: trial.saved for trial in tried}[ledger.family]
    assert found.unit == ledger.miscalibration.unit == pair.base_miscalibration.unit == "nats"
    assert found.value == ledger.miscalibration.value == pair.base_miscalibration.value


def test_what_is_taken_is_the_simplest_within_one_standard_error():
    straight = drawn(2000, 3, lean=0.0)
    leaning = drawn(2000, 3, lean=1.0)
    for (labels, scores), family in ((straight, "temperature"), (leaning, "vector")):
        ledger = us.evaluate(labels, us.Logits(scores)).ledger
        calibration = us.calibrate(labels, us.Logits(scores), methods=["temperature", "vector"])
        assert ledger.family == ledger.taken == calibration.method == f"{family} scaling"
        assert ledger.miscalibration.value == calibration.removable.value
        assert ledger.miscalibration == ledger.recalibration.miscalibration


def test_of_many_rows_a_moment_is_made_of_the_same_ones(monkeypatch):
    """Evaluate and compare look at fewer rows than calibrate, and say at how many."""
    monkeypatch.setattr(recalibration, "_MOST_NUMBERS", 0)
    monkeypatch.setattr(recalibration, "_FEWEST_ROWS", 400)
    labels, predictions, _ = CASES["3 classes"]
    ledger = us.evaluate(labels, predictions).ledger
    pair = us.compare(labels, predictions, predictions).differences[0]
    assert ledger.rows == pair.split_rows == 400
    assert pair.base_miscalibration.value == ledger.miscalibration.value
    assert us.calibrate(labels, predictions).fitted_rows == len(labels)


def test_one_file_through_every_command(tmp_path: Path):
    labels, scores = drawn(800, 4)
    rows = {"id": np.arange(800), "label": labels, "logits": scores.tolist()}
    base, new = str(tmp_path / "base.parquet"), str(tmp_path / "new.parquet")
    pq.write_table(pa.table(rows), base)
    pq.write_table(pa.table({**rows, "logits": (0.7 * scores).tolist()}), new)

    def said(*arguments):
        path = tmp_path / f"{arguments[0]}.json"
        run([*arguments, "--id", "id", "--json", str(path)])
        return json.loads(path.read_text())

    ledger = said("evaluate", base)["ledger"]
    trials = {one["method"]: one["saved"]["value"] for one in said("calibrate", base)["trials"]}
    pair = said("compare", base, new)["differences"][0]
    told = {one["family"]: one["miscalibration"]["value"] for one in ledger["recalibrations"]}
    assert len(told) == 2
    assert all(trials[family] == value for family, value in told.items())
    assert pair["base_miscalibration"]["value"] == told[pair["family"]]
    (finding,) = said("check", base, new, "--max-worse", "9")["findings"]
    assert finding["estimate"] == pair["difference"]
