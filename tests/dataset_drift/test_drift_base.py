"""The state of a data set: order, parts and batches show in no byte; altered ones are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drift_data import planted
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.dataset_drift.number_counts import NumberCounts

numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9), st.integers(2**53 - 3, 2**53 + 3)
)


def state_of(table: pa.Table, rows: int = 1 << 20) -> us.DriftBase:
    state = us.DriftBase(table.column_names)
    for batch in table.combine_chunks().to_batches(rows):
        state.update(batch)
    return state


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, max_size=40), st.lists(numbers, max_size=40), st.integers(2, 12))
def test_numbers_merge_to_the_byte(one: list[int], other: list[int], size: int) -> None:
    def held(*parts: list[int]) -> Any:
        state = NumberCounts(size)
        for part in parts:
            state.merge(NumberCounts(size).update(np.array(part, dtype=np.int64)))
        return state.result(), state.dropped, state.sample.hashes.tolist()

    assert held(one, other) == held(other, one) == held(one + other) == held([], other + one)
    values, counts = NumberCounts().update(np.array(one, dtype=np.int64)).result()
    assert values == sorted(set(one))
    assert counts == [one.count(value) for value in values]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=60), st.integers(2, 30), st.randoms())
def test_floats_are_kept_by_their_leading_digits(
    values: list[float], size: int, random: Any
) -> None:
    state = NumberCounts(size).update(np.array(values))
    shuffled = list(values)
    random.shuffle(shuffled)
    parts = NumberCounts(size)
    for first in range(0, len(values), 7):
        parts.merge(NumberCounts(size).update(np.array(shuffled[first : first + 7])))
    assert parts.result() == state.result()
    finite = sorted(value + 0.0 for value in values if np.isfinite(value))
    kept, counts = state.result()
    assert len(kept) <= size
    assert sum(counts) == len(finite)
    # What is kept is the number or one beside it, in the same order.
    for value, one in zip(finite, np.repeat(kept, counts).tolist(), strict=True):
        assert one == value or state.dropped


def test_order_parts_and_batches_show_in_no_byte() -> None:
    table = planted(3000, is_new=True).drop_columns(["list"])
    whole = state_of(table).to_json()
    assert state_of(table, 71).to_json() == whole
    order = np.random.default_rng(0).permutation(3000)
    assert state_of(table.take(order), 500).to_json() == whole
    parts = [state_of(table.slice(first, 1000)) for first in (2000, 0, 1000)]
    assert parts[0].merge(parts[1]).merge(parts[2]).to_json() == whole
    assert us.DriftBase.from_json(whole).to_json() == whole


def test_more_values_than_are_kept() -> None:
    random = np.random.default_rng(3)
    table = pa.table({
        "x": random.normal(size=90_000),
        "far": random.integers(10**15, 10**15 + 10**7, 90_000),
        "name": [f"n{k}" for k in random.integers(0, 200_000, 90_000)],
    })  # fmt: skip
    whole = state_of(table)
    assert whole.columns["x"].numbers.dropped > 0
    assert whole.columns["x"].numbers.count() > 32_768
    order = random.permutation(90_000)
    halves = [state_of(table.take(order[part::2]), 4096) for part in (1, 0)]
    merged = halves[0].merge(halves[1])
    assert merged.to_json() == whole.to_json()
    again = us.DriftBase.from_json(merged.to_json())
    assert again.to_json() == whole.to_json()
    assert again.merge(halves[1]).to_json() == state_of(table).merge(halves[1]).to_json()
    new = pa.table({
        "x": random.normal(0.1, 1, 90_000),
        "far": random.integers(10**15, 10**15 + 10**7, 90_000),
        "name": [f"n{k}" for k in random.integers(0, 200_000, 90_000)],
    })  # fmt: skip
    found = us.drift(whole, new)
    assert [column.name for column in found.drifted] == ["x"]
    assert any("binary digits" in note for note in found["x"].notes)
    assert any("65,536 categories" in note for note in found["name"].notes)


def test_a_saved_base_says_the_same(tmp_path: Path) -> None:
    base, new = planted(800, is_new=False), planted(700, is_new=True)
    saved = tmp_path / "base.json"
    saved.write_text(state_of(base).to_json(), encoding="utf-8")
    pq.write_table(base, tmp_path / "base.parquet", row_group_size=100)
    plain = us.drift(base, new).to_json()
    assert us.drift(saved, new).to_json() == plain
    assert us.drift(tmp_path / "base.parquet", new).to_json() == plain
    for part in range(3):
        rows = state_of(base.slice(300 * part, 300)).to_json()
        (tmp_path / f"part-{part}.json").write_text(rows, encoding="utf-8")
    assert us.drift(str(tmp_path / "part-*.json"), new).to_json() == plain


def test_parts_of_other_columns_or_kinds_do_not_merge() -> None:
    one = state_of(pa.table({"a": [1]}))
    with pytest.raises(us.StateError, match="differ in the columns 'b'"):
        one.merge(state_of(pa.table({"a": [1], "b": [1]})))
    with pytest.raises(us.StateError, match=r"'a' holds numbers in one part and text in another"):
        one.merge(state_of(pa.table({"a": ["x"]})))
    assert one.merge(state_of(pa.table({"a": pa.nulls(2)}))).rows == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(schema="unsurprised.drift_base/9"),
        lambda told: told.update(rows=7),
        lambda told: told.update(rows=1.5, columns=[]),
        lambda told: (
            told.update(rows=2**51),
            told["columns"][0].update(rows=2**51, counts=[1, 1, 2**51 - 2]),
        ),
        lambda told: told["columns"][0].update(nulls=-1),
        lambda told: told["columns"][0].update(kind="other"),
        lambda told: told["columns"][0].update(counts=[1, 1]),
        lambda told: told["columns"][0].update(counts=[0, 1, 4]),
        lambda told: told["columns"][0].update(values=[3, 2, 1]),
        lambda told: told["columns"][0].update(values=[1, 1, 2]),
        lambda told: told["columns"][0].update(values=["1", 2, 3]),
        lambda told: told["columns"][0].update(dropped=3),
        lambda told: told["columns"][0].update(infinite=[0]),
        lambda told: told["columns"][1].update(values=["x", "x"]),
        lambda told: told["columns"][1].update(counted=5),
        lambda told: told["columns"][1].update(name="a"),
        lambda told: told["columns"][1].pop("rows"),
        lambda told: told.pop("columns"),
    ],
)
def test_an_altered_base_is_refused(change: Any) -> None:
    table = pa.table({"a": [1, 2, 3, 3, 3], "b": ["x", "y", "x", None, "x"]})
    told = json.loads(state_of(table).to_json())
    change(told)
    with pytest.raises(us.StateError) as raised:
        us.DriftBase.from_json(json.dumps(told))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"schema":3}', "\udcff", "[" * 9999])
def test_what_is_no_base_is_refused(text: str) -> None:
    with pytest.raises(us.StateError):
        us.DriftBase.from_json(text)
