"""Columns ranked by what they tell: order, q-values, shares, what has no estimate."""

from __future__ import annotations

import math

import numpy as np
import pytest

import unsurprised as us
from unsurprised.estimate import rank_columns

RANDOM = np.random.default_rng(1)
Y = RANDOM.integers(0, 2, 200)
FRAME = {
    "noise": RANDOM.normal(size=200),
    "same": Y,
    "shifted": Y + RANDOM.normal(size=200),
    "label": Y,
    "id": np.arange(200),
    "constant": np.zeros(200),
    "broken": np.append(RANDOM.normal(size=199), math.nan),
}


def test_order_and_shares() -> None:
    found = {column.name: column for column in rank_columns(FRAME, "label", permutations=99)}
    assert list(found) == ["same", "shifted", "constant", "noise", "id", "broken"] or list(
        found
    ) == ["same", "shifted", "noise", "constant", "id", "broken"]
    assert found["same"].share == pytest.approx(1)
    assert 0.05 < found["shifted"].share < 0.5
    assert found["id"].information is None
    assert found["id"].reason == "another category in each row, which tells of nothing"
    assert found["broken"].reason.startswith("row 199: found NaN in a column of numbers")
    alone = us.estimate.mutual_information(FRAME["shifted"], Y, permutations=99)
    assert repr(found["shifted"].information) == repr(alone)


def test_q_values_by_definition() -> None:
    """The least rate at which Benjamini and Hochberg reject: m p / rank, falling from the end."""
    frame = {f"x{k}": RANDOM.normal(size=80) + (k % 3 == 0) * Y[:80] for k in range(9)}
    ranked = rank_columns(frame | {"y": Y[:80]}, "y", permutations=49)
    tests = [(column.information.p_value or 1, column) for column in ranked if column.information]
    for p, column in tests:
        above = sorted(q for q, _ in tests)
        truth = min(9 * q / (sum(other <= q for other in above)) for q in above if q >= p)
        assert column.q_value == pytest.approx(min(truth, 1))


def test_given() -> None:
    found = rank_columns({"x": Y ^ 1, "known": Y, "y": Y}, "y", "known", permutations=9)
    assert [column.name for column in found] == ["x"]
    assert found[0].information is not None
    assert abs(found[0].information.value) < 1e-9


def test_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = {"x": FRAME["shifted"], "y": Y}
    plain = repr(rank_columns(frame, "y", permutations=9))
    assert repr(rank_columns(pandas.DataFrame(frame), "y", permutations=9)) == plain
    import pyarrow as pa

    assert repr(rank_columns(pa.table(frame), "y", permutations=9)) == plain


@pytest.mark.parametrize(
    ("frame", "y", "message"),
    [
        ({"a": [1, 2]}, "b", "'b' is no column; found a"),
        ({"a": [1, 2]}, "a", "there is no column beside 'a'; expected at least one"),
        (
            [1, 2],
            "a",
            "frame is a list; expected columns by name: a dictionary, or a data frame of pandas, "
            "Polars or Arrow",
        ),
    ],
)
def test_bad_input(frame: object, y: str, message: str) -> None:
    with pytest.raises(us.CallError) as caught:
        rank_columns(frame, y)
    assert str(caught.value) == message
