"""Sums of squares and cubes: against fractions, in any batches, of numbers of any size."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unsurprised import CallError, StateError
from unsurprised.states import Moments
from unsurprised.states.moments import UNIT

EXTREMES = np.array([0.0, 5e-324, -5e-324, 1e-310, 1e-160, 1.0, -3.0, 1 / 3, 1e160, -1e300, 1e308])
FINITE = st.one_of(
    st.sampled_from(EXTREMES.tolist()),
    st.floats(allow_nan=False, allow_infinity=False, width=64).map(lambda x: x / 2),
)
WEIGHTS = st.sampled_from([0.0, 5e-324, 1e-300, 0.1, 1.0, 7.0, 1 / 3, 1.5, 1e-5])


def products(rows: int, seed: int = 0):
    random = np.random.default_rng(seed)
    values = random.standard_normal(rows) * 10.0 ** random.integers(-3, 4, rows)
    return values, random.exponential(size=rows)


def rounded_cube(squared: Fraction, value: Fraction) -> Fraction:
    """The product of a rounded square and a value, rounded to 53 bits."""
    return to_53_bits(to_53_bits(squared) * value)


def to_53_bits(number: Fraction) -> Fraction:
    """The nearest number of 53 bits, however large or small, ties to even."""
    if not number:
        return number
    exponent = abs(number.numerator).bit_length() - number.denominator.bit_length()
    scale = Fraction(2) ** (60 - exponent)
    scaled = abs(number) * scale
    down = (scaled.numerator // scaled.denominator).bit_length() - 53
    unit = Fraction(2) ** down
    rounded = round(scaled / unit) * unit / scale  # Python rounds halves to even
    return rounded if number > 0 else -rounded


def expected(values: np.ndarray, weights: np.ndarray | None) -> list[Fraction]:
    """The sums by fractions."""
    found = [Fraction(0)] * (4 if weights is None else 7)
    for place, value in enumerate(values.tolist()):
        if weights is None:
            x = Fraction(value)
            row = [x, x * x, rounded_cube(x * x, x), Fraction(1)]
        else:
            w = Fraction(weights[place])
            y = Fraction(value * float(weights[place]))
            row = [
                y * w, rounded_cube(y * w, w), y * y, rounded_cube(y * y, w),
                rounded_cube(y * y, y), w * w, rounded_cube(w * w, w),
            ]  # fmt: skip
        found = [total + part for total, part in zip(found, row, strict=True)]
    return found


@settings(max_examples=200)
@given(st.lists(st.tuples(FINITE, WEIGHTS), min_size=1, max_size=30), st.booleans())
def test_sums_are_those_of_fractions(rows, weighted):
    values, weights = (np.array(part) for part in zip(*rows, strict=True))
    given_weights = weights if weighted else None
    with np.errstate(over="ignore"):
        if weighted and not np.isfinite(values * weights).all():
            return
    state = Moments(["x"], weighted=weighted)
    state.update({"x": values}, given_weights, rows=len(values))
    found = [Fraction(number) * Fraction(2) ** UNIT for number in state.powers()]
    assert found == expected(values, given_weights)


@pytest.mark.parametrize("weighted", [False, True])
def test_any_batches_orders_and_merges_give_the_same_bytes(weighted):
    values, weights = products(20_000)
    values[::997], flags = 1e300, values > 0.5
    weights[::1009] = 1e-200
    order = np.random.default_rng(1).permutation(20_000)

    def state(parts):
        made = Moments(["x", "up"], weighted=weighted)
        for part in parts:
            given_weights = weights[part] if weighted else None
            columns = {"x": values[part], "up": flags[part]}
            made.update(columns, given_weights, rows=len(part))
        return made

    whole = state([np.arange(20_000)]).to_bytes()
    assert state(np.array_split(order, 7)).to_bytes() == whole
    ones = [state([part]) for part in np.array_split(order, 5)]
    merged = ones[0]
    for other in ones[1:]:
        merged.merge(Moments.from_bytes(other.to_bytes()))
    assert merged.to_bytes() == whole


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cells", [3, 9000])
def test_cells_and_groups_hold_what_their_rows_alone_would(weighted, cells):
    values, weights = products(9000, 3)
    values[5], flags = 1e200, values < 0
    which = np.random.default_rng(2).integers(0, cells, 9000).astype(np.int32)
    columns, given_weights = {"x": values, "low": flags}, weights if weighted else None
    names = [(str(cell),) for cell in range(cells)]
    at_once = Moments(["x", "low"], weighted=weighted)
    at_once.update_cells(columns, names, which, given_weights)
    grouped = Moments(["x", "low"], weighted=weighted, groups=cells)
    grouped.update(columns, given_weights, rows=9000, groups=which.astype(np.int64))
    sums = np.array(grouped.powers(), dtype=object).reshape(cells, -1)
    for cell in np.unique(which)[:40].tolist():
        alone = Moments(["x", "low"], weighted=weighted)
        rows = np.flatnonzero(which == cell)
        part = weights[rows] if weighted else None
        alone.update({"x": values[rows], "low": flags[rows]}, part, rows=len(rows))
        assert at_once.powers(names[cell]) == alone.powers() == sums[cell].tolist()


def test_a_flag_is_a_column_of_zeros_and_ones():
    flags, weights = products(500)[0] > 0, products(500)[1]
    for given_weights in (None, weights):
        one, other = (Moments(["x"], weighted=given_weights is not None) for _ in range(2))
        one.update({"x": flags}, given_weights, rows=500)
        other.update({"x": flags.astype(np.float64)}, given_weights, rows=500)
        assert one.to_bytes() == other.to_bytes()
        none = Moments(["x"], weighted=given_weights is not None)
        none.update({"x": False}, given_weights, rows=500)
        assert not any(none.powers()[:3])


def test_rounded_sums_are_in_the_units_that_were_asked_for():
    values, weights = products(50)
    state = Moments(["x"], weighted=True)
    state.update({"x": values * 1e250}, weights * 1e-200, rows=50)
    groups, (scaled,) = state.rounded(600, -200)
    assert groups.tolist() == [0]
    y, w = values * 1e250 * (weights * 1e-200) * 2.0**-200, weights * 1e-200 * 2.0**600
    direct = [(y * w), (y * w * w), (y * y), (y * y * w), y**3, w * w, w**3]
    assert scaled == pytest.approx([part.sum() for part in direct], rel=1e-9)


def test_what_does_not_belong_together_is_refused():
    state = Moments(["x"])
    with pytest.raises(CallError, match="with weights"):
        state.update({"x": np.ones(2)}, np.ones(2), rows=2)
    with pytest.raises(ValueError, match="finite"):
        state.update({"x": np.array([1.0, np.inf])}, rows=2)
    with pytest.raises(StateError, match="do not merge"):
        state.merge(Moments(["x"], weighted=True))
    with pytest.raises(ValueError, match="a place without a table"):
        Moments(["x"], groups=2).update({"x": np.ones(1)}, rows=1, groups=np.array([2]))
    with pytest.raises(StateError, match="no rows"):
        state.powers(("other",))


@pytest.mark.parametrize("weighted", [False, True])
def test_groups_that_are_met_are_told_however_many_there_are(weighted):
    """Few rows of many groups are sorted in another way than many of few."""
    rng = np.random.default_rng(3)
    values, groups = rng.random(500), rng.integers(0, 100_000, 500)
    groups[:40] = 77_777
    weights = rng.random(500) if weighted else None

    def of(groups, count, parts):
        state = Moments(["x"], weighted=weighted, groups=count)
        for part in parts:
            w = None if weights is None else weights[part]
            state.update({"x": values[part]}, w, rows=len(values[part]), groups=groups[part])
        return state

    met, dense = np.unique(groups, return_inverse=True)
    whole, one = of(groups, 100_000, [slice(None)]), of(dense, len(met), [slice(None)])
    assert of(groups, 100_000, [slice(0, 3), slice(3, None)]).to_bytes() == whole.to_bytes()
    assert Moments.from_bytes(whole.to_bytes()).to_bytes() == whole.to_bytes()
    (ours, sums), (theirs, others) = whole.rounded(0, 0), one.rounded(0, 0)
    assert ours.tolist() == met.tolist() and theirs.tolist() == list(range(len(met)))
    assert (sums == others).all()
