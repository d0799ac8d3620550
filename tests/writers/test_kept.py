"""What else a file holds: text of CSV, metadata, categories; and what others read of ours."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.calibration.apply import apply_reading
from unsurprised.calibrators import TemperatureScaling
from unsurprised.errors import InputError
from unsurprised.sources import Options, open_predictions
from unsurprised.writers import FORMS, writer_of
from unsurprised.writers.held import HELD

PROBS = [[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]
CALIBRATOR = TemperatureScaling().fit(np.array([*PROBS, [0.6, 0.4]]), [1, 0, 0, 1])


def applied(source: Any, out: Path, **said: Any) -> Path:
    reading = open_predictions(source, Options(labelled=False, **said))
    apply_reading(CALIBRATOR, reading, out, out.name)
    return out


CSV = (
    ",id,label,zip,truth,p_0,p_1\n"
    '0,NA,1,007,"[0.2, 0.8]",0.25,0.75\n'
    "1,x,0, 8 ,\"[1, 0]\",0.5,0.5\n"
    '2,,0,"a,""b""",,0.9,0.1\n'
)  # fmt: skip


def test_csv_to_csv_keeps_its_text(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(CSV)
    out = applied(source, tmp_path / "out.csv")
    names = ["", "id", "label", "zip", "truth", "p_0", "p_1"]
    texts = pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    old, new = (pacsv.read_csv(file, convert_options=texts) for file in (source, out))
    assert new.column_names == old.column_names
    assert new.select(names[:5]).equals(old.select(names[:5]))


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".jsonl"])
def test_csv_gets_the_types_of_all_rows(suffix: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(CSV)
    out = applied(source, tmp_path / f"out{suffix}")
    columns = {
        "": [0, 1, 2],
        "id": ["NA", "x", None],
        "label": [1, 0, 0],
        "zip": ["007", " 8 ", 'a,"b"'],
        "truth": [[0.2, 0.8], [1, 0], None],
    }
    if suffix == ".jsonl":
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        found = {name: [row[name] for row in rows] for name in columns}
    else:
        table = pq.read_table(out) if suffix == ".parquet" else pa.ipc.open_file(out).read_all()
        found = {name: table[name].to_pylist() for name in columns}
    assert found == columns
    direct = us.evaluate(applied(source, tmp_path / "out.csv")).cross_entropy.value
    assert us.evaluate(out).cross_entropy.value == pytest.approx(direct, rel=1e-14)


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1"] * 1200 + ["2.5"], pa.float64()),
        (["1"] * 1200 + ["x"], pa.string()),
        (["1"] * 1200 + ["007"], pa.string()),
        (["1.5"] * 1200 + ["1e400"], pa.string()),
        (["1234567890123456"] * 1200 + ["0.5"], pa.string()),
        (["true"] * 1200 + ["FALSE"], pa.bool_()),
        (["true"] * 1200 + ["1"], pa.string()),
        (["NA"] * 1200 + ["3"], pa.int64()),
        ([""] * 1200 + ["x"], pa.string()),
        (["NA"] * 1201, pa.null()),
    ],
)
def test_a_late_cell_counts(cells: list[str], kind: pa.DataType, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("x,p_0,p_1\n" + "".join(f"{cell},0.5,0.5\n" for cell in cells))
    column = pq.read_table(applied(source, tmp_path / "out.parquet"))["x"]
    assert column.type == kind
    if kind == pa.string():
        assert column.to_pylist() == [cell or None for cell in cells]


def test_metadata_and_categories_stay_in_parquet(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"kind": pandas.Categorical(["a", "b", "a"]), "probs": PROBS})
    frame.index = pandas.Index([7, 8, 9], name="row")
    frame.to_parquet(tmp_path / "in.parquet")
    out = pandas.read_parquet(applied(tmp_path / "in.parquet", tmp_path / "out.parquet"))
    assert list(out.index) == [7, 8, 9]
    assert out.index.name == "row"
    assert list(out.columns) == ["kind", "probs"]
    assert out["kind"].dtype == "category"
    assert list(out["kind"]) == ["a", "b", "a"]
    fields = [
        pa.field("probs", pa.list_(pa.float64()), nullable=False, metadata={"a": "b"}),
        pa.field("n", pa.int8(), nullable=False, metadata={"unit": "m"}),
    ]
    schema = pa.schema(fields, metadata={"made": "here"})
    pq.write_table(pa.table([PROBS, [1, 2, 3]], schema=schema), tmp_path / "2.parquet")
    found = pq.read_schema(applied(tmp_path / "2.parquet", tmp_path / "o.parquet"))
    assert found.metadata == schema.metadata
    for field in schema:
        new = found.field(field.name)
        assert (new.metadata, new.nullable) == (field.metadata, field.nullable)


@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_dictionaries_may_change_from_batch_to_batch(suffix: str, tmp_path: Path) -> None:
    names = [["a", "b", None], ["c", "a", "c"]]
    batches = [
        pa.record_batch(
            {
                "x": pa.array(some).dictionary_encode(),
                "y": pa.ListArray.from_arrays([0, 1, 2, 3], pa.array(some).dictionary_encode()),
                "probs": pa.array(PROBS),
            }
        )
        for some in names
    ]
    with pa.ipc.new_stream(tmp_path / "in.arrows", batches[0].schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    out = applied(tmp_path / "in.arrows", tmp_path / f"out{suffix}")
    table = pq.read_table(out) if suffix == ".parquet" else pa.ipc.open_file(out).read_all()
    assert table["x"].to_pylist() == [*names[0], *names[1]]
    assert table["y"].to_pylist() == [[name] for name in [*names[0], *names[1]]]


def test_rows_that_are_left_out_leave_the_others_whole(tmp_path: Path) -> None:
    table = pa.table(
        {
            "probs": pa.array([PROBS[0], None, PROBS[2]]),
            "runs": pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]),
            "views": pa.array(["a", "b", "c"], pa.string_view()),
        }
    )
    for suffix in (".arrow", ".parquet", ".csv", ".jsonl"):
        out = applied(table, tmp_path / f"out{suffix}", nulls="skip")
        if suffix == ".parquet":
            found = pq.read_table(out)
            assert found["runs"].to_pylist() == ["a", "b"]
            assert found["views"].to_pylist() == ["a", "c"]


WRONG: dict[str, tuple[pa.Array, str, str]] = {
    "a name that is taken": (pa.array([b"a"] * 3), ".csv .jsonl", "column 'x'.*x_base64.*rename"),
    "a day after 9999": (pa.array([0, 0, 10**7], pa.date32()), ".csv .jsonl", "row 5, column 'x'"),
    "a day after 9999 in a list": (
        pa.array([[0, 0], [0, 0, 0], [0, 10**7]], pa.list_(pa.date32())),
        ".csv .jsonl",
        "row 5, column 'x'",
    ),
    "a second that is no day": (
        pa.array([0, 0, 2**62], pa.timestamp("s")),
        ".csv .jsonl .parquet",
        "row 5, column 'x'",
    ),
    "a key twice": (
        pa.array([[], [], [("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int8())),
        ".csv .jsonl",
        "row 5, column 'x': .*key \"a\" twice",
    ),
    "a NUL": (pa.array(["", "a", "a\0b"]), ".csv .tsv", "row 5, column 'x': .*NUL"),
    "part of a day": (pa.array([0, 0, 1], pa.date64()), ".csv .jsonl .parquet", "row 5, column"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_that_a_format_cannot_hold_names_its_row(name: str, tmp_path: Path) -> None:
    column, suffixes, words = WRONG[name]
    table = pa.table({"x": column, "x_base64": [1, 2, 3], "probs": PROBS})
    good = pa.table({"x": pc.fill_null(pa.nulls(3, column.type), column[0]), "x_base64": [1] * 3,
                     "probs": PROBS})  # fmt: skip
    for suffix in suffixes.split():
        with pytest.raises(InputError, match=words) as told:
            applied(pa.concat_tables([good, table]), tmp_path / f"out{suffix}", batch_rows=2)
        assert ".parquet" in str(told.value) or ".arrow" in str(told.value)


def test_every_row_of_the_table_is_of_use() -> None:
    from arrow_columns import COLUMNS

    from unsurprised.writers.held import parts_of, word_of

    words = {word_of(part) for column in COLUMNS.values() for part in parts_of(column.type)}
    assert words == HELD.keys() - {"another type"}
    assert all(writer_of(form) for form in FORMS.values())


USUAL = {
    "text": ["a", 'b "c", d', "é"],
    "integer": [1, 2**53 + 1, -5],
    "number": [0.1, 1e-300, -2.5],
    "flag": [True, False, True],
    "day": [datetime.date(2026, 1, 31), datetime.date(1, 1, 1), datetime.date(9999, 12, 31)],
    "time": [datetime.datetime(2026, 1, 31, 12, 0, 0, 1)] * 3,
    "numbers": [[1.5, 2.0], [], [0.25]],
}


def in_pandas(path: Path) -> dict[str, list[Any]]:
    pandas = pytest.importorskip("pandas")
    read: dict[str, Callable[[Path], Any]] = {
        ".parquet": pandas.read_parquet,
        ".arrow": lambda file: pa.ipc.open_file(file).read_pandas(),
        ".csv": pandas.read_csv,
        ".jsonl": lambda file: pandas.read_json(file, lines=True),
    }
    return {name: list(column) for name, column in read[path.suffix](path).items()}


def in_polars(path: Path) -> dict[str, list[Any]]:
    polars = pytest.importorskip("polars")
    read = {".parquet": polars.read_parquet, ".arrow": polars.read_ipc, ".csv": polars.read_csv,
            ".jsonl": polars.read_ndjson}  # fmt: skip
    return dict(read[path.suffix](path).to_dict(as_series=False))


def in_duckdb(path: Path) -> dict[str, list[Any]]:
    duckdb = pytest.importorskip("duckdb")
    read = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json"}[path.suffix]
    found = duckdb.sql(f"SELECT * FROM {read}('{path}')")
    columns = zip(*found.fetchall(), strict=True)
    return dict(zip(found.columns, map(list, columns), strict=True))


def in_pyarrow(path: Path) -> dict[str, list[Any]]:
    import pyarrow.json as pajson

    read: dict[str, Callable[[Path], pa.Table]] = {
        ".parquet": pq.read_table,
        ".arrow": lambda file: pa.ipc.open_file(file).read_all(),
        ".csv": pacsv.read_csv,
        ".jsonl": pajson.read_json,
    }
    return dict(read[path.suffix](path).to_pydict())


def alike(found: Any, value: Any) -> bool:
    """The value itself, or its text."""
    if isinstance(found, str) and not isinstance(value, str):
        if isinstance(value, list):
            return bool(json.loads(found) == value)
        return found == (value.isoformat())
    if isinstance(value, list):
        return list(found) == value
    if isinstance(value, datetime.date):
        return str(found).replace(" ", "T").startswith(value.isoformat())
    return bool(found == value)


@pytest.mark.parametrize(
    ("reader", "suffix"),
    [
        (reader, suffix)
        for reader in (in_pandas, in_polars, in_duckdb, in_pyarrow)
        for suffix in (".parquet", ".arrow", ".csv", ".jsonl")
        if (reader, suffix) != (in_duckdb, ".arrow")  # which it reads from memory alone
    ],
)
def test_others_read_the_same_values(
    reader: Callable[[Path], dict[str, list[Any]]], suffix: str, tmp_path: Path
) -> None:
    table = pa.table({**USUAL, "probs": PROBS})
    found = reader(applied(table, tmp_path / f"out{suffix}"))
    assert list(found) == table.column_names
    wrong = {
        name: (found[name], values)
        for name, values in USUAL.items()
        if not all(map(alike, found[name], values))
    }
    assert wrong == {}


def test_decimals_in_json_lines_are_numbers_with_all_their_digits(tmp_path: Path) -> None:
    digits = "12345678901234567890.123456789012345678"
    column = pa.array([Decimal(digits)] * 3, pa.decimal128(38, 18))
    out = applied(pa.table({"x": column, "probs": PROBS}), tmp_path / "out.jsonl")
    assert f'"x": {digits},' in out.read_text()
