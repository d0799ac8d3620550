"""Arrow tables of predictions and of columns of any type, made by choices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from fuzz.choices import Choices

_TEXTS = (
    "a",
    "",
    "é",
    "b,c",
    '"',
    "line\nline",
    "\t",
    "null",
    "1",
    " x ",
    "=1",
    "\0",
    "\ufeffa",
    "{}",
)
_BYTES = (b"a", b"", b"\xff\xfe", b"\0", b"caf\xc3\xa9", b"123")
_MOMENT = dt.datetime(2020, 2, 29, 12, 30, 15, 123456)

Maker = Callable[[Choices], Any]


def _text(choices: Choices) -> str:
    return choices.one_of(_TEXTS)


def _bytes(choices: Choices) -> bytes:
    return choices.one_of(_BYTES)


def _whole(bits: int) -> Maker:
    return lambda choices: choices.one_of((0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1))))


def _counting(bits: int) -> Maker:
    return lambda choices: choices.one_of((0, 1, 2**bits - 1))


def _moment(choices: Choices) -> dt.datetime:
    return choices.one_of((_MOMENT, dt.datetime(1970, 1, 1), dt.datetime(1900, 1, 1)))


def _simple() -> list[tuple[pa.DataType, Maker]]:
    return [
        (pa.string(), _text), (pa.large_string(), _text), (pa.string_view(), _text),
        (pa.binary(), _bytes), (pa.large_binary(), _bytes), (pa.binary_view(), _bytes),
        (pa.binary(3), lambda choices: choices.bytes(3).ljust(3, b"\xff")),
        (pa.bool_(), lambda choices: choices.happens()), (pa.null(), lambda choices: None),
        *((getattr(pa, f"int{b}")(), _whole(b)) for b in (8, 16, 32, 64)),
        *((getattr(pa, f"uint{b}")(), _counting(b)) for b in (8, 16, 32, 64)),
        *((kind, lambda choices: choices.number()) for kind in (pa.float32(), pa.float64())),
        (pa.float16(), lambda choices: choices.below(100) / 64),
        (pa.date32(), lambda choices: _moment(choices).date()),
        (pa.date64(), lambda choices: _moment(choices).date()),
        (pa.time32("s"), lambda choices: dt.time(12, 30)),
        (pa.time64("ns"), lambda choices: dt.time(12, 30, 1, 5)),
        *((pa.timestamp(unit), _moment) for unit in ("s", "us", "ns")),
        (pa.timestamp("ms", tz="Europe/Berlin"), _moment),
        (pa.duration("ns"), lambda choices: dt.timedelta(choices.below(9), 5)),
        (pa.month_day_nano_interval(), lambda choices: pa.MonthDayNano([1, choices.below(9), 5])),
        (pa.decimal128(5, 2), lambda choices: Decimal(choices.below(999)) / 100),
        (pa.decimal256(50, 2), lambda choices: Decimal(10) ** 40),
    ]  # fmt: skip


def _column(choices: Choices, rows: int, depth: int = 0) -> pa.Array:
    """A column of any type."""
    shape = choices.below(14) if depth < 2 else 0
    if shape < 5:
        kind, maker = choices.one_of(_simple())
        return pa.array([None if choices.happens(4) else maker(choices) for _ in range(rows)], kind)
    inner = _column(choices, 2 * rows, depth + 1)
    if shape == 5:
        return pa.ListArray.from_arrays(list(range(0, 2 * rows + 1, 2)), inner)
    if shape == 6:
        return pa.LargeListArray.from_arrays(list(range(0, 2 * rows + 1, 2)), inner)
    if shape == 7:
        return pa.FixedSizeListArray.from_arrays(inner, 2)
    if shape == 8:
        return pa.StructArray.from_arrays([inner[:rows], inner[rows:]], ["a", f"{_text(choices)}_"])
    if shape == 9:
        keys = pa.array([f"{k % 2}" for k in range(2 * rows)])
        return pa.MapArray.from_arrays(list(range(0, 2 * rows + 1, 2)), keys, inner)
    return _special(choices, shape, rows, inner)


def _special(choices: Choices, shape: int, rows: int, inner: pa.Array) -> pa.Array:
    indices = pa.array([None if choices.happens(4) else 0 for _ in range(rows)], pa.int8())
    encoded = pa.types.is_dictionary(inner.type)  # twice is more than pyarrow's files can hold
    if shape == 10 and not pa.types.is_nested(inner.type) and not encoded:
        return pa.DictionaryArray.from_arrays(indices, inner[: max(rows, 1)])
    if shape == 11 and not pa.types.is_null(inner.type):
        return pa.RunEndEncodedArray.from_arrays([rows], inner[:1])
    if shape == 12:
        kinds = pa.array([choices.below(2) for _ in range(rows)], pa.int8())
        return pa.UnionArray.from_sparse(kinds, [inner[:rows], inner[rows:]], ["a", "b"])
    known: Sequence[Any] = (
        pa.array([b"\xff" * 16] * rows, pa.uuid()) if hasattr(pa, "uuid") else inner[:rows],
        pa.array([True] * rows, pa.bool8()) if hasattr(pa, "bool8") else inner[:rows],
        pa.array([{}] * rows, pa.struct([])),
        inner[:rows],
    )
    return choices.one_of(known)


def _predictions(choices: Choices, rows: int, classes: int) -> dict[str, pa.Array]:
    kind = choices.one_of((pa.float64(), pa.float32(), pa.float16(), pa.decimal128(20, 10)))
    weights = [[1 + choices.below(8) for _ in range(classes)] for _ in range(rows)]
    share = Decimal if pa.types.is_decimal(kind) else float
    table = [[share(one) / share(sum(row)) for one in row] for row in weights]
    if pa.types.is_decimal(kind):
        table = [[one.quantize(Decimal("1e-10")) for one in row] for row in table]
    if pa.types.is_float16(kind):
        table = [[1.0] + [0.0] * (classes - 1) for _ in table]
    names = [f"c{k}" for k in range(classes)]
    layout = choices.below(5)
    if layout == 0:
        return {"probs": pa.array(table, pa.list_(kind))}
    if layout == 1:
        return {"probs": pa.array(table, pa.list_(kind, classes))}
    if layout == 2:
        maps = [dict(zip(names, row, strict=True)) for row in table]
        return {"probs": pa.array(maps, pa.struct([(name, kind) for name in names]))}
    if layout == 3:
        maps = [list(zip(names, row, strict=True)) for row in table]
        return {"probs": pa.array(maps, pa.map_(pa.string(), kind))}
    return {f"p_{n}": pa.array([row[k] for row in table], kind) for k, n in enumerate(names)}


def table(choices: Choices, classes: int) -> tuple[pa.Table, list[str]]:
    """A table of predictions, and the names of its other columns."""
    rows = 1 + choices.below(4)
    others = {}
    for number in range(choices.below(4)):
        name = choices.one_of((f"x{number}", "é", "a b", "label", "", '"', "x,y", "q_zz"))
        others[name] = _column(choices, rows)
    columns = {**others, **_predictions(choices, rows, classes)}
    if choices.happens():
        columns = dict(reversed(columns.items()))
    metadata = {b"k": b"\xff"} if choices.happens(8) else None
    return pa.table(columns, metadata=metadata), list(others)
