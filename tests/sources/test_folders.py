"""Folders that are one thing: tables with a log, saved datasets, stores of arrays."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from same_rows import INDICES, joined, listed, raises, read


@pytest.fixture
def delta(tmp_path: Path) -> Path:
    """A Delta Lake table of which a part was written anew, partitioned."""
    folder = tmp_path / "delta"
    for k in range(2):
        (folder / f"day={k}").mkdir(parents=True)
        pq.write_table(listed(), folder / f"day={k}" / "part-0.parquet")
    (folder / "_delta_log").mkdir()
    (folder / "_delta_log" / "00000000000000000000.json").write_text("{}")
    return folder


def test_delta_lake(delta: Path) -> None:
    told = raises(delta)
    assert told == (
        f"{delta}: is a Delta Lake table: {delta / '_delta_log'} says which of its files still "
        "count; expected the rows that count, in a file of their own; write them: python -c "
        '"import pyarrow.parquet as pq, deltalake; '
        f"pq.write_table(deltalake.DeltaTable('{delta}').to_pyarrow_table(), 'rows.parquet')\""
    )
    for source in (
        delta / "day=0",
        delta / "day=0" / "part-0.parquet",
        str(delta / "*" / "*.parquet"),
        [delta / "day=1" / "part-0.parquet"],
        delta.parent,
    ):
        assert raises(source) == told
    link = delta.parent / "link.parquet"
    link.symlink_to(delta / "day=0" / "part-0.parquet")
    assert raises(link) == told


def test_the_path_as_it_was_given(delta: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(delta.parent)
    assert raises("delta").startswith("delta: is a Delta Lake table: delta/_delta_log says")


def test_iceberg(tmp_path: Path) -> None:
    folder = tmp_path / "ice"
    (folder / "data").mkdir(parents=True)
    (folder / "metadata").mkdir()
    pq.write_table(listed(), folder / "data" / "a.parquet")
    for k in (9, 10):
        (folder / "metadata" / f"v{k}.metadata.json").write_text("{}")
    (folder / "metadata" / "snap-1.avro").write_bytes(b"Obj\x01")
    told = raises(folder)
    latest = folder / "metadata" / "v10.metadata.json"
    assert told.startswith(f"{folder}: is an Iceberg table: {latest} says which of its files")
    assert f"t.StaticTable.from_metadata('{latest}').scan().to_arrow()" in told
    assert raises(str(folder / "data" / "*.parquet")) == told


def test_hudi(tmp_path: Path) -> None:
    (tmp_path / ".hoodie").mkdir()
    pq.write_table(listed(), tmp_path / "a.parquet")
    assert raises(tmp_path).startswith(f"{tmp_path}: is a Hudi table: ")
    assert f"spark.read.format('hudi').load('{tmp_path}')" in raises(tmp_path)


def stream(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table)


def saved(folder: Path, **state: Any) -> Path:
    """A dataset as ``save_to_disk`` writes it, in two shards."""
    names = [f"data-0000{k}-of-00002.arrow" for k in range(2)]
    for name, table in zip(names, (listed().slice(0, 2), listed().slice(2)), strict=True):
        stream(folder / name, table)
    said = {"_data_files": [{"filename": name} for name in names], "_split": None, **state}
    (folder / "state.json").write_text(json.dumps(said))
    (folder / "dataset_info.json").write_text('{"features": {}}')
    return folder


def test_a_saved_dataset(tmp_path: Path) -> None:
    folder = saved(tmp_path / "saved")
    stream(folder / "cache-0123.arrow", listed())  # left there by map; no part of the dataset
    assert joined(read(folder)[1], "truth").tolist() == INDICES
    assert joined(read(str(folder / "data-*.arrow"))[1], "truth").tolist() == INDICES
    assert raises(str(folder / "*.arrow")) == (
        f"{folder / 'cache-0123.arrow'}: is none of the dataset's files, which state.json names; "
        f"expected the dataset alone; name its folder, '{folder}'"
    )


def test_a_dataset_with_indices(tmp_path: Path) -> None:
    folder = saved(tmp_path, _indices_data_files=[{"filename": "indices.arrow"}])
    assert "whose rows are chosen by a file of indices" in raises(folder)


def test_a_dataset_of_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        saved(tmp_path / split)
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert raises(tmp_path) == (
        f"{tmp_path}: is a dataset of 2 splits: train, test; expected the rows of one; "
        f"name its folder, such as '{tmp_path / 'test'}'"
    )
    assert joined(read(tmp_path / "test")[1], "truth").tolist() == INDICES
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["test"]}')
    assert joined(read(tmp_path)[1], "truth").tolist() == INDICES


@pytest.mark.parametrize("state", ["[]", "{}", '{"_data_files": [1]}', "{"])
def test_a_damaged_state(tmp_path: Path, state: str) -> None:
    saved(tmp_path)
    (tmp_path / "state.json").write_text(state)
    assert raises(tmp_path).startswith(f"{tmp_path / 'state.json'}: ")


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (".zarray", "{}", "np.save('rows.npy', zarr.open_array("),
        ("zarr.json", '{"node_type": "array"}', "np.save('rows.npy', zarr.open_array("),
        ("zarr.json", '{"node_type": "group"}', "np.savez('rows.npz', **{k: v[:] for k, v in"),
        (".zgroup", "{}", "np.savez('rows.npz', **{k: v[:] for k, v in"),
    ],
)
def test_zarr(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text)
    assert raises(tmp_path).startswith(f"{tmp_path}: is a Zarr ")
    assert told in raises(tmp_path)
    assert raises(tmp_path.parent / tmp_path.name) == raises(tmp_path)


def test_commands_are_python(delta: Path) -> None:
    """What the message says to run compiles, as the shell would pass it on."""
    command = raises(delta).split("write them: ")[1]
    _, flag, code = shlex.split(command)
    assert flag == "-c"
    run = [sys.executable, "-c", f"compile({code!r}, 'told', 'exec')"]
    assert subprocess.run(run, check=False).returncode == 0
