"""Rows that were met: their union is exact, and bytes that say nonsense are refused."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.states.marked_rows import MarkedRows


@given(data=st.data())
def test_the_union_and_the_bytes(data: st.DataObject) -> None:
    rows = data.draw(st.sampled_from([0, 1, 7, 8, 9, 64, 65, 300, 5000]))
    places = st.sets(st.integers(0, rows - 1)) if rows else st.just(set())
    one, other = data.draw(places), data.draw(places)

    def of(some: set[int]) -> MarkedRows:
        return MarkedRows.of(np.array([place in some for place in range(rows)], dtype=bool))

    both = of(one).joined(of(other))
    assert np.flatnonzero(both.marked).tolist() == sorted(one | other)
    assert both == of(other).joined(of(one)) == of(one | other)
    assert both.all == (len(one | other) == rows)
    assert MarkedRows.from_bytes(rows, both.to_bytes()) == both
    assert MarkedRows.none(rows).joined(both) == both
    assert len(both.to_bytes()) <= rows / 8 * 8 / 7 + 12


def test_the_size() -> None:
    """Rows that lie together take their bits alone, wherever they are; few that do not, little."""
    marked = np.zeros(1_000_000, dtype=bool)
    assert len(MarkedRows.of(marked).to_bytes()) <= 8
    marked[400_000:410_000] = True
    assert len(MarkedRows.of(marked).to_bytes()) < 1500
    apart = np.zeros(1_000_000, dtype=bool)
    apart[random.Random(1).sample(range(1_000_000), 5000)] = True
    assert len(MarkedRows.of(apart).to_bytes()) < 16_000
    assert len(MarkedRows.of(~marked).to_bytes()) < 1.15 * 125_000


@pytest.mark.parametrize(
    ("rows", "data"),
    [
        (9, b"\x80"),
        (9, b"\x80\x00\x00"),
        (9, b"\x80\x40"),
        (3, b"\x10"),
        (100, b""),
        (100, b"\x80\x00"),
        (100, b"\x80\x00\x00"),
        (100, b"\x00\x08\x01"),
    ],
)
def test_what_is_no_bitmap(rows: int, data: bytes) -> None:
    with pytest.raises(us.StateError, match="the bytes of the state"):
        MarkedRows.from_bytes(rows, data)
