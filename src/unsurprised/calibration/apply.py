"""Predictions of a file through a calibrator, in order, all other columns as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.batches import Batch
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import Values, log_rows
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources import Reading
from unsurprised.sources.kinds import is_list, plain, stands_for

Progress = Callable[[int], None]
KINDS = ("probs", "logprobs")


class Writer(Protocol):
    """What takes record batches of one schema."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows."""

    def close(self) -> None:
        """Write what is left."""


def class_order(calibrator: Calibrator, reading: Reading) -> list[int] | None:
    """Where the calibrator's classes stand among the source's; None where they stand alike.

    Names bind them, never the position alone: an error where the names are not the same.
    """
    count = len(calibrator.classes_)
    fitted, found = calibrator.class_names, reading.class_names
    if reading.class_count and reading.class_count != count:
        raise CallError(
            f"the calibrator was fitted on {count} classes, and these predictions have "
            f"{reading.class_count}; expected the same classes"
        )
    if fitted is None or fitted == found:
        if fitted is None and found is not None and found != tuple(map(str, range(count))):
            raise CallError(
                "the calibrator was fitted on classes without names, and these have names: "
                f"{_listed(found)}; fit it on predictions with names, or say that the order is the "
                f"same: --classes {','.join(map(str, range(min(count, 3))))}…"
            )
        return None
    if found is None:
        raise CallError(
            f"the calibrator was fitted on the classes {_listed(fitted)}, and these predictions "
            "do not name theirs; say the names in the order of the columns: --classes A,B,…"
        )
    strange = [name for name in found if name not in fitted]
    if strange:
        raise CallError(
            f"found the classes {_listed(strange)}; the calibrator was fitted on {_listed(fitted)}"
        )
    return [found.index(name) for name in fitted]


def _listed(names: Any) -> str:
    shown = ", ".join(repr(name) for name in list(names)[:8])
    return shown + (", …" if len(names) > 8 else "")


def calibrated_batches(
    calibrator: Calibrator, reading: Reading, kind: str | None = None
) -> Iterator[pa.RecordBatch]:
    """The rows of a source in order, with calibrated predictions in place of its own."""
    order = class_order(calibrator, reading)
    wanted = kind or reading.kind
    for split in reading.plan():
        for record, batch in reading.records(split):
            assert batch.model is not None
            log = _mapped(calibrator, batch, order)
            yield _replaced(record, reading, batch, log, wanted)


def _mapped(calibrator: Calibrator, batch: Batch, order: list[int] | None) -> Values:
    assert batch.model is not None
    try:
        log = log_rows(batch.model)
    except InputError as error:
        row = error.place.row
        number = int(batch.numbers()[row[0] if isinstance(row, tuple) else row or 0])
        raise error.located(
            file=batch.file, row=number, column=batch.columns.get("model")
        ) from None
    if order is None:
        return calibrator.map_rows(log)
    mapped = calibrator.map_rows(np.ascontiguousarray(log[:, order]))
    back = np.empty_like(mapped)
    back[:, order] = mapped
    return back


def _replaced(
    record: pa.RecordBatch, reading: Reading, batch: Batch, log: Values, kind: str
) -> pa.RecordBatch:
    numbers = log
    if kind == "probs":
        with np.errstate(under="ignore"):
            numbers = portable.exp(log)
    columns = reading.prediction_columns
    single = reading.layout == "number"
    if single:
        numbers = log[:, 1] - log[:, 0] if kind == "logits" else numbers[:, 1]
    for place, name in enumerate(columns):
        index = record.schema.get_field_index(name)
        field = record.schema.field(index)
        values = numbers if single or len(columns) == 1 else numbers[:, place]
        item = _float_of(field.type)
        narrowed = values.astype(item.to_pandas_dtype())
        _refuse_lost(narrowed, log, batch, name, kind)
        column = _column(narrowed, field.type, item, reading.keys)
        new = pa.field(name, column.type, metadata=field.metadata)
        record = record.set_column(index, new, column)
    return record


def _float_of(kind: pa.DataType) -> pa.DataType:
    """Single precision stays what it is; half precision is for storing logits, not for this."""
    kind = plain(kind)
    while is_list(kind) or pa.types.is_struct(kind):
        kind = plain(kind.value_type if is_list(kind) else kind.field(0).type)
    return pa.float32() if pa.types.is_float32(kind) or pa.types.is_float16(kind) else pa.float64()


def _refuse_lost(narrowed: NDArray[Any], log: Values, batch: Batch, name: str, kind: str) -> None:
    if kind != "probs" or not (narrowed == 0).any():
        return
    lost = (narrowed == 0) & (~np.isneginf(log) if narrowed.ndim == 2 else True)
    if narrowed.ndim == 1 and log.shape[1] == 2:
        lost &= ~np.isneginf(log[:, 1])
    if lost.any():
        row = int(np.argwhere(lost)[0][0])
        raise InputError(
            f"a calibrated probability is above 0 but too small for {narrowed.dtype}",
            expected="numbers that a float holds",
            remedy="write logarithms: --as logprobs",
            place=Place(batch.file, int(batch.numbers()[row]), name),
        )


def _column(
    values: NDArray[Any], kind: pa.DataType, item: pa.DataType, keys: tuple[str, ...]
) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values).reshape(-1), type=item)
    if values.ndim == 1:
        return flat
    width = values.shape[1]
    kind = plain(kind)
    if keys and pa.types.is_struct(kind):
        places = [keys.index(field.name) for field in kind]
        children = [pa.array(np.ascontiguousarray(values[:, k]), type=item) for k in places]
        return pa.StructArray.from_arrays(children, names=[field.name for field in kind])
    if keys:  # a map, whose rows then hold every class
        offsets = pa.array(np.arange(0, values.size + 1, width, dtype=np.int32))
        return pa.MapArray.from_arrays(offsets, pa.array(list(keys) * len(values)), flat)
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(flat, width)
    wide = pa.types.is_large_list(kind)
    offsets = np.arange(0, values.size + 1, width, dtype=np.int64 if wide else np.int32)
    make = pa.LargeListArray if wide else pa.ListArray
    return make.from_arrays(pa.array(offsets), flat)


_ENDINGS = (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".csv", ".tsv", ".jsonl", ".ndjson")


def check_format(name: str) -> None:
    """Raises unless the ending of a name says a format that can be written."""
    if Path(name).suffix.lower() not in _ENDINGS:
        raise CallError(
            f"--out {name}: its ending names no format that can be written; expected .parquet, "
            ".arrow, .csv, .tsv or .jsonl"
        )


def writer_for(path: Path, name: str, schema: pa.Schema) -> AbstractContextManager[Writer]:
    """Writes record batches in the format that the ending of ``name`` says."""
    suffix = Path(name).suffix.lower()
    if suffix in (".parquet", ".pq"):
        parquet: AbstractContextManager[Writer] = pq.ParquetWriter(path, schema)
        return parquet
    if suffix in (".arrow", ".feather", ".ipc"):
        arrow: AbstractContextManager[Writer] = pa.ipc.new_file(str(path), schema)
        return arrow
    if suffix in (".csv", ".tsv"):
        return _CsvWriter(path, schema, "\t" if suffix == ".tsv" else ",")
    return _JsonLines(path)


class _Text:
    """Rows of text, whatever the columns hold."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("w", encoding="utf-8", newline="")

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stream.close()


class _JsonLines(_Text):
    def write_batch(self, batch: pa.RecordBatch) -> None:
        texts = {field.name for field in batch.schema if is_json_text(field)}
        for row in batch.to_pylist():
            for name in texts:
                row[name] = None if row[name] is None else json.loads(row[name])
            self._stream.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


class _CsvWriter:
    """CSV knows no lists and no maps: they are written as JSON."""

    def __init__(self, path: Path, schema: pa.Schema, delimiter: str) -> None:
        flat = pa.schema([(f.name, _flat_type(f.type)) for f in schema])
        options = pacsv.WriteOptions(delimiter=delimiter)
        self._writer = pacsv.CSVWriter(str(path), flat, write_options=options)
        self._schema = flat

    def write_batch(self, batch: pa.RecordBatch) -> None:
        columns = [
            column if _flat_type(column.type) == column.type else _as_text(column, kind)
            for column, kind in zip(batch.columns, self._schema.types, strict=True)
        ]
        self._writer.write_batch(pa.record_batch(columns, schema=self._schema))

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._writer.close()


def is_json_text(field: pa.Field) -> bool:
    """Whether a column of text holds JSON, as it came from a file of JSON lines."""
    return (field.metadata or {}).get(b"unsurprised.json") == b"1"


def _flat_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    nested = pa.types.is_nested(kind) or stands_for(kind) in ("floats", "integers", "map")
    return pa.string() if nested else kind


def _as_text(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode().cast(kind)
    rows = column.to_pylist()
    return pa.array([None if row is None else json.dumps(row, default=str) for row in rows], kind)


def apply_reading(
    calibrator: Calibrator,
    reading: Reading,
    path: Path,
    name: str,
    *,
    kind: str | None = None,
    progress: Progress | None = None,
) -> int:
    """Write a source's rows with calibrated predictions to ``path``; how many they were.

    The format is that of the ending of ``name``.
    """
    written = 0
    with ExitStack() as stack:
        writer: Writer | None = None
        schema: pa.Schema | None = None
        for record in calibrated_batches(calibrator, reading, kind):
            batch = _decoded(record)
            if writer is None or schema is None:
                schema = batch.schema
                writer = stack.enter_context(writer_for(path, name, schema))
            writer.write_batch(_like(batch, schema))
            written += batch.num_rows
            if progress is not None:
                progress(batch.num_rows)
        if writer is None:
            raise InputError("found no rows", expected="at least one").located(
                file=", ".join(reading.files) or None
            )
    return written


def _decoded(record: pa.RecordBatch) -> pa.RecordBatch:
    """Without dictionaries, which may differ from batch to batch."""
    for index, field in enumerate(record.schema):
        if pa.types.is_dictionary(field.type):
            column = record.column(index).dictionary_decode()
            record = record.set_column(index, pa.field(field.name, column.type), column)
    return record


def _like(record: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if record.schema.equals(schema):
        return record
    if set(record.schema.names) != set(schema.names):
        raise InputError(
            f"found the columns {_listed(record.schema.names)} in one file",
            expected=f"those of the files before it: {_listed(schema.names)}",
            remedy="apply it to each file by itself",
        )
    try:
        return record.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"found columns of other types than in the files before ({error})",
            remedy="apply it to each file by itself",
        ) from None
