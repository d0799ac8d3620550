"""Entropy of samples, against definitions in 40 digits, published values and laws."""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import oracle_estimates as oracle
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.estimate import SampleEstimate, entropy
from unsurprised.estimate.gamma_functions import digamma, digamma_gap, log_rising, trigamma

A = (4, 2, 3, 0, 2, 4, 0, 0, 2, 1, 1)
C = (12, 7, 1)
PRIORS = ("jeffreys", "laplace", "perks", "minimax")

#: To twelve digits in nats, as R's entropy and mpmath have them: method, prior, of A, of C.
PUBLISHED = [
    ("plugin", None, 1.968382408728, 0.8237197315118),
    ("miller_madow", None, 2.152592935044, 0.8737197315118),
    ("grassberger1988", None, 2.189198503717, 0.930925377683),
    ("grassberger2003", None, 2.144626386031, 0.9389089718293),
    ("jackknife", None, 2.23127431418, 0.9003008091065),
    ("chao_shen", None, 2.20113710128, 0.9192699346983),
    ("chao_wang_jost", None, 2.197116039017, 0.8783132502173),
    ("dirichlet_plugin", "jeffreys", 2.179480382724, 0.8684446388507),
    ("dirichlet_plugin", "laplace", 2.257875518693, 0.9021825489049),
    ("dirichlet_plugin", "perks", 2.036887808124, 0.8550065647058),
    ("dirichlet_plugin", "minimax", 2.154091189931, 0.9281296528692),
    ("dirichlet_mean", "jeffreys", 2.002666298711, 0.825065173966),
    ("dirichlet_mean", "laplace", 2.106098242032, 0.8610482084957),
    ("dirichlet_mean", "perks", 1.851301589001, 0.810899364673),
    ("dirichlet_mean", "minimax", 1.972255069769, 0.8891271043312),
    ("shrinkage", None, 2.379602895310, 0.9262251801008),
    ("nsb", None, 2.187774463092, 0.857913712798),
]

HARD = [
    (1, 1),
    (7,),
    (1,) * 12,
    (2, 2, 2),
    (30, 1),
    (999, 1),
    (1, 1, 2, 2, 2, 2, 2, 2, 2, 2),
    (50, 20, 9, 4, 2, 1, 1, 1, 0, 0),
    (3, 3, 3, 3),
    (400, 1, 1, 1, 2),
]


def nats(counts: Any, method: str, **options: Any) -> SampleEstimate:
    return entropy(us.Counts(counts), method=method, base=math.e, **options)


@pytest.mark.parametrize(("method", "prior", "of_a", "of_c"), PUBLISHED)
def test_published(method: str, prior: str | None, of_a: float, of_c: float) -> None:
    options = {} if prior is None else {"prior": prior}
    for counts, value in ((A, of_a), (C, of_c)):
        assert nats(counts, method, **options).value == pytest.approx(value, rel=1e-12)


def test_published_sd() -> None:
    assert nats(A, "nsb").sd == pytest.approx(0.1408925377, rel=1e-9)


@pytest.mark.parametrize("method", oracle.CLASSICAL)
@pytest.mark.parametrize("counts", [A, C, *HARD], ids=str)
def test_definitions(method: str, counts: tuple[int, ...]) -> None:
    truth = float(oracle.CLASSICAL[method](counts))
    assert nats(counts, method).value == pytest.approx(truth, rel=1e-11, abs=1e-30)


@pytest.mark.parametrize("prior", [*PRIORS, 3e-3, 70.0])
@pytest.mark.parametrize("counts", [A, C, *HARD], ids=str)
def test_dirichlet(prior: str | float, counts: tuple[int, ...]) -> None:
    added = oracle.added_by(prior, counts) if isinstance(prior, str) else oracle.MP.mpf(prior)
    smoothed = nats(counts, "dirichlet_plugin", prior=prior)
    truth = float(oracle.dirichlet_plugin(counts, added))
    assert smoothed.value == pytest.approx(truth, rel=1e-11, abs=1e-30)
    mean = nats(counts, "dirichlet_mean", prior=prior)
    truth = oracle.dirichlet_mean(counts, added)
    assert mean.value == pytest.approx(float(truth), rel=1e-11, abs=1e-15)
    square = oracle.dirichlet_second_moment(counts, added) - truth**2
    assert mean.sd == pytest.approx(math.sqrt(max(float(square), 0.0)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("counts", [C, (1, 1, 0), (5, 0, 0, 0), (3, 3, 3, 3)], ids=str)
def test_nsb(counts: tuple[int, ...]) -> None:
    mean, sd = oracle.nsb(counts)
    found = nats(counts, "nsb")
    assert found.value == pytest.approx(float(mean), rel=1e-9)
    assert found.sd == pytest.approx(float(sd), rel=1e-7)


def test_nsb_of_many_categories_is_near_the_truth() -> None:
    """Shares drawn from the prior's own family, of which it is right by construction."""
    random = np.random.default_rng(5)
    shares = random.dirichlet(np.full(100_000, 0.02))
    counts = random.multinomial(20_000, shares)
    truth = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    found = nats(counts, "nsb")
    assert abs(found.value - truth) < 4 * found.sd < 0.06


@pytest.mark.parametrize("rows", [10**3, 10**5, 10**7])
def test_chao_wang_jost_beyond_what_was_seen(rows: int) -> None:
    """The bracket by its integral, where its own terms cancel or are too many to add."""
    for once, twice in ((1, 1), (1, 0), (2, 100), (400, 3), (300, 0), (3, 40)):
        counts = [rows - once - 2 * twice, *[1] * once, *[2] * twice]
        mp = oracle.MP
        if twice:
            a = mp.mpf(2 * twice) / ((rows - 1) * once + 2 * twice)
        else:
            a = mp.mpf(2) / ((rows - 1) * (once - 1) + 2)
        if a == 1:
            unseen = mp.mpf(0)
        else:
            mp.dps = 60
            bracket = (1 - a) * mp.lerchphi(1 - a, 1, rows) if rows < 10**4 else _bracket(a, rows)
            unseen = mp.mpf(once) / rows * bracket
            mp.dps = 40
        seen = mp.fsum(mp.mpf(c) / rows * (mp.digamma(rows) - mp.digamma(c)) for c in counts)
        found = nats(counts, "chao_wang_jost").value
        assert found == pytest.approx(float(seen + unseen), rel=1e-10)


def _bracket(a: Any, rows: int) -> Any:
    """∫ q t^(n − 1) / (1 − q t) dt over 0 … 1, with s = n (1 − t)."""
    mp = oracle.MP
    q = 1 - a

    def integrand(s: Any) -> Any:
        t = 1 - s / rows
        return q * t ** (rows - 1) / (1 - q * t) / rows

    return mp.quad(integrand, [0, 1e-3, 1e-2, 0.1, 1, 4, 12, 40, 120])


SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)
METHODS = [*oracle.CLASSICAL, "dirichlet_plugin", "dirichlet_mean", "nsb"]


def said(found: SampleEstimate) -> str:
    """All that an estimate says, to the bit; NaN is like NaN."""
    return repr(dataclasses.astuple(found))


@settings(max_examples=30)
@given(counts=SIZES, method=st.sampled_from(["auto", *METHODS]), data=st.data())
def test_names_and_order_show_in_no_bit(counts: list[int], method: str, data: Any) -> None:
    one = said(nats(counts, method))
    assert said(nats(data.draw(st.permutations(counts)), method)) == one
    rows = [name for name, count in zip("abcdefghijkl", counts, strict=False) for _ in range(count)]
    column = data.draw(st.permutations(rows))
    exist = {"categories": len(counts)}
    assert said(entropy(column, method=method, base=math.e, **exist)) == one
    assert said(entropy("".join(column), method=method, base=math.e, **exist)) == one
    assert said(entropy(iter(column), method=method, base=math.e, **exist)) == one
    numbers = [ord(name) - 1000 for name in column]
    assert said(entropy(np.array(numbers), method=method, base=math.e, **exist)) == one


@given(counts=SIZES, method=st.sampled_from(METHODS))
@example(counts=[1], method="chao_shen")
@settings(max_examples=40)
def test_intervals_and_bias(counts: list[int], method: str) -> None:
    found = nats(counts, method)
    assert found.bias == found.plugin - found.value
    assert found.method == method
    assert found.p_value is None
    if found.rows > 1:
        assert found.low <= found.value <= found.high
        assert found.low >= min(found.value, 0)
        assert found.high <= max(math.log(len(counts)), found.value)


def test_fewer_categories_have_less_entropy() -> None:
    """Merging two categories cannot add to the plug-in, whose chain rule it is."""
    for i, j in itertools.combinations(range(len(A)), 2):
        merged = [c for k, c in enumerate(A) if k not in (i, j)] + [A[i] + A[j]]
        within = oracle.plugin([A[i], A[j]]) if A[i] + A[j] else 0
        chain = nats(merged, "plugin").value + (A[i] + A[j]) / sum(A) * float(within)
        assert nats(A, "plugin").value == pytest.approx(chain, rel=1e-13)


def test_unseen_categories_matter_to_those_that_count_them() -> None:
    for method in METHODS:
        same = nats([5, 3, 1], method).value == nats([5, 3, 1, 0, 0], method).value
        assert same == (method in list(oracle.CLASSICAL)[:-1])


def test_default_says_why() -> None:
    twice = entropy([1, 1, 2, 2])
    assert (twice.method, twice.notes) == (
        "miller_madow",
        ("miller_madow: every category was seen at least twice",),
    )
    once = entropy([1, 1, 2])
    assert (once.method, once.notes) == (
        "chao_wang_jost",
        ("chao_wang_jost: 1 of 2 categories were seen only once",),
    )


def test_notes() -> None:
    assert entropy([1, 1, 2, 2], method="nsb").notes == (
        "how many categories exist was not said: those that were seen are taken for all",
    )
    assert entropy([1, 1, 2, 2], method="nsb", categories=2).notes == ()
    assert entropy([1, 2, 3], method="chao_shen").notes == (
        "no category was seen twice, which bounds nothing from above; the coverage is taken as "
        "1/n, as R's entropy does",
    )


def test_extremes_of_a_column() -> None:
    constant = entropy(["x"] * 50)
    assert (constant.value, constant.low) == (0, 0)
    assert constant.high == pytest.approx(us.entropy([4 / 54, 50 / 54]), rel=1e-12)
    distinct = entropy(range(50))
    assert distinct.high == math.inf
    of_all = entropy(us.Counts([1] * 50))
    assert of_all.value == of_all.high > math.log2(50)
    assert of_all.notes == (
        "miller_madow: every category that exists was seen",
        "the value is above log K, the most that K categories have",
    )
    few = entropy([1, 1], method="grassberger2003")
    assert few.value < 0
    assert few.notes == ("the value is below 0, as no entropy is: there are too few rows",)
    alone = entropy([7])
    assert alone.value == 0 and math.isnan(alone.low) and math.isnan(alone.high)


@pytest.mark.parametrize("method", ["auto", "plugin", "shrinkage", "nsb"])
@pytest.mark.parametrize(
    ("shares", "rows"),
    [
        ([0.9, 0.1], 30),
        ([0.9, 0.05, 0.05], 20),
        ([1 / k for k in range(1, 21)], 50),
        ([1 / k for k in range(1, 1001)], 300),
        ([1.0] * 100, 100),
    ],
    ids=["two", "rare", "few", "many", "even"],
)
def test_interval_covers(method: str, shares: list[float], rows: int) -> None:
    """Drawn from what is known; 84 of 100 would be four standard deviations below 95 %."""
    p = np.array(shares) / sum(shares)
    random = np.random.default_rng(rows)
    held = 0
    for _ in range(100):
        found = entropy(us.Counts(random.multinomial(rows, p)), method=method)
        held += found.low <= us.entropy(p) <= found.high
    assert held >= 90


def test_units_labels_and_copies() -> None:
    bits, hartleys = entropy("abracadabra"), entropy("abracadabra", base=10)
    assert (bits.unit, hartleys.unit) == ("bits", "hartleys")
    assert hartleys.value == pytest.approx(bits.value * math.log10(2), rel=1e-15)
    assert isinstance(bits, us.Estimate)
    assert pickle.loads(pickle.dumps(bits)) == bits
    labels = us.Labels([0, 0, 2], classes=5)
    assert entropy(labels, method="nsb") == entropy(us.Counts([2, 0, 1, 0, 0]), method="nsb")
    assert entropy(b"abra") == entropy("abra") == entropy(pd.Series(list("abra"), dtype="category"))
    assert entropy(iter([1, "1", 2])).value == entropy(["1", "1", "2"]).value


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([1, True, "a"], [1, 1, 1]),
        ([True, 1, False], [2, 1]),
        ([True, "True", 1], [2, 1]),
        ([0, False, "0", np.int64(0)], [3, 1]),
    ],
)
def test_a_list_and_an_iterator_have_the_same_categories(values: Any, counts: list[int]) -> None:
    """As NumPy makes them of a list: among names True is another one than 1."""
    wanted = entropy(us.Counts(counts), method="plugin").value
    assert entropy(values, method="plugin").value == wanted
    assert entropy(iter(values), method="plugin").value == wanted


MESSAGES: list[tuple[Callable[[], Any], str]] = [
    (lambda: entropy([]), "x is empty; expected at least one row"),
    (lambda: entropy(iter([])), "x is empty; expected at least one row"),
    (
        lambda: entropy([1.0, math.nan]),
        "x, row 1: found NaN in a column of numbers; expected categories: integers or names; leave "
        "such rows out, or give what is missing a name of its own",
    ),
    (
        lambda: entropy(pd.Series(["a", None])),
        "x, row 1: found a missing value; expected a category in every row; leave such rows out, "
        "or give what is missing a name of its own",
    ),
    (
        lambda: entropy([1.5, 2.0]),
        "x holds float64; expected categories: integers or names. Numbers that stand for "
        "categories are passed as integers; differential_entropy, and mutual_information by "
        "method='auto', take others as they are",
    ),
    (
        lambda: entropy(us.Counts([3, 1.5])),
        "x, row 1: found 1.5 among counts; expected whole numbers of at least 0; for shares or "
        "weights use us.entropy or us.mutual_information",
    ),
    (
        lambda: entropy(us.Counts([3, -1])),
        "x, row 1: found -1 among counts; expected whole numbers of at least 0; for shares or "
        "weights use us.entropy or us.mutual_information",
    ),
    (lambda: entropy(us.Counts([0, 0])), "x: counts that sum to 0; expected 1 to 2⁵³ rows"),
    (
        lambda: entropy(us.Counts([[1, 2]])),
        "x is Counts(shape=(1, 2), dtype=int64); expected a vector of counts",
    ),
    (
        lambda: entropy([1, 2, 3], categories=2),
        "categories=2, and x has 3 different ones; expected at least as many as were seen",
    ),
    (
        lambda: entropy(us.Counts([1, 2, 0]), categories=2),
        "categories=2 for 3 counts; expected at least as many: each count, a zero too, is a "
        "category that exists",
    ),
    (
        lambda: entropy([1, 2], categories=2.5),
        "categories=2.5; expected how many categories exist, an integer from 1 on",
    ),
    (
        lambda: entropy(us.Labels([0, 1], classes=3), categories=4),
        "categories=4 and Labels(…) of 3 classes; expected one of the two",
    ),
    (
        lambda: entropy({"a": 3}),
        "x is a dict; expected a column, one category for each row; for how often each was seen "
        "pass Counts([…])",
    ),
    (
        lambda: entropy([[1, 2]]),
        "x has the shape (1, 2); expected a column, one category for each row (a table of counts "
        "is passed as Counts)",
    ),
    (
        lambda: entropy([1, "a", None]),
        "x, row 2: found a missing value; expected a category in every row; leave such rows out, "
        "or give what is missing a name of its own",
    ),
    (
        lambda: entropy({1, 2}),
        "x is a set; expected a column, one category for each row; for how often each was seen "
        "pass Counts([…])",
    ),
    (lambda: entropy(iter([1, None])), "x yields None; expected categories: integers or names"),
    (
        lambda: entropy([1, 1], prior="laplace"),
        "prior='laplace' with method='auto'; expected no prior, or method='dirichlet_plugin' or "
        "'dirichlet_mean', which have one",
    ),
    (
        lambda: entropy([1, 1], method="dirichlet_mean", prior=0),
        "prior=0; expected 'jeffreys', 'laplace', 'perks', 'minimax' or a number above 0, which is "
        "added to each count",
    ),
    (
        lambda: entropy([1, 1], method="ksg1"),
        "method='ksg1' is for mutual information of columns of numbers; expected "
        "'auto' or one of plugin, miller_madow, grassberger1988, grassberger2003, jackknife, "
        "chao_shen, chao_wang_jost, shrinkage, dirichlet_plugin, dirichlet_mean, nsb",
    ),
    (
        lambda: entropy([1, 1], method="best"),
        "method='best'; expected 'auto' or one of plugin, miller_madow, grassberger1988, "
        "grassberger2003, jackknife, chao_shen, chao_wang_jost, shrinkage, dirichlet_plugin, "
        "dirichlet_mean, nsb",
    ),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES, ids=[text for _, text in MESSAGES])
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(us.UnsurprisedError) as caught:
        call()
    assert str(caught.value) == message


@given(x=st.floats(1e-12, 1e12), steps=st.integers(0, 10**6))
def test_gamma_functions(x: float, steps: int) -> None:
    mp = mpmath.MPContext()
    mp.dps = 50
    exact = mp.mpf(x)
    gap = float(mp.log(exact) - mp.digamma(exact))
    assert float(digamma_gap(x)) == pytest.approx(gap, rel=1e-13)
    assert float(digamma(x)) == pytest.approx(float(mp.digamma(exact)), rel=1e-13, abs=1e-14)
    assert float(trigamma(x)) == pytest.approx(float(mp.psi(1, exact)), rel=1e-13)
    rising = float(mp.loggamma(exact + steps) - mp.loggamma(exact))
    found = float(log_rising(np.array(x), np.array(float(steps))))
    assert found == pytest.approx(rising, rel=1e-12, abs=1e-12)
