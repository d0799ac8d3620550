"""Information of numbers: brute force, true values, laws, what goes wrong elsewhere, bad input."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle_neighbours as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.estimate import mutual_information

Rows = np.ndarray[Any, Any]
BARE: dict[str, Any] = {"noise": 0, "scale": None, "base": math.e}


def tuples(column: Rows) -> list[Any]:
    """A column as the oracle takes it."""
    return [tuple(row) for row in column.reshape(len(column), -1).tolist()]


def normal(rows: int, rho: float, seed: int = 0) -> tuple[Rows, Rows]:
    x, e = np.random.default_rng(seed).normal(size=(2, rows))
    return x, rho * x + math.sqrt(1 - rho * rho) * e


@pytest.mark.parametrize("rows", [5, 24, 90])
@pytest.mark.parametrize("k", [1, 3, 4, 13])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 2), (3, 6)])
def test_ksg_by_brute_force(rows: int, k: int, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(rows + k)
    x, y = (random.normal(size=(rows, d)) for d in shape)
    y[:, 0] += x[:, 0]
    k = min(k, rows - 1)
    for method, definition in (("ksg1", oracle.ksg1), ("ksg2", oracle.ksg2)):
        truth = definition(tuples(x), tuples(y), k)
        found = mutual_information(x, y, method=method, k=k, **BARE)
        assert found.value == pytest.approx(float(truth), rel=1e-12, abs=1e-13)
        assert (found.method, found.rows) == (method, rows)


@pytest.mark.parametrize("step", [1.0, 0.5, 0.1])
def test_ksg_with_neighbours_on_the_boundary(step: float) -> None:
    """Of rounded numbers most lie at the radius itself, where x ± r is not to be trusted."""
    x, y = (np.round(part / step) * step for part in normal(80, 0.6))
    truth = oracle.ksg1(tuples(x), tuples(y), 3)
    found = mutual_information(x, y, method="ksg1", **BARE)
    assert found.value == pytest.approx(float(truth), rel=1e-12)
    assert "equal another, and noise=0 leaves them so" in found.notes[0]


@pytest.mark.parametrize("dimensions", [1, 2])
def test_conditional_by_brute_force(dimensions: int) -> None:
    random = np.random.default_rng(1)
    z = random.normal(size=(60, dimensions))
    x, y = random.normal(size=(2, 60)) + z[:, 0]
    truth = oracle.conditional(tuples(x), tuples(y), tuples(z), 3)
    assert mutual_information(x, y, z, **BARE).value == pytest.approx(float(truth), rel=1e-12)


def test_categories_beside_numbers_by_brute_force() -> None:
    random = np.random.default_rng(2)
    names = np.array(list("aaabbc"))[random.integers(0, 6, 70)]
    y = random.normal(size=70) + (names == "a")
    z = random.normal(size=70)
    category = names.tolist()
    same = ["same"] * 70
    for k in (1, 3, 20):
        truth = oracle.conditional(category, tuples(y), same, k)
        for method in ("auto", "ross"):
            found = mutual_information(names, y, k=k, method=method, **BARE)
            assert found.value == pytest.approx(float(truth), rel=1e-12)
            swapped = mutual_information(y, names, k=k, method=method, **BARE)
            assert swapped.value == pytest.approx(float(truth), rel=1e-12)
        assert (found.kinds, found.method) == (("discrete", "continuous"), "ross")
    truth = oracle.conditional(category, tuples(y), tuples(z), 3)
    assert mutual_information(names, y, z, **BARE).value == pytest.approx(float(truth), rel=1e-12)
    truth = oracle.conditional(tuples(z), tuples(y), category, 3)
    assert mutual_information(z, y, names, **BARE).value == pytest.approx(float(truth), rel=1e-12)


def test_rows_alone_in_their_category() -> None:
    names, y = ["a"] * 10 + ["b"], np.random.default_rng(3).normal(size=11)
    found = mutual_information(names, y)
    assert found.value == 0
    assert found.notes == ("rows that are alone in their categories (1) are left out",)


def test_conditional_of_categories() -> None:
    """The exclusive or of two coins: nothing is shared, and a bit where the result is known."""
    random = np.random.default_rng(4)
    x, y = random.integers(0, 2, (2, 4000))
    found = mutual_information(x, y, x ^ y, permutations=19)
    assert found.value == pytest.approx(1, abs=2e-3)
    assert (found.p_value, found.kinds) == (0.05, ("discrete",) * 3)
    plain = mutual_information(x, y, x ^ y, method="plugin")
    assert plain.plugin == plain.value == pytest.approx(1, abs=2e-3)


TRUTHS: list[tuple[str, Callable[[Any], tuple[Any, Any]], float, float]] = []


def truth(name: str, value: float, tolerance: float) -> Callable[[Any], Any]:
    def keep(make: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], tuple[Any, Any]]:
        TRUTHS.append((name, make, value, tolerance))
        return make

    return keep


RHO = 0.830365603411  # −½ ln(1 − 0.9²)
ROWS = 4000


def of_rho(random: Any) -> tuple[Rows, Rows]:
    x, e = random.normal(size=(2, ROWS))
    return x, 0.9 * x + math.sqrt(0.19) * e


@truth("normal", RHO, 0.05)
def _(random: Any) -> tuple[Rows, Rows]:
    return of_rho(random)


@truth("normal, far from 0 and of other units", RHO, 0.05)
def _(random: Any) -> tuple[Rows, Rows]:
    x, y = of_rho(random)
    return x * 1e6 + 1e12, y * 1e-9


@truth("normal, rounded to 0.1", RHO, 0.05)
def _(random: Any) -> tuple[Rows, Rows]:
    x, y = of_rho(random)
    return np.round(x, 1), np.round(y, 1)


@truth("sum of uniform numbers", 0.5, 0.05)
def _(random: Any) -> tuple[Rows, Rows]:
    x, e = random.random((2, ROWS))
    return x, x + e


@truth("five values and a uniform number", math.log(5) - 0.8 * math.log(2), 0.05)
def _(random: Any) -> tuple[Rows, Rows]:
    x = random.integers(0, 5, ROWS)
    return x, x + 2 * random.random(ROWS)


@truth("half of the rows 0", math.log(2) + RHO / 2, 0.05)
def _(random: Any) -> tuple[Rows, Rows]:
    x, y = of_rho(random)
    zero = random.random(ROWS) < 0.5
    return np.where(zero, 0, x), np.where(zero, 0, y)


@truth("zero-inflated Poisson, zeros merged", 0.229775958542, 0.04)
def _(random: Any) -> tuple[Rows, Rows]:
    x = random.exponential(size=ROWS)
    return x, np.where(random.random(ROWS) < 0.15, 0, random.poisson(x))


@pytest.mark.parametrize(
    ("make", "value", "tolerance"), [case[1:] for case in TRUTHS], ids=[c[0] for c in TRUTHS]
)
def test_true_values(make: Callable[[Any], Any], value: float, tolerance: float) -> None:
    found = mutual_information(*make(np.random.default_rng(5)), base=math.e)
    assert abs(found.value - value) < tolerance
    assert found.low <= value <= found.high


def test_atoms_are_named() -> None:
    x, y = normal(500, 0.5)
    found = mutual_information(np.where(x < 0, 0.0, x), y)
    assert found.kinds == ("atom at 0 and continuous", "continuous")
    assert found.method == "chain_rule"


def test_a_function_is_said_to_tell_more() -> None:
    x = np.random.default_rng(6).normal(size=1000)
    found = mutual_information(x, x * x)
    assert found.high == math.inf
    assert found.notes == (
        "the estimate grows with the number of rows, as where one column is a function of the "
        "other: read it as 'at least'",
    )


def test_copies_are_said() -> None:
    x, y = (np.repeat(part, 2) for part in normal(300, 0.5))
    found = mutual_information(x, y)
    assert found.notes[0] == (
        "x: 300 numbers equal another; noise of 1e-10 of the spread parts them"
    )
    assert found.notes[-1] == (
        "300 of 600 rows are copies of another, which tells all of them: leave copies out"
    )


@pytest.mark.parametrize("rows", [10, 1000])
@pytest.mark.parametrize("method", ["auto", "ksg1", "ksg2"])
def test_constant_numbers(rows: int, method: str) -> None:
    found = mutual_information(
        np.full(rows, 0.1), normal(rows, 0)[1], method=method, permutations=9
    )
    assert (found.value, found.p_value) == (0, 1)
    assert found.notes[-1] == "a column is constant: nothing is shared"


def test_nulls_are_a_category() -> None:
    found = mutual_information([0.5, None, 1.25] * 9, ["a", "b", "a"] * 9)
    assert found.notes[0] == "x: nulls (9) are a category of their own"
    assert found.value > 0.7
    mixed = mutual_information([None, *normal(99, 0)[0]], normal(100, 0)[1])
    assert mixed.kinds[0] == "continuous, and nulls"


def test_few_rows_have_no_interval() -> None:
    found = mutual_information([0.5, 1.0, 2.5, 2.0, 4.0], [3.0, 1.0, 4.5, 1.5, 5.0])
    assert math.isfinite(found.value)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_many_dimensions_are_said() -> None:
    random = np.random.default_rng(7)
    found = mutual_information(random.normal(size=(50, 4)), random.normal(size=(50, 3)))
    assert found.notes == ("7 dimensions: neighbours are far away, and the estimate is too low",)


def test_order_of_rows_shows_in_no_bit_of_the_value() -> None:
    x, y = normal(777, 0.7)
    order = np.random.default_rng(8).permutation(777)
    one, other = mutual_information(x, y), mutual_information(x[order], y[order])
    assert one.value == other.value


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_show_in_no_bit(threads: int) -> None:
    x, y = normal(6000, 0.3)
    before = mutual_information(x, y, permutations=19)
    us.set_num_threads(threads)
    try:
        after = mutual_information(x, y, permutations=19)
        assert repr(after) == repr(before)
        assert (after.value, after.low, after.sd) == (before.value, before.low, before.sd)
    finally:
        us.set_num_threads(None)


def test_p_values() -> None:
    x, y = normal(200, 0.8)
    found = mutual_information(x, y, permutations=99)
    assert found.p_value == 0.01
    assert mutual_information(x, y).p_value is None
    shifted = mutual_information(x, np.roll(y, 7), permutations=99)
    assert shifted.p_value is not None
    assert shifted.p_value > 0.02


def test_p_value_is_that_of_its_definition() -> None:
    """The quick way of two columns of numbers, and the slow one with a condition that is one."""
    x, y = normal(40, 0.2)
    quick = mutual_information(x, y, permutations=199).p_value
    slow = mutual_information(x, y, ["same"] * 40, permutations=199).p_value
    assert quick == slow


def test_p_value_within_strata() -> None:
    """Two columns that share what is given, and nothing else."""
    random = np.random.default_rng(9)
    z = random.integers(0, 3, 300)
    x, y = random.normal(size=(2, 300)) + 4 * z
    assert mutual_information(x, y, permutations=19).p_value == 0.05
    found = mutual_information(x, y, z, permutations=19).p_value
    assert found is not None
    assert found > 0.1


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.floats(-1e300, 1e300), st.floats(-1, 1), st.sampled_from("abc")),
        min_size=10,
        max_size=30,
    ),
    scale=st.sampled_from(["auto", "spread", "sd", "rank", None]),
)
def test_anything_has_an_estimate(rows: list[tuple[float, float, str]], scale: str | None) -> None:
    x, y, z = (list(column) for column in zip(*rows, strict=True))
    for found in (
        mutual_information(x, y, scale=scale),
        mutual_information(x, y, z, scale=scale),
        mutual_information(z, x, y, scale=scale),
    ):
        assert math.isfinite(found.value)
        assert found.low <= found.value <= found.high
        assert pickle.loads(pickle.dumps(found)).value == found.value


X = [0.5, 1.25, 3.0, 2.0]
MESSAGES: list[tuple[Callable[[], Any], str]] = [
    (lambda: mutual_information(X[:3], X[:3]), "k=3 and 3 rows; expected more rows than k"),
    (
        lambda: mutual_information([*X[:3], math.nan], X),
        "x, row 3: found NaN in a column of numbers; expected numbers of at most 2¹⁰⁰⁰ in size; "
        "leave such rows out, or pass None for what is missing: nulls are a category",
    ),
    (
        lambda: mutual_information(X, X, [[1.0, 2.0], [1.0, -math.inf], [2.0, 2.0], [1.5, 1.0]]),
        "given, row (1, 1): found -inf in a column of numbers; expected numbers of at most 2¹⁰⁰⁰ "
        "in size; leave such rows out, or pass None for what is missing: nulls are a category",
    ),
    (lambda: mutual_information([], []), "x is empty; expected at least one row"),
    (lambda: mutual_information(X, X, k=0), "k=0; expected which neighbour, an integer from 1 on"),
    (
        lambda: mutual_information(X, X, scale="iqr"),
        "scale='iqr'; expected 'auto', 'spread', 'sd', 'rank' or None",
    ),
    (
        lambda: mutual_information(X, X, noise=-1),
        "noise=-1; expected a share of each column's spread, from 0 to 1, or None",
    ),
    (
        lambda: mutual_information(X, X, X[:3]),
        "x has 4 rows, given has 3; expected columns of the same rows",
    ),
    (
        lambda: mutual_information(X, X, method="ross"),
        "method='ross', and x and y both hold numbers; expected categories beside numbers: "
        "integers or names beside floats",
    ),
    (
        lambda: mutual_information(X, X, X, method="ksg2"),
        "method='ksg2' with given=…; expected 'ksg1' or 'auto', which is Frenzel and Pompe's "
        "estimator there",
    ),
    (
        lambda: mutual_information(X, list("abcd"), method="ksg1"),
        "y holds no numbers; expected numbers for KSG: method='auto' or 'ross' takes categories "
        "too",
    ),
    (
        lambda: mutual_information(np.zeros((4, 33)), X),
        "x has 33 dimensions; expected at most 32, beyond which no neighbour is near",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[text for _, text in MESSAGES])
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(us.UnsurprisedError) as caught:
        call()
    assert str(caught.value) == message
