"""Sums against fractions, and the laws of merging to the bit."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsurprised import StateError, _kernels
from unsurprised.states import Sums, exact_sum

FINITE = st.floats(allow_nan=False, allow_infinity=False)
WEIGHTS = st.floats(min_value=0, max_value=1e100)
ROWS = st.lists(st.tuples(FINITE, st.integers(0, 2**64 - 1)), max_size=60)


def sums_of(rows: list[tuple[float, int]], weights: list[float] | None = None) -> Sums:
    values = np.array([value for value, _ in rows], dtype=np.float64)
    hashes = np.array([identity for _, identity in rows], dtype=np.uint64)
    state = Sums(["rows", "weight", "value", "positive"], unweighted=1)
    given_weights = None if weights is None else np.array(weights, dtype=np.float64)
    columns = {"rows": None, "weight": None, "value": values, "positive": values > 0}
    return state.update(hashes, columns, given_weights)


def nearest(exact: Fraction) -> float:
    """The nearest double; where there is none, infinity, as IEEE 754 rounds."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


@given(ROWS)
def test_totals_are_the_nearest_doubles_to_the_exact_sums(rows):
    totals = sums_of(rows).totals()
    assert totals["value"] == nearest(sum((Fraction(value) for value, _ in rows), Fraction(0)))
    assert totals["rows"] == totals["weight"] == len(rows)
    assert totals["positive"] == sum(value > 0 for value, _ in rows)


@given(st.lists(st.tuples(st.floats(-1e100, 1e100), st.floats(1e-100, 1e100)), max_size=40))
def test_weighted_totals_are_exact_where_no_product_underflows(pairs):
    pairs = [(value if abs(value) > 1e-100 else 0.0, weight) for value, weight in pairs]
    rows = [(value, number) for number, (value, _) in enumerate(pairs)]
    totals = sums_of(rows, [weight for _, weight in pairs]).totals()
    exact = sum((Fraction(value) * Fraction(weight) for value, weight in pairs), Fraction(0))
    assert totals["value"] == nearest(exact)
    assert totals["weight"] == nearest(sum((Fraction(w) for _, w in pairs), Fraction(0)))
    assert totals["rows"] == len(pairs)


@given(ROWS, st.randoms(use_true_random=False), st.data())
def test_any_order_and_any_split_give_the_same_bytes(rows, random, data):
    weights = data.draw(
        st.none() | st.lists(WEIGHTS, min_size=len(rows), max_size=len(rows)), label="weights"
    )
    if weights is not None:  # a product must be finite to have an exact sum
        rows = [(value if abs(value) < 1e200 else 1.0, identity) for value, identity in rows]
    whole = sums_of(rows, weights).to_bytes()
    order = list(range(len(rows)))
    random.shuffle(order)
    cut = data.draw(st.integers(0, len(rows)))
    parts = [
        sums_of([rows[i] for i in part], None if weights is None else [weights[i] for i in part])
        for part in (order[:cut], order[cut:])
    ]
    first, second = (part.to_bytes() for part in parts)
    assert Sums.from_bytes(first).merge(parts[1]).to_bytes() == whole
    assert Sums.from_bytes(second).merge(Sums.from_bytes(first)).to_bytes() == whole


@given(ROWS)
def test_leaving_a_group_out_is_exact(rows):
    state = sums_of(rows)
    without = state.without_each_group()["value"]
    for group in range(state.groups):
        kept = [Fraction(value) for value, identity in rows if identity % state.groups != group]
        assert without[group] == nearest(sum(kept, Fraction(0)))


# Around the places where values are cut, and what no place can hold together.
EDGES = [2.0**-75, 2.0**-46, 2.0**-20, 1.0, 2.0**12, 2.0**12 - 2.0**-40, 0.1, 1e-300, 1e300, 5e-324]
EDGY = st.sampled_from([sign * x for x in [*EDGES, 0.0] for sign in (1.0, -1.0)])


@given(st.lists(EDGY | st.floats(-30, 30), max_size=80), st.integers(0, 2**32 - 1))
def test_values_at_the_edges_enter_as_they_do_one_by_one(values, seed):
    array = np.array(values, dtype=np.float64)
    total = sum(map(Fraction, values), Fraction(0))
    assert exact_sum(array) == nearest(total)
    hashes = np.random.default_rng(seed).integers(0, 2**64, len(values), dtype=np.uint64)
    whole, single = Sums(["value"], groups=3), Sums(["value"], groups=3)
    whole.update(hashes, {"value": array})
    for i in range(len(values)):
        single.update(hashes[i : i + 1], {"value": array[i : i + 1]})
    if values:
        assert whole.to_bytes() == single.to_bytes()


@pytest.mark.parametrize(
    "values",
    {
        "one that is tiny": lambda x: np.where(np.arange(len(x)) == 654_321, 1e-250, x),
        "one that is huge": lambda x: np.where(np.arange(len(x)) == 654_321, -1e250, x),
        "of either sign": lambda x: x * np.resize([1.0, -1.0, -1.0], len(x)),
        "over 200 orders": lambda x: x * 10.0 ** np.resize(np.arange(-100, 100), len(x)),
        "as they are": lambda x: x,
    }.items(),
    ids=lambda case: case[0],
)
def test_a_million_values(values):
    array = values[1](np.random.default_rng(7).exponential(size=1_000_000))
    assert exact_sum(array) == math.fsum(array)
    table, slow = _kernels.ExactTable(1), _kernels.ExactTable(1)
    table.add_all(0, array)
    slow.add(np.zeros(len(array), dtype=np.int64), array)
    assert table.to_bytes() == slow.to_bytes()


@pytest.mark.parametrize("wrong", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("place", [0, 5000, 9999])
def test_only_finite_values_have_an_exact_sum(wrong, place):
    values = np.ones(10_000)
    values[place] = wrong
    with pytest.raises(ValueError, match="finite"):
        exact_sum(values)
    with pytest.raises(ValueError, match="finite"):
        Sums(["value"]).update(np.arange(10_000, dtype=np.uint64), {"value": values})


def test_ten_million_equal_additions_carry():
    hashes = np.zeros(1_000_000, dtype=np.uint64)
    state = Sums(["value"])
    for _ in range(10):
        state.update(hashes, {"value": np.full(1_000_000, -0.1)})
    assert state.totals()["value"] == float(-Fraction(0.1) * 10_000_000)


def test_cells_are_kept_apart_and_travel():
    state = Sums(["value"])
    one = np.ones(1, dtype=np.uint64)
    state.update(one, {"value": np.array([1.0])}, cell=("day=1",))
    state.update(one, {"value": np.array([2.0])}, cell=("day=2",))
    state.update(one, {"value": np.array([3.0])})
    again = Sums.from_bytes(state.to_bytes())
    assert [again.totals(cell)["value"] for cell in [(), ("day=1",), ("day=2",)]] == [3, 1, 2]
    with pytest.raises(StateError, match="day=3"):
        again.totals(("day=3",))


def test_states_of_other_settings_do_not_merge():
    with pytest.raises(StateError, match=r"do not merge.*'a'.*'b'"):
        Sums(["a"]).merge(Sums(["b"]))


@given(st.binary(max_size=40), st.integers(0, 400), st.integers(1, 255))
def test_bytes_that_were_altered_cut_or_never_ours_are_refused(noise, at, flip):
    good = sums_of([(0.1, 1), (-3e300, 2), (5e-324, 3)]).to_bytes()
    altered = bytearray(good)
    altered[at % len(good)] ^= flip
    for bad in (noise, good[: at % len(good)], bytes(altered), good + b"\0"):
        with pytest.raises(StateError):
            Sums.from_bytes(bad)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("groups", [1, 5, 32])
def test_rows_of_several_cells_at_once(weighted, groups):
    rng = np.random.default_rng(groups)
    rows, cells = 500, [("x", str(i)) for i in range(40)]
    hashes = rng.integers(0, 2**64, rows, dtype=np.uint64)
    which = rng.integers(0, len(cells), rows).astype(np.int32)
    weights = rng.exponential(size=rows) if weighted else None
    values = {
        "one": None,
        "flag": rng.random(rows) < 0.3,
        "value": rng.normal(size=rows) * 10.0 ** rng.integers(-200, 200, rows),
        "none": False,
        "share": None,
    }
    at_once = Sums(list(values), unweighted=2, groups=groups)
    at_once.update_cells(hashes, values, cells, which, weights)
    one_by_one = Sums(list(values), unweighted=2, groups=groups)
    for place in set(which.tolist()):
        rows_of = which == place
        one_by_one.update(
            hashes[rows_of],
            {k: v[rows_of] if isinstance(v, np.ndarray) else v for k, v in values.items()},
            None if weights is None else weights[rows_of],
            cells[place],
        )
    for cell in one_by_one.cells():
        assert at_once.totals(cell) == one_by_one.totals(cell)
    empty = set(at_once.cells()) - set(one_by_one.cells())
    assert all(not any(at_once.totals(cell).values()) for cell in empty)


def test_cells_without_a_table_and_values_without_a_sum():
    sums = Sums(["value"])
    hashes, one = np.zeros(1, dtype=np.uint64), {"value": np.ones(1)}
    with pytest.raises(ValueError, match="a cell without a table"):
        sums.update_cells(hashes, one, [("a",)], np.array([1], dtype=np.int32))
    with pytest.raises(ValueError, match="only finite values"):
        sums.update_cells(
            hashes, {"value": np.array([np.inf])}, [("a",)], np.array([0], dtype=np.int32)
        )
