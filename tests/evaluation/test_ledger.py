"""The ledger: against published values, exact fractions, SciPy, and its own identities."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.isotonic import IsotonicRegression

import unsurprised as us
from unsurprised.evaluation.records import Ledger

RNG = np.random.default_rng(7)
NAMES = ("discrimination", "miscalibration")


def softmax(scores):
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    return probs / probs.sum(axis=1, keepdims=True)


def predictions(rows=1200, classes=4, sharpness=2.0, generator=RNG):
    scores = generator.normal(size=(rows, classes))
    labels = (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)
    return labels, softmax(sharpness * scores)


def binary(rows=1000, power=1.0, generator=RNG):
    """Labels of class 1 and probabilities, which are calibrated where the power is 1."""
    odds = generator.normal(size=rows) * 1.5
    labels = (generator.random(rows) < 1 / (1 + np.exp(-odds))).astype(int)
    return labels, 1 / (1 + np.exp(-power * odds))


def in_sample(ledger: Ledger, index=-1):
    found = ledger.recalibrations[index]
    return found.discrimination_in_sample.value, found.miscalibration_in_sample.value


# ?summary.reliabilitydiag of the R package reliabilitydiag (Dimitriadis and Jordan), asked for the
# Brier and the log score; printed in the tests of the Python package model-diagnostics.
TOY = [0, 0, 0, 1, 1, 1], [0.4, 0.3, 0.2, 0.1, 0.5, 0.9]
TOY_LOG = {"S": 0.6986228, "DSC": 0.3182571, "MCB": 0.3237327, "UNC": 0.6931472}
TOY_BRIER = {"S": 0.2266667, "DSC": 0.125, "MCB": 0.1016667, "UNC": 0.25}


def test_the_published_toy_example():
    """Eight copies of it, which have the same parts, for six rows are too few for intervals."""
    found = us.evaluate(TOY[0] * 8, TOY[1] * 8, base=math.e)
    parts = found.ledger
    assert parts.family == "isotonic regression"
    assert parts.cross_entropy.value == pytest.approx(TOY_LOG["S"], abs=5e-8)
    assert parts.label_entropy.value == pytest.approx(TOY_LOG["UNC"], abs=5e-8)
    expected = (TOY_LOG["DSC"], TOY_LOG["MCB"])
    assert in_sample(parts) == pytest.approx(expected, abs=5e-8)
    brier = found.brier
    assert brier.score.value == pytest.approx(TOY_BRIER["S"], abs=5e-8)
    assert brier.uncertainty == pytest.approx(TOY_BRIER["UNC"], abs=5e-8)
    assert brier.discrimination == pytest.approx(TOY_BRIER["DSC"], abs=5e-8)
    assert brier.miscalibration == pytest.approx(TOY_BRIER["MCB"], abs=5e-8)


def test_six_weights_are_48_rows():
    weights = np.repeat([8, 1, 1, 1, 1, 1, 1, 1, 1], [5, *[1] * 8])
    rows = [0, 1, 2, 3, 4, *[5] * 8]
    more = [*rows, *range(6), *range(6), *range(6), 0]  # weight 0: they tell nothing
    labels, probs = (np.array(each)[more] for each in TOY)
    weights = np.append(weights, np.zeros(len(more) - len(rows)))
    few = us.evaluate(labels, probs, weights=weights)
    assert few.ledger is None and "needs at least 32 rows" in few.missing["ledger"]
    weights = np.concatenate([weights[: len(rows)] * 3 - 1, np.zeros(19)])
    labels, probs = np.tile(labels[:13], 4), np.tile(probs[:13], 4)
    weights = np.tile(weights[:13], 4)
    whole = np.repeat(np.arange(52), weights.astype(int))
    weighted = us.evaluate(labels, probs, weights=weights).ledger
    repeated = us.evaluate(labels[whole], probs[whole]).ledger
    assert in_sample(weighted) == pytest.approx(in_sample(repeated), rel=1e-12)


def exact_isotonic(predicted, observed, weights):
    """The max-min formula of isotonic regression, in fractions, for each distinct prediction."""
    levels = sorted(set(predicted))
    mass = [
        sum(w for p, w in zip(predicted, weights, strict=True) if p == level) for level in levels
    ]
    hits = [
        sum(w for p, y, w in zip(predicted, observed, weights, strict=True) if p == level and y)
        for level in levels
    ]
    count = range(len(levels))
    fit = {}
    for k in count:
        fit[levels[k]] = max(
            min(Fraction(sum(hits[i : j + 1]), sum(mass[i : j + 1])) for j in range(k, len(levels)))
            for i in range(k + 1)
        )
    return fit


def exact_score(shares, observed, weights):
    """Mean surprisal in bits, to 40 digits."""
    with mpmath.workdps(40):
        total = mpmath.mpf(0)
        for share, happened, weight in zip(shares, observed, weights, strict=True):
            part = share if happened else 1 - share
            total -= weight * mpmath.log(mpmath.mpf(part.numerator) / part.denominator, 2)
        return total / sum(weights)


@pytest.mark.parametrize("weighted", [False, True])
def test_two_classes_in_fractions(weighted):
    for _ in range(4):
        predicted = RNG.integers(1, 16, 60)
        observed = (RNG.random(60) < predicted / 16).astype(int)
        weights = RNG.integers(1, 8, 60) if weighted else np.ones(60, dtype=int)
        found = us.evaluate(observed, predicted / 16, weights=weights if weighted else None).ledger
        integers = predicted.tolist(), observed.tolist(), weights.tolist()
        fit = exact_isotonic(*integers)
        _, happened, mass = integers
        share = Fraction(sum(w * y for w, y in zip(mass, happened, strict=True)), sum(mass))
        score = exact_score([Fraction(p, 16) for p in integers[0]], happened, mass)
        best = exact_score([fit[p] for p in integers[0]], happened, mass)
        constant = exact_score([share] * 60, happened, mass)
        assert found.cross_entropy.value == pytest.approx(float(score), rel=1e-15)
        assert found.label_entropy.value == pytest.approx(float(constant), rel=1e-15)
        expected = float(constant - best), float(score - best)
        assert in_sample(found) == pytest.approx(expected, abs=4e-16)


CASES = {
    "calibrated": binary(),
    "over-confident": binary(power=3),
    "constant": (binary()[0], np.full(1000, 0.37)),
    "certain": (np.arange(64) % 2, us.Probs(np.where(np.arange(64) % 2, 1.0, 0.0))),
    "reversed": (np.arange(64) % 2, np.where(np.arange(64) % 2, 0.2, 0.9)),
    "calibrated, four classes": predictions(sharpness=1.0),
    "over-confident, four classes": predictions(sharpness=4.0),
    "nearly certain": (np.arange(300) % 3, softmax(80.0 * np.eye(3)[np.arange(300) % 3])),
    "telling nothing": (RNG.integers(0, 3, 400), RNG.dirichlet(np.ones(3), size=400)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_parts_add_up_and_none_is_negative_in_sample(name):
    labels, probs = CASES[name]
    found = us.evaluate(labels, probs).ledger
    largest = max(found.label_entropy.value, found.cross_entropy.value)
    for family in found.recalibrations:
        for ending in ("_in_sample", ""):
            known, lost = (getattr(family, part + ending) for part in NAMES)
            total = found.label_entropy.value - known.value + lost.value
            scale = max(largest, abs(known.value), abs(lost.value))
            assert abs(total - found.cross_entropy.value) <= 2 * math.ulp(scale)
            if ending:
                assert min(known.value, lost.value) >= 0
            for part in (known, lost):
                assert part.low <= part.value <= part.high


def test_the_order_of_the_rows_does_not_matter():
    for labels, probs in (predictions(), binary(power=2)):
        ids, order = np.arange(len(labels)), RNG.permutation(len(labels))
        one = us.evaluate(labels, probs, ids=ids).ledger
        other = us.evaluate(labels[order], probs[order], ids=ids[order]).ledger
        assert one == other


def best_by_scipy(labels, log, weights, vector):
    """Least mean nats of softmax(a ∘ x + b), or of softmax(a x)."""
    width = log.shape[1]

    def nats(parameters):
        scale, shift = parameters, 0.0
        if vector:
            scale, shift = parameters[:width], np.append(parameters[width:], 0.0)
        scores = log * scale + shift
        scores -= scores.max(axis=1, keepdims=True)
        rows = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(labels)), labels]
        return np.average(rows, weights=weights)

    start = np.r_[np.ones(width), np.zeros(width - 1)] if vector else np.ones(1)
    return optimize.minimize(nats, start, options={"gtol": 1e-9}).fun


@pytest.mark.parametrize("weighted", [False, True])
def test_more_classes_by_scipy(weighted):
    labels, probs = predictions(700, 3, 2.5)
    weights = RNG.exponential(size=700) if weighted else None
    found = us.evaluate(labels, probs, weights=weights, base=math.e).ledger
    assert [each.family for each in found.recalibrations] == [
        "temperature scaling", "vector scaling"
    ]  # fmt: skip
    assert [each.parameters for each in found.recalibrations] == [1, 6]
    score = np.average(-np.log(probs[np.arange(700), labels]), weights=weights)
    for index in range(2):
        best = best_by_scipy(labels, np.log(probs), weights, vector=bool(index))
        assert in_sample(found, index)[1] == pytest.approx(score - best, abs=1e-8)


def test_logits_and_probabilities_have_the_same_ledger():
    for labels, probs in (predictions(), binary(power=2)):
        scores = np.log(probs) if probs.ndim == 2 else np.log(probs) - np.log1p(-probs)
        one, other = us.evaluate(labels, probs), us.evaluate(labels, us.Logits(scores))
        for index in range(len(one.ledger.recalibrations)):
            pair = in_sample(one.ledger, index), in_sample(other.ledger, index)
            assert pair[0] == pytest.approx(pair[1], abs=1e-12)


def test_copies_in_one_cluster_do_not_flatter_the_cross_fitted_value():
    """Of copies in other folds an isotonic fit knows the labels beforehand."""
    labels, probs = binary(200)
    rows = np.repeat(np.arange(200), 5)
    once = us.evaluate(labels, probs).ledger.miscalibration
    blind = us.evaluate(labels[rows], probs[rows]).ledger.miscalibration
    aware = us.evaluate(labels[rows], probs[rows], cluster=rows)
    assert blind.value > max(once.value, aware.ledger.miscalibration.value) + 0.05
    assert aware.ledger.miscalibration.low < once.value < aware.ledger.miscalibration.high
    assert aware.ledger.recalibrations[0].if_calibrated is None
    assert "independent" in aware.missing["if_calibrated"]


def test_a_calibrated_model_in_theory():
    """Twice the rows × nats is about χ² of as many degrees as there are parameters (Wilks)."""
    labels, probs = predictions(5000, 4, sharpness=1.0, generator=np.random.default_rng(3))
    found = us.evaluate(labels, probs, base=math.e).ledger
    for family, degrees in zip(found.recalibrations, (1, 7), strict=True):
        known = family.if_calibrated
        assert known.simulations == 199
        mean_error = math.sqrt(2 * degrees / 199)
        assert 2 * 5000 * known.mean == pytest.approx(degrees, abs=4 * mean_error)
        # The 190th of 199: what is below it is spread like this, whatever is simulated.
        lowest, highest = stats.beta(190, 10).ppf([1e-6, 1 - 1e-6])
        assert lowest < stats.chi2(degrees).cdf(2 * 5000 * known.high) < highest
        assert known.exceeded == (known.p_value <= 0.05)


def test_a_calibrated_model_of_two_classes_by_simulation():
    generator = np.random.default_rng(5)
    labels, probs = binary(500, generator=generator)
    known = us.evaluate(labels, probs).ledger.recalibrations[0].if_calibrated
    drawn = []
    for _ in range(300):
        happened = (generator.random(500) < probs).astype(float)
        fit = IsotonicRegression().fit(probs, happened).predict(probs)

        def bits(shares, happened=happened):
            with np.errstate(divide="ignore", invalid="ignore"):
                return -np.log2(np.where(happened == 1, shares, 1 - shares)).mean()

        drawn.append(bits(probs) - bits(fit))
    error = np.std(drawn) * math.sqrt(1 / 300 + 1 / 199)
    assert known.mean == pytest.approx(np.mean(drawn), abs=4 * error)
    assert known.high == pytest.approx(np.quantile(drawn, 0.95), rel=0.2)


@pytest.mark.parametrize("count", [50, pytest.param(150, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("classes", [2, 3])
def test_calibrated_models_are_rejected_as_often_as_stated(classes, count):
    generator = np.random.default_rng(classes)
    rejected = {}
    for _ in range(count):
        probs = generator.dirichlet(np.ones(classes), size=200)
        labels = (probs.cumsum(axis=1) < generator.random((200, 1))).sum(axis=1)
        for family in us.evaluate(labels, probs).ledger.recalibrations:
            rejected.setdefault(family.family, []).append(family.if_calibrated.exceeded)
    assert len(rejected) == classes - 1
    for found in rejected.values():
        assert len(found) == count and sum(found) <= stats.binom(count, 0.05).ppf(0.999)


def test_an_over_confident_model_is_found_out():
    for labels, probs in (predictions(sharpness=3.0), binary(power=2.5)):
        for family in us.evaluate(labels, probs).ledger.recalibrations:
            known = family.if_calibrated
            assert known.exceeded and known.p_value == 1 / 200
            assert known.mean < known.high < family.miscalibration_in_sample.value
            assert family.miscalibration.low > 0


@pytest.mark.parametrize("classes", [2, 3])
def test_an_infinite_cross_entropy(classes):
    labels, probs = predictions(300, classes)
    probs[:3] = np.eye(classes)[(labels[:3] + 1) % classes]
    found = us.evaluate(labels, probs).ledger
    assert found.cross_entropy.value == math.inf
    for family in found.recalibrations:
        assert family.miscalibration.value == family.miscalibration_in_sample.value == math.inf
        assert math.isfinite(family.discrimination.value)
        assert 0 < family.discrimination_in_sample.value < found.label_entropy.value
        assert family.if_calibrated.exceeded and family.if_calibrated.p_value == 1 / 200
        assert classes == 2 or family.family.startswith("uniform mixing, then ")
    mixed = found.mixed
    calibrator = us.calibrators.UniformMixing().fit(probs, labels)
    assert mixed.epsilon == calibrator.epsilon_
    costs = us.surprisal(calibrator.transform(probs), at=labels)
    assert mixed.cross_entropy.value == pytest.approx(costs.mean(), rel=1e-12)
    left = found.label_entropy.value - in_sample(found)[0] + mixed.miscalibration.value
    assert left == pytest.approx(mixed.cross_entropy.value, rel=1e-12)
    assert "NaN" not in us.evaluate(labels, probs).to_json()


def test_a_distribution_as_truth():
    _, probs = predictions(500, 3)
    truth = RNG.dirichlet(np.ones(3) * 2, size=500)
    found = us.evaluate(truth, probs)
    ledger = found.ledger
    assert (ledger.truth_entropy, ledger.kl_divergence) == (
        found.truth_entropy,
        found.kl_divergence,
    )
    assert ledger.cross_entropy == found.cross_entropy
    assert ledger.label_entropy == found.label_entropy
    assert ledger.recalibrations[0].if_calibrated is None
    assert found.missing["if_calibrated"] == "needs one class a row; the truth is a distribution"


def test_a_distribution_of_two_classes():
    _, probs = binary(400)
    shares = RNG.beta(2, 2, size=400)
    truth = np.stack([1 - shares, shares], axis=1)
    ledger = us.evaluate(truth, np.stack([1 - probs, probs], axis=1)).ledger
    fit = IsotonicRegression().fit(probs, shares).predict(probs)
    best = -(shares * np.log2(fit) + (1 - shares) * np.log2(1 - fit)).mean()
    assert in_sample(ledger)[1] == pytest.approx(ledger.cross_entropy.value - best, abs=1e-12)


def test_why_there_is_no_ledger():
    labels, probs = predictions(100, 3)

    def reason(*arguments, **options):
        found = us.evaluate(*arguments, **options)
        assert found.ledger is None
        return found.missing["ledger"]

    assert reason(labels[:31], probs[:31]) == ("needs at least 32 rows; found 31")
    assert reason(np.ones(100, int), probs, classes=["a", "b", "c"]) == (
        "needs at least two classes that happen; only 'b' does"
    )
    assert reason(np.r_[1, np.zeros(99, int)], probs) == (
        "needs two classes outside of each of 5 folds; all but one happen too rarely"
    )
    assert reason(labels, probs, cluster=np.arange(100) % 4) == (
        "needs rows of at least 5 clusters to leave some out; found 4"
    )
    assert reason(labels, probs, ledger=False) == "ledger=False was asked for"


def test_without_the_models_numbers_there_is_no_ledger(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("logprob\n" + "-0.5\n" * 40)
    found = us.evaluate(str(path), logprob="logprob")
    assert found.ledger is None
    assert found.missing["ledger"].startswith("needs the model's numbers for every class")


def test_why_vector_scaling_is_not_tried():
    labels, probs = predictions(119, 3)
    assert us.evaluate(labels, probs).ledger.left_out == {
        "vector scaling": "its 6 parameters want 120 rows"
    }
    labels, probs = predictions(500, 3)
    labels[labels == 2] = 1
    labels[:9] = 2
    found = us.evaluate(labels, probs, classes=["a", "b", "c"]).ledger
    assert found.left_out == {
        "vector scaling": "wants 10 rows of each class; 'c' happens less often"
    }
    assert found.family == "temperature scaling"
    labels, probs = predictions(400, 101)
    assert us.evaluate(labels, probs).ledger.left_out == {
        "vector scaling": "its time grows with the square of the classes; tried up to 100"
    }


def test_few_clusters_have_values_without_intervals():
    labels, probs = predictions(300, 3)
    found = us.evaluate(labels, probs, cluster=np.arange(300) % 7).ledger
    assert math.isnan(found.miscalibration.low) and math.isfinite(found.miscalibration.value)


def test_of_many_classes_the_rows_are_fewer():
    evaluator = us.Evaluator()
    labels, probs = predictions(12_000, 100)
    found = evaluator.update(labels, probs).result()
    assert found.sampled_rows == 12_000
    assert found.ledger.rows == found.ledger.cross_entropy.rows == 2**19 // 100
