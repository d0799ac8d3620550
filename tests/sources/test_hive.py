"""Columns that are folders' names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from same_rows import csv_text, joined, json_lines, raises, read

from unsurprised.sources import open_predictions

CAT, DOG = [[0.75, 0.25], [0.5, 0.5]], [[0.125, 0.875]]


def columned(rows: list[list[float]], **more: Any) -> pa.Table:
    """One column a class, and no label."""
    return pa.table({"p_cat": [p for p, _ in rows], "p_dog": [q for _, q in rows], **more})


def written(path: Path, table: pa.Table) -> Path:
    """A table in the format that the path's suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".arrow":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    elif path.suffix == ".csv":
        path.write_bytes(csv_text(table))
    else:
        path.write_bytes(json_lines(table.to_pylist()))
    return path


def partitioned(root: Path, suffix: str = "parquet") -> Path:
    written(root / "label=cat" / f"part-0.{suffix}", columned(CAT))
    written(root / "label=dog" / f"part-0.{suffix}", columned(DOG))
    return root


@pytest.mark.parametrize("suffix", ["parquet", "arrow", "csv", "jsonl"])
def test_the_label_is_a_folders_name(tmp_path: Path, suffix: str) -> None:
    reading, batches = read(partitioned(tmp_path / "rows", suffix))
    assert reading.label == "label"
    assert reading.has_named_labels
    assert joined(batches, "truth").tolist() == [0, 0, 1]
    assert joined(batches, "model").tolist() == CAT + DOG


def test_globs_lists_single_files_and_folders_within(tmp_path: Path) -> None:
    root = partitioned(tmp_path)
    cat, dog = (root / f"label={name}" / "part-0.parquet" for name in ("cat", "dog"))
    for source in (str(root / "*" / "*.parquet"), [cat, dog], str(root / "label=*")):
        assert joined(read(source)[1], "truth").tolist() == [0, 0, 1]
    for source in (dog, dog.parent):
        assert joined(read(source)[1], "truth").tolist() == [1]


def test_values_as_pyarrow_writes_them(tmp_path: Path) -> None:
    """pyarrow's writer is the oracle of the folders' names."""
    names = ["a/b", "café", "50 %", "x=y", "plain"]
    table = columned([[0.5, 0.5]] * 6, kind=[*names, None], label=["cat"] * 6)
    pq.write_to_dataset(table, tmp_path / "rows", partition_cols=["kind"])
    _, batches = read(tmp_path / "rows", by=("kind",))
    found = {
        None if code < 0 else batch.by["kind"].names[code]
        for batch in batches
        for code in batch.by["kind"].codes.tolist()
    }
    assert found == {*names, None}


def test_integers_only_where_all_are(tmp_path: Path) -> None:
    def kinds(*days: str) -> tuple[Any, list[str]]:
        root = tmp_path / "-".join(days)
        for day in days:
            written(root / f"day={day}" / "a.parquet", columned(CAT, label=["cat", "cat"]))
        reading, batches = read(root, by=("day",))
        return batches[0].by["day"], reading.number_columns()

    column, numbers = kinds("1", "12", "-3")
    assert numbers == ["day"]
    assert column.numbers is not None
    for days in (("01", "12"), ("1", "x"), ("1", "1.0"), ("true", "false")):
        assert kinds(*days)[1] == []
    assert kinds("7", "__HIVE_DEFAULT_PARTITION__")[1] == ["day"]


def test_ids_weights_and_clusters(tmp_path: Path) -> None:
    for k, weight in enumerate(("0.5", "2")):
        folder = tmp_path / f"user=u{k}" / f"row={k + 10}" / f"w={weight}"
        written(folder / "a.parquet", columned(CAT[:1], label=["dog"]))
    _, batches = read(tmp_path, id="row", cluster="user", weight="w")
    assert joined(batches, "weights").tolist() == [0.5, 2.0]
    assert joined(batches, "ids").tolist() == [10, 11]
    assert [batch.clusters.values.to_pylist() for batch in batches] == [["u0"], ["u1"]]
    assert "column 'user': the folder's name says 'u0'; expected a number" in raises(
        tmp_path, weight="user"
    )


def test_integers_are_indices_of_classes(tmp_path: Path) -> None:
    for label in (0, 1):
        table = pa.table({"probs": [[0.25, 0.75]]})
        written(tmp_path / f"y={label}" / "a.parquet", table)
    _, batches = read(tmp_path)
    assert joined(batches, "truth").tolist() == [0, 1]


def test_a_null_is_a_missing_label(tmp_path: Path) -> None:
    root = partitioned(tmp_path)
    written(root / "label=__HIVE_DEFAULT_PARTITION__" / "a.parquet", columned(DOG))
    assert "row 0, column 'label': found null" in raises(root)
    assert joined(read(root, nulls="skip")[1], "truth").tolist() == [0, 0, 1]


def test_a_column_that_the_file_has_too(tmp_path: Path) -> None:
    path = written(tmp_path / "label=cat" / "a.parquet", columned(CAT, label=["cat", "dog"]))
    assert raises(tmp_path) == (
        f"{path}, row 1, column 'label': found 'dog' in the file and 'cat' in its folder's name; "
        "expected the same in both; rename the folder if label=cat is no column of the rows"
    )
    written(tmp_path / "label=cat" / "a.parquet", columned(CAT, label=["cat", "cat"]))
    assert joined(read(tmp_path)[1], "truth").tolist() == [0, 0]


def test_a_folder_that_only_happens_to_be_called_so(tmp_path: Path) -> None:
    """Hydra names its runs lr=0.1,seed=3."""
    path = tmp_path / "label=smoothed" / "lr=0.1,seed=3" / "a.parquet"
    written(path, columned(CAT, y_true=["cat", "dog"], lr=[1, 2]))
    assert joined(read(path, label="y_true")[1], "truth").tolist() == [0, 1]


def test_predictions_are_no_folders_names(tmp_path: Path) -> None:
    written(tmp_path / "pred=1" / "a.csv", pa.table({"label": [0, 1], "score_b": [0.25, 0.5]}))
    assert raises(tmp_path) == (
        f"{tmp_path / 'pred=1' / 'a.csv'}, column 'pred': the column is a folder's name, one value "
        "for a whole file; expected predictions, which are numbers for every row; name their "
        "column with pred=… (--pred)"
    )


def test_two_values_of_one_key(tmp_path: Path) -> None:
    written(tmp_path / "day=1" / "day=2" / "a.parquet", columned(CAT, label=["cat", "dog"]))
    assert "two folders of the path name 'day': '1' and '2'" in raises(tmp_path)


def test_a_file_without_the_folder(tmp_path: Path) -> None:
    root = partitioned(tmp_path)
    other = written(root / "other.parquet", columned(CAT))
    assert f"{other}: no column 'label'" in raises(root)


def test_all_columns_of_the_rows(tmp_path: Path) -> None:
    reading = open_predictions(partitioned(tmp_path))
    records = [record for split in reading.plan() for record, _ in reading.records(split)]
    rows = [row for record in records for row in record.to_pylist()]
    assert [row["label"] for row in rows] == ["cat", "cat", "dog"]
    assert json.dumps(rows[0]) == '{"p_cat": 0.75, "p_dog": 0.25, "label": "cat"}'
