"""What is planted is found, and nothing else; what bits say nothing about stands apart."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from drift_data import APART, DRIFTED, STILL, planted

import unsurprised as us


@pytest.fixture(scope="module")
def found() -> us.Drift:
    return us.drift(planted(2000, is_new=False), planted(1500, is_new=True))


def reasons(drift: us.Drift) -> dict[str, str]:
    return {column.name: column.reason for column in drift.apart}


def test_every_plant_is_found_and_nothing_else(found: us.Drift) -> None:
    drifted = {column.name for column in found.columns if column.drifted}
    assert drifted == set(DRIFTED)
    assert {column.name for column in found.columns if not column.drifted} == set(STILL)
    assert reasons(found) == APART
    assert str(found).splitlines()[0] == "9 of 16 columns drifted (false discovery rate 5 %)"


def test_what_a_column_says(found: us.Drift) -> None:
    new = found["new category"]
    assert [value.name for value in new.new_values] == ["zebra"]
    assert not new.vanished_values
    assert new.parts.new > 0.8 * new.plugin
    assert [value.name for value in found["vanished category"].vanished_values] == ["f"]
    assert [value.name for value in found["new code"].new_values] == ["17"]
    nulls = found["more nulls"]
    assert (round(nulls.base_nulls, 1), round(nulls.new_nulls, 1)) == (0.0, 0.2)
    assert nulls.parts.nulls > 0.8 * nulls.plugin
    assert nulls.kind == "number"
    assert found["flag"].kind == "boolean"
    assert found["day"].kind == "time"
    assert found["hundred"].kind == "category"
    for column in found.columns:
        parts = column.parts
        total = math.fsum((parts.nulls, parts.new, parts.vanished, parts.rest))
        assert total == pytest.approx(column.plugin, rel=1e-12)
        assert column.drift.low <= column.drift.value <= column.drift.high
        assert column.drift.unit == "bits"
        assert column.drifted == (column.q_value <= 0.05)
        assert column.q_value >= column.p_value > 0


def test_an_outlier_hides_nothing() -> None:
    random = np.random.default_rng(5)
    base, new = random.normal(size=2000), random.normal(3, 1, 2000)
    plain = us.drift({"x": base}, {"x": new})["x"].drift.value
    hidden = us.drift({"x": base}, {"x": np.append(new, 1e300)})["x"].drift.value
    assert plain > 0.6
    assert hidden == pytest.approx(plain, abs=0.01)


def test_the_same_data_twice_have_not_drifted() -> None:
    table = planted(500, is_new=False)
    found = us.drift(table, table)
    assert not found.drifted
    assert all(column.plugin == 0 and column.p_value == 1 for column in found.columns)
    assert all(column.drift.value <= 0 <= column.drift.high for column in found.columns)


@pytest.mark.parametrize("skip", [False, True])
def test_nulls_are_a_category_or_left_out(skip: bool) -> None:
    base = {"x": [1.0, 2.0, None, 4.0] * 100, "none": [None, 1.0] * 200, "one": [7, None] * 200}
    new = {"x": [1.0, 2.0, 4.0, 4.0] * 100, "none": [None] * 400, "one": [7, 7] * 200}
    found = us.drift(base, new, nulls="skip" if skip else "category")
    if skip:
        assert reasons(found) == {"none": "empty", "one": "constant"}
        assert found["x"].base_rows == 300
    else:
        assert reasons(found) == {}
        assert {column.name for column in found.drifted} == {"x", "none", "one"}
        assert found["x"].base_rows == 400
    assert found["x"].base_nulls == 0.25


def test_nan_is_null_and_infinite_numbers_have_cells() -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=1000)
    broken = values.copy()
    broken[:60], broken[60:90], broken[90:130] = np.nan, np.inf, -np.inf
    found = us.drift({"x": pa.array(values)}, {"x": pa.array(broken)})["x"]
    assert found.new_nulls == 0.06
    cells = {cell.name: cell.new for cell in found.cells}
    assert (cells["null"], cells["inf"], cells["-inf"]) == (60, 30, 40)
    assert found.drifted
    assert math.isfinite(found.drift.value)
    same = us.drift({"x": pa.array(broken)}, {"x": pa.array(broken, from_pandas=True)})["x"]
    assert same.plugin == 0
    assert "NaN counts as null: 60 rows of the base, 0 of the new" in same.notes


@pytest.mark.parametrize(
    ("base", "new", "reason"),
    [
        ([3, 3], [3, 3, 3], "constant"),
        (["a"], ["a"], "constant"),
        ([None, None], [None], "empty"),
        ([math.nan], [None], "empty"),
        ([True, False], ["yes", "no"], "type changed"),
        ([1, 2], [True, False], "type changed"),
        (list(range(100)), list(range(100, 200)), "identifier"),
        ([2**60 + k for k in range(9)], [2**61 + 7 * k for k in range(9)], "identifier"),
        ([float(k) for k in range(100)], [float(k) for k in range(90)], "identifier"),
        ([f"u{k}" for k in range(50)], [f"v{k}" for k in range(50)], "identifier"),
        ([{"a": 1}], [{"a": 2}], "nested"),
        ([b"a"], [b"b"], "nested"),
        (["2024-01-01", "2024-01-02"] * 9, ["2024-02-01", "2024-02-02"] * 9, "clock"),
        ([datetime(2024, 1, 1), datetime(2024, 1, 2)], [datetime(2025, 1, 1)], "clock"),
    ],
)
def test_what_stands_apart(base: list[Any], new: list[Any], reason: str) -> None:
    found = (
        us.drift({"x": base, "y": [1, 2] * 50}, {"x": new, "y": [1, 2] * 50})
        if (len(base) == len(new) == 100)
        else us.drift({"x": base}, {"x": new})
    )
    assert reasons(found) == {"x": reason}


def test_different_numbers_that_measure_something_are_compared() -> None:
    random = np.random.default_rng(3)
    base = random.choice(10_000_000, 500, replace=False)
    assert not us.drift({"cents": base}, {"cents": base + 1}).apart
    assert us.drift({"order_id": base}, {"order_id": base + 1}).apart[0].reason == "identifier"


def test_many_more_identifiers_than_are_kept() -> None:
    rows = np.arange(70_000)
    names = np.char.add("u", rows.astype(str))
    found = us.drift({"n": rows, "s": names}, {"n": rows + 70_000, "s": np.char.add("v", names)})
    assert reasons(found) == {"n": "identifier", "s": "identifier"}


def test_a_constant_that_is_another_one_has_drifted() -> None:
    found = us.drift({"x": ["v1"] * 40}, {"x": ["v2"] * 40})["x"]
    assert found.drifted
    assert found.plugin == 1.0
    assert found.drift.value > 0.95


def test_times_as_text_are_times() -> None:
    random = np.random.default_rng(0)
    days = [datetime(2024, 1, 1) + timedelta(days=int(k)) for k in random.integers(0, 90, 600)]
    text = [day.date().isoformat() for day in days]
    typed, told = us.drift({"t": days}, {"t": days[::2]}), us.drift({"t": text}, {"t": text[::2]})
    assert told["t"].kind == typed["t"].kind == "time"
    assert told["t"].drift == typed["t"].drift
    mixed = us.drift({"t": text}, {"t": [*text[1:], "never"]})
    assert mixed["t"].kind == "category"


def test_numbers_of_any_type_are_numbers() -> None:
    values = np.random.default_rng(4).integers(-50, 50, 400)
    whole = us.drift({"x": values}, {"x": values[::-1] + 9})["x"]
    for kind in (np.int8, np.int32, np.float32, np.float64):
        again = us.drift({"x": values}, {"x": (values[::-1] + 9).astype(kind)})["x"]
        assert again.drift == whole.drift
    text = pa.array(values.astype(str)).cast(pa.decimal128(9, 0))
    assert us.drift({"x": text}, {"x": values[::-1] + 9})["x"].drift == whole.drift


def test_frames_of_all_libraries_agree() -> None:
    base, new = (
        {"c": list("abc") * 60, "n": [1.5, None, 2.5] * 60},
        {"c": list("abd") * 50, "n": [1.5, 2.5, 2.5] * 50},
    )
    plain = us.drift(base, new)
    for frame in (pd.DataFrame, pl.DataFrame, pa.table):
        found = us.drift(frame(base), frame(new))
        assert [(c.name, c.drift) for c in found.columns] == [
            (c.name, c.drift) for c in plain.columns
        ]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: us.drift({"a": [1]}, {"b": [1]}), "no column is in both: the base has 'a'"),
        (lambda: us.drift({"a": []}, {"a": [1]}), "the base holds no row"),
        (lambda: us.drift({"a": [1]}, {"a": []}), "the new data set holds no row"),
        (lambda: us.drift({"a": [1, 2], "b": [1]}, {"a": [1]}), "column 'b' has 1 rows, and 'a' 2"),
        (lambda: us.drift({"a": [1, "x"]}, {"a": [1]}), "column 'a' is no column of one type"),
        (lambda: us.drift(np.ones((3, 2)), {"a": [1]}), "found ndarray, which names no columns"),
        (lambda: us.drift({"a": [1]}, {"a": [1]}, fdr=5), "fdr=5; expected"),
        (lambda: us.drift({"a": [1]}, {"a": [1]}, nulls="drop"), "nulls='drop'; expected one of"),
        (
            lambda: us.drift(pa.table({"p": [[0.5, 0.5]]}).to_reader(), {"p": []}, pred="p"),
            "whose rows can be read once",
        ),
        (lambda: us.drift("nowhere.csv", {"a": [1]}), "nowhere.csv: no such file"),
    ],
)
def test_bad_input_is_one_line(call: Any, said: str) -> None:
    with pytest.raises(us.UnsurprisedError) as raised:
        call()
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_columns_that_are_not_compared_are_not_said_to_be_alike() -> None:
    numbers, names = {"a": [1, 2] * 50}, {"a": ["1", "2"] * 50}
    assert "same data twice" not in us.drift(numbers, names).to_text()
    assert "same data twice" in us.drift(numbers, numbers).to_text()
