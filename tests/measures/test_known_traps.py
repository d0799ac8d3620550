"""What other libraries got wrong, by the number of the report."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bounds import check_pair, check_row

import unsurprised as us

INF = math.inf


def test_no_tiny_negative_on_nearly_equal_rows() -> None:
    """scipy#20083 and #20779: NaN, from the root of a tiny negative."""
    for p in (math.nextafter(0.5, 0), 0.1, 1 / 3):
        rows = [p, 1 - p], [math.nextafter(p, 1), 1 - p]
        assert us.kl_divergence(*rows) >= 0
        check_pair(("probs", "probs"), *rows)


def test_a_subnormal_entry_is_not_infinite() -> None:
    """scipy#19436."""
    check_pair(("probs", "probs"), [1, 5e-324], [1, 1e-323])
    check_pair(("probs", "probs"), [0.5, 0.5], [1, 5e-324])
    assert math.isfinite(us.kl_divergence([0.5, 0.5], [1, 5e-324]))


def test_a_ratio_beyond_the_doubles() -> None:
    """scipy#20710: x·log(x/y) overflows in x/y."""
    check_pair(("probs", "probs"), [1.0, 1e-300], [1e-320, 1.0])
    assert us.kl_divergence(us.Probs([1e300, 1], normalize=True), [5e-324, 1]) == pytest.approx(
        1074, rel=1e-14
    )


def test_entropy_of_logits_with_impossible_classes() -> None:
    """pytorch#40553 and heretic#348: NaN where a logit is −inf."""
    assert us.entropy(us.Logits([0.0, 0, -INF])) == 1
    assert us.kl_divergence(us.Logits([0, -INF]), us.Logits([0.0, 0])) == 1
    assert us.kl_divergence(us.Logits([0.0, -INF]), us.Logits([5.0, -INF])) == 0
    assert us.cross_entropy(us.Logits([0.0, -INF]), us.Logits([5.0, -INF])) == 0


def test_infinite_is_not_a_tiny_negative() -> None:
    """philentropy#26: −7e-8 where the truth is infinite; #1029 of torchmetrics: NaN at p = 0."""
    assert us.kl_divergence([0.5, 0.5], [1, 0]) == INF
    assert us.kl_divergence([1, 0], [0.5, 0.5]) == 1
    assert us.kl_divergence([1, 0], [1, 0]) == 0


def test_zero_has_no_sign() -> None:
    """heretic#141: people were shown "−0.0000"."""
    for p in ([1.0], [1.0, 0], [0.5, 0.5], [0.1] * 10):
        zeros = [us.kl_divergence(p, p), us.entropy([1.0, 0]), us.surprisal(1.0)]
        assert [math.copysign(1, zero) for zero in zeros] == [1, 1, 1]


def test_nothing_is_normalised_in_silence() -> None:
    """scipy#12553 and scikit-learn#24515."""
    with pytest.raises(us.UnsurprisedError, match="sum to 3"):
        us.kl_divergence([1, 2], [0.5, 0.5])
    same = us.kl_divergence(us.Probs([1, 2], normalize=True), [0.5, 0.5])
    assert same == us.kl_divergence(us.Counts([1, 2]), [0.5, 0.5])


def test_negative_targets_are_refused() -> None:
    """pytorch#80488: counted as 0."""
    with pytest.raises(us.UnsurprisedError, match=r"p: found -0\.5 for class 1"):
        us.kl_divergence([1.5, -0.5], [0.5, 0.5])


def test_kl_is_not_a_difference_of_two_large_numbers() -> None:
    """dit: cross-entropy minus entropy cancels."""
    p = np.full(1000, 1e-3)
    q = p * (1 + 1e-9 * np.where(np.arange(1000) % 2, 1, -1))
    check_pair(("probs", "probs"), p, q)
    assert us.kl_divergence(p, q) == pytest.approx(0.5e-18 / math.log(2), rel=1e-6)


def test_equal_logits_of_any_size_cost_log_k() -> None:
    """Of cross-entropy kernels: equal logits up to ±2²⁴ must give log K."""
    for size in (0.0, 2.0**24, -(2.0**24), 1e4, -3e38):
        for dtype in (np.float32, np.float64):
            even = np.full(1024, size, dtype)
            assert us.entropy(us.Logits(even)) == 10
            assert us.surprisal(us.Logits(even), at=1023) == 10


def test_integers_are_not_other_numbers() -> None:
    """scipy#21192: integers change the answer."""
    assert us.entropy(us.Counts([3, 1])) == us.entropy(us.Counts([3.0, 1.0]))
    assert us.entropy(us.Logits([3, 1])) == us.entropy(us.Logits([3.0, 1.0]))


def test_the_truth_comes_first() -> None:
    """pytorch#57459: which argument is which?"""
    assert us.kl_divergence([0.5, 0.5], [1.0, 0]) == INF
    assert us.kl_divergence([1.0, 0], [0.5, 0.5]) == 1.0


def test_no_clipping_at_8_63() -> None:
    """scikit-learn#17399 and #28851: log loss stopped at the logarithm of an epsilon."""
    assert us.surprisal([1.0, 0.0], at=1) == INF
    assert us.surprisal([1.0, 1e-30], at=1) == pytest.approx(30 * math.log2(10), rel=1e-15)
    check_row("probs", [1.0, 1e-30])
