"""``us.mi``: the values of ``mutual_information``, samples, types, what is refused."""

from __future__ import annotations

import dataclasses
import math
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.column_ranking.row_sample import RowSample
from unsurprised.errors import CallError, InputError

RANDOM = np.random.default_rng(3)
ROWS = 400
LABEL = RANDOM.choice(["no", "yes"], ROWS)
FRAME: dict[str, Any] = {
    "label": LABEL,
    "plan": np.where(RANDOM.random(ROWS) < 0.6, LABEL, "b"),
    "size": RANDOM.normal(size=ROWS) + (LABEL == "yes"),
    "count": RANDOM.integers(0, 9, ROWS),
    "flag": RANDOM.random(ROWS) < 0.5,
}


def fields(record: Any) -> str:
    """All of a record; NaN is what it is, which ``==`` denies."""
    return repr(dataclasses.astuple(record))


def test_values_are_those_of_mutual_information() -> None:
    found = us.mi(FRAME, "label", permutations=99, seed=5, k=4, base=math.e)
    assert [column.name for column in found.informative] == ["plan", "size"]
    assert {column.name for column in found.columns} == {*FRAME} - {"label"}
    for column in found.columns:
        alone = us.estimate.mutual_information(
            FRAME[column.name], LABEL, permutations=99, seed=5, k=4, base=math.e
        )
        assert fields(column.information) == fields(alone)
    assert found.y_entropy is not None
    assert found.y_entropy == us.estimate.entropy(LABEL, base=math.e)
    assert found.unit == "nats"
    values = [column.information.value for column in found.columns if column.information]
    assert values == sorted(values, reverse=True)
    assert found["plan"].share == values[0] / found.y_entropy.value


def test_given_and_numbers_are_those_of_mutual_information() -> None:
    frame = FRAME | {"age": RANDOM.integers(18, 90, ROWS)}
    found = us.mi(frame, "size", "plan", numbers="age", permutations=9)
    alone = us.estimate.mutual_information(
        frame["age"].astype(float), frame["size"], frame["plan"], permutations=9
    )
    assert fields(found["age"].information) == fields(alone)
    assert found.y_entropy is None
    assert math.isnan(found["age"].share)


def test_benjamini_and_hochberg_by_hand() -> None:
    found = us.mi(FRAME, "label", permutations=199)
    p_values = sorted(column.information.p_value for column in found.columns if column.information)
    for column in found.columns:
        assert column.information is not None
        own = column.information.p_value
        rejected = [
            p_values[last - 1] * len(p_values) / last
            for last in range(1, len(p_values) + 1)
            if p_values[last - 1] >= own
        ]
        assert column.q_value == pytest.approx(min(1, *rejected), rel=1e-15)


def test_redundancy_is_with_the_column_above_that_shares_most() -> None:
    copied = np.where(RANDOM.random(ROWS) < 0.95, FRAME["plan"], "b")
    frame = FRAME | {"copied": copied}
    found = us.mi(frame, "label", redundancy=True)
    assert [column.name for column in found.informative] == ["plan", "copied", "size"]
    first, second = found.redundancy
    assert (first.name, first.other, second.name) == ("copied", "plan", "size")
    shared = us.estimate.mutual_information(copied, FRAME["plan"])
    assert fields(first.shared) == fields(shared)
    beyond = us.estimate.mutual_information(copied, LABEL, FRAME["plan"])
    assert fields(first.beyond) == fields(beyond)
    with_size = {
        name: us.estimate.mutual_information(FRAME["size"], frame[name]).value
        for name in ("plan", "copied")
    }
    assert second.other == max(with_size, key=lambda name: with_size[name])
    assert "copied shares" in found.to_text()
    with pytest.raises(CallError, match=r"redundancy .* and given"):
        us.mi(frame, "label", "plan", redundancy=True)


def test_nulls_and_nan_are_a_category() -> None:
    missing = np.arange(ROWS) % 5 == 0
    gaps = pa.array(FRAME["size"], mask=missing)
    nan = np.where(missing, np.nan, FRAME["size"])
    names = pa.array(LABEL.astype(object), mask=missing)
    found = us.mi({"y": names, "nulls": gaps, "nan": nan, "x": FRAME["plan"]}, "y", permutations=9)
    known = np.where(missing, "", LABEL)
    alone = us.estimate.mutual_information(gaps, known, permutations=9)
    assert fields(found["nulls"].information) == fields(alone)
    assert fields(found["nan"].information) == fields(alone)
    assert found["x"].information == us.estimate.mutual_information(
        FRAME["plan"], known, permutations=9
    )
    assert found.notes[0] == "y: nulls (80) are a category of their own"


def test_decimals_dates_and_dictionaries() -> None:
    steps = RANDOM.integers(0, 300, ROWS)
    days = [date(2026, 1, 1) + timedelta(int(step)) for step in steps]
    frame = {
        "label": pa.array(LABEL).dictionary_encode(),
        "float": steps / 4,
        "decimal": pa.array([Decimal(int(step)) / 4 for step in steps], pa.decimal128(9, 2)),
        "day": days,
        "step": (steps - steps.min()).astype(float),
    }
    found = us.mi(frame, "label", permutations=9)
    assert fields(found["decimal"].information) == fields(found["float"].information)
    assert fields(found["day"].information) == fields(found["step"].information)


def test_frames_files_and_dictionaries_are_alike(tmp_path: Path) -> None:
    plain = us.mi(FRAME, "label", permutations=9).to_json()
    assert us.mi(pandas.DataFrame(FRAME), y="label", permutations=9).to_json() == plain
    table = pa.table(FRAME)
    assert us.mi(table, "label", permutations=9).to_json() == plain
    for part, start in enumerate((0, 150)):
        pq.write_table(table.slice(start, 150 if not start else None), tmp_path / f"{part}.parquet")
    assert us.mi(tmp_path, "label", permutations=9).to_json() == plain


def test_a_sample_is_the_same_for_any_batches_and_uniform() -> None:
    rows, size = 20_000, 1000
    table = pa.table({"n": np.arange(rows)})
    whole = RowSample(size).update(table.to_batches()[0]).table()
    for batch_rows in (7, 999, 4096):
        sample = RowSample(size)
        for batch in table.to_batches(batch_rows):
            sample.update(batch)
        assert sample.rows == rows
        assert sample.table() == whole
    kept = whole.column("n").to_numpy()
    assert len(kept) == size
    assert (np.diff(kept) > 0).all()
    # A uniform sample without replacement: each tenth holds 100 ± 5 standard deviations.
    tenths = np.bincount(kept * 10 // rows, minlength=10)
    assert (abs(tenths - 100) < 5 * math.sqrt(100 * 0.9)).all()


def test_numbers_are_judged_by_the_sample_and_it_says_so() -> None:
    found = us.mi(FRAME, "label", sample=150, permutations=9)
    assert (found.rows, found.sampled_rows) == (ROWS, 150)
    assert [column.name for column in found.sampled] == ["size"]
    assert "400 rows, 1 column by a sample of 150 of them" in found.to_text()
    sample = RowSample(150).update(pa.record_batch(FRAME)).table()
    again = us.mi(sample, "label", permutations=9)
    assert fields(again["size"].information) == fields(found["size"].information)
    of_numbers = us.mi(FRAME, "size", sample=150, permutations=9)
    assert "400 rows, all columns by a sample of 150 of them" in of_numbers.to_text()


GAPS = pa.array(FRAME["count"], mask=RANDOM.random(ROWS) < 0.1)


@pytest.mark.parametrize("given", [None, "count", "gaps"])
def test_categories_are_counted_in_all_rows(given: str | None) -> None:
    """Whatever the sample, the estimate is that of all rows; of what is given, to rounding."""
    wide = {"text": [f"c{k % 7}" for k in range(ROWS)], "sign": RANDOM.integers(-3, 2, ROWS)}
    frame = FRAME | wide | {"gaps": GAPS, "coded": pa.array(FRAME["plan"]).dictionary_encode()}
    del frame["size"]
    for y in ("label", "flag", "sign"):
        all_rows = us.mi(frame, y, given, permutations=19)
        for sample in (2, 150):
            found = us.mi(frame, y, given, sample=sample, permutations=19)
            assert found.sampled == ()
            assert found.y_entropy == all_rows.y_entropy
            for column in all_rows.columns:
                again = found[column.name].information
                assert column.information is not None
                assert again is not None
                for name in ("value", "low", "high", "plugin", "sd"):
                    truth = getattr(column.information, name)
                    assert getattr(again, name) == pytest.approx(truth, rel=1e-11, abs=1e-14)
                assert again.p_value == column.information.p_value
                assert again.notes == column.information.notes
                assert again.method == column.information.method


def test_a_rare_category_that_no_sample_holds_counts() -> None:
    rare = np.zeros(50_000, dtype=int)
    rare[:40] = 1
    frame = {"rare": rare, "y": rare * 2, "id": np.arange(50_000)}
    found = us.mi(frame, "y", sample=50)
    assert found["rare"].information is not None
    assert found["rare"].information.value == pytest.approx(us.estimate.entropy(rare).value)
    assert [column.name for column in found.informative] == ["rare"]
    assert "another category in each row" in found["id"].reason


def test_more_pairs_than_are_kept_are_judged_by_the_sample() -> None:
    rows = 150_000
    many = np.random.default_rng(0).permutation(rows) // 2
    frame = {"many": many, "few": many % 3, "y": np.arange(rows) % 2}
    found = us.mi(frame, "y", permutations=9)
    assert [column.name for column in found.sampled] == ["many"]
    assert found.notes[0] == (
        "more than 65,536 pairs of categories with y are not counted in all rows but in the "
        "sample: many"
    )
    assert us.mi(frame, "many", permutations=9).y_entropy is not None


def test_columns_without_bits_say_why() -> None:
    frame = FRAME | {
        "id": [f"row {row}" for row in range(ROWS)],
        "number": np.arange(ROWS),
        "one": [7] * ROWS,
        "nothing": [None] * ROWS,
        "nan": [math.nan] * ROWS,
        "list": [[1]] * ROWS,
        "infinite": np.where(FRAME["flag"], np.inf, 1.5),
    }
    found = us.mi(frame, "label", permutations=9)
    assert {column.name: column.reason for column in found.apart} == {
        "id": "another category in each row, which tells of nothing",
        "number": "another category in each row, which tells of nothing; --numbers number takes "
        "integers as numbers",
        "one": "constant",
        "nothing": "it holds nulls alone",
        "nan": "it holds nulls alone",
        "list": "it holds list",
        "infinite": "it holds infinity, or numbers beyond 2¹⁰⁰⁰",
    }
    assert all(column.information is None for column in found.apart)
    assert us.mi({"y": [0, 1, 1], "x": [1, 1, 1]}, "y").columns == ()


def test_permutations_find_a_lone_column_or_say_that_they_cannot() -> None:
    many = {f"x{at}": RANDOM.integers(0, 2, ROWS) for at in range(20)}
    frame = many | {"y": LABEL, "same": LABEL}
    found = us.mi(frame, "y")
    assert found.permutations == 420
    assert found["same"] in found.informative
    few = us.mi(frame, "y", permutations=99)
    assert few.informative == ()
    assert few.notes == (
        "99 permutations cannot find a column that is the only one of 21 to tell something; 420 "
        "can (--permutations)",
    )


@pytest.mark.parametrize(
    ("changed", "options", "said"),
    [
        ({}, {"y": "lable"}, "no column 'lable'; expected one of .* did you mean 'label'"),
        ({}, {"y": "label", "given": "plam"}, "no column 'plam'; .* did you mean 'plan'"),
        ({}, {"y": "label", "given": "label"}, "given='label' is y itself"),
        ({}, {"y": "label", "numbers": "plan"}, "numbers='plan' .* expected integers"),
        ({}, {"y": "label", "permutations": 0}, "permutations=0"),
        ({}, {"y": "label", "sample": 1}, "sample=1"),
        ({}, {"y": "label", "fdr": 1}, "fdr=1"),
        ({}, {"y": "label", "k": 0}, "k=0"),
        ({"y": [1] * ROWS}, {"y": "y"}, "y 'y' is of no use: constant"),
        ({"y": [None] * ROWS}, {"y": "y"}, "nulls alone"),
        ({"y": range(ROWS)}, {"y": "y"}, "another category in each row"),
        ({"y": [math.inf, *range(1, ROWS)]}, {"y": "y"}, "infinity"),
    ],
)
def test_what_is_refused(changed: Any, options: Any, said: str) -> None:
    with pytest.raises((CallError, InputError), match=said) as caught:
        us.mi(FRAME | changed, **options)
    assert "\n" not in str(caught.value)


def test_parts_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    one, other = pa.table({"y": [0, 1], "x": [1, 2]}), pa.table({"y": [0, 1], "z": [1, 2]})
    pq.write_table(one, tmp_path / "1.parquet")
    pq.write_table(other, tmp_path / "2.parquet")
    with pytest.raises(InputError, match=r"2\.parquet: it lacks the column 'x'"):
        us.mi(tmp_path, "y")
    pq.write_table(one.set_column(1, "x", pa.array(["a", "b"])), tmp_path / "2.parquet")
    with pytest.raises(CallError, match="column 'x' holds int64 in one part and string in another"):
        us.mi(tmp_path, "y")
    with pytest.raises(InputError, match="there are no columns; expected a column 'y' and others"):
        us.mi({}, "y")
    with pytest.raises(InputError, match="columns 'y', 'x' have no rows; expected a column 'y'"):
        us.mi(pa.table({"y": pa.array([], pa.int64()), "x": pa.array([], pa.int64())}), "y")
    with pytest.raises(CallError, match="no column beside 'y'"):
        us.mi({"y": [0, 1, 1]}, "y")
