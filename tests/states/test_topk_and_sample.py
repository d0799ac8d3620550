"""The worst rows and the sample depend on the rows alone, not on how they came."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsurprised import CallError, StateError
from unsurprised.states import Entry, Sample, TopK

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 2.0, math.inf]), st.integers(-50, 50)), max_size=60
)


def top_of(rows, size, named=False):
    values = np.array([value for value, _ in rows], dtype=np.float64)
    ids = [f"r{identity}" if named else identity for _, identity in rows]
    numbers = None if named else np.array([identity for _, identity in rows], dtype=np.int64)
    state = TopK(size)
    of = None if numbers is None else numbers.__getitem__
    return state.update(values, lambda at: [Entry(float(values[i]), ids[i]) for i in at], of)


@given(ROWS, st.integers(0, 7), st.booleans(), st.integers(0, 60))
def test_topk_is_a_sort_and_a_cut(rows, size, named, cut):
    state = top_of(rows, size, named)
    ids = [(value, f"r{i}" if named else i) for value, i in rows]
    expected = sorted(ids, key=lambda row: (-row[0], row[1]))[:size]
    assert [(entry.value, entry.id) for entry in state.result()] == expected
    merged = top_of(rows[cut:], size, named).merge(top_of(rows[:cut], size, named))
    assert merged.to_bytes() == state.to_bytes()
    assert TopK.from_bytes(state.to_bytes()).result() == state.result()


@pytest.mark.parametrize("size", [1, 3, 10, 40])
@pytest.mark.parametrize("levels", [2, 50, 10**9])
def test_topk_of_many_rows_is_a_sort_and_a_cut(size, levels):
    random = np.random.default_rng(size)
    values = random.integers(0, levels, 20_000) / 7
    values[random.integers(0, 20_000, 3)] = math.inf
    ids = random.permutation(20_000)
    rows = list(zip(values.tolist(), ids.tolist(), strict=True))
    expected = sorted(rows, key=lambda row: (-row[0], row[1]))[:size]
    assert [(entry.value, entry.id) for entry in top_of(rows, size).result()] == expected
    parts = [top_of(part, size, True) for part in (rows[:1300], rows[1300:19_000], rows[19_000:])]
    merged = parts[2].merge(parts[0]).merge(parts[1])
    assert merged.to_bytes() == top_of(rows, size, True).to_bytes()


def test_topk_asks_for_few_entries_when_all_values_are_equal():
    asked = []

    def entries(rows):
        asked.extend(rows.tolist())
        return [Entry(1.0, int(ids[row])) for row in rows]

    ids = np.arange(100_000, dtype=np.int64)[::-1].copy()
    state = TopK(3).update(np.ones(100_000), entries, ids.__getitem__)
    assert [entry.id for entry in state.result()] == [0, 1, 2]
    assert len(asked) == 3


def test_numbers_come_before_names_and_files_in_their_order():
    state = TopK(9)
    rows = [
        Entry(1.0, "a"),
        Entry(1.0, 7, file_index=1, file="b.parquet"),
        Entry(1.0, 9, file_index=0, file="a.parquet"),
    ]
    state.update(np.ones(3), lambda at: [rows[i] for i in at])
    assert [entry.id for entry in state.result()] == [9, 7, "a"]


def test_negative_sizes_are_refused():
    with pytest.raises(CallError, match="top=-1"):
        TopK(-1)
    with pytest.raises(CallError, match="size=-1"):
        Sample(2, size=-1)


SAMPLED = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 2), st.sampled_from([0.25, 0.5, 1.0])),
    max_size=60,
)


def sample_of(rows, size):
    hashes = np.array([row[0] for row in rows], dtype=np.uint64)
    truth = np.array([row[1] for row in rows], dtype=np.int64)
    share = np.array([row[2] for row in rows], dtype=np.float32)
    model = np.stack([share, 1 - share], axis=1).reshape(len(rows), 2)
    return Sample(2, size=size).update(hashes, truth, model)


@given(SAMPLED, st.integers(0, 9), st.integers(0, 60), st.randoms(use_true_random=False))
def test_the_sample_is_the_smallest_hashes_in_any_order(rows, size, cut, random):
    state = sample_of(rows, size)
    found = state.result()
    assert found["hash"].tolist() == sorted(row[0] for row in rows)[:size]
    assert (found["model"].sum(axis=1) == 1).all()
    shuffled = list(rows)
    random.shuffle(shuffled)
    merged = sample_of(shuffled[cut:], size).merge(sample_of(shuffled[:cut], size))
    assert merged.to_bytes() == state.to_bytes()
    assert Sample.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()


def test_few_rows_are_all_of_them_with_their_weights_and_truths():
    sample = Sample(3, truth_width=3)
    hashes = np.array([2, 1], dtype=np.uint64)
    truth = np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
    model = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    found = sample.update(hashes, truth, model, np.array([3.0, 4.0])).result()
    assert found["weight"].tolist() == [4.0, 3.0]
    assert found["truth"].tolist() == truth[::-1].tolist()
    assert found["model"].tolist() == model[::-1].tolist()


def test_a_wide_sample_stays_within_its_bytes():
    assert Sample(10).size == 200_000
    assert Sample(100_000).size * 100_000 * 8 <= 64 << 20
    assert Sample(100_000_000).size == 1


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(StateError, match="do not merge"):
        Sample(2).merge(Sample(3))
    with pytest.raises(StateError):
        Sample.from_bytes(Sample(2).to_bytes()[:-5])


def test_a_sample_that_expects_its_rows_is_the_same():
    random = np.random.default_rng(4)
    hashes = random.integers(0, 2**64, 20_000, dtype=np.uint64)
    labels, probs = random.integers(0, 2, 20_000), random.random((20_000, 2))
    parts = [slice(0, 7000), slice(7000, 7001), slice(7001, 20_000)]
    whole, expecting = Sample(2, size=500), [Sample(2, size=500) for _ in parts]
    whole.update(hashes, labels, probs)
    for sample, part in zip(expecting, parts, strict=True):
        sample.expect(20_000)
        sample.update(hashes[part], labels[part], probs[part])
    assert all(sample.falls_short for sample in expecting[:2])
    merged = expecting[1].merge(expecting[0]).merge(expecting[2])
    assert not merged.falls_short
    assert merged.to_bytes() == whole.to_bytes()


def test_a_sample_says_when_it_expected_too_many_rows():
    sample = Sample(2, size=500)
    sample.expect(10**6)
    hashes = np.random.default_rng(4).integers(0, 2**64, 20_000, dtype=np.uint64)
    sample.update(hashes, np.zeros(20_000, dtype=int), np.full((20_000, 2), 0.5))
    assert sample.falls_short
    few = Sample(2, size=500)
    few.expect(900)
    few.update(hashes[:100], np.zeros(100, dtype=int), np.full((100, 2), 0.5))
    assert not few.falls_short and len(few.result()["hash"]) == 100


def test_a_sample_holds_rows_as_narrow_as_they_came():
    rng = np.random.default_rng(8)
    rows = rng.random((40, 6)).astype(np.float16)
    hashes, truth = rng.integers(0, 1 << 63, 40).astype(np.uint64), np.arange(40) % 6
    wide = Sample(classes=6, size=25).update(hashes, truth, rows.astype(np.float64))
    for kinds in (("f2", "f4", "f8"), ("f8", "f2", "f4"), ("f2", "f2", "f2"), ("f4", "f2", "f8")):
        mixed = Sample(classes=6, size=25)
        for at, kind in zip((0, 13, 30), kinds, strict=True):
            part = slice(at, {0: 13, 13: 30, 30: 40}[at])
            mixed.update(hashes[part], truth[part], rows[part].astype(kind))
        assert mixed.to_bytes() == wide.to_bytes()
        assert mixed.result()["model"].dtype == np.float64
        again = Sample.from_bytes(mixed.to_bytes())
        other = Sample(classes=6, size=25).update(hashes + np.uint64(1), truth, rows)
        assert again.merge(other).to_bytes() == wide_merged(hashes, truth, rows).to_bytes()


def wide_merged(hashes, truth, rows):
    """All rows and the same under other hashes, as float64."""
    both = np.concatenate([hashes, hashes + np.uint64(1)])
    model = np.concatenate([rows, rows]).astype(np.float64)
    return Sample(classes=6, size=25).update(both, np.concatenate([truth, truth]), model)
