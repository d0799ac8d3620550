"""Files of predictions in every format, opened and read to their end."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from fuzz import mutations, structures
from fuzz.case import Case, Mutation, Target, one_line, same

#: What is said of a file, by variant. In the last the rows come one by one, and are the same.
OPTIONS: Sequence[dict[str, Any]] = (
    {},
    {"weight": "w", "id": "key", "nulls": "skip"},
    {"kind": "logits", "label": "label", "by": ("w",), "cluster": "key"},
    {"logprob": "w", "labelled": False},
    {"pred": "p_", "normalize": True, "classes": ("cat", "dog", "bird")},
    {"batch_rows": 1},
)
ONE_BY_ONE = len(OPTIONS) - 1


def read(path: str, **said: Any) -> str:
    """What a file holds, in a few characters; or why it is refused."""
    from unsurprised.errors import UnsurprisedError
    from unsurprised.sources import Options, open_predictions

    try:
        reading = open_predictions(path, Options(**said))
        rows, digest = 0, blake2b(repr(reading.classes).encode(errors="replace"), digest_size=8)
        for split in reading.plan():
            for batch in reading.batches(split):
                rows += batch.size
                _add(digest, batch)
        reading.finish()
    except UnsurprisedError as error:
        text = one_line(error)
        return text.replace(path, "FILE")
    return f"{rows} rows {digest.hexdigest()}"


def _add(digest: Any, batch: Any) -> None:
    held = (
        batch.truth and batch.truth.array.values,
        batch.model and batch.model.array.values,
        *(batch.weights, batch.logprob),
    )
    for values in held:
        if values is not None:
            for row in np.atleast_1d(np.asarray(values)):
                digest.update(row.tobytes())


def reader(name: str) -> Callable[[bytes, int, Path], str]:
    """What reads a file of this name."""

    def run(data: bytes, variant: int, folder: Path) -> str:
        path = folder / name
        path.write_bytes(data)
        try:
            found = read(str(path), **OPTIONS[variant])
            if variant == ONE_BY_ONE:
                at_once = read(str(path))
                same(_rows(found), _rows(at_once), "rows one by one are others than at once")
            return found
        finally:
            path.unlink()

    return run


def _rows(answer: str) -> str:
    """How many rows, or that there is no answer: what is wrong first may be said differently."""
    return answer.partition(" ")[0]


def tables() -> list[Any]:
    import pyarrow as pa

    names, probs = ["cat", "dog", "bird", None], [[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]] * 2
    said: dict[str, Any] = {"w": [1.0, 0.5, 2.0, 0.0], "key": [10, 11, 12, 13]}
    indices = pa.array([2, 0, 1, 1], pa.int32())
    named = pa.array(names).dictionary_encode()
    split = {f"p_{name}": [0.5, 0.25, 0.25, 1 / 3] for name in ("cat", "dog")}
    split["p_bird"] = [0.25, 0.5, 0.5, 1 / 3]
    scores = pa.array([0.5, 1, 0, None], pa.float32())
    truths = pa.array(probs, pa.list_(pa.float64(), 3))
    logits = pa.array(probs, pa.large_list(pa.float32()))
    maps = {"w": [-0.1, -1e-9, -3.0, 0.0], "key": ["k", "l", "", None]}
    return [
        pa.table({"label": indices, "probs": probs, **said}),
        pa.table({"label": named, **split, **said}),
        pa.table({"y": [True, False, None, True], "score": scores, **said}),
        pa.table({"label": truths, "logits": logits, **said}),
        pa.table({"label": ["a", "b", "a", "b"], "probs": [{"a": 0.5, "b": 0.5}] * 4, **maps}),
    ]


def text_of(table: Any, delimiter: str) -> bytes:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return out.getvalue().encode()


def lines_of(table: Any) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in table.to_pylist()).encode()


def parquet_of(table: Any, **how: Any) -> bytes:
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


def ipc_of(table: Any, *, stream: bool, **how: Any) -> bytes:
    import pyarrow as pa

    out = io.BytesIO()
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(out, table.schema, options=pa.ipc.IpcWriteOptions(**how)) as writer:
        writer.write_table(table, max_chunksize=3)
    return out.getvalue()


def _npz(save: Callable[..., None] = np.savez, **arrays: Any) -> bytes:
    out = io.BytesIO()
    save(out, **arrays)
    return out.getvalue()


def npy_of(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def _arrays() -> dict[str, Any]:
    return {
        "label": np.array([2, 0, 1, 1]),
        "probs": np.array([[0.5, 0.25, 0.25], [1, 0, 0]] * 2),
        "w": np.array([1, 0.5, 2, 0]),
        "key": np.array(["a", "bc", "", "é"]),
    }


def archives() -> list[bytes]:
    arrays = _arrays()
    names = np.array(["cat", "dog", "bird"])
    return [
        _npz(**arrays),
        _npz(np.savez_compressed, **arrays),
        _npz(**arrays | {"probs": np.asfortranarray(arrays["probs"].astype(">f4"))}, classes=names),
        _npz(y_true=np.array([True, False]), y_score=np.array([0.5, 1], "f2")),
    ]


def _records() -> list[bytes]:
    arrays = _arrays()
    kind = [(name, values.dtype, values.shape[1:]) for name, values in arrays.items()]
    rows = np.zeros(4, kind)
    for name, values in arrays.items():
        rows[name] = values
    return [npy_of(rows), npy_of(arrays["probs"]), npy_of(np.array([(1, 0.5)], "i8, f8"))]


def _each(made: Callable[[], Sequence[bytes]]) -> Callable[[], list[Case]]:
    return lambda: [Case(variant, data) for data in made() for variant in range(len(OPTIONS))]


_WORDS = mutations.tokens(
    *("label", "probs", "logits", "p_", "w", "key", "null", "nan", "true", "\n", "\r\n", "\r", ","),
    *('"', '""', "[", "]", "{", "}", ":", ";", "\t", "\ufeff", b"\xff", b"\0", b"\xed\xa0\x80"),
    *("\\u0000", "\\ud800", "1e999", "-", "[[", '{"a":', '"label":', "\u2028", "#", "'"),
)
_TEXT: Sequence[Mutation] = (*mutations.TEXT, _WORDS)
_TREE = (*_TEXT, *[structures.json_tree] * 10)
_CELLS = (*_TEXT, *[structures.csv_cells] * 10)
_NPY = (*mutations.ANY, *[structures.npy_header] * 5)
_NPZ = (*mutations.ANY, *[structures.zip_members(_NPY)] * 20)


def _packed(inner: Sequence[Mutation]) -> Mutation:
    def changed(random: Any, data: bytes, other: bytes) -> bytes:
        try:
            plain, another = gzip.decompress(data), gzip.decompress(other)
        except (OSError, EOFError, zlib.error):
            return mutations.flipped(random, data, other)
        text = random.choice(inner)(random, plain, another)
        return gzip.compress(text, compresslevel=1, mtime=0)

    return changed


def _parquets() -> list[bytes]:
    how: list[dict[str, Any]] = [
        {},
        {"row_group_size": 2, "compression": "zstd"},
        {"data_page_version": "2.0", "compression": "none", "use_dictionary": False},
    ]
    return [parquet_of(table, **one) for one in how for table in tables()]


def _arrow_files() -> list[bytes]:
    return [ipc_of(t, stream=False, compression=how) for how in (None, "lz4") for t in tables()]


def _documents() -> list[bytes]:
    made = [table.to_pylist() for table in tables()] + [table.to_pydict() for table in tables()]
    return [json.dumps(one).encode() for one in made]


def _nameless() -> list[bytes]:
    table = tables()[0]
    return [
        text_of(table, ","),
        lines_of(table),
        parquet_of(table),
        *_documents()[:1],
        *archives()[:1],
    ]


#: Target, name of the file, seeds, mutations, and what the input is cut into.
_FORMATS: Sequence[tuple[str, str, Callable[[], Sequence[bytes]], Sequence[Mutation], bytes]] = (
    ("csv", "a.csv", lambda: [text_of(table, ",") for table in tables()], _CELLS, b"\n"),
    ("tsv", "a.tsv", lambda: [text_of(table, "\t") for table in tables()], _CELLS, b"\n"),
    (
        "csv.gz",
        "a.csv.gz",
        lambda: [gzip.compress(text_of(table, ","), mtime=0) for table in tables()],
        (*mutations.ANY, *[_packed(_CELLS)] * 10),
        b"",
    ),
    ("jsonl", "a.jsonl", lambda: [lines_of(table) for table in tables()], _TREE, b"\n"),
    ("json", "a.json", _documents, _TREE, b""),
    ("npz", "a.npz", archives, _NPZ, b""),
    ("npy", "a.npy", _records, _NPY, b""),
    ("parquet", "a.parquet", _parquets, mutations.ANY, b""),
    ("arrow", "a.arrow", _arrow_files, mutations.ANY, b""),
    (
        "arrows",
        "a.arrows",
        lambda: [ipc_of(table, stream=True, compression=None) for table in tables()],
        mutations.ANY,
        b"",
    ),
    ("nameless", "a", _nameless, _TREE, b""),
)


def targets() -> list[Target]:
    """One for each format."""
    return [
        Target(name, reader(file), _each(seeds), changes, len(OPTIONS), separator=separator)
        for name, file, seeds, changes, separator in _FORMATS
    ]
