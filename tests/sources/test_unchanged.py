"""Files that are cut, replaced or written while they are read, and streams without their end."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from same_rows import WRITERS, raises, read

from unsurprised.errors import InputError
from unsurprised.sources import Options, open_predictions


def rows_of(path: Path, meanwhile: Callable[[], Any], **options: Any) -> int:
    """Read a file, and do something to it between its opening and its first row."""
    reading = open_predictions(path, Options(**options))
    meanwhile()
    rows = sum(batch.size for split in reading.plan() for batch in reading.batches(split))
    reading.finish()
    return rows


def replaced(path: Path) -> None:
    data = path.read_bytes()
    path.rename(path.with_name("old"))
    path.write_bytes(data)
    old = path.with_name("old").stat()
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))


def grown(path: Path) -> None:
    with path.open("ab") as more:
        more.write(path.read_bytes()[-9:])


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "it grows": (grown, "it had "),
    "it shrinks": (lambda path: os.truncate(path, path.stat().st_size // 2), "it had "),
    "it is emptied": (lambda path: os.truncate(path, 0), " bytes, and has 0"),
    "it is touched": (lambda path: os.utime(path, (1, 1)), "it was written at "),
    "it is replaced": (replaced, "another file is in its place"),
    "it is deleted": (lambda path: path.unlink(), "it is gone"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_changes_is_told(tmp_path: Path, name: str, change: str) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    do, message = CHANGES[change]
    with pytest.raises(InputError, match="the file changed while it was read: ") as caught:
        rows_of(path, lambda: do(path), weight="w", id="key")
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("change", ["it shrinks", "it is emptied"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_not_mapped(tmp_path: Path, order: Any, change: str) -> None:
    path, label = tmp_path / "p.npy", tmp_path / "y.npy"
    np.save(path, np.array(np.full((50_000, 4), 0.25), order=order))
    np.save(label, np.zeros(50_000, dtype=int))
    with pytest.raises(InputError, match="the file changed while it was read"):
        rows_of(path, lambda: CHANGES[change][0](path), label=str(label))


def test_records_are_not_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    kind = np.dtype([("label", "i8"), ("probs", "f8", 2)])
    np.save(path, np.array([(0, (0.5, 0.5))] * 50_000, dtype=kind))
    assert rows_of(path, lambda: None) == 50_000
    with pytest.raises(InputError, match="the file changed while it was read"):
        rows_of(path, lambda: os.truncate(path, 4096))


@pytest.mark.parametrize("shape", [(1000, 7), (1, 3), (5, 2)])
@pytest.mark.parametrize("batch_rows", [1, 3, 4096])
def test_fortran_and_c_order_are_read_alike(
    tmp_path: Path, shape: tuple[int, int], batch_rows: int
) -> None:
    probs = np.random.default_rng(0).dirichlet(np.ones(shape[1]), shape[0])
    np.save(tmp_path / "y.npy", np.zeros(shape[0], dtype=int))
    for order in ("C", "F"):
        np.save(tmp_path / "p.npy", np.array(probs, order=order))
        reading = open_predictions(
            tmp_path / "p.npy", Options(label=str(tmp_path / "y.npy"), batch_rows=batch_rows)
        )
        found = [
            np.array(batch.model.array.as_float64())
            for split in reading.plan()
            for batch in reading.batches(split)
        ]
        assert np.array_equal(np.concatenate(found), probs)


def test_a_csv_that_grows_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,p_0,p_1\n" + "0,.5,.5\n" * 300)
    with path.open("a") as more, pytest.raises(InputError, match=r"had 2,414 bytes, and has 2,422"):
        rows_of(path, lambda: (more.write("1,.5,.5\n"), more.flush()))


def test_the_truth_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unsurprised.sources import joined

    (tmp_path / "p.csv").write_text("id,p_0,p_1\na,.5,.5\n")
    truth = tmp_path / "y.csv"
    truth.write_text("id,label\na,0\n")
    plain = joined.as_keys

    def keys(ids: Any) -> Any:
        os.utime(truth, (1, 1))
        return plain(ids)

    monkeypatch.setattr(joined, "as_keys", keys)
    with pytest.raises(InputError, match=r"y\.csv: the file changed while it was read"):
        open_predictions(tmp_path / "p.csv", Options(truth=truth, id="id", label="label"))


def test_a_wrong_row_of_a_file_that_stays_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,p_0,p_1\n0,.5,.5\n0,.5,x\n" + "0,.5,.5\n" * 2000)
    assert "changed" not in raises(tmp_path / "a.csv")


# Streams and compressed files that stop, or go on


def stream(batches: int = 3, *, close: bool = True) -> bytes:
    table = pa.table({"label": [0, 1] * 500, "probs": [[0.5, 0.5]] * 1000})
    sink = io.BytesIO()
    writer = pa.ipc.new_stream(sink, table.schema)
    for _ in range(batches):
        writer.write_table(table)
    if close:
        writer.close()
    return sink.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (stream(2, close=False), "the stream stops without the mark of its end"),
        (stream(3)[:-8], "the stream stops without the mark of its end"),
        (stream(3)[:-4], "an Arrow stream"),
        (stream(1) * 2, "bytes follow the end of the stream"),
        (stream(1) + bytes(8), "8 bytes follow the end of the stream"),
    ],
)
def test_streams_that_do_not_end(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.arrows").write_bytes(data)
    assert message in raises(tmp_path / "a.arrows")


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_streams_that_end(tmp_path: Path, batches: int) -> None:
    (tmp_path / "a.arrows").write_bytes(stream(batches))
    assert sum(batch.size for batch in read(tmp_path / "a.arrows")[1]) == 1000 * batches


PLAIN = b"label,p_0,p_1\n" + b"0,.5,.5\n" * 3000
PACKED = gzip.compress(PLAIN, mtime=0)


@pytest.mark.parametrize(
    "data",
    [
        PACKED[:-1],
        PACKED[:-9],
        PACKED[: len(PACKED) // 2],
        PACKED + b"rest",
        PACKED[:-6] + bytes([PACKED[-6] ^ 1]) + PACKED[-5:],
    ],
    ids=["cut by one", "cut in the sum", "cut in half", "with more", "with another sum"],
)
def test_compressed_text_that_stops_or_goes_on(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv.gz").write_bytes(data)
    assert "cannot be read as CSV (" in raises(tmp_path / "a.csv.gz")


def test_members_of_gzip_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(PACKED + gzip.compress(b"1,.5,.5\n"))
    assert sum(batch.size for batch in read(tmp_path / "a.csv.gz")[1]) == 3001


def test_two_arrays_in_one_npy_file(tmp_path: Path) -> None:
    with (tmp_path / "p.npy").open("wb") as out:
        for _ in range(2):
            np.save(out, np.full((2, 2), 0.5))
    np.save(tmp_path / "y.npy", np.zeros(2, dtype=int))
    error = raises(tmp_path / "p.npy", label=str(tmp_path / "y.npy"))
    assert "160 bytes follow the array of shape (2, 2), another one perhaps" in error
