"""How probabilities become integers: alike on every machine, and right."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from constriction import stream
from hypothesis import given, settings
from hypothesis import strategies as st

from unsurprised.coding._choices import _stages, _weights
from unsurprised.coding._coders import TOTAL, Model
from unsurprised.coding._floats import exponential, total

EXAMPLES = settings(max_examples=200, deadline=None)


@EXAMPLES
@given(st.floats(-745, 0))
def test_exponential(x):
    exact = mpmath.exp(mpmath.mpf(x))
    found = float(exponential(np.array([x]))[0])
    if exact > 2.3e-308:
        assert abs(found / exact - 1) < 4e-16
    else:
        assert abs(found - exact) <= 5e-324


def test_exponential_is_the_same_for_ever():
    """These bits are those of the first release, on every processor."""
    x = -0.1865 * np.arange(4_000)
    digest = hashlib.sha256(exponential(x).tobytes()).hexdigest()
    assert digest == ("ff51cf3e2b696b2aa2ed29e30fdaa37c1b89475f8d1c80e1884221ed0cbc8409")


@EXAMPLES
@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_total(values):
    found = float(total(np.array(values))[0])
    assert found == pytest.approx(math.fsum(values), rel=1e-15, abs=0)


def frequencies(weights: np.ndarray) -> list[int]:
    return [int(weight) + 1 for weight in weights]


@EXAMPLES
@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=64))
def test_frequencies_add_up_and_are_right(values):
    shares = np.array(values) / math.fsum(values)
    shares = shares / total(shares)
    direct = shares >= 2.0**-15
    rare = total(np.where(direct, 0.0, shares))
    weights, escape = _weights(shares[None], direct[None], rare[None])
    found = frequencies(weights[0])
    assert sum(found) == TOTAL
    assert min(found) >= 1
    assert found[-2] == escape[0, 0] >= rare[0] * TOTAL
    for share, is_direct, frequency in zip(shares, direct, found, strict=False):
        if is_direct:
            assert abs(frequency - share * TOTAL) <= 2 + 2e-5 * share * TOTAL


@EXAMPLES
@given(st.lists(st.integers(1, 50_000), min_size=2, max_size=40))
def test_the_coder_uses_exactly_these_frequencies(values):
    """A choice with frequency f of 2²⁴ moves the coder's state just so."""
    values[0] += TOTAL - sum(values)
    model = Model(np.array(values, dtype=float) - 1.0)
    begin = 0
    for index, frequency in enumerate(values):
        coder = stream.stack.AnsCoder(np.array([0, 1], dtype=np.uint32))
        coder.encode_reverse(np.array([index], dtype=np.int32), model.table)
        state = 1 << 32
        if state >= frequency << 40:
            state >>= 32
        assert coder.pos()[1] == (state // frequency << 24) + state % frequency + begin
        begin += frequency


@EXAMPLES
@given(st.lists(st.floats(-300, 0), min_size=2, max_size=30))
def test_stages_together_give_every_class_its_share(exponents):
    shares = np.array([10.0**x for x in exponents])
    shares /= total(shares)
    left, seen = Fraction(1), {}
    for stage in _stages(shares):
        names = [int(name) for name in stage._classes[:-2]]
        found = frequencies(stage._model.weights)
        assert sum(found) == TOTAL
        for name, frequency in zip(names, found, strict=False):
            seen[name] = left * Fraction(frequency, TOTAL)
        left *= Fraction(found[len(names)], TOTAL)
    assert sorted(seen) == list(range(len(shares)))
    for name, probability in seen.items():
        spent = -mpmath.log(mpmath.mpf(probability.numerator) / probability.denominator)
        ideal = -mpmath.log(mpmath.mpf(float(shares[name])))
        assert abs(spent - ideal) <= 2e-4 * ideal + 1e-5
