"""Counts of categories: the same bytes under any split and order, and bytes that lie."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.states import CategoryCounts
from unsurprised.states.serial import pack

NAMES = st.lists(st.sampled_from([f"n{k}" for k in range(30)] + ["ä", ""]), max_size=60)


@given(parts=st.lists(NAMES, min_size=1, max_size=6), size=st.integers(1, 40), data=st.data())
def test_any_split_and_order(parts: list[list[str]], size: int, data: st.DataObject) -> None:
    rows = [name for part in parts for name in part]
    whole = CategoryCounts(size).update(np.array(rows, dtype=str))
    again = CategoryCounts(size)
    for part in data.draw(st.permutations(parts)):
        one = CategoryCounts(size).update(np.array(data.draw(st.permutations(part)), dtype=str))
        again.merge(CategoryCounts.from_bytes(one.to_bytes()))
    assert again.to_bytes() == whole.to_bytes()
    counted = Counter(rows)
    assert whole.rows == len(rows)
    assert whole.complete == (len(counted) <= size)
    assert len(whole.result()) == min(len(counted), size)
    assert all(counted[name] == count for name, count in whole.result().items())


def test_how_many_there_were_is_estimated() -> None:
    state = CategoryCounts(400).update(np.arange(5000))
    assert not state.complete
    assert 4000 < state.count() < 6000  # four standard deviations of 5 %


def test_a_number_is_the_name_that_it_reads() -> None:
    state = CategoryCounts().update([2, 10, 2]).update(["2"]).update([True])
    assert state.result() == {"10": 1, "2": 3, "True": 1}


def test_estimate_of_merged_counts() -> None:
    column = [1, 2, 2, 3, 3, 3]
    state = CategoryCounts().update(column[:2]).merge(CategoryCounts().update(column[2:]))
    assert us.estimate.entropy(state) == us.estimate.entropy(column)
    small = CategoryCounts(2).update(column)
    with pytest.raises(us.CallError) as caught:
        us.estimate.entropy(small)
    said = f"x keeps 2 of about {small.count()} categories; expected all of them: "
    assert str(caught.value) == said + "CategoryCounts(size=…) says how many are kept"
    with pytest.raises(us.CallError, match=r"^x is CategoryCounts of no rows; expected at least"):
        us.estimate.entropy(CategoryCounts())


def test_columns_of_numbers_are_refused() -> None:
    with pytest.raises(us.CallError) as caught:
        CategoryCounts().update([0.5, 1.5])
    assert str(caught.value) == (
        "values has the shape (2,) and holds float64; expected a column of integers or names"
    )


def lying(names: list[object], counts: list[int], rows: int, size: int = 2) -> bytes:
    said = {"size": size, "names": names, "rows": rows}
    return pack("CategoryCounts", said, [np.array(counts, dtype="<i8").tobytes()])


def test_the_bytes_are_these() -> None:
    assert CategoryCounts(2).update(["b", "a", "b"]).to_bytes() == lying(["a", "b"], [1, 2], 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lying(["a", 1], [1, 1], 2), "name what are no names, or one twice"),
        (lying(["a", "a"], [1, 1], 2), "name what are no names, or one twice"),
        (lying(["b", "a"], [1, 1], 2), "name what are no names, or one twice"),
        (lying(["a"], [0], 0), "hold counts that no rows have"),
        (lying(["a"], [3], 2), "hold counts that no rows have"),
        (lying(["a", "b", "c"], [1, 1, 1], 3), "hold counts that no rows have"),
        (lying(["a"], [1], 2), "lack categories that it has room for"),
        (lying(["a", "b"], [1], 1), "make no sense"),
        (lying(["a"], [1], 1 << 60), "hold rows = "),
    ],
)
def test_bytes_that_lie(data: bytes, message: str) -> None:
    with pytest.raises(us.StateError, match=message):
        CategoryCounts.from_bytes(data)


def test_more_rows_than_a_float_holds() -> None:
    state = CategoryCounts.from_bytes(lying(["a"], [1 << 52], 1 << 52))
    with pytest.raises(us.StateError) as caught:
        state.merge(CategoryCounts.from_bytes(lying(["a"], [(1 << 52) + 1], (1 << 52) + 1)))
    assert str(caught.value) == "CategoryCounts would count more than 9,007,199,254,740,992 rows"
