"""Pairs of categories counted batch after batch: any split, any order, what is given up."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from unsurprised.column_ranking.category_codes import batch_codes
from unsurprised.column_ranking.pair_counts import MOST_PAIRS, PairCounts

RANDOM = np.random.default_rng(8)
ROWS = 3000
WORDS = RANDOM.choice(["a", "b", "", "é" * 9], ROWS)
COLUMNS: dict[str, Any] = {
    "words": pa.array(WORDS),
    "large": pa.array(WORDS, pa.large_string()),
    "coded": pa.array(WORDS).dictionary_encode(),
    "gaps": pa.array(WORDS, mask=RANDOM.random(ROWS) < 0.2).dictionary_encode(),
    "bytes": pa.array(RANDOM.integers(-128, 128, ROWS).astype(np.int8)),
    "wide": pa.array(RANDOM.choice([-(2**63), 0, 2**63 - 1], ROWS)),
    "unsigned": pa.array(RANDOM.choice(np.array([2**64 - 1, 2**64 - 9], np.uint64), ROWS)),
    "far": pa.array(RANDOM.integers(2**63, 2**63 + 60_000, ROWS, dtype=np.uint64)),
    "flags": pa.array(RANDOM.random(ROWS) < 0.5),
    "some": pa.array(RANDOM.integers(0, 9, ROWS), mask=RANDOM.random(ROWS) < 0.5),
    "nothing": pa.nulls(ROWS),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 900, ROWS], pa.array(["x", "y", "x"])),
}


def counted(x: Any, y: Any, cuts: list[int]) -> PairCounts:
    counts = PairCounts()
    for first, last in zip([0, *cuts], [*cuts, ROWS], strict=True):
        one, other = (column.slice(first, last - first) for column in (x, y))
        counts.update(batch_codes(one), batch_codes(other))
    return counts


@pytest.mark.parametrize("name", COLUMNS)
def test_counts_are_those_of_a_plain_loop(name: str) -> None:
    y = COLUMNS["some" if name != "far" else "wide"]
    truth = Counter(zip(COLUMNS[name].to_pylist(), y.to_pylist(), strict=True))
    for cuts in ([], [1, 2, 700], list(range(50, ROWS, 50))):
        pairs, rows = counted(COLUMNS[name], y, cuts).result()
        assert dict(zip(pairs, rows, strict=True)) == truth
        assert pairs == counted(COLUMNS[name], y, []).result()[0]


def test_parts_merge_in_any_order() -> None:
    x, y = COLUMNS["gaps"], COLUMNS["bytes"]
    parts = [(x.slice(k, 1000), y.slice(k, 1000)) for k in range(0, ROWS, 1000)]
    whole = counted(x, y, []).result()
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        merged = PairCounts()
        for part in order:
            other = PairCounts()
            other.update(*(batch_codes(column) for column in parts[part]))
            merged.merge(other)
        assert merged.result() == whole


def test_too_many_pairs_are_given_up_wherever_they_come() -> None:
    many = pa.array(np.arange(MOST_PAIRS + 1) * 3)
    few = pa.array(np.zeros(MOST_PAIRS + 1, dtype=int))
    for rows in (MOST_PAIRS + 1, 5000):
        counts = PairCounts()
        for first in range(0, len(many), rows):
            counts.update(batch_codes(many.slice(first, rows)), batch_codes(few.slice(first, rows)))
        assert counts.counted() is None
    kept = PairCounts()
    kept.update(batch_codes(many.slice(1)), batch_codes(few.slice(1)))
    assert kept.counted() is not None
    kept.merge(counts)
    assert kept.counted() is None


def test_numbers_and_long_names_are_not_counted() -> None:
    assert batch_codes(pa.array([0.5, 1.5])) is None
    assert batch_codes(pa.array([[1]])) is None
    assert batch_codes(pa.array([0.5]).dictionary_encode()) is None
    counts = PairCounts()
    names = pa.array(["x" * 9_000_000, "y" * 9_000_000])
    counts.update(batch_codes(names), batch_codes(pa.array([1, 2])))
    assert counts.counted() is None
