"""What an evaluation says, against definitions in mpmath or fractions and against scikit-learn."""

from __future__ import annotations

import math

import ml_dtypes
import mpmath
import numpy as np
import pytest
from sklearn import metrics

import unsurprised as us

RNG = np.random.default_rng(20)


def predictions(rows=500, classes=4, sharpness=2.0):
    logits = RNG.normal(size=(rows, classes))
    probs = np.exp(sharpness * logits)
    probs /= probs.sum(axis=1, keepdims=True)
    labels = (logits + RNG.gumbel(size=logits.shape)).argmax(axis=1)
    return labels, probs


def test_every_mean_is_that_of_its_rows():
    labels, probs = predictions()
    found = us.evaluate(labels, probs)
    surprisals = us.surprisal(probs, at=labels)
    entropies = us.entropy(probs)
    assert found.rows == 500
    assert found.weight == 500
    assert found.cross_entropy.value == math.fsum(surprisals) / 500
    assert found.expected_surprisal.value == math.fsum(entropies) / 500
    assert found.confidence_gap.value == pytest.approx(math.fsum(surprisals - entropies) / 500)
    assert found.accuracy.value == np.mean(probs.argmax(1) == labels)
    assert found.worse_than_uniform.value == np.mean(surprisals > 2)
    assert found.perplexity.value == pytest.approx(2**found.cross_entropy.value)
    shares = np.bincount(labels) / 500
    assert found.class_frequencies == tuple(shares)
    assert found.label_entropy.value == pytest.approx(-(shares * np.log2(shares)).sum(), rel=1e-14)
    assert found.largest_sum_deviation == pytest.approx(abs(probs.sum(1) - 1).max(), abs=1e-15)
    assert np.array(found.confusion).tolist() == (
        metrics.confusion_matrix(labels, probs.argmax(1)).tolist()
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_scikit_learn(weighted):
    labels, probs = predictions()
    weights = RNG.exponential(size=500) if weighted else None
    found = us.evaluate(labels, probs, weights=weights)
    log_loss = metrics.log_loss(labels, probs, sample_weight=weights)
    share = metrics.d2_log_loss_score(labels, probs, sample_weight=weights)
    accuracy = metrics.accuracy_score(labels, probs.argmax(1), sample_weight=weights)
    assert found.cross_entropy_nats.value == pytest.approx(log_loss, rel=1e-13)
    assert found.information_gained_share.value == pytest.approx(share, rel=1e-12)
    assert found.accuracy.value == pytest.approx(accuracy, rel=1e-14)


def test_integer_weights_are_repetitions():
    labels, probs = predictions(60)
    weights = RNG.integers(0, 4, size=60)
    repeated = us.evaluate(np.repeat(labels, weights), np.repeat(probs, weights, axis=0))
    weighted = us.evaluate(labels, probs, weights=weights)
    for name in ("cross_entropy", "expected_surprisal", "confidence_gap", "accuracy",
                 "label_entropy", "information_gained", "worse_than_uniform"):  # fmt: skip
        assert getattr(weighted, name).value == getattr(repeated, name).value, name
    assert {k: q.value for k, q in weighted.quantiles.items()} == {
        k: q.value for k, q in repeated.quantiles.items()
    }


def test_a_distribution_as_truth_splits_the_bits_into_noise_and_fault():
    _, probs = predictions(100)
    truth = RNG.dirichlet(np.ones(4), size=100)
    found = us.evaluate(truth, probs)
    assert found.truth_entropy.value == pytest.approx(us.entropy(truth).mean(), rel=1e-13)
    assert found.kl_divergence.value == pytest.approx(
        us.kl_divergence(truth, probs).mean(), rel=1e-13
    )
    parts = found.truth_entropy.value + found.kl_divergence.value
    assert found.cross_entropy.value == pytest.approx(parts, rel=1e-13)
    expected = np.take_along_axis(truth / truth.sum(1, keepdims=True), probs.argmax(1)[:, None], 1)
    assert found.accuracy.value == pytest.approx(expected.mean(), rel=1e-13)
    assert found.confusion is None
    assert "distribution" in found.missing["confusion"]
    assert found.annotators is None


def test_annotators_votes_tell_how_much_they_bias():
    votes = np.array([[3, 0], [2, 1], [1, 4]])
    found = us.evaluate(us.Counts(votes), [[0.8, 0.2]] * 3)
    assert found.annotators.fewest == 3
    assert found.annotators.mean == pytest.approx(11 / 3)
    bias = (0 + 1 / 6 + 1 / 10) / math.log(2) / 3
    assert found.annotators.entropy_bias.value == pytest.approx(bias, rel=1e-14)


def test_rows_that_make_the_mean_infinite_are_counted_and_the_rest_is_beside():
    found = us.evaluate([0, 1, 1], [[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])
    assert found.cross_entropy.value == found.perplexity.value == math.inf
    assert found.infinite_rows == 1
    finite = found.finite_cross_entropy
    assert (finite.rows, finite.value) == (2, pytest.approx((1 - math.log2(0.75)) / 2))
    assert found.information_gained.value == -math.inf
    assert found.confidence_gap.value == math.inf
    assert (found.worst_rows[0].id, found.worst_rows[0].surprisal) == (1, math.inf)
    assert found.quantiles[0.99].value == math.inf
    assert found.quantiles[0.5].value == pytest.approx(1.0, rel=0.004)
    assert found.as_dict()["cross_entropy"]["value"] == "inf"


def test_all_rows_infinite():
    found = us.evaluate([0, 0], [[0.0, 1.0], [0.0, 1.0]])
    assert found.finite_cross_entropy is None
    assert found.infinite_rows == 2
    assert found.histogram == ()
    assert "infinite" in str(found) or "inf" in str(found)


def test_infinite_rows_of_weight_zero_do_not_count():
    found = us.evaluate([0, 0], [[0.0, 1.0], [0.5, 0.5]], weights=[0.0, 1.0])
    assert found.cross_entropy.value == 1.0
    assert found.infinite_rows == 0
    assert [row.id for row in found.worst_rows] == [1]
    assert "probability 0" not in str(found)


def test_two_classes_as_one_number_a_row():
    labels = np.array([0, 1, 1, 0])
    p = np.array([0.2, 0.9, 0.4, 1e-20])
    one = us.evaluate(labels, p)
    two = us.evaluate(labels, np.stack([1 - p, p], axis=1))
    assert one.cross_entropy == two.cross_entropy
    assert one.classes == ("0", "1")
    odds = np.log(p) - np.log1p(-p)
    logits = us.evaluate(labels, us.Logits(odds))
    assert logits.cross_entropy.value == pytest.approx(one.cross_entropy.value, rel=1e-12)
    assert logits.largest_sum_deviation is None


def test_a_confident_right_answer_keeps_its_digits_in_the_mean():
    found = us.evaluate([0], us.Logits([[80.0, 0.0, 0.5]]))
    with mpmath.workdps(60):
        rest = mpmath.exp(-80) + mpmath.exp(-79.5)
        assert found.cross_entropy.value == pytest.approx(float(rest / mpmath.log(2)), rel=1e-14)


def test_the_unit_follows_the_base():
    labels, probs = predictions(50)
    bits = us.evaluate(labels, probs)
    nats = us.evaluate(labels, probs, base=math.e)
    assert (bits.unit, nats.unit) == ("bits", "nats")
    assert nats.cross_entropy.value == pytest.approx(bits.cross_entropy.value * math.log(2))
    assert nats.cross_entropy.value == pytest.approx(nats.cross_entropy_nats.value, rel=1e-15)
    assert nats.perplexity == bits.perplexity
    assert nats.worst_rows[0].surprisal == pytest.approx(bits.worst_rows[0].surprisal * math.log(2))
    ratio = nats.quantiles[0.5].value / bits.quantiles[0.5].value
    assert ratio == pytest.approx(math.log(2), rel=1e-12)


def test_names_of_classes_and_rows_reach_the_worst_rows():
    found = us.evaluate(
        ["dog", "cat"], [[0.9, 0.1], [0.6, 0.4]], classes=["cat", "dog"], ids=["x", "y"], top=1
    )
    (worst,) = found.worst_rows
    assert (worst.id, worst.label, worst.predicted) == ("x", "dog", "cat")
    assert worst.confidence == pytest.approx(0.9)
    assert worst.surprisal == pytest.approx(-math.log2(0.1))


def test_leading_dimensions_are_rows():
    labels, probs = predictions(24)
    flat = us.evaluate(labels, probs)
    deep = us.evaluate(labels.reshape(2, 3, 4), probs.reshape(2, 3, 4, 4))
    assert deep.to_json() == flat.to_json()


def test_equal_odds_are_not_worse_than_equal_odds():
    for classes in (2, 3, 7, 10, 1000):
        found = us.evaluate(np.arange(classes), np.full((classes, classes), 1 / classes))
        assert found.worse_than_uniform.value == 0.0
        assert found.information_gained.value == pytest.approx(0.0, abs=1e-12)


def test_one_class_and_one_row():
    with pytest.raises(
        us.CallError, match=r"one class, or the probability of class 1.*y_pred\[:, 0\]"
    ):
        us.evaluate([0], [[1.0]])
    found = us.evaluate([0], [[1.0, 0.0]])
    assert found.cross_entropy.value == found.label_entropy.value == 0.0
    assert found.information_gained_share is None
    assert math.isnan(found.cross_entropy.low)
    assert "-0" not in str(found)


def test_an_interval_of_rows_without_skewness_is_the_textbooks():
    half = RNG.uniform(0.2, 2.0, size=16)
    surprisals = np.concatenate([half, 2.5 - half])  # as far above their mean as below
    p = np.exp2(-surprisals)
    found = us.evaluate(np.ones(32, dtype=int), p, ids=RNG.permutation(32)).cross_entropy
    within = 2.0395134463964077 * surprisals.std(ddof=1) / math.sqrt(32)  # t, 31 degrees, 97.5 %
    assert found.high - found.value == pytest.approx(within, rel=1e-12)
    assert found.value - found.low == pytest.approx(within, rel=1e-12)


def test_intervals_cover_about_as_often_as_they_say():
    truth, inside = 1.0, 0
    for seed in range(300):
        draw = np.random.default_rng(seed).exponential(size=400) / math.log(2) * math.log(2)
        probs = np.exp2(-draw)
        found = us.evaluate(np.ones(400, dtype=int), probs).cross_entropy
        inside += found.low <= truth <= found.high
    assert 0.90 <= inside / 300 <= 0.985


def test_the_result_is_immutable_and_shown_in_notebooks():
    found = us.evaluate([0, 1], [[0.5, 0.5], [0.5, 0.5]], classes=["<b>", "x"])
    with pytest.raises(AttributeError):
        found.rows = 3
    assert "<b>" not in found._repr_html_().replace("<b>", "", 0) or "&lt;b&gt;" in (
        found._repr_html_()
    )


def test_predictions_in_bfloat16_are_numbers_not_their_bits():
    labels, probs = predictions(300)
    half = probs.astype(ml_dtypes.bfloat16)
    with pytest.raises(us.InputError, match="normalize=True"):
        us.evaluate(labels, half)
    found = us.evaluate(labels, us.Probs(half, normalize=True))
    wide = us.evaluate(labels, us.Probs(half.astype(np.float64), normalize=True))
    assert found.cross_entropy.value == pytest.approx(wide.cross_entropy.value, rel=1e-14)
    loose = us.evaluate(labels, half, tolerance=0.02)
    assert loose.cross_entropy.value == pytest.approx(wide.cross_entropy.value, rel=0.01)
    binary = us.evaluate([0, 1, 1], np.array([0.5, 0.25, 0.75], dtype=ml_dtypes.bfloat16))
    assert binary.cross_entropy.value == (1 + 2 + math.log2(4 / 3)) / 3


@pytest.mark.parametrize("call", [
    us.evaluate,
    lambda labels, probs: us.evaluate(us.Labels(labels), probs),
])  # fmt: skip
def test_labels_in_bfloat16_are_numbers_not_bits_and_refused_where_they_may_be_rounded(call):
    labels, probs = np.array([0.0, 1.0, 1.0]), np.array([[0.5, 0.5], [0.25, 0.75], [0.25, 0.75]])
    found = call(labels.astype(ml_dtypes.bfloat16), probs)
    assert found.cross_entropy == call(labels, probs).cross_entropy
    for large in ([0.0, 1.0, 258.0], [0.0, 1.0, 0.5]):  # 257 in bfloat16 is 258
        with pytest.raises(us.UnsurprisedError, match="bfloat16"):
            call(np.array(large, dtype=ml_dtypes.bfloat16), np.full((3, 300), 1 / 300))


def test_labellings_in_bfloat16_are_refused():
    labels = np.array([0.0, 1.0, 1.0], dtype=ml_dtypes.bfloat16)
    with pytest.raises(us.CallError, match="holds bfloat16"):
        us.mutual_information(labels, labels)
