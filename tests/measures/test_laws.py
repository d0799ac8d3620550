"""What must hold for every row of the measures with compiled kernels, often to the last bit.

The laws that the whole family declares are in ``test_family_laws.py``.
"""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from bounds import EPS, FORMS, KINDS, NO_WEIGHT
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.measures.registry import MEASURES

NAMES = ["cross_entropy", "entropy", "kl_divergence"]
TWO_SIDED = ["cross_entropy", "kl_divergence"]
CLASSES = st.sampled_from([1, 2, 3, 7, 63, 64, 70])


def laws(examples: int = 60) -> Any:
    return settings(max_examples=examples, deadline=None, derandomize=True)


@st.composite
def arrays(draw: st.DrawFn, kind: str, shape: tuple[int, ...]) -> Any:
    """Rows of any shape whose entries span many magnitudes; some classes are impossible."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread = draw(st.sampled_from([0.0, 1e-9, 1.0, 30.0, 300.0]))
    scores = np.clip(spread * rng.normal(size=shape), -600, 600)
    denied = rng.random(shape) < draw(st.sampled_from([0.0, 0.3]))
    denied[..., 0] = False
    scores[denied] = -math.inf
    if kind == "counts":
        return np.where(denied, 0, np.ceil(np.exp(np.clip(scores, -35, 35)))).astype(np.int64)
    if kind in ("logits", "logprobs"):
        return scores
    return np.exp(scores)


def call(name: str, *forms: Any, **options: Any) -> Any:
    return MEASURES[name].function(*forms[: 2 if MEASURES[name].family == "two" else 1], **options)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_range_and_sign(name: str, kind: str) -> None:
    measure = MEASURES[name]

    @laws()
    @given(st.data(), CLASSES)
    def holds(data: st.DataObject, classes: int) -> None:
        p, q = (FORMS[kind](data.draw(arrays(kind, (3, classes)))) for _ in range(2))
        values = call(name, p, q)
        assert values.shape == (3,) and values.dtype == np.float64
        assert not np.isnan(values).any() and not np.signbit(values).any()
        assert (values >= measure.low).all()

    holds()


@pytest.mark.parametrize("name", [name for name in TWO_SIDED if MEASURES[name].zero_iff_equal])
@pytest.mark.parametrize("kind", KINDS)
def test_zero_only_for_equal_rows(name: str, kind: str) -> None:
    @laws()
    @given(st.data(), CLASSES)
    def holds(data: st.DataObject, classes: int) -> None:
        row = data.draw(arrays(kind, (classes,)))
        assert call(name, FORMS[kind](row), FORMS[kind](row.copy())) == 0.0
        if kind == "counts":
            assert call(name, us.Counts(row), us.Counts(3 * row)) == 0.0
        # Where another class has enough mass, one step of one entry changes the distribution.
        other = row.astype(np.float64)
        others = np.delete(other, 0)
        weighty = others > (max(row) - 30 if kind in ("logits", "logprobs") else max(row) * 1e-13)
        if weighty.any() and (other[0] == max(row)):
            other[0] += 2.0**-40 if kind in ("logits", "logprobs") else np.spacing(other[0])
            assert call(name, FORMS[kind](row.astype(np.float64)), FORMS[kind](other)) > 0.0

    holds()


def test_the_smallest_difference_is_not_zero() -> None:
    p = np.array([0.5, 0.25, 0.25])
    q = p.copy()
    q[2] = np.nextafter(0.25, 1)
    assert 0 < us.kl_divergence(p, q) < 1e-30


@laws(100)
@given(st.data(), st.sampled_from(KINDS), st.sampled_from(KINDS), CLASSES)
def test_cross_entropy_is_entropy_and_kl(
    data: st.DataObject, first: str, second: str, classes: int
) -> None:
    p = FORMS[first](data.draw(arrays(first, (classes,))))
    q = FORMS[second](data.draw(arrays(second, (classes,))))
    total, parts = us.cross_entropy(p, q), us.entropy(p) + us.kl_divergence(p, q)
    # Each is right to 1e-14, to a gap of 700 nats beside logits; mixed forms are to 8 eps · Σ….
    rounding = 1e-14 * max(1.0, NO_WEIGHT / 64) * abs(total) + 100 * EPS
    assert total == parts or abs(total - parts) <= rounding


@laws(100)
@given(st.data(), CLASSES, st.integers(-(2**20), 2**20), st.sampled_from(NAMES))
def test_exact_shifts_of_logits_change_no_bit(
    data: st.DataObject, classes: int, shift: int, name: str
) -> None:
    entries = st.lists(st.integers(-(2**24), 2**24), min_size=classes, max_size=classes)
    # Multiples of 2^-16 below 2^20 + 2^8: sums of two are exact.
    p, q = (np.array(data.draw(entries)) / 2.0**16 for _ in range(2))
    here = call(name, us.Logits(p), us.Logits(q))
    assert call(name, us.Logits(p + shift), us.Logits(q - 3 * shift)) == here
    assert us.surprisal(us.Logits(p + shift), at=0) == us.surprisal(us.Logits(p), at=0)


@laws(60)
@given(st.data(), CLASSES, st.integers(-400, 400), st.sampled_from(NAMES))
def test_powers_of_two_change_no_bit_of_masses(
    data: st.DataObject, classes: int, power: int, name: str
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    p, q = rng.random((2, classes))
    here = call(name, FORMS["probs"](p), FORMS["probs"](q))
    there = call(name, FORMS["probs"](p * 2.0**power), FORMS["probs"](q * 2.0**-power))
    assert there == here


@laws(60)
@given(st.data(), CLASSES, st.sampled_from(NAMES), st.sampled_from(KINDS))
def test_the_order_of_classes_does_not_matter(
    data: st.DataObject, classes: int, name: str, kind: str
) -> None:
    p, q = (data.draw(arrays(kind, (classes,))) for _ in range(2))
    order = np.random.default_rng(data.draw(st.integers(0, 99))).permutation(classes)
    here = call(name, FORMS[kind](p), FORMS[kind](q))
    there = call(name, FORMS[kind](p[order]), FORMS[kind](q[order]))
    assert there == here or there == pytest.approx(here, rel=1e-14, abs=1e-300)


@laws(60)
@given(st.data(), CLASSES, st.sampled_from(KINDS))
def test_entropy_is_at_most_log_k(data: st.DataObject, classes: int, kind: str) -> None:
    values = us.entropy(FORMS[kind](data.draw(arrays(kind, (4, classes)))))
    assert (values <= math.log2(classes) * (1 + 1e-14)).all()


@laws(40)
@given(st.data(), CLASSES, st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_broadcasting_is_a_loop(data: st.DataObject, classes: int, first: str, second: str) -> None:
    p = data.draw(arrays(first, (2, 1, 5, classes)))
    q = data.draw(arrays(second, (3, 1, classes)))
    for name in TWO_SIDED:
        whole = call(name, FORMS[first](p), FORMS[second](q))
        assert whole.shape == (2, 3, 5)
        for i, j, k in np.ndindex(2, 3, 5):
            one = call(name, FORMS[first](p[i, 0, k]), FORMS[second](q[j, 0]))
            assert isinstance(one, float) and one == whole[i, j, k]


@laws(40)
@given(st.data(), CLASSES, st.sampled_from(KINDS), st.integers(-3, 2), st.sampled_from(NAMES))
def test_an_axis_is_a_moved_axis(
    data: st.DataObject, classes: int, kind: str, axis: int, name: str
) -> None:
    p, q = (data.draw(arrays(kind, (3, 4, classes))) for _ in range(2))
    last = call(name, FORMS[kind](p), FORMS[kind](q))
    moved = (FORMS[kind](np.moveaxis(x, -1, axis)) for x in (p, q))
    np.testing.assert_array_equal(call(name, *moved, axis=axis), last)
    labels = np.arange(12).reshape(3, 4) % classes
    there = us.surprisal(FORMS[kind](np.moveaxis(p, -1, axis)), at=labels, axis=axis)
    np.testing.assert_array_equal(there, us.surprisal(FORMS[kind](p), at=labels))


def in_single_precision(name: str, kind: str, classes: int) -> bool:
    logs = kind in ("logits", "logprobs")
    return classes >= 64 if logs else kind == "probs" and name != "cross_entropy"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_widening_changes_no_bit(dtype: Any, kind: str) -> None:
    """All but what is measured in single precision: there halves are what they are as singles."""
    rng = np.random.default_rng(3)
    for classes in (1, 2, 63, 64, 300):
        p, q = (rng.random((2, 20, classes)) * 8 + 2.0**-20).astype(dtype)
        p[0, 0] = 0
        p[1:3] = np.finfo(np.float16).smallest_subnormal * np.ones(classes)
        wide = [x.astype(np.float64) for x in (p, q)]
        if classes == 1:
            p[0, 0], wide[0][0, 0] = 1, 1
        for name in NAMES:
            narrow = call(name, FORMS[kind](p), FORMS[kind](q))
            widest = call(name, *map(FORMS[kind], wide))
            if in_single_precision(name, kind, classes):
                single = [x.astype(np.float32) for x in (p, q)]
                np.testing.assert_array_equal(narrow, call(name, *map(FORMS[kind], single)))
                np.testing.assert_allclose(narrow, widest, rtol=1e-6)
            else:
                np.testing.assert_array_equal(narrow, widest)


@pytest.mark.parametrize("name", NAMES)
def test_the_base_is_a_unit(name: str) -> None:
    p, q = [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]
    bits = call(name, p, q)
    for base in (math.e, 10, 3, 2.5, np.float32(4)):
        assert call(name, p, q, base=base) * math.log2(base) == pytest.approx(bits, rel=1e-15)
    assert us.surprisal(0.01, base=10) == pytest.approx(2, rel=1e-15)
    assert us.surprisal(p, at=1, base=math.e) == pytest.approx(math.log(2), rel=1e-15)


@pytest.mark.parametrize("name", TWO_SIDED)
def test_symmetry_is_as_registered(name: str) -> None:
    p, q = [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]
    forth, back = call(name, p, q), call(name, q, p)
    assert (forth == pytest.approx(back, rel=1e-14)) is MEASURES[name].symmetric


def test_measures_are_registered_as_they_are_exported() -> None:
    assert {"cross_entropy", "entropy", "kl_divergence"} <= MEASURES.keys()
    for name, measure in MEASURES.items():
        assert getattr(us, name) is measure.function
        assert measure.name == name


@laws(30)
@given(st.data(), CLASSES, st.sampled_from(KINDS))
def test_labels_are_one_hot_rows(data: st.DataObject, classes: int, kind: str) -> None:
    q = FORMS[kind](data.draw(arrays(kind, (4, classes))))
    labels = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=4, max_size=4)))
    assert not us.entropy(us.Labels(labels)).any()
    surprisals = us.surprisal(q, at=labels)
    for name in TWO_SIDED:
        np.testing.assert_array_equal(call(name, us.Labels(labels), q), surprisals)
        one_hot = call(name, us.Counts(np.eye(classes)[labels]), q)
        np.testing.assert_allclose(one_hot, surprisals, rtol=1e-13, atol=100 * EPS)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_threads_change_no_bit(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    p, q = (us.Logits(3 * rng.normal(size=(9, 80_000)).astype(np.float32)) for _ in range(2))
    monkeypatch.setenv("UNSURPRISED_NUM_THREADS", threads)
    many = us.kl_divergence(p, q)
    rows = zip(p.array.values, q.array.values, strict=True)
    assert many.tolist() == [us.kl_divergence(us.Logits(a), us.Logits(b)) for a, b in rows]
    one_row = us.Logits(np.zeros(2**20, np.float32))
    assert us.entropy(one_row) == 20
