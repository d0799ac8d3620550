"""Every line and every total against mpmath; the identities that tie them."""

from __future__ import annotations

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.explanation import Explanation, explain

MASS = st.floats(1e-12, 1.0)
ROWS = st.integers(1, 12).flatmap(
    lambda size: st.tuples(
        *(st.lists(st.one_of(st.just(0.0), MASS), min_size=size, max_size=size) for _ in "pq")
    ).filter(lambda rows: all(sum(row) > 0 for row in rows))
)


def probs(row: object) -> us.Probs:
    return us.Probs(row, normalize=True)


def exact(row: list[float]) -> list[mpmath.mpf]:
    total = mpmath.fsum(map(mpmath.mpf, row))
    return [mpmath.mpf(mass) / total for mass in row]


def length(share: mpmath.mpf) -> mpmath.mpf:
    return mpmath.inf if share == 0 else -mpmath.log(share, 2)


def times(share: mpmath.mpf, value: mpmath.mpf) -> mpmath.mpf:
    return mpmath.mpf(0) if share == 0 else share * value


def close(
    found: float | None, wanted: mpmath.mpf, tolerance: float = 1e-13, slack: float = 1e-300
) -> bool:
    if mpmath.isinf(wanted):
        return found == math.inf
    return found is not None and abs(found - wanted) <= tolerance * abs(wanted) + slack


@given(ROWS)
def test_every_line_is_what_mpmath_says(rows):
    p, q = rows
    explanation = explain(probs(p), probs(q))
    with mpmath.workdps(60):
        for outcome, share, belief in zip(explanation.outcomes, exact(p), exact(q), strict=True):
            assert close(outcome.p, share)
            assert close(outcome.q, belief)
            assert close(outcome.p_length, length(share))
            assert close(outcome.q_length, length(belief))
            assert close(outcome.entropy, times(share, length(share)))
            assert close(outcome.cross_entropy, times(share, length(belief)))
            ratio = times(share, length(belief) - length(share) if share else mpmath.mpf(0))
            # One term alone may be near 0 where the rows as a whole are far apart.
            assert close(outcome.kl_divergence, ratio, 1e-13, 1e-15 * outcome.p)
            assert outcome.denied == (share > 0 and belief == 0)


@given(ROWS)
def test_the_totals_are_those_of_the_measures_and_the_lines_add_up_to_them(rows):
    p, q = map(probs, rows)
    explanation = explain(p, q)
    assert explanation.entropy == us.entropy(p)
    assert explanation.cross_entropy == us.cross_entropy(p, q)
    assert explanation.kl_divergence == us.kl_divergence(p, q)
    assert explanation.reverse_kl_divergence == us.kl_divergence(q, p)
    assert explanation.model_entropy == us.entropy(q)
    for field in ("entropy", "cross_entropy", "kl_divergence"):
        parts = [getattr(outcome, field) for outcome in explanation.outcomes]
        total = getattr(explanation, field)
        if math.isinf(total):
            assert math.inf in parts
            assert explanation.outcomes[parts.index(math.inf)].denied
        else:
            largest = max(map(abs, parts))
            assert math.fsum(parts) == pytest.approx(total, rel=1e-12, abs=1e-14 * largest + 1e-300)


@given(ROWS)
def test_huffman_is_at_least_the_entropy_and_less_than_one_bit_more(rows):
    explanation = explain(probs(rows[0]))
    mean = explanation.huffman_length
    assert mean is not None
    assert explanation.entropy <= mean + 1e-12
    assert mean < explanation.entropy + 1 or mean == pytest.approx(explanation.entropy + 1)
    lengths = [o.p_huffman for o in explanation.outcomes if o.p > 0]
    assert sum(2.0**-n for n in lengths if n is not None) == 1
    assert all(o.p_huffman is None for o in explanation.outcomes if o.p == 0)


@given(ROWS, st.floats(0.0, 0.5))
def test_smoothing_costs_no_more_than_is_said_and_buys_what_is_said(rows, epsilon):
    p, q = map(probs, rows)
    explanation = explain(p, q, epsilon=epsilon)
    smoothing = explanation.smoothing
    assert smoothing is not None
    assert smoothing.largest_cost == us.smoothing_cost(epsilon)
    assert smoothing.cross_entropy == us.cross_entropy(p, us.smooth(q, epsilon))
    assert smoothing.kl_divergence == us.kl_divergence(p, us.smooth(q, epsilon))
    assert smoothing.saved >= -smoothing.largest_cost - 1e-12
    assert not math.isnan(smoothing.saved)


def test_the_coins_of_the_books():
    coin = explain([0.5, 0.5], [0.1, 0.9])
    assert (coin.explains, coin.unit, coin.base, coin.happened) == ("divergence", "bits", 2.0, None)
    assert coin.entropy == 1.0
    assert coin.kl_divergence == pytest.approx(0.736965594166206, rel=1e-15)
    assert coin.cross_entropy == pytest.approx(1.736965594166206, rel=1e-15)
    assert coin.reverse_kl_divergence == pytest.approx(0.5310044064107188, rel=1e-15)
    assert [o.p_length for o in coin.outcomes] == [1.0, 1.0]


def test_powers_of_two_are_whole_to_the_last_bit():
    dyadic = explain([0.5, 0.25, 0.125, 0.0625, 0.0625])
    assert [o.p_length for o in dyadic.outcomes] == [1.0, 2.0, 3.0, 4.0, 4.0]
    assert [o.p_huffman for o in dyadic.outcomes] == [1, 2, 3, 4, 4]
    assert dyadic.entropy == dyadic.huffman_length == 1.875


def test_a_row_that_is_ruled_out_is_named_and_smoothing_mends_it():
    explanation = explain([0.5, 0.5], [0.0, 1.0], names=["heads", "tails"])
    assert explanation.cross_entropy == explanation.kl_divergence == math.inf
    assert [o.denied for o in explanation.outcomes] == [True, False]
    assert explanation.model_huffman_length == math.inf
    assert explanation.smoothing is not None
    assert explanation.smoothing.saved == math.inf
    assert explanation.smoothing.cross_entropy < 4
    assert explanation.reverse_kl_divergence == 1.0


def test_what_p_rules_out_costs_nothing_this_way_and_everything_the_other_way():
    explanation = explain([1.0, 0.0], [0.5, 0.5])
    assert explanation.kl_divergence == 1.0
    assert explanation.reverse_kl_divergence == math.inf
    nothing = explanation.outcomes[1]
    assert (nothing.entropy, nothing.cross_entropy, nothing.kl_divergence) == (0, 0, 0)
    assert (nothing.p_length, nothing.p_huffman, nothing.denied) == (math.inf, None, False)
    assert "P rules out '1', which Q does not" in str(explanation)


def test_equal_rows_cost_exactly_nothing():
    explanation = explain(us.Counts([3, 7]), [0.3, 0.7])
    assert explain([0.3, 0.7], [0.3, 0.7]).kl_divergence == 0.0
    assert [o.kl_divergence for o in explain([0.3, 0.7], [0.3, 0.7]).outcomes] == [0.0, 0.0]
    assert explanation.kl_divergence == pytest.approx(0.0, abs=1e-30)


def test_one_outcome():
    certain = explain([1.0])
    assert (certain.entropy, certain.huffman_length) == (0.0, 0.0)
    assert certain.outcomes[0].p_huffman == 0
    assert math.copysign(1, certain.outcomes[0].p_length) == 1
    assert explain([1.0], [1.0]).kl_divergence == 0


def test_a_certain_row_among_many_needs_no_code():
    certain = explain([0.0, 1.0, 0.0])
    assert [o.p_huffman for o in certain.outcomes] == [None, 0, None]
    assert certain.meaning == (
        "Nothing is left to learn: '1' is certain, which takes 0 bits to say."
    )


@pytest.mark.parametrize("gap", [1e-3, 1e-9, 1e-12])
def test_digits_are_kept_where_p_and_q_are_close(gap):
    p, q = [0.3, 0.7], [0.3 + gap, 0.7 - gap]
    explanation = explain(p, q)
    with mpmath.workdps(60):
        for outcome, share, belief in zip(explanation.outcomes, exact(p), exact(q), strict=True):
            assert close(outcome.kl_divergence, share * mpmath.log(share / belief, 2), 1e-14)
    cancels = "cancel almost wholly" in str(explanation).replace("\n", " ")
    assert cancels == (gap < 1e-4)


def test_tiny_shares_keep_their_lengths():
    subnormal = explain([1.0, 5e-324])
    assert subnormal.outcomes[1].p_length == pytest.approx(1074.0, rel=1e-15)
    assert subnormal.outcomes[1].p_huffman == 1
    logits = explain(us.Logits([0.0, -800.0]))
    assert logits.outcomes[1].p == 0.0
    assert logits.outcomes[1].p_length == pytest.approx(800 / math.log(2), rel=1e-15)
    assert logits.outcomes[1].p_huffman == 1


def test_a_share_below_the_floats_is_still_possible():
    explanation = explain(us.Logits([0.0, -800.0]), [1.0, 0.0])
    assert explanation.kl_divergence == explanation.outcomes[1].kl_divergence == math.inf
    assert explanation.outcomes[1].denied
    assert "hardly ever, but can" in explanation.meaning


def test_logits_that_are_infinite():
    explanation = explain(us.Logits([-math.inf, 0.0, 0.0]), us.LogProbs(np.log([0.5, 0.25, 0.25])))
    assert explanation.entropy == 1.0
    assert explanation.outcomes[0].p_length == math.inf
    assert explanation.cross_entropy == pytest.approx(2.0)


def test_a_vocabulary():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(65_536), 2)
    explanation = explain(p, q)
    assert len(explanation.outcomes) == 65_536
    for field in ("entropy", "cross_entropy", "kl_divergence"):
        total = math.fsum(getattr(outcome, field) for outcome in explanation.outcomes)
        assert total == pytest.approx(getattr(explanation, field), rel=1e-12)
    mean = explanation.huffman_length
    assert mean is not None
    assert explanation.entropy <= mean < explanation.entropy + 1
    assert "and 65,516 others" in explanation.to_text(width=100)


@pytest.mark.parametrize(
    ("base", "unit"), [(math.e, "nats"), (10, "hartleys"), (4, "base-4 units")]
)
def test_other_units_have_no_huffman_code(base, unit):
    explanation = explain([0.5, 0.5], [0.1, 0.9], base=base)
    assert explanation.unit == unit
    assert explanation.kl_divergence == us.kl_divergence([0.5, 0.5], [0.1, 0.9], base=base)
    assert explanation.outcomes[0].p_length == pytest.approx(math.log(2, base), rel=1e-15)
    assert explanation.huffman_length is None
    assert explanation.outcomes[0].p_huffman is None
    assert "Huffman" not in str(explanation)


def test_it_is_frozen():
    explanation = explain([0.5, 0.5])
    with pytest.raises(dataclasses.FrozenInstanceError):
        explanation.entropy = 2.0  # type: ignore[misc]
    assert isinstance(explanation, Explanation)
    assert explanation == explain([0.5, 0.5])
