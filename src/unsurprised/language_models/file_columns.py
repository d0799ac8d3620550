"""Columns of files that say something of each token: what it is sliced by, whether it counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.batches import SliceColumn
from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.token_files import refuse_no_path
from unsurprised.language_models.by_document import DocumentColumn
from unsurprised.sources.formats import opened
from unsurprised.sources.places import cut_at_column, is_file, named_path, plain
from unsurprised.sources.slices import slice_column
from unsurprised.sources.table import Table, require

_ROWS = 1 << 16
_DOCUMENT = "document"


def sliced_by(specs: Sequence[str]) -> dict[str, SliceColumn | DocumentColumn]:
    """The columns that ``FILE:COLUMN`` names, by their names; of a ``.npy`` file by its own.

    Of a table of one row a document, with a column ``document``, rows are found by that.
    """
    found: dict[str, SliceColumn | DocumentColumn] = {}
    for spec in specs:
        name, values, place, table = _column(spec, "by")
        if name in found:
            raise CallError(f"--by {spec}: {name!r} is given twice; expected each column once")
        try:
            column = slice_column(values)
        except InputError as error:
            raise error.located(file=place.file, column=place.column) from None
        names = _document_names(table, len(values))
        found[name] = column if names is None else DocumentColumn(column, names, str(place.file))
    return found


def _document_names(table: Table, rows: int) -> list[str] | None:
    """The documents of the rows, where each row is one."""
    if table.schema.names.count(_DOCUMENT) != 1:
        return None
    names = [str(name) for name in _values(table, _DOCUMENT).to_pylist()]
    return names if len(names) == len(set(names)) == rows else None


def mask_column(spec: str) -> NDArray[Any]:
    """Which tokens count, as a column has it."""
    _, values, place, _ = _column(spec, "mask")
    _refuse_nulls(values, place)
    if not (pa.types.is_boolean(values.type) or pa.types.is_integer(values.type)
            or pa.types.is_floating(values.type)):  # fmt: skip
        raise InputError(f"found {values.type}", expected="1 or 0 for each token", place=place)
    return np.asarray(values.to_numpy(zero_copy_only=False))


def document_column(spec: str) -> list[str]:
    """The document of each token."""
    _, values, place, _ = _column(spec, "document")
    _refuse_nulls(values, place)
    return [str(name) for name in values.to_pylist()]


def file_of(spec: str) -> str:
    """The file that ``FILE`` or ``FILE:COLUMN`` names."""
    return _split(spec)[0]


def _split(spec: str) -> tuple[str, str | None]:
    refuse_no_path(spec)
    spec = plain(spec)
    file, column = cut_at_column(spec)
    return (spec, None) if not column or is_file(spec) else (file, column)


def _column(spec: str, option: str) -> tuple[str, Any, Place, Table]:
    """The name of a column, its values one after the other, where it is, and its table."""
    file, name = _split(spec)
    table = opened(file)
    if name is None:
        names = table.schema.names
        if len(names) != 1:
            raise CallError(
                f"--{option} {spec}: found {len(names)} columns; expected FILE:COLUMN, such as "
                f"{spec}:{names[0] if names else 'COLUMN'}"
            )
        field, name = table.schema.field(0), named_path(file).stem
    else:
        field = require(table, name, option)
    return name, _values(table, field.name), Place(file, column=field.name), table


def _values(table: Table, column: str) -> Any:
    """All rows; of lists, such as one a document, their entries."""
    batches = [
        batch.column(column)
        for part in table.parts()
        for batch in table.read(part, {column: "by"}, _ROWS)
    ]
    if not batches:
        return pa.nulls(0)
    if any(pa.types.is_dictionary(batch.type) for batch in batches):
        batches = [_decoded(batch) for batch in batches]
    values = pa.chunked_array(batches).combine_chunks()
    while (
        pa.types.is_list(values.type)
        or pa.types.is_fixed_size_list(values.type)
        or (pa.types.is_large_list(values.type))
    ):
        values = values.flatten()
    return values


def _decoded(values: Any) -> Any:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _refuse_nulls(values: Any, place: Place) -> None:
    if values.null_count:
        row = int(np.argmax(values.is_null().to_numpy(zero_copy_only=False)))
        raise InputError(
            "found a null",
            expected="a value in every row",
            place=Place(place.file, row, place.column),
        )
