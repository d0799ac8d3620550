"""How many different values there were: exact for few, close for many, the same in any order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsurprised import StateError
from unsurprised.states import Distinct

HASHES = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), max_size=40)


def of(hashes, size=8):
    return Distinct(size).update(np.array(hashes, dtype=np.uint64))


@given(HASHES, HASHES)
def test_update_of_all_is_the_merge_of_the_parts(first, second):
    whole = of(first + second).to_bytes()
    assert of(second).merge(of(first)).to_bytes() == whole
    assert Distinct.from_bytes(whole).to_bytes() == whole
    if len(set(first + second)) < 8:
        assert of(first + second).result() == len(set(first + second))


def test_many_are_told_closely():
    hashes = np.random.default_rng(5).integers(0, 2**64, 100_000, dtype=np.uint64)
    assert Distinct().update(hashes).update(hashes).result() == pytest.approx(100_000, rel=0.1)


def test_altered_bytes_are_refused():
    with pytest.raises(StateError):
        Distinct.from_bytes(of([1, 2, 3]).to_bytes()[:-1])
    with pytest.raises(StateError, match="do not merge"):
        of([1]).merge(Distinct(9))
