"""The same five rows, written in every format and layout."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from unsurprised.batches import Batch
from unsurprised.errors import UnsurprisedError
from unsurprised.sources import Options, Reading, open_predictions

CLASSES = ("cat", "dog", "bird")
INDICES = [2, 0, 1, 1, 0]
NAMES = [CLASSES[index] for index in INDICES]
PROBS = [
    [0.5, 0.25, 0.25],
    [1.0, 0.0, 0.0],
    [0.125, 0.75, 0.125],
    [0.25, 0.25, 0.5],
    [0.0, 0.5, 0.5],
]
WEIGHTS = [1.0, 0.5, 2.0, 0.0, 1.5]
IDS = [10, 11, 12, 13, 14]


def listed(kind: pa.DataType | None = None) -> pa.Table:
    """Labels as indices, the prediction as one list column."""
    return pa.table(
        {
            "label": pa.array(INDICES, pa.int32()),
            "probs": pa.array(PROBS, kind or pa.list_(pa.float64())),
            "w": WEIGHTS,
            "key": IDS,
        }
    )


def columned(order: tuple[str, ...] = CLASSES) -> pa.Table:
    """Labels as names, one column a class."""
    columns: dict[str, Any] = {"label": NAMES, "w": WEIGHTS, "key": IDS}
    for name in order:
        columns[f"p_{name}"] = [row[CLASSES.index(name)] for row in PROBS]
    return pa.table(columns)


def records() -> list[dict[str, Any]]:
    """The rows as JSON objects."""
    return [
        {"label": label, "probs": row, "w": weight, "key": key}
        for label, row, weight, key in zip(INDICES, PROBS, WEIGHTS, IDS, strict=True)
    ]


def csv_text(table: pa.Table, delimiter: str = ",") -> bytes:
    """A table as CSV by Python's own writer."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
    return out.getvalue().encode()


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    """Objects as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def zstd(data: bytes) -> bytes:
    """Data compressed by zstd."""
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return out.getvalue().to_pybytes()


def ipc(path: Path, table: pa.Table, *, stream: bool = False, batch: int = 2) -> None:
    """An Arrow file or stream with record batches of ``batch`` rows."""
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with pa.OSFile(str(path), "wb") as out, new(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)


def npz(path: Path, *, save: Callable[..., None] = np.savez, **changes: Any) -> None:
    """An npz file with arrays named like the columns."""
    arrays = {
        "label": np.array(INDICES),
        "probs": np.array(PROBS),
        "w": np.array(WEIGHTS),
        "key": np.array(IDS),
    }
    save(path, **(arrays | changes))


#: name of the file → what writes it
WRITERS: dict[str, Callable[[Path], object]] = {
    "a.parquet": lambda path: pq.write_table(listed(), path),
    "groups.parquet": lambda path: pq.write_table(listed(), path, row_group_size=2),
    "zstd.parquet": lambda path: pq.write_table(columned(), path, compression="zstd"),
    "a.arrow": lambda path: ipc(path, listed()),
    "stream.arrow": lambda path: ipc(path, listed(), stream=True),
    "a.arrows": lambda path: ipc(path, columned(), stream=True),
    "a.feather": lambda path: pyarrow.feather.write_feather(listed(), path, compression="lz4"),
    "a.csv": lambda path: path.write_bytes(csv_text(columned())),
    "bom.csv": lambda path: path.write_bytes(b"\xef\xbb\xbf" + csv_text(columned())),
    "crlf.csv": lambda path: path.write_bytes(csv_text(columned()).replace(b"\n", b"\r\n")),
    "lists.csv": lambda path: path.write_bytes(csv_text(listed())),
    "a.tsv": lambda path: path.write_bytes(csv_text(columned(), "\t")),
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(csv_text(columned()))),
    "members.csv.gz": lambda path: path.write_bytes(
        gzip.compress(csv_text(columned())[:40]) + gzip.compress(csv_text(columned())[40:])
    ),
    "a.csv.zst": lambda path: path.write_bytes(zstd(csv_text(columned()))),
    "a.jsonl": lambda path: path.write_bytes(json_lines(records())),
    "blank.ndjson": lambda path: path.write_bytes(
        json_lines(records()).replace(b"\n", b"\n\n").rstrip()
    ),
    "a.jsonl.gz": lambda path: path.write_bytes(gzip.compress(json_lines(records()))),
    "a.jsonl.zst": lambda path: path.write_bytes(zstd(json_lines(records()))),
    "maps.jsonl": lambda path: path.write_bytes(
        json_lines(
            [
                row | {"label": name, "probs": dict(zip(CLASSES, row["probs"], strict=True))}
                for row, name in zip(records(), NAMES, strict=True)
            ]
        )
    ),
    "a.npz": npz,
    "packed.npz": lambda path: npz(path, save=np.savez_compressed),
    "fortran.npz": lambda path: npz(path, probs=np.asfortranarray(PROBS)),
    "big-endian.npz": lambda path: npz(path, probs=np.array(PROBS, ">f4")),
}


def read(source: Any, **options: Any) -> tuple[Reading, list[Batch]]:
    """Everything that a source gives."""
    reading = open_predictions(source, Options(**options))
    return reading, [batch for split in reading.plan() for batch in reading.batches(split)]


def joined(batches: list[Batch], part: str) -> np.ndarray:
    """One part of all batches as one array."""
    arrays = {
        "truth": lambda batch: batch.truth.array.values,
        "model": lambda batch: batch.model.array.values,
        "weights": lambda batch: batch.weights,
        "logprob": lambda batch: batch.logprob,
        "ids": lambda batch: np.asarray(batch.ids.values),
        "rows": lambda batch: batch.numbers(),
    }
    return np.concatenate([arrays[part](batch) for batch in batches])


def raises(source: Any, **options: Any) -> str:
    """The message of the library's own error that reading a source raises."""
    try:
        read(source, **options)
    except UnsurprisedError as error:
        assert "\n" not in str(error)
        return str(error)
    raise AssertionError("nothing was raised")
