"""Which calibrator is taken, what it saves on unseen rows, and when none is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.calibration import calibrate
from unsurprised.calibrators import Chain, TemperatureScaling, from_json

DIGITS = str(Path(__file__).parents[2] / "examples" / "digits.parquet")


def drawn(probs, random):
    """A label for each row, drawn from it."""
    uniform = random.random((len(probs), 1))
    return np.minimum((uniform > probs.cumsum(axis=1)).sum(axis=1), probs.shape[1] - 1)


def over_confident(rows, classes, seed, power=2.0):
    random = np.random.default_rng(seed)
    honest = random.dirichlet(np.ones(classes), size=rows)
    sure = honest**power
    return drawn(honest, random), sure / sure.sum(axis=1, keepdims=True), honest


def test_over_confidence_is_found_and_removed():
    labels, sure, honest = over_confident(4000, 3, 0)
    result = calibrate(labels, sure)
    assert result.method == "temperature scaling"
    assert result.helps
    assert result.removable.low > 0
    least = us.surprisal(us.Probs(honest), at=labels).mean()
    assert abs(result.cross_entropy_after.value - least) < 0.01
    before = us.surprisal(us.Probs(sure), at=labels).mean()
    assert math.isclose(result.cross_entropy.value, before, rel_tol=1e-13)
    assert math.isclose(
        result.cross_entropy.value - result.removable.value,
        result.cross_entropy_after.value,
        rel_tol=1e-12,
    )


def test_a_calibrated_model_is_left_alone():
    labels, _, honest = over_confident(2000, 4, 1)
    result = calibrate(labels, honest)
    assert result.method is None
    assert result.calibrator is None
    assert result.removable.value == 0
    assert "None of these helps" in str(result)


def test_what_is_saved_was_not_fitted_on():
    """Isotonic regression learns 40 rows of noise by heart, which saves nothing elsewhere."""
    random = np.random.default_rng(3)
    p = random.random(40)
    labels = random.integers(0, 2, 40)
    result = calibrate(labels, p, methods=["isotonic"])
    trial = result.trials[0]
    assert trial.saved_in_sample > trial.saved.value


def test_held_out_bits_are_those_of_a_loop_over_folds():
    from unsurprised.calibrators._rows import FittingRows, log_rows
    from unsurprised.calibrators.crossfit import folds_of

    labels, sure, _ = over_confident(600, 3, 4)
    result = calibrate(labels, sure, methods=["temperature"], folds=4)
    rows = log_rows(us.Probs(sure, normalize=True))
    folds = folds_of([FittingRows(rows, labels, None, None, None)], 4)
    nats = np.empty(600)
    for fold in range(4):
        inside = folds == fold
        fitted = TemperatureScaling().fit(sure[~inside], labels[~inside])
        probs = fitted.predict_proba(sure[inside])
        nats[inside] = -np.log(probs[np.arange(inside.sum()), labels[inside]])
    expected = nats.mean() / math.log(2)
    assert math.isclose(result.cross_entropy_after.value, expected, rel_tol=1e-9)


def test_clusters_stay_together():
    """A cluster's rows share a label and nearly a prediction: apart, they tell each other's."""
    random = np.random.default_rng(5)
    p = 0.25 + 0.5 * random.random(40)
    labels, cluster = np.repeat(random.integers(0, 2, 40), 20), np.repeat(np.arange(40), 20)
    rows = np.repeat(p, 20) + 1e-6 * random.random(800)
    apart = calibrate(labels, rows, methods=["isotonic"])
    together = calibrate(labels, rows, methods=["isotonic"], cluster=cluster)
    assert together.clusters == 40
    saved = apart.trials[0].saved.value
    assert together.trials[0].saved.value < saved - 0.02


def test_few_clusters_give_no_interval():
    labels, sure, _ = over_confident(300, 3, 6)
    result = calibrate(labels, sure, cluster=np.arange(300) % 6)
    assert math.isnan(result.removable.low)
    assert "clusters" in str(result)


def test_the_answer_does_not_depend_on_the_order_of_rows_with_ids():
    labels, sure, _ = over_confident(500, 3, 7)
    order = np.random.default_rng(0).permutation(500)
    ids = np.arange(500)
    one = calibrate(labels, sure, ids=ids)
    other = calibrate(labels[order], sure[order], ids=ids[order])
    assert one.to_json() == other.to_json()


def test_weights_count_as_repeated_rows():
    labels, sure, _ = over_confident(400, 3, 8)
    twice = np.arange(400) % 2 + 1
    weighted = calibrate(labels, sure, weights=twice, methods=["temperature"])
    repeated = TemperatureScaling().fit(np.repeat(sure, twice, axis=0), np.repeat(labels, twice))
    assert math.isclose(weighted.calibrator.temperature_, repeated.temperature_, rel_tol=1e-8)
    assert weighted.weighted


def test_an_infinite_surprise_is_cured_by_mixing():
    labels, sure, _ = over_confident(500, 3, 9)
    sure[0] = np.eye(3)[(labels[0] + 1) % 3]
    result = calibrate(labels, sure)
    assert result.cross_entropy.value == math.inf
    assert result.removable.value == math.inf
    assert math.isfinite(result.cross_entropy_after.value)
    assert isinstance(result.calibrator, Chain) or result.method == "uniform mixing"
    assert np.isfinite(us.surprisal(us.Probs(result.calibrator.transform(sure)), at=labels)).all()


def test_a_sample_is_fitted_and_all_rows_are_judged(monkeypatch):
    import unsurprised.states.sample as sample

    labels, sure, _ = over_confident(3000, 3, 10)
    whole = calibrate(labels, sure, methods=["temperature"])
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 1000)
    result = calibrate(labels, sure, methods=["temperature"])
    assert (result.rows, result.fitted_rows) == (3000, 1000)
    assert result.cross_entropy == whole.cross_entropy
    assert result.cross_entropy.rows == result.removable.rows == 3000
    assert abs(result.removable.value - whole.removable.value) < 0.01
    assert "fitted on a sample of 1,000" in str(result)


def test_other_units():
    labels, sure, _ = over_confident(300, 3, 11)
    bits, nats = (calibrate(labels, sure, base=base) for base in (2, math.e))
    assert nats.unit == "nats"
    assert math.isclose(nats.removable.value, bits.removable.value * math.log(2))
    assert math.isclose(nats.trials[1].behind, bits.trials[1].behind * math.log(2))


def test_soft_truths_and_log_odds():
    random = np.random.default_rng(12)
    honest = random.dirichlet(np.ones(3), size=400)
    result = calibrate(us.Probs(honest), us.Logits(3 * np.log(honest)), methods=["temperature"])
    assert math.isclose(result.calibrator.temperature_, 3.0, rel_tol=1e-9)
    odds = random.normal(size=800) * 3
    labels = (random.random(800) < 1 / (1 + np.exp(-odds / 2))).astype(int)
    two = calibrate(labels, us.Logits(odds))
    assert two.removable.low > 0


def test_a_method_that_is_asked_for_is_taken():
    labels, _, honest = over_confident(500, 3, 13)
    result = calibrate(labels, honest, methods=["temperature"])
    assert result.method == "temperature scaling"
    assert result.trials[0].method == "temperature scaling"


def test_rows_that_do_not_suffice_for_a_method_are_said():
    labels, sure, _ = over_confident(60, 5, 14)
    result = calibrate(labels, sure)
    assert "rows" in result.not_tried["matrix scaling"]
    assert "Not tried: matrix scaling" in str(result)


def test_a_file_and_its_arrays_say_the_same():
    import pyarrow.parquet as pq

    table = pq.read_table(DIGITS)
    labels = table["label"].to_numpy()
    probs = np.array(table["probs"].to_pylist(), dtype=np.float32)
    from_file, from_arrays = calibrate(DIGITS), calibrate(labels, probs)
    assert from_file.calibrator.provenance_["files"] == ["digits.parquet"]
    one, other = from_file.as_dict(), from_arrays.as_dict()
    for found in (one, other):
        found.pop("calibrator")
    assert one == other


def test_the_json_holds_the_calibrator():
    labels, sure, _ = over_confident(300, 3, 15)
    result = calibrate(labels, sure)
    said = json.loads(result.to_json())
    assert said["schema"] == "unsurprised.calibration/1"
    held = from_json(json.dumps(said["calibrator"]))
    assert (held.transform(sure) == result.calibrator.transform(sure)).all()
    assert said["removable"]["value"] == result.removable.value


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: calibrate([0, 1], [0.2, 0.8], folds=1), CallError, "folds"),
        (lambda: calibrate([0, 1], [0.2, 0.8], folds=5), CallError, "2 rows .* 5 folds"),
        (lambda: calibrate([0] * 9, [0.2] * 9), InputError, "only class '0'"),
        (lambda: calibrate([0, 1] * 5, [0.2, 0.8] * 5, methods=["magic"]), CallError, "'magic'"),
        (lambda: calibrate([0, 1] * 5, [0.2, 0.8] * 5, methods=[]), CallError, "expected some"),
        (lambda: calibrate([0, 1], [0.2, np.nan]), InputError, "nan"),
        (lambda: calibrate([0, 1, 2] * 3, np.eye(3)[[0, 1, 2] * 3], methods=["platt"]),
         CallError, "two classes"),
        (lambda: calibrate([0, 1], [0.2, 0.8], label="y"), CallError, "names a column"),
        (lambda: calibrate([0, 1]), CallError, "lacks y_pred"),
        (lambda: calibrate([0, 1] * 9, us.Logits([[0, 1], [np.inf, 0]] * 9)), InputError,
         "row 1.*class 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_clear_line(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_separable_rows_get_the_bounded_answer_and_a_note():
    labels = np.tile([0, 1], 20)
    sure = np.where(labels, 0.8, 0.3)
    result = calibrate(labels, sure, methods=["temperature"])
    assert math.isfinite(result.calibrator.temperature_)
    assert "largest score" in result.notes[0]


@pytest.mark.parametrize("runs", [20, pytest.param(60, marks=pytest.mark.thorough)])
def test_calibrated_models_are_hardly_ever_made_worse(runs):
    """Of simulated calibrated models, the choice's true cost is within a standard error."""
    worse = 0
    for seed in range(runs):
        labels, _, honest = over_confident(400, 3, 1000 + seed)
        result = calibrate(labels, honest)
        if result.calibrator is None:
            continue
        _, _, fresh = over_confident(4000, 3, 5000 + seed)
        cost = us.kl_divergence(fresh, result.calibrator.transform(fresh)).mean()
        spread = us.surprisal(us.Probs(honest), at=labels).std() / math.sqrt(400)
        worse += cost > spread
    assert worse <= 0.05 * runs


def test_reliability_before_is_that_of_the_evaluation():
    labels, sure, _ = over_confident(2000, 3, 0)
    result = calibrate(labels, sure)
    evaluation = us.evaluate(labels, sure)
    assert result.reliability_before == evaluation.calibration
    assert [curve.predicted for curve in result.reliability_after] == [None, "0", "1", "2"]


def test_reliability_after_is_of_rows_held_out():
    """Learnt by heart, ten rows a fold would be calibrated to the last; held out they are not."""
    random = np.random.default_rng(4)
    labels, probs = random.integers(2, size=400), random.random(400)
    result = calibrate(labels, probs, methods=["isotonic"])
    in_sample = us.evaluate(labels, result.calibrator.transform(probs)).calibration[0]
    assert in_sample.error < 0.01
    assert result.reliability_after[0].error > 5 * in_sample.error


def test_a_fit_that_knows_the_truth_comes_true():
    labels, sure, _ = over_confident(20_000, 3, 0)
    result = calibrate(labels, sure)
    before, after = result.reliability_before[0], result.reliability_after[0]
    assert before.error > 5 * before.error_if_calibrated
    assert after.error < 2 * after.error_if_calibrated


def test_what_classes_save_adds_up():
    labels, sure, _ = over_confident(2000, 3, 0)
    result = calibrate(labels, sure, base=math.e)
    assert [part.label for part in result.by_class] == ["0", "1", "2"]
    assert sum(part.rows for part in result.by_class) == 2000
    total = math.fsum(part.contribution for part in result.by_class)
    assert math.isclose(total, result.removable.value, rel_tol=1e-9)
    for index, part in enumerate(result.by_class):
        before = us.surprisal(us.Probs(sure), at=labels, base=math.e)[labels == index].mean()
        assert math.isclose(part.cross_entropy.value, before, rel_tol=1e-12)
        after = part.cross_entropy_after.value
        assert math.isclose(part.saved.value, before - after, rel_tol=1e-9)
        assert part.saved.unit == "nats"


def test_a_class_that_pays_is_found():
    """A model that is only too shy of class 0 is mended at the cost of the rows of class 1."""
    random = np.random.default_rng(5)
    honest = random.beta(2, 2, 5000)
    labels = (random.random(5000) < honest).astype(int)
    odds = np.log(honest / (1 - honest)) + 1.0
    result = calibrate(labels, 1 / (1 + np.exp(-odds)), methods=["platt"])
    zero, one = result.by_class
    assert zero.saved.low > 0 > one.saved.high
    assert zero.stands_out and one.stands_out


def test_no_class_is_listed_where_nothing_helps_or_the_truth_is_a_distribution():
    labels, sure, honest = over_confident(1000, 3, 1)
    nothing = calibrate(labels, honest)
    assert nothing.method is None
    assert (nothing.by_class, nothing.reliability_after) == ((), ())
    assert len(nothing.reliability_before) == 4
    soft = calibrate(us.Probs(honest), sure)
    assert soft.method is not None
    assert soft.by_class == ()
    assert soft.reliability_after[0].error < soft.reliability_before[0].error


def test_weights_and_clusters_reach_the_classes():
    labels, sure, _ = over_confident(600, 2, 3)
    twice = calibrate(np.r_[labels, labels], np.r_[sure, sure], methods=["temperature"],
                      cluster=np.r_[np.arange(600), np.arange(600)])  # fmt: skip
    heavy = calibrate(labels, sure, methods=["temperature"], weights=np.full(600, 2.0),
                      cluster=np.arange(600))  # fmt: skip
    for one, other in zip(twice.by_class, heavy.by_class, strict=True):
        assert math.isclose(one.contribution, other.contribution, rel_tol=1e-6)
        assert one.rows == 2 * other.rows
