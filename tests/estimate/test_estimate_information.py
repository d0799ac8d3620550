"""Mutual information of samples: definitions, permutations counted out, laws, bad input."""

from __future__ import annotations

import datetime
import itertools
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle_estimates as oracle
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.errors import CallError
from unsurprised.estimate import mutual_information

TABLE = ((9, 1, 0), (2, 6, 1), (0, 3, 8), (1, 0, 0))
X = [k for k, row in enumerate(TABLE) for _ in range(sum(row))]
Y = ["abc"[k] for row in TABLE for k, count in enumerate(row) for _ in range(count)]


def flat(table: Any) -> list[int]:
    return [count for row in table for count in row]


def by_definition(table: Any, estimator: Callable[..., Any], *options: Any) -> float:
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table, strict=True)]
    parts = [estimator(counts, *options) for counts in (rows, columns, flat(table))]
    return float(parts[0] + parts[1] - parts[2])


@pytest.mark.parametrize("method", oracle.CLASSICAL)
def test_definitions(method: str) -> None:
    found = mutual_information(us.Counts(TABLE), method=method, base=math.e)
    assert found.value == pytest.approx(by_definition(TABLE, oracle.CLASSICAL[method]), rel=1e-11)
    assert found.plugin == pytest.approx(by_definition(TABLE, oracle.plugin), rel=1e-11)
    assert found.bias == found.plugin - found.value


@pytest.mark.parametrize("method", ["dirichlet_plugin", "dirichlet_mean"])
def test_dirichlet_counts_every_cell(method: str) -> None:
    found = mutual_information(us.Counts(TABLE), method=method, prior="laplace", base=math.e)
    truth = by_definition(TABLE, getattr(oracle, method), oracle.MP.mpf(1))
    assert found.value == pytest.approx(truth, rel=1e-10)


def test_nsb() -> None:
    table = ((5, 1), (0, 3))
    truth = by_definition(table, lambda counts: oracle.nsb(counts)[0])
    found = mutual_information(us.Counts(table), method="nsb", base=math.e)
    assert found.value == pytest.approx(truth, rel=1e-8)


def test_close_to_independent() -> None:
    """Where the three entropies agree to ten digits, the plug-in keeps its own."""
    table = ((10**6 + 3, 10**6), (10**6, 10**6 + 1))
    found = mutual_information(us.Counts(table), method="plugin", base=math.e)
    assert found.value == pytest.approx(by_definition(table, oracle.plugin), rel=1e-11)


@pytest.mark.parametrize("method", ["auto", *oracle.CLASSICAL, "nsb"])
def test_columns_are_their_table(method: str) -> None:
    of_table = mutual_information(us.Counts(TABLE), method=method, permutations=19)
    first, second = us.Labels(X, classes=4), us.Labels(Y, classes=["a", "b", "c"])
    assert mutual_information(first, second, method=method, permutations=19) == of_table
    plain = mutual_information(X, Y, method=method, permutations=19)
    assert (plain.value, plain.p_value) == (of_table.value, of_table.p_value)


def test_order_of_rows_shows_in_no_bit() -> None:
    order = np.random.default_rng(3).permutation(len(X))
    shuffled = mutual_information(np.array(X)[order], np.array(Y)[order], permutations=99)
    assert shuffled == mutual_information(X, Y, permutations=99)


def test_sides_and_names() -> None:
    one = mutual_information(X, Y)
    assert mutual_information(Y, X).value == pytest.approx(one.value, rel=1e-13)
    assert mutual_information([7 - x for x in X], Y).value == pytest.approx(one.value, rel=1e-13)


def test_p_value_is_that_of_all_permutations() -> None:
    x, y = [0, 0, 0, 1, 1, 1, 2], [0, 0, 1, 1, 1, 2, 2]

    def information(second: Any) -> float:
        table = [[sum(a == i and b == j for a, b in zip(x, second, strict=True))
                  for j in range(3)] for i in range(3)]  # fmt: skip
        return by_definition(table, oracle.plugin)

    every = {order: information(order) for order in set(itertools.permutations(y))}
    truth = sum(value > every[tuple(y)] - 1e-9 for value in every.values()) / len(every)
    drawn = 4000
    found = mutual_information(x, y, method="plugin", permutations=drawn).p_value
    assert found is not None
    # Four standard deviations of a share of so many draws.
    assert abs(found - truth) < 4 * math.sqrt(truth * (1 - truth) / drawn) + 1 / drawn
    assert mutual_information(x, y, method="plugin", permutations=drawn).p_value == found
    assert mutual_information(x, y, method="plugin", permutations=drawn, seed=1).p_value != found


def test_level() -> None:
    """Of independent columns, about one in twenty p-values is 0.05 or less."""
    random = np.random.default_rng(11)
    hits = sum(
        (mutual_information(*random.integers(0, 3, (2, 40)), permutations=99).p_value or 1) <= 0.05
        for _ in range(400)
    )
    assert 6 <= hits <= 36  # beyond three and a half standard deviations of 20


def test_smallest_p_value() -> None:
    found = mutual_information(X, Y, permutations=99)
    assert found.p_value == 0.01
    assert mutual_information(X, Y).p_value is None


@pytest.mark.parametrize("rows", [10, 1000])
def test_constant_column(rows: int) -> None:
    found = mutual_information(["x"] * rows, [k % 3 for k in range(rows)], permutations=9)
    assert (found.value, found.plugin, found.p_value, found.low) == (0, 0, 1, 0)
    assert found.notes[-1] == "a column is constant: nothing is shared"


def test_all_distinct_column() -> None:
    with pytest.raises(us.CallError) as caught:
        mutual_information(range(9), [1, 2, 3] * 3)
    assert str(caught.value) == (
        "x or y has another category in each row, so the sample says nothing of what the two "
        "share; leave identifiers out, bin numbers, or name a method for its bare value"
    )
    named = mutual_information(range(9), [1, 2, 3] * 3, method="plugin", permutations=9)
    assert named.value == pytest.approx(math.log2(3))
    assert named.p_value == 1
    assert (
        named.notes[-1] == "a column has another category in each row: the estimate means nothing"
    )


def test_negative_estimates_are_shown() -> None:
    found = mutual_information(us.Counts([[25, 25], [25, 25]]))
    assert found.value < 0 == found.plugin
    assert found.low == found.value
    assert found.high > 0


@settings(max_examples=40)
@given(
    table=st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=4)
    .filter(lambda table: any(map(any, table))),
    method=st.sampled_from([*oracle.CLASSICAL, "nsb", "dirichlet_mean"]),
)  # fmt: skip
def test_intervals(table: list[list[int]], method: str) -> None:
    found = mutual_information(us.Counts(table), method=method)
    assert found.plugin >= 0
    assert math.isfinite(found.value)
    if found.rows > 1:
        assert found.low <= found.value <= found.high
        assert found.low >= min(found.value, 0)
    assert pickle.loads(pickle.dumps(found)) == found or found.rows == 1


def test_interval_covers() -> None:
    """A table with a rare cell, 200 rows: the truth is within in 95 % of samples, give or take."""
    shares = np.array([0.96, 0.01, 0.01, 0.02])
    joint = us.mutual_information(shares.reshape(2, 2))
    random = np.random.default_rng(8)
    held = 0
    for _ in range(300):
        found = mutual_information(us.Counts(random.multinomial(200, shares).reshape(2, 2)))
        held += found.low <= joint <= found.high
    assert held >= 270


MESSAGES: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: mutual_information([1, 2], [1]),
        "x has 2 rows, y has 1; expected columns of the same rows",
    ),
    (
        lambda: mutual_information([1, 2], [0.5, 1.5], method="plugin"),
        "y holds float64; expected categories: integers or names. Numbers that stand for "
        "categories are passed as integers; differential_entropy, and mutual_information by "
        "method='auto', take others as they are",
    ),
    (
        lambda: mutual_information([1, 2], [0.5, math.inf]),
        "y, row 1: found inf in a column of numbers; expected numbers of at most 2¹⁰⁰⁰ in size; "
        "leave such rows out, or pass None for what is missing: nulls are a category",
    ),
    (
        lambda: mutual_information([1, 2]),
        "y is missing; expected two columns of the same rows, or a table: Counts([[…], …])",
    ),
    (
        lambda: mutual_information(us.Counts([[1, 2], [0.5, 3]])),
        "x, row (1, 0): found 0.5 among counts; expected whole numbers of at least 0; for shares "
        "or weights use us.entropy or us.mutual_information",
    ),
    (
        lambda: mutual_information(us.Counts([1, 2])),
        "x is Counts(shape=(2,), dtype=int64); expected a table of two dimensions of counts",
    ),
    (
        lambda: mutual_information([1, 2], us.Counts([1, 2])),
        "y is a Counts; expected a column, one category for each row; for how often each was seen "
        "pass Counts([…])",
    ),
    (
        lambda: mutual_information(list("abcd"), [0.5, 1.5, 2.0, 3.5]),
        "x has another category in each row, so the sample says nothing of what the two share; "
        "leave identifiers out, and pass numbers as floats",
    ),
    (
        lambda: mutual_information([1, 1], [1, 1], permutations=0.5),
        "permutations=0.5; expected an integer from 0 to 2³¹ − 1",
    ),
    (
        lambda: mutual_information([1, 1], [1, 1], seed=-1),
        "seed=-1; expected an integer from 0 to 2³¹ − 1",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[text for _, text in MESSAGES])
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(us.UnsurprisedError) as caught:
        call()
    assert str(caught.value) == message


def test_integers_that_int64_does_not_hold_are_categories() -> None:
    near, y = np.array([0, 1, 1, 2] * 9), [0, 1, 1, 0] * 9
    large = near.astype(np.uint64) + np.uint64(2**64 - 3)
    assert us.estimate.mutual_information(large, y) == us.estimate.mutual_information(near, y)


@pytest.mark.parametrize("power", [0, 1])
@pytest.mark.parametrize(("categories", "rows"), [(100, 30), (1000, 300), (10_000, 2000)])
def test_most_pairs_are_new(categories: int, rows: int, power: int) -> None:
    """Corrections alone were sure of bits, up to 9, that independent columns do not share."""
    random = np.random.default_rng(categories)
    shares = np.arange(1.0, categories + 1) ** -power
    held = 0
    for _ in range(20):
        x, y = random.choice(categories, (2, rows), p=shares / shares.sum())
        given = random.integers(0, 2, rows)
        for options in ({}, {"given": given}):
            held += mutual_information(x, y, method="chao_wang_jost", **options).low <= 0
    assert held >= 36
    x = random.integers(0, 4, rows)  # pairs that do repeat
    assert mutual_information(x, x).low > 1


def test_a_column_that_is_given_shares_exactly_nothing_more() -> None:
    random = np.random.default_rng(0)
    x, y, z = random.integers(0, [[3], [5], [7]], (3, 200))
    for columns in ((x, y, x), (x, y, y), (z % 3, y, z), (y, z % 3, z)):
        found = mutual_information(*columns[:2], given=columns[2], permutations=9)
        assert (found.value, found.plugin, found.p_value) == (0.0, 0.0, 1.0)
        assert found.low <= 0 <= found.high


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([datetime.date(2020, 1, 1)] * 3, "x, row 0: found a date; expected categories"),
        ([1, datetime.datetime(2020, 1, 1), 2], "x, row 1: found a datetime; expected categories"),
        ([1, 2, 10**30], f"x, row 2: found the integer {10**30}, of more than 64 bits"),
        (np.array([3, {1}, 2], dtype=object), "x, row 1: found a set; expected categories"),
    ],
)
def test_objects_that_are_no_categories(values: Any, said: str) -> None:
    for call in (us.estimate.entropy, lambda values: mutual_information(values, [1, 2, 2])):
        with pytest.raises(us.InputError, match=said) as caught:
            call(values)
        assert "\n" not in str(caught.value)


def test_rows_of_pandas_in_another_order_are_refused() -> None:
    x = pandas.Series(X, index=[f"row {k}" for k in range(len(X))])
    for measure in (mutual_information, us.estimate.transfer_entropy):
        with pytest.raises(CallError, match=r"holds the rows of .* in another order"):
            measure(x, x[::-1])
    with pytest.raises(CallError, match="index of given holds the rows of x in another order"):
        mutual_information(x, Y, x[::-1])
    assert mutual_information(x, x.to_numpy()[::-1]) == mutual_information(X, X[::-1])
