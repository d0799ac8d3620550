"""What is measured in single precision, against mpmath: where a way of going through rows ends and
the next begins, and on the rows that are hardest for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from bounds import check_overlaps, check_pair, check_row

import unsurprised as us

Rng = np.random.Generator
#: Around the groups of lanes, the direction and the sizes of tiles.
LENGTHS = (1, 2, 3, 15, 16, 17, 64, 65, 127, 255, 257)
LONG = (1537, 2049, 5000)
FEW_TO_MANY = (2, 10, 100, 300, 2049, pytest.param(5000, marks=pytest.mark.thorough))
TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32}


def _some(rng: Rng, k: int) -> Any:
    return rng.dirichlet(np.ones(k))


def _confident(rng: Rng, k: int) -> Any:
    row = 10.0 ** rng.uniform(-9, -4, k)
    row[rng.integers(k)] = 1
    return row


def _certain(rng: Rng, k: int) -> Any:
    row = np.zeros(k)
    row[rng.integers(k)] = 1
    return row


def _sparse(rng: Rng, k: int) -> Any:
    row = np.where(rng.random(k) < 0.7, 0, rng.random(k))
    row[rng.integers(k)] = 0.3
    return row


def _tied(rng: Rng, k: int) -> Any:
    return rng.choice([0.25, 0.5], size=k)


def _wide(rng: Rng, k: int) -> Any:
    row = 10.0 ** rng.uniform(-44, 0, k)
    row[rng.integers(k)] = 1
    return row


CONDITIONS: dict[str, Callable[[Rng, int], Any]] = {
    made.__name__[1:]: made for made in (_some, _confident, _certain, _sparse, _tied, _wide)
}


def _logits(rng: Rng, row: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(row), -3e4) + 7 * rng.normal()


def _check(name: str, condition: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    p, q = (CONDITIONS[condition](rng, classes) for _ in range(2))
    for kind, pair in (("probs", (p, q)), ("logits", (_logits(rng, p), _logits(rng, q)))):
        one, other = (np.asarray(row).astype(TYPES[name]) for row in pair)
        check_row(kind, one)
        check_pair((kind, kind), one, other)
        check_pair((kind, kind), one, one)


@pytest.mark.parametrize("classes", LENGTHS)
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", TYPES)
def test_rows_and_pairs(name: str, condition: str, classes: int) -> None:
    _check(name, condition, classes)


@pytest.mark.parametrize("classes", LONG)
@pytest.mark.parametrize(("name", "condition"), list(zip(2 * list(TYPES), CONDITIONS, strict=True)))
def test_long_rows_and_pairs(name: str, condition: str, classes: int) -> None:
    _check(name, condition, classes)


@pytest.mark.parametrize("classes", [64, 65, 255, 257, 2049])
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", TYPES)
def test_overlaps_of_logits(name: str, condition: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    p, q = (_logits(rng, CONDITIONS[condition](rng, classes)) for _ in range(2))
    one, other = (row.astype(TYPES[name]) for row in (p, q))
    check_overlaps(("logits", "logits"), one, other)
    check_overlaps(("logits", "logits"), one, one)


@pytest.mark.parametrize(
    ("classes", "noise"), [(100, 1e-1), (300, 1e-3), (2049, 1e-2), (100, 1e-6)]
)
def test_overlaps_of_logits_that_nearly_agree(classes: int, noise: float) -> None:
    rng = np.random.default_rng(classes)
    for make in (_some, _confident, _sparse):
        p = _logits(np.random.default_rng(1), make(rng, classes))
        near = p + noise * rng.normal(size=classes)
        for offset in (0, 100, -1e4):
            single = [row.astype(np.float32) for row in (p, near + offset)]
            check_overlaps(("logits", "logits"), *single)


def test_overlaps_where_one_side_is_masked() -> None:
    """By the lowest number, or −∞, at some classes or at all of a tile."""
    rng = np.random.default_rng(4)
    for mask in (-np.inf, np.float32(-3.4e38)):
        for masked in (slice(3, 40), slice(0, 1600)):
            p, q = np.float32(3 * rng.normal(size=(2, 3300)))
            both = np.stack([p, q])
            both[:, masked] = mask
            one = p.copy()
            one[masked] = mask
            for pair in (both, (one, q), (q, one)):
                check_overlaps(("logits", "logits"), *pair)
                check_pair(("logits", "logits"), *pair)


def test_overlaps_where_each_side_has_classes_that_the_other_lacks() -> None:
    rng = np.random.default_rng(5)
    for name in TYPES.values():
        for classes in (64, 700):
            p, q = (
                np.where(rng.random(classes) < 0.7, -np.inf, 8 * rng.normal(size=classes))
                for _ in range(2)
            )
            p[3] = q[3] = 0
            check_overlaps(("logits", "logits"), p.astype(name), q.astype(name))


#: Several tiles; between the nearest and the farthest noise they are nothing new.
NOISES = (1e-1, 1e-3, 1e-5, 2e-7)
NEAR = [
    *((classes, noise) for classes in (2, 10, 100, 300) for noise in NOISES),
    *((2049, noise) for noise in (NOISES[0], NOISES[-1])),
    *(pytest.param(2049, noise, marks=pytest.mark.thorough) for noise in NOISES[1:-1]),
]


@pytest.mark.parametrize(("classes", "noise"), NEAR)
def test_rows_that_nearly_agree(classes: int, noise: float) -> None:
    rng = np.random.default_rng(classes)
    for make in (_some, _confident, _sparse):
        p = make(rng, classes)
        near = p * np.exp(noise * rng.normal(size=classes))
        single = [row.astype(np.float32) for row in (p, near)]
        check_pair(("probs", "probs"), *single)
        check_pair(("probs", "probs"), single[0], 3 * single[1])
        p, near = (_logits(np.random.default_rng(1), row) for row in (p, near))
        for offset in (0, 100, -1e4):
            single = [row.astype(np.float32) for row in (p, near + offset)]
            check_pair(("logits", "logits"), *single)


@pytest.mark.parametrize("classes", FEW_TO_MANY)
def test_one_entry_differs(classes: int) -> None:
    """The mean of all differences says nothing about it."""
    rng = np.random.default_rng(classes)
    for place in (0, classes // 2, classes - 1):
        p = np.float32(rng.dirichlet(np.ones(classes)))
        q = p.copy()
        q[place] *= np.float32(1.5)
        check_pair(("probs", "probs"), p, q)
        z = np.float32(rng.normal(size=classes))
        other = z.copy()
        other[place] += np.float32(1e-3)
        check_pair(("logits", "logits"), z, other)


@pytest.mark.parametrize("classes", FEW_TO_MANY)
def test_what_is_denied_and_what_is_not_there(classes: int) -> None:
    rng = np.random.default_rng(classes)
    p = np.float32(rng.dirichlet(np.ones(classes)))
    q = p.copy()
    q[classes // 2] = 0
    assert us.kl_divergence(us.Probs(p, normalize=True), us.Probs(q, normalize=True)) == np.inf
    check_pair(("probs", "probs"), q, p)
    with np.errstate(divide="ignore"):
        z, y = np.log(p), np.log(q)
    assert us.kl_divergence(us.Logits(z), us.Logits(y)) == np.inf
    check_pair(("logits", "logits"), y, z)
    check_pair(("logits", "logits"), y, y)


def test_logits_beyond_what_singles_subtract() -> None:
    rng = np.random.default_rng(0)
    huge = np.float32(3e38)
    for p, q in (
        (rng.choice([huge, -huge, 0], 100), rng.choice([huge, -huge, 0], 100)),
        (rng.choice([1, -huge], 100), rng.normal(size=100)),
        (rng.normal(size=100), rng.choice([1, -huge], 100)),
        (rng.normal(size=100) - 100 * (np.arange(100) > 3), -1e30 * (np.arange(100) > 3)),
    ):
        check_pair(("logits", "logits"), np.float32(p), np.float32(q))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 10, 40, 100, 300])
def test_a_faulty_row_among_others_is_named(classes: int, dtype: Any) -> None:
    rng = np.random.default_rng(classes)
    rows = rng.dirichlet(np.ones(classes), 100).astype(dtype)
    for fault, said in ((np.nan, "NaN"), (-0.25, "-0.25"), (np.inf, "inf"), (0.7, "sum")):
        wrong = rows.copy()
        wrong[37, classes - 1] = fault
        for measure in (us.entropy, lambda p: us.kl_divergence(rows, p)):
            with pytest.raises(us.InputError, match="row 37") as error:
                measure(wrong)
            assert said in str(error.value)
