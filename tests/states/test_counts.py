"""Histogram, confusion and class counts: counts, weights, quantile bins, merging to the bit."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsurprised import StateError
from unsurprised.states import ClassCounts, Confusion, Histogram
from unsurprised.states.serial import pack, unpack
from unsurprised.statistics.order_statistics import quantile_bounds

SURPRISALS = st.lists(st.floats(min_value=0, allow_nan=False), min_size=1, max_size=80)


LARGEST = float(np.finfo(np.float64).max)


def array(values, dtype=np.float64):
    return np.array(values, dtype=dtype)


@given(SURPRISALS)
def test_every_finite_value_lies_in_its_bin_and_bins_are_narrow(values):
    low, high, weight = Histogram().update(array(values)).bins()
    finite = sorted(value for value in values if math.isfinite(value))
    assert weight.sum() == len(finite)
    assert all((low[1:] >= high[:-1]).tolist())
    for value in finite:
        inside = (low <= value) & ((value < high) | ((value == LARGEST) & (high == LARGEST)))
        assert inside.sum() == 1
        if value > 1e-300:
            assert (high[inside] - low[inside])[0] <= value * 2**-7


@given(SURPRISALS, st.sampled_from([0.01, 0.25, 0.5, 0.75, 0.99]))
def test_quantiles_are_within_four_thousandths(values, level):
    values = [value if value > 1e-300 else 0.0 for value in values]
    bins = Histogram().update(array(values)).bins()
    infinite = sum(map(math.isinf, values))
    found, low, high = quantile_bounds(bins, level, len(values), infinite)
    true = sorted(values)[max(0, math.ceil(Fraction(level) * len(values)) - 1)]
    assert found == pytest.approx(true, rel=0.004, abs=0)
    assert low <= found <= high


@given(SURPRISALS, SURPRISALS)
def test_histograms_merge_as_their_values_join(a, b):
    joined = Histogram().update(array(a + b)).to_bytes()
    merged = Histogram.from_bytes(Histogram().update(array(b)).to_bytes())
    assert merged.merge(Histogram().update(array(a))).to_bytes() == joined


@given(st.lists(st.tuples(st.floats(0, 1e3), st.floats(0, 1e50)), min_size=1, max_size=40))
def test_weights_by_bin_are_exact_and_order_free(pairs):
    values, weights = array([v for v, _ in pairs]), array([w for _, w in pairs])
    forward = Histogram().update(values, weights)
    backward = Histogram().update(values[::-1], weights[::-1])
    assert forward.to_bytes() == backward.to_bytes()
    low, high, held = forward.bins()
    for begin, end, weight in zip(low, high, held, strict=True):
        exact = sum((Fraction(w) for v, w in pairs if begin <= v < end), Fraction(0))
        assert weight == float(exact)


ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2**64 - 1)))


@given(ROWS, st.integers(0, 50))
def test_confusion_and_class_counts_count(rows, cut):
    def states(part):
        labels = array([row[0] for row in part], np.int64)
        tops = array([row[1] for row in part], np.int32)
        hashes = array([row[2] for row in part], np.uint64)
        return Confusion(5).update(labels, tops), ClassCounts(5).update(hashes, labels)

    confusion, classes = states(rows)
    expected = Counter((label, top) for label, top, _ in rows)
    found = confusion.result()
    assert {(i, j): found[i, j] for i in range(5) for j in range(5) if found[i, j]} == expected
    assert classes.result().tolist() == [sum(r[0] == k for r in rows) for k in range(5)]
    _, without = classes.totals()
    for group in range(classes.groups):
        kept = [row for row in rows if row[2] % classes.groups != group]
        assert without[group].tolist() == [sum(r[0] == k for r in kept) for k in range(5)]
    for whole, first, second in zip(
        (confusion, classes), states(rows[cut:]), states(rows[:cut]), strict=True
    ):
        assert first.merge(second).to_bytes() == whole.to_bytes()


def test_weighted_classes_and_shares_are_exact_sums():
    hashes = array([1, 2, 3], np.uint64)
    labels = array([0, 1, 0], np.int64)
    weights = array([1e100, 1.0, -0.0])
    assert ClassCounts(2).update(hashes, labels, weights).result().tolist() == [1e100, 1.0]
    shares = array([[0.25, 0.75], [1.0, 0.0], [1e-20, 1.0]])
    found = ClassCounts(2).update_shares(hashes, shares).result()
    exact = [sum(map(Fraction, column)) for column in shares.T.tolist()]
    assert found.tolist() == [float(total) for total in exact]


def test_keys_outside_the_table_are_errors():
    one = array([0], np.int32)
    with pytest.raises(ValueError, match="outside"):
        Confusion(2).update(array([2], np.int64), one)
    with pytest.raises(ValueError, match="outside"):
        Confusion(2).update(array([-1], np.int64), one)


def test_other_sizes_do_not_merge_and_other_states_are_refused():
    with pytest.raises(StateError, match="do not merge"):
        Confusion(2).merge(Confusion(3))
    with pytest.raises(StateError, match="hold a Confusion; expected a Histogram"):
        Histogram.from_bytes(Confusion(2).to_bytes())
    with pytest.raises(StateError, match=r"^the bytes hold a 'A\\nstate'; expected a Histogram$"):
        Histogram.from_bytes(pack("A\nstate", {}, []))


def test_bytes_that_count_more_rows_than_there_can_be_do_not_merge():
    saved = Histogram().update(array([0.5])).to_bytes()
    settings, (counts,) = unpack(saved, "Histogram")

    def counting(rows: int) -> bytes:
        return pack("Histogram", settings, [counts[:16] + rows.to_bytes(8, "little")])

    with pytest.raises(StateError, match="more rows than can be counted"):
        Histogram.from_bytes(counting(2**62 + 1))  # which an update could make overflow
    data = counting(2**62)
    state = Histogram.from_bytes(data)
    with pytest.raises(StateError, match="do not merge: more rows than can be counted"):
        state.merge(Histogram.from_bytes(data))
