"""One file, several, a glob, a folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from same_rows import INDICES, WRITERS, joined, listed, raises, read

from unsurprised.errors import CallError
from unsurprised.sources import open_predictions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder such as Spark writes: marks of success, hidden checksums, parts."""
    path = tmp_path / "predictions.parquet"
    path.mkdir()
    for name in ("part-2.parquet", "part-0.parquet", "part-1.parquet"):
        pq.write_table(listed(), path / name)
    (path / "_SUCCESS").touch()
    (path / "_metadata").write_bytes(b"PAR1")
    (path / ".part-0.parquet.crc").write_bytes(b"crc")
    return path


def names(source: Any) -> list[str]:
    return [Path(file).name for file in open_predictions(source).files]


PARTS = ["part-0.parquet", "part-1.parquet", "part-2.parquet"]


def test_folders_and_globs_are_sorted(folder: Path) -> None:
    assert names(folder) == PARTS
    assert names(str(folder)) == PARTS
    assert names(str(folder / "*.parquet")) == PARTS
    assert names(str(folder / "part-[01].parquet")) == PARTS[:2]
    assert names(str(folder.parent / "**" / "part-2.parquet")) == PARTS[2:]
    _, batches = read(folder)
    assert joined(batches, "truth").tolist() == INDICES * 3
    assert [batch.file_index for batch in batches] == [0, 1, 2]
    assert [batch.first_row for batch in batches] == [0, 0, 0]


def test_several_files_keep_their_order(folder: Path) -> None:
    files = [folder / "part-2.parquet", str(folder / "part-0.parquet")]
    assert names(files) == ["part-2.parquet", "part-0.parquet"]
    assert names(tuple(files)) == ["part-2.parquet", "part-0.parquet"]


def test_folders_in_folders(folder: Path) -> None:
    for day in ("day=2", "day=1", "_temporary", ".hidden"):
        (folder / day).mkdir()
        shutil.copy(folder / "part-0.parquet", folder / day / "x.parquet")
    files = open_predictions(folder).files
    assert [os.path.relpath(file, folder) for file in files] == [
        "day=1/x.parquet",
        "day=2/x.parquet",
        *PARTS,
    ]


def test_files_left_aside_are_told(folder: Path) -> None:
    (folder / "README.md").write_text("hello")
    reading = open_predictions(folder)
    assert len(reading.files) == 3
    assert reading.choices["files"] == (
        f"3; of another format and left aside: {folder / 'README.md'}"
    )


def test_a_folder_of_several_formats(folder: Path) -> None:
    WRITERS["a.csv"](folder / "a.csv")
    assert raises(folder) == (
        f"{folder}: the folder holds files of several formats: CSV (1), Parquet (3); expected one "
        f"format; name the files you mean, such as '{folder}/*.parquet'"
    )


def test_a_name_with_the_signs_of_a_glob(tmp_path: Path) -> None:
    path = tmp_path / "a[1]*.parquet"
    pq.write_table(listed(), path)
    assert names(path) == ["a[1]*.parquet"]
    assert names(str(tmp_path / "*.parquet")) == ["a[1]*.parquet"]


def test_links(folder: Path) -> None:
    link = folder.parent / "link.parquet"
    link.symlink_to(folder / "part-0.parquet")
    assert names(link) == ["link.parquet"]
    assert "the same file is given twice (also as" in raises([link, folder / "part-0.parquet"])
    (folder.parent / "dead.parquet").symlink_to(folder / "gone")
    assert raises(folder.parent / "dead.parquet").endswith("the link points to no file")


def test_what_is_no_file(tmp_path: Path) -> None:
    assert raises(tmp_path / "a.parquet") == f"{tmp_path / 'a.parquet'}: no such file"
    pq.write_table(listed(), tmp_path / "predictions.parquet")
    assert raises(tmp_path / "prediction.parquet").endswith(
        "no such file; did you mean 'predictions.parquet'?"
    )
    assert raises(tmp_path / "*.csv") == f"{tmp_path / '*.csv'}: no file matches"
    (tmp_path / "empty").mkdir()
    assert raises(tmp_path / "empty").endswith("the folder holds no file of a known format")
    assert "is no path (it holds a NUL character)" in raises("a\0b")
    assert raises("") == "found an empty name; expected that of a file, a folder or a glob"
    os.mkfifo(tmp_path / "pipe.csv")
    assert raises(tmp_path / "pipe.csv").endswith(
        "is no regular file; expected a file that can be read more than once; write it to a file, "
        "or pipe it to a command's standard input (-)"
    )


def test_the_same_file_twice(folder: Path) -> None:
    assert "the same file is given twice" in raises([folder, folder / "part-1.parquet"])


@pytest.mark.parametrize("source", [None, [], ()])
def test_no_source(source: Any) -> None:
    assert raises(source) == "no file is given; expected a file, several, a glob or a folder"


@pytest.mark.parametrize("source", [7, [7], {"label": [0]}, b"a.parquet"])
def test_other_sources(source: Any) -> None:
    with pytest.raises(CallError, match="expected a path, a list of paths, or a data frame"):
        open_predictions(source)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read anything, so the refusal itself is made."""
    path = tmp_path / "a.parquet"
    pq.write_table(listed(), path)

    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refused)
    assert raises(path) == f"{path}: the file may not be read (permission denied)"


def test_unknown_names_are_read_by_their_content(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.arrow", "stream.arrow", "a.npz", "a.jsonl"):
        path = tmp_path / f"{name}.data"
        WRITERS[name](tmp_path / name)
        (tmp_path / name).rename(path)
        assert joined(read(path)[1], "truth").tolist() == INDICES


def test_a_json_file_is_one_of_lines(tmp_path: Path) -> None:
    WRITERS["a.jsonl"](tmp_path / "a.json")
    assert joined(read(tmp_path / "a.json")[1], "truth").tolist() == INDICES
