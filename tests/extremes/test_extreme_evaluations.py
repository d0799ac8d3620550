"""Evaluations of numbers as extreme as they are legal: no warning, no crash, the right mean."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from extreme_rows import ANSWERED, CASES, REFUSED, Case, N
from oracle_extremes import means_of

import unsurprised as us
from unsurprised.evaluation.figures.calibration_curves import _band

#: The least of floats is what a mean may be off by at all; formulas of single precision keep fewer
#: digits.
LEAST, ROUNDING, SINGLE = 1e-320, 1e-14, 1e-6


def evaluated(case: Case, **more: Any) -> us.Evaluation:
    """A case, evaluated by someone whose NumPy raises wherever it can."""
    with np.errstate(all="raise"):
        return us.evaluate(case.truth, case.model, **{**case.options, **more})


def named(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=str)


def of_name(*names: str) -> list[Case]:
    found = [case for case in CASES if case.name in names]
    assert len(found) == len(names)
    return found


def estimates(value: Any) -> Iterator[us.Estimate]:
    """Every estimate that a result holds."""
    if isinstance(value, us.Estimate):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from estimates(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from estimates(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from estimates(each)


@named(ANSWERED)
def test_answers(case: Case) -> None:
    with np.errstate(all="raise"):
        found = us.evaluate(case.truth, case.model, **case.options)
        for estimate in estimates(found):
            told = not math.isnan(estimate.low)
            assert told == (not math.isnan(estimate.high))
            assert not told or estimate.low <= estimate.value <= estimate.high
        json.loads(found.to_json())
        assert str(found) and repr(found) and found._repr_html_()
        assert found.ledger is not None or "ledger" in found.missing
    _check_means(case, found)


def _check_means(case: Case, found: us.Evaluation) -> None:
    means, per_bit = means_of(case), 1 / mp.log(case.options.get("base", 2), 2)
    assert mp.almosteq(found.weight, means.weight, 1e-15)
    narrow = getattr(case.model, "dtype", None) in (np.float16, np.float32)
    for name in ("cross_entropy", "expected_surprisal", "truth_entropy"):
        estimate = getattr(found, name)
        if estimate is None:
            continue
        exact = getattr(means, name) * per_bit
        if math.isinf(estimate.value):  # a gap of scores that no float holds counts as infinite
            assert exact > 1e306
            assert found.infinite_rows
        else:
            relative = SINGLE if narrow and name == "expected_surprisal" else ROUNDING
            assert abs(mp.mpf(estimate.value) - exact) <= relative * abs(exact) + LEAST, name


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(name: str) -> None:
    (case,) = of_name(name)
    with pytest.raises(us.UnsurprisedError, match=REFUSED[name]) as error:
        evaluated(case)
    assert "\n" not in str(error.value)


#: A case of each kind of numbers that pages and charts have to draw.
DRAWN = of_name(
    "denormal beside ordinary",
    "surprisals of 1e300",
    "weights one positive",
    "a slice of weight 0",
)


@named(DRAWN)
def test_pages_and_charts(case: Case, tmp_path: Any) -> None:
    with np.errstate(all="raise"):
        found = evaluated(case)
        found.to_html(tmp_path / "page.html")
        for name in ("ledger", "calibration", "confidence", "histogram", "slices", "confusion"):
            try:
                chart = getattr(found.plot, name)()
            except us.CallError as error:
                assert "nothing to draw" in str(error) or "were not sliced" in str(error)
            else:
                assert "NaN" not in chart.to_json()


def _without(value: Any, *names: str) -> Any:
    """A result as JSON, without what is in the unit of the weights."""
    if isinstance(value, dict):
        return {k: _without(v, *names) for k, v in value.items() if k not in names}
    return [_without(each, *names) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("power", [-900, -500, -1, 300])
@pytest.mark.parametrize("classes", [2, 3])
def test_the_unit_of_weights_changes_no_bit(classes: int, power: int) -> None:
    random = np.random.default_rng(classes)
    probs = random.dirichlet([1.0] * classes, N)
    labels, weights = random.integers(0, classes, N), random.exponential(size=N)
    by = {"odd": np.arange(N) % 2}

    def found(unit: float) -> Any:
        answer = us.evaluate(labels, probs, weights=weights * unit, by=by)
        assert answer.weight == pytest.approx(weights.sum() * unit, rel=1e-15)
        return _without(answer.as_dict(), "weight", "histogram")

    assert found(2.0**power) == found(1.0)


@pytest.mark.parametrize("factor", [1e-270, 1e-155, 1e90])
def test_compare_and_calibrate_in_any_unit_of_weights(factor: float) -> None:
    random = np.random.default_rng(3)
    probs = random.dirichlet([1.0] * 3, 200)
    labels, weights = random.integers(0, 3, 200), random.exponential(size=200)
    unit = 2.0 ** round(math.log2(factor))

    def found(unit: float) -> tuple[Any, Any]:
        compared = us.compare(labels, probs, probs[::-1], weights=weights * unit)
        calibrated = us.calibrate(labels, probs, weights=weights * unit)
        return compared.as_dict(), calibrated.as_dict()

    # The bins of the reliability diagrams hold weights, in their unit.
    assert _without([*found(unit)], "weight") == _without([*found(1.0)], "weight")


@named(of_name("weights geometric", "denormal beside ordinary", "from 5e-324 to 1"))
def test_order_and_parts_change_nothing(case: Case) -> None:
    turned = np.random.default_rng(0).permutation(N)
    truth, model, ids = np.asarray(case.truth), np.asarray(case.model), np.arange(N)
    weights = np.asarray(case.options.get("weights", np.ones(N)))

    def part(rows: Any) -> us.Evaluator:
        return us.Evaluator().update(truth[rows], model[rows], weights=weights[rows], ids=ids[rows])

    whole, other = part(slice(None)), part(turned)
    merged = part(slice(7)).merge(part(slice(7, 8))).merge(part(slice(8, None)))
    assert whole.to_bytes() == other.to_bytes() == merged.to_bytes()
    assert whole.result().as_dict() == merged.result().as_dict()


def test_rows_of_weight_0_change_no_mean_and_no_interval() -> None:
    random = np.random.default_rng(5)
    probs, labels = random.dirichlet([1.0] * 2, N), random.integers(0, 2, N)
    ids, more = np.arange(N), 500
    alone = us.evaluate(labels, probs, weights=np.ones(N), ids=ids)
    beside = us.evaluate(
        np.append(labels, np.ones(more, int)),
        np.vstack([probs, [[1e-300, 1.0]] * more]),
        weights=np.append(np.ones(N), np.zeros(more)),
        ids=np.arange(N + more),
    )
    for name in ("cross_entropy", "accuracy", "expected_surprisal", "label_entropy"):
        mine, other = getattr(alone, name), getattr(beside, name)
        assert (mine.value, mine.low, mine.high) == (other.value, other.low, other.high), name
    for level, mine in alone.quantiles.items():
        other = beside.quantiles[level]
        assert (mine.value, mine.low, mine.high) == (other.value, other.low, other.high), level


def test_many_identical_rows() -> None:
    count = 100_000
    found = us.evaluate(np.zeros(count, int), np.tile([[0.75, 0.25]], (count, 1)))
    exact = -mp.log(mp.mpf(0.75), 2)
    assert abs(found.cross_entropy.value - exact) <= 2e-16
    for end in (found.cross_entropy.low, found.cross_entropy.high):
        assert end == pytest.approx(float(exact), rel=2e-15)


def test_a_band_of_denormal_predictions() -> None:
    """Of 12 rows of 5e-324 nothing happens, 95 % of the time and far beyond."""
    noise = math.sqrt(5e-324) / math.sqrt(12)
    assert _band(5e-324, noise) == (0.0, 5e-324)
    assert _band(0.5, 1e-200) == (0.5, 0.5)  # more rows than a float counts
    low, high = _band(0.5, math.sqrt(0.25 / 100))
    assert (low, high) == (0.4, 0.6)


def test_the_noise_of_a_calibrated_model_keeps_its_size() -> None:
    """√(2/π) of the spread of a mean of 12 draws, far below what its square could hold."""
    for p in (1e-200, 5e-324):
        (curve, *_) = us.evaluate([0] * 12, [[1.0, p]] * 12).calibration[2:]
        exact = mp.sqrt(2 / mp.pi) * mp.sqrt(mp.mpf(p) / 12)
        assert curve.error_if_calibrated == pytest.approx(float(exact), rel=1e-12)


def test_a_class_of_probability_0_is_no_class_of_probability_1() -> None:
    """What a calibrated model would show hardly hangs on whether a third class has 0 or 1e-300."""
    shown = []
    for seed in range(16):
        random = np.random.default_rng(seed)
        probs = np.hstack([random.dirichlet([1.0, 1.0], 300), np.zeros((300, 1))])
        probs[:3] = [0.2, 0.2, 0.6]
        labels = (random.random(300) > probs[:, 0]).astype(int)
        labels[:3] = 2
        lifted = np.where(probs > 0, probs, 1e-300)
        ledgers = [us.evaluate(labels, each).ledger for each in (probs, lifted)]
        tests = [[found.if_calibrated for found in each.recalibrations] for each in ledgers]
        shown.append([[test.mean for test in each] for each in tests])
        assert np.allclose(*([test.p_value for test in each] for each in tests), rtol=0, atol=0.15)
    # Labels are drawn anew for other predictions, 199 times for each sample: a mean over all of
    # these is off by a fortieth.
    sure, nearly = np.mean(shown, axis=0)
    assert sure == pytest.approx(nearly, rel=0.08)
