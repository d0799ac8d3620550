"""Huffman's code: a prefix code, of least mean length, decided in one way."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsurprised.explanation.huffman import huffman_lengths

WEIGHTS = st.lists(
    st.one_of(
        st.floats(0.0, 1.0, allow_subnormal=True),
        st.integers(0, 5).map(float),
        st.sampled_from([5e-324, 1e-300, 1.0, 1e300]),
    ),
    min_size=1,
    max_size=40,
)


def kraft(lengths: list[int]) -> Fraction:
    return sum((Fraction(1, 2**length) for length in lengths), Fraction())


def cost(weights: list[float], lengths: list[int]) -> Fraction:
    return sum((Fraction(w) * n for w, n in zip(weights, lengths, strict=True)), Fraction())


def least_cost(weights: list[float]) -> Fraction:
    """By trying every set of lengths that a prefix code can have."""
    longest = len(weights) - 1
    return min(
        cost(weights, list(lengths))
        for lengths in itertools.product(range(longest + 1), repeat=len(weights))
        if kraft(list(lengths)) <= 1
    )


@given(WEIGHTS)
def test_it_is_a_complete_prefix_code(weights):
    lengths = huffman_lengths(weights)
    assert len(lengths) == len(weights)
    assert kraft(lengths) == 1


@given(st.lists(st.one_of(st.floats(0, 1), st.integers(0, 3).map(float)), min_size=1, max_size=5))
def test_no_code_is_shorter(weights):
    assert cost(weights, huffman_lengths(weights)) == least_cost(weights)


@given(WEIGHTS)
def test_what_is_likelier_is_never_longer_nor_what_is_listed_first(weights):
    lengths = huffman_lengths(weights)
    order = sorted(range(len(weights)), key=lambda index: (-weights[index], index))
    sorted_lengths = [lengths[index] for index in order]
    assert sorted_lengths == sorted(sorted_lengths)


@given(st.lists(st.integers(1, 1000).map(float), min_size=2, max_size=30))
def test_it_is_below_entropy_plus_one(counts):
    total = sum(map(Fraction, counts))
    entropy = math.fsum(-c / float(total) * math.log2(c / float(total)) for c in counts)
    mean = float(cost(counts, huffman_lengths(counts)) / total)
    assert entropy - 1e-12 <= mean < entropy + 1 + 1e-12


@pytest.mark.parametrize("depth", [1, 2, 10, 100, 1000])
def test_powers_of_two_get_their_ideal_lengths(depth):
    exponents = [*range(1, depth + 1), depth]
    assert huffman_lengths([2.0**-n for n in exponents]) == exponents


def test_weights_are_added_exactly():
    # In floats 1 + 2⁻⁵³ is 1, and the two pairs would tie; the pair that weighs more stays on top.
    tiny = 2.0**-54
    weights = [1.0, tiny, tiny, 1.0]
    assert cost(weights, huffman_lengths(weights)) == least_cost(weights)


def test_of_two_best_codes_the_one_with_the_lower_tree_is_taken():
    assert huffman_lengths([2.0, 2.0, 1.0, 1.0]) == [2, 2, 2, 2]  # and not 1, 2, 3, 3


@pytest.mark.parametrize(
    ("weights", "lengths"),
    [
        ([1.0], [0]),
        ([0.99, 0.01], [1, 1]),
        ([0.0, 0.0, 1.0], [2, 2, 1]),
        ([1.0, 1.0, 1.0], [1, 2, 2]),
        ([5e-324, 1e308], [1, 1]),
        ([], []),
    ],
)
def test_small_codes(weights, lengths):
    assert huffman_lengths(weights) == lengths


def test_a_large_alphabet():
    lengths = huffman_lengths([1.0] * 65_536)
    assert set(lengths) == {16}
