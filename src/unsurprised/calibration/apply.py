"""Predictions of a file through a calibrator, in order, all other columns as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.arrow.decoded import decoded
from unsurprised.arrow.kinds import entry_of, is_list, plain
from unsurprised.batches import Batch
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import log_rows
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources import Reading
from unsurprised.sources.reading import Split
from unsurprised.writers import check_format, writer_of
from unsurprised.writers.writer import Writer

Progress = Callable[[int], None]
KINDS = ("probs", "logprobs")


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
    if fitted is None and not reading.positive_said:
        _refuse_other_number(calibrator, reading)
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


def _refuse_other_number(calibrator: Calibrator, reading: Reading) -> None:
    """Raise where one number a row would be taken for another class than it was in the fit."""
    fitted, here = calibrator._spoken_of, reading.spoken_of
    if reading.layout == "number" and fitted != here:
        raise CallError(
            f"the calibrator was fitted on the probability of class {fitted}, and one number a row "
            f"is that of class {here} unless it is said; expected --positive {fitted}, or "
            f"--positive {here}"
        )


def _listed(names: Any) -> str:
    shown = ", ".join(repr(name) for name in list(names)[:8])
    return shown + (", …" if len(names) > 8 else "")


def calibrated_batches(
    calibrator: Calibrator,
    reading: Reading,
    form: str,
    kind: str | None = None,
    splits: Sequence[Split] | None = None,
) -> Iterator[tuple[pa.RecordBatch, Batch]]:
    """The rows of a source in order, with calibrated predictions in place of its own.

    ``form`` is the format that they are for: its columns are those that this keeps. With ``splits``
    the rows of these alone.
    """
    order = class_order(calibrator, reading)
    wanted = kind or reading.kind
    for split in reading.plan() if splits is None else splits:
        for record, batch in reading.records(split, form):
            assert batch.model is not None
            log = _mapped(calibrator, batch, order)
            yield _replaced(record, reading, batch, log, wanted), batch


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
    single, one = reading.layout == "number", reading.spoken_of
    if single:
        numbers = log[:, one] - log[:, 1 - one] if kind == "logits" else numbers[:, one]
    for place, name in enumerate(columns):
        index = record.schema.get_field_index(name)
        field = record.schema.field(index)
        is_whole = single or len(columns) == 1
        values = numbers if is_whole else numbers[:, place]
        item = _float_of(field.type)
        narrowed = values.astype(item.to_pandas_dtype())
        logs = log[:, one] if single else log if is_whole else log[:, place]
        _refuse_lost(narrowed, logs, batch, name, kind)
        column = _column(narrowed, field.type, item, reading.keys)
        new = field.with_type(column.type)
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
    lost = (narrowed == 0) & ~np.isneginf(log)
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
    if keys:  # a map, or a list of pairs, whose rows then hold every class
        offsets = pa.array(np.arange(0, values.size + 1, width, dtype=np.int32))
        names = pa.array(list(keys) * len(values))
        return _pairs(offsets, names, flat, kind)
    if pa.types.is_fixed_size_list(kind):
        return pa.FixedSizeListArray.from_arrays(flat, width)
    wide = pa.types.is_large_list(kind)
    offsets = np.arange(0, values.size + 1, width, dtype=np.int64 if wide else np.int32)
    make = pa.LargeListArray if wide else pa.ListArray
    return make.from_arrays(pa.array(offsets), flat)


def _pairs(offsets: pa.Array, names: pa.Array, numbers: pa.Array, kind: pa.DataType) -> pa.Array:
    entry = entry_of(kind)
    if entry is None:
        return pa.MapArray.from_arrays(offsets, names, numbers)
    fields = {field.name: field.type for field in plain(kind.value_type)}
    known = {entry[0]: names.cast(decoded(pa.nulls(0, fields[entry[0]])).type), entry[1]: numbers}
    rows = pa.StructArray.from_arrays([known[name] for name in fields], names=list(fields))
    return pa.ListArray.from_arrays(offsets, rows)


def apply_reading(
    calibrator: Calibrator,
    reading: Reading,
    path: Path,
    name: str,
    *,
    kind: str | None = None,
    splits: Sequence[Split] | None = None,
    progress: Progress | None = None,
) -> int:
    """Write a source's rows with calibrated predictions to ``path``; how many they were.

    The format is that of the ending of ``name``. With ``splits`` the rows of these alone.
    """
    form = check_format(name)
    reading.survey(form)
    written = 0
    with ExitStack() as stack:
        writer: Writer | None = None
        schema: pa.Schema | None = None
        for record, batch in calibrated_batches(calibrator, reading, form, kind, splits):
            with _placed(batch):
                if writer is None or schema is None:
                    schema = record.schema
                    writer = stack.enter_context(writer_of(form).opened(path, schema))
                writer.write_batch(_like(record, schema))
            written += record.num_rows
            if progress is not None:
                progress(record.num_rows)
        if writer is None:
            raise InputError("found no rows", expected="at least one").located(
                file=", ".join(reading.files) or None
            )
    return written


@contextmanager
def _placed(batch: Batch) -> Iterator[None]:
    """Let errors about a batch's rows name the file, and the row there."""
    try:
        yield
    except InputError as error:
        row = error.place.row
        raise error.located(
            file=batch.file, row=int(batch.numbers()[row]) if isinstance(row, int) else None
        ) from None


def _like(record: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows as those before them, whose order of columns and whose types are the file's."""
    if record.schema.equals(schema):
        return record
    if set(record.schema.names) != set(schema.names):
        raise InputError(
            f"found the columns {_listed(record.schema.names)} in one file",
            expected=f"those of the files before it: {_listed(schema.names)}",
            remedy="apply it to each file by itself",
        )
    rows = record.select(schema.names)
    try:
        return pa.record_batch(
            [_cast(column, field.type) for column, field in zip(rows.columns, schema, strict=True)],
            schema=schema,
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise InputError(
            f"found columns of other types than in the files before ({error})",
            remedy="apply it to each file by itself",
        ) from None


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    return column.cast(kind) if pa.types.is_dictionary(kind) else decoded(column).cast(kind)
