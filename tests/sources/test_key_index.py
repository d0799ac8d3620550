"""Texts are found by an index as a dictionary finds them, whatever their hashes are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unsurprised.sources import key_index
from unsurprised.sources.key_index import KeyIndex

TEXTS = st.lists(st.none() | st.text("ab🐈", max_size=4), max_size=40)


def texts(values: list[str | None], skipped: int = 0) -> Any:
    """As a slice, whose first text is not that of the memory."""
    return pa.array([*["x"] * skipped, *values], pa.large_string())[skipped:]


@pytest.mark.parametrize("hashes", [None, 1, 3])
@given(keys=TEXTS, wanted=TEXTS, skipped=st.integers(0, 3))
def test_as_a_dictionary(
    hashes: int | None, keys: list[str | None], wanted: list[str | None], skipped: int
) -> None:
    """Also where different texts have one hash."""
    keys = list(dict.fromkeys(keys))
    places = {key: place for place, key in enumerate(keys)}
    with pytest.MonkeyPatch.context() as patch:
        if hashes is not None:
            plain = key_index._hashes
            patch.setattr(key_index, "_hashes", lambda keys: plain(keys) % np.uint64(hashes))
        index = KeyIndex.of(texts(keys, skipped))
        found = index.places(texts(wanted, 3 - skipped)).tolist()
        assert found == [places.get(text, -1) for text in wanted]
        if hashes == 1:
            assert index.may_repeat == (len(keys) > 1)


def test_what_may_repeat() -> None:
    assert KeyIndex.of(texts(["a", "b", "a"])).may_repeat
    assert not KeyIndex.of(texts(["a", "b", "c"])).may_repeat
    assert not KeyIndex.of(texts([])).may_repeat
