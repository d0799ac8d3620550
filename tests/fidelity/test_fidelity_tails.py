"""Intervals where tails are long: what they are, and where there are none, with the reason."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from benchmarks import coverage_fidelity
from scipy import stats

import unsurprised as us
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread, mean_interval


def spread(error: float, degrees: float = 29.0) -> Spread:
    return Spread(error, 0.0, degrees, 0.0, of_groups=True)


def estimate(value: float, found: Spread) -> Estimate:
    return Estimate(value, *found.interval(value), "bits", 900)


@pytest.mark.parametrize("share", [1e-3, 0.1, 0.4])
def test_the_far_end_is_students_of_the_reciprocal_cube_root(share: float) -> None:
    value, own = 0.02, spread(0.02 * share)
    found = mean_interval(estimate(value, own), own)
    # The standard error of value^(-1/3), to first order, is value^(-4/3) / 3 of the value's.
    step = stats.t.ppf(0.975, 29) * value ** (-4 / 3) / 3 * own.error
    assert found.high ** (-1 / 3) == pytest.approx(value ** (-1 / 3) - step, rel=1e-9)
    assert found.low == max(own.interval(value)[0], 0)


def test_the_far_end_of_what_is_near_its_most_is_mirrored() -> None:
    own = spread(0.01)
    near, far = (mean_interval(estimate(value, own), own, 1.0) for value in (0.04, 0.96))
    assert near.high == pytest.approx(1 - far.low, rel=1e-12)
    assert near.low == pytest.approx(1 - far.high, rel=1e-12)
    assert mean_interval(estimate(0.0, spread(0.0)), spread(0.0)).high == 0
    assert mean_interval(estimate(1.0, spread(0.0)), spread(0.0), 1.0).low == 1


def test_groups_that_tell_no_end_have_no_interval() -> None:
    own = spread(0.01, degrees=1.0)  # t is 12.7, and 12.7 × 0.01 / 0.03 above 1
    found = mean_interval(estimate(0.01, own), own)
    assert found.value == 0.01 and math.isnan(found.low) and math.isnan(found.high)
    rows = replace(own, of_groups=False)
    assert mean_interval(estimate(0.01, rows), rows).low == 0


def test_a_mean_reaches_no_less_far_than_what_is_known_of_its_error() -> None:
    own = spread(0.001)
    found = mean_interval(estimate(0.01, own), own, error=0.003)
    assert found.high == mean_interval(estimate(0.01, spread(0.003)), spread(0.003)).high
    assert mean_interval(estimate(0.01, own), own, error=1e-9) == mean_interval(
        estimate(0.01, own), own
    )


def test_a_part_of_too_few_tokens_for_a_long_tail_has_no_interval() -> None:
    found = [
        coverage_fidelity.estimates(each, np.random.default_rng(3))
        for each in coverage_fidelity.SCENARIOS[1:3]
    ]
    long, light = ([one["positions from 0: KL"], one["positions from 64: KL"]] for one in found)
    assert [math.isfinite(one.low) for one in (*long, *light)] == [False, True, True, True]
    assert math.isfinite(found[0]["positions from 0: top agreement"].low)


def pair(tail: float) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Scores of 30 documents of 40 tokens, the tail of their difference, and a rare slice."""
    generator = np.random.default_rng(6)
    base = generator.normal(size=(30, 40, 5))
    steps = np.exp(tail * generator.normal(size=(30, 40, 1))) * generator.normal(size=base.shape)
    rare = np.broadcast_to(np.where(np.arange(40) % 10 == 0, "rare", "usual"), (30, 40))
    return base, base + 0.05 * steps, {"kind": rare}


def test_why_a_part_has_no_interval_is_said_with_the_tokens_that_it_takes() -> None:
    base, other, by = pair(1.0)
    found = us.fidelity(base, other, by=by)
    log_p, log_q = (s - np.log(np.exp(s).sum(-1, keepdims=True)) for s in (base, other))
    kl = (np.exp(log_p) * (log_p - log_q)).sum(-1)
    needed = math.ceil(kl.var(ddof=1) / kl.mean() ** 2 / 0.5**2)
    assert 30 < needed < 120
    assert found.interval_notes["by_position"].startswith(
        f"the KL has so long a tail that its mean needs {needed} tokens, and no interval is of "
        "position 0, position 1"
    )
    held = {one.low: one for one in found.by_position}
    assert math.isnan(held[0.0].kl_divergence.low) and math.isfinite(held[0.0].top_agreement.low)
    assert math.isfinite(held[8.0].kl_divergence.low)
    slices = {one.value: one for one in found.slices}
    assert math.isfinite(slices["rare"].kl_divergence.low)


def test_the_effect_of_a_slice_of_too_few_tokens_is_not_tested() -> None:
    base, other, by = pair(2.0)
    found = us.fidelity(base, other, by=by)
    rare = next(one for one in found.slices if one.value == "rare")
    assert math.isnan(rare.kl_divergence.low) and math.isnan(rare.excess.low)
    assert rare.p_value is None and not rare.stands_out
    assert "kind = rare" in found.interval_notes["slices"]


def test_intervals_scale_with_the_unit_and_are_the_same_from_parts() -> None:
    base, other, by = pair(1.0)
    bits, nats = us.fidelity(base, other, by=by), us.fidelity(base, other, by=by, unit=math.e)
    for one, two in zip(bits.by_position, nats.by_position, strict=True):
        ends = np.array([one.kl_divergence.low, one.kl_divergence.high]) * math.log(2)
        np.testing.assert_allclose(
            [two.kl_divergence.low, two.kl_divergence.high], ends, rtol=1e-12
        )
    names = [f"{k}" for k in range(30)]
    meters = [
        us.FidelityMeter().update(base[k], other[k], documents=[names[k]] * 40) for k in range(30)
    ]
    whole = us.FidelityMeter().update(
        base.reshape(-1, 5), other.reshape(-1, 5), documents=np.repeat(names, 40).tolist()
    )
    merged = meters[7]
    for k in [k for k in range(29, -1, -1) if k != 7]:
        merged = merged.merge(meters[k])
    assert str(merged.result().as_dict()) == str(whole.result().as_dict())


def test_why_k3_has_no_interval_is_said() -> None:
    names = ["long", *(f"{k}" for k in range(12))]
    of = np.repeat(np.arange(13), [300] + [1] * 12)
    base = np.full(len(of), -3.0)
    for moved, why in ((of > 0, {"interval of k3": "a few documents have nearly all of it"}),
                       (of >= 0, {})):  # fmt: skip
        meter = us.SampledKLMeter()
        meter.add_tokens(names, of, base, base + np.where(moved, 0.5, 0.0))
        found = meter.result()
        assert found.missing == why and math.isnan(found.k3.low) == bool(why)
