"""What an adaptive model learns, against the definitions, in exact fractions."""

from __future__ import annotations

import itertools
import math
import resource
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

from unsurprised import coding
from unsurprised.coding._coders import StreamWriter
from unsurprised.coding.adaptive import _Memory, code_adaptively

HALF = Fraction(1, 2)


def cost(bits: tuple[int, ...], order: int) -> float:
    symbols = np.array(bits, dtype=np.int32)
    return code_adaptively(StreamWriter(), order, 2, len(bits), symbols)[1]


def estimated(zeros: int, ones: int) -> Fraction:
    """Krichevsky and Trofimov's probability of any sequence with so many zeros and ones."""
    probability = Fraction(1)
    for seen in range(zeros):
        probability *= (seen + HALF) / (seen + 1)
    for seen in range(ones):
        probability *= (seen + HALF) / (zeros + seen + 1)
    return probability


def weighted(bits: tuple[int, ...], order: int, context: tuple[int, ...] = ()) -> Fraction:
    """Context-tree weighting as Willems, Shtarkov and Tjalkens define it; zeros stand before."""
    padded = (0,) * order + bits
    here = [
        bit
        for place, bit in enumerate(bits, start=order)
        if padded[place - len(context) : place] == context
    ]
    own = estimated(here.count(0), here.count(1))
    if len(context) == order:
        return own
    longer = math.prod(weighted(bits, order, (past, *context)) for past in (0, 1))
    return HALF * own + HALF * longer


@pytest.mark.parametrize("bits", [(0,), (1,), (0, 0, 0, 1), (1, 0) * 7, (1,) * 15])
def test_order_zero_is_the_estimator(bits):
    assert cost(bits, 0) == pytest.approx(-math.log2(estimated(bits.count(0), bits.count(1))))


@pytest.mark.parametrize("size", [100, 1_000, 15])
def test_estimator_in_closed_form(size):
    ones = size // 4
    closed = mpmath.gamma(ones + 0.5) * mpmath.gamma(size - ones + 0.5)
    closed /= mpmath.pi * mpmath.gamma(size + 1)
    assert float(mpmath.log(closed, 2)) == pytest.approx(
        float(mpmath.log(mpmath.mpf(estimated(size - ones, ones).numerator), 2))
        - float(mpmath.log(mpmath.mpf(estimated(size - ones, ones).denominator), 2))
    )


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("bits", [*itertools.product((0, 1), repeat=5), (1, 1, 0) * 5][::3])
def test_orders_are_mixed_as_in_context_tree_weighting(order, bits):
    assert cost(bits, order) == pytest.approx(-math.log2(weighted(bits, order)), rel=1e-6)


def test_structure_of_higher_order_is_found():
    pattern = bytes(range(7)) * 3_000
    by_order = [coding.encode(pattern, coding.Adaptive(k)).account for k in (0, 1)]
    assert by_order[0].cross_entropy > 2.7 * len(pattern)
    assert by_order[1].cross_entropy < 0.15 * len(pattern)


def test_a_fair_coin_costs_hardly_more_than_itself():
    symbols = np.random.default_rng(1).integers(0, 2, 100_000)
    account = coding.encode(symbols, coding.Adaptive(0)).account
    assert 0 < account.cross_entropy - account.entropy < 2 * math.log2(100_000)


def test_long_contexts_share_places_and_still_decode():
    symbols = np.random.default_rng(2).integers(0, 1 << 20, 1_000)
    encoded = coding.encode(symbols, coding.Adaptive(16))
    assert np.array_equal(coding.decode(encoded.data), symbols)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells of pages there")
def test_tables_that_nothing_comes_to_take_no_memory() -> None:
    before = resident_bytes()
    memory = _Memory(order=16, bits=18)
    places = memory.places(np.zeros((17, 2), dtype=np.uint64), np.ones(2, dtype=np.uint64))
    memory.learn(places, np.array([0, 1]), *memory.predicted(places))
    assert resident_bytes() - before < 256 << 20  # of 855 MB; a page may have 2 MB
