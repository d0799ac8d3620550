"""Random Arrow tables beside valid predictions, written in each format and read back.

``check(seed, folder)`` is one case; a campaign calls it with many seeds.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types
from read_back import expected, read

from unsurprised.calibration.apply import apply_reading
from unsurprised.calibrators import TemperatureScaling
from unsurprised.errors import InputError
from unsurprised.sources import Options, open_predictions

SUFFIXES = (".parquet", ".arrow", ".csv", ".tsv", ".jsonl")
CALIBRATOR = TemperatureScaling().fit(
    np.array([[0.25, 0.75], [0.5, 0.5], [0.9, 0.1], [0.6, 0.4]]), [1, 0, 0, 1]
)

_TEXTS = [
    "",
    "a",
    "NA",
    "null",
    "nan",
    "007",
    "1",
    'a,b"c',
    "x\ny\r\n",
    "\t",
    " é ",
    "\u2028",
    "😀",
]
_FLOATS = [0.0, -0.0, 1.0, 0.1, 5e-324, 1.8e308, float("nan"), float("inf"), float("-inf"), 1e22]
_UNITS = ["s", "ms", "us", "ns"]

Make = Callable[[Random], Any]


def _integer(bits: int, signed: bool) -> Make:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda r: r.choice([low, high, 0, 1, r.randint(low, high)])


def _count(most: int) -> Make:
    """A count of days or seconds, at times one that only Arrow knows a name for."""
    return lambda r: r.randint(-most, most) if r.random() < 0.98 else r.randint(-most * 9, most * 9)


def _float(r: Random) -> float:
    return r.choice([*_FLOATS, r.gauss(0, 1)])


def _text(r: Random) -> str:
    return r.choice([*_TEXTS, "".join(r.choices(string.printable[:95], k=r.randrange(20)))])


def _scalars(r: Random) -> list[tuple[pa.DataType, Make]]:
    """Types without others within them, and what makes a value of each."""
    unit, scale = r.choice(_UNITS), 10 ** (3 * _UNITS.index(u := r.choice(_UNITS)))
    seconds = 86400 * 365 * (250 if u == "ns" else 1900)
    clock = pa.time32(unit) if unit in _UNITS[:2] else pa.time64(unit)
    size = r.randrange(1, 5)
    bits = [8, 16, 32, 64]
    return [
        (pa.null(), lambda r: None),
        (pa.bool_(), lambda r: r.random() < 0.5),
        *((getattr(pa, f"int{n}")(), _integer(n, True)) for n in bits),
        *((getattr(pa, f"uint{n}")(), _integer(n, False)) for n in bits),
        (pa.float16(), lambda r: float(np.float16(r.choice([0.1, 1.0, r.gauss(0, 1)])))),
        (pa.float32(), lambda r: float(np.float32(r.gauss(0, 1)))),
        (pa.float64(), _float),
        (pa.string(), _text),
        (pa.large_string(), _text),
        (pa.string_view(), _text),
        (pa.binary(), lambda r: r.randbytes(r.randrange(16))),
        (pa.large_binary(), lambda r: r.randbytes(r.randrange(16))),
        (pa.binary_view(), lambda r: r.randbytes(r.randrange(16))),
        (pa.binary(size), lambda r: r.randbytes(size)),
        (pa.decimal128(20, 3), lambda r: Decimal(r.randint(-(10**19), 10**19)).scaleb(-3)),
        (pa.decimal128(5, -2), lambda r: Decimal(r.randint(-99999, 99999)).scaleb(2)),
        (pa.date32(), _count(700_000)),
        (pa.date64(), lambda r: r.randint(-700_000, 700_000) * 86_400_000),
        (clock, lambda r: r.randrange(86400 * 10 ** (3 * _UNITS.index(unit)))),
        (pa.timestamp("us"), _count(86400 * 365 * 1900 * 10**6)),
        (pa.timestamp(u), lambda r: r.randint(-seconds, seconds) * scale // r.choice([1, 7])),
        (pa.timestamp(u, "+05:30"), lambda r: r.randint(-seconds, seconds) * scale),
        (pa.duration(u), _integer(60, True)),
        (
            pa.month_day_nano_interval(),
            lambda r: (_integer(20, True)(r), _integer(20, True)(r), _integer(60, True)(r)),
        ),
    ]


def column(r: Random, rows: int, depth: int) -> pa.Array:
    """A column of a random type."""
    nested = r.random() < (0.5 if depth else 0)
    ways = [_list, _fixed, _view, _struct, _map, _dictionary, _runs, _union, _extension, _cut]
    return r.choice(ways)(r, rows, depth - 1) if nested else _scalar(r, rows)


def _scalar(r: Random, rows: int, depth: int = 0) -> pa.Array:
    kind, make = r.choice(_scalars(r))
    nulls = r.choice([0.0, 0.2, 0.2, 1.0])
    values = [None if r.random() < nulls else make(r) for _ in range(rows)]
    return pa.array(values, kind)


def _sizes(r: Random, rows: int) -> list[int]:
    return [r.randrange(4) for _ in range(rows)]


def _list(r: Random, rows: int, depth: int) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(_sizes(r, rows))]).astype(np.int64)
    inner = column(r, int(offsets[-1]), depth)
    if r.random() < 0.5:
        return pa.LargeListArray.from_arrays(pa.array(offsets), inner, mask=_mask(r, rows))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), inner, mask=_mask(r, rows))


def _mask(r: Random, rows: int) -> pa.Array | None:
    return r.choice([None, pa.array([r.random() < 0.2 for _ in range(rows)], pa.bool_())])


def _fixed(r: Random, rows: int, depth: int) -> pa.Array:
    size = r.randrange(1, 4)
    inner = column(r, size * rows, depth)
    return pa.FixedSizeListArray.from_arrays(inner, size, mask=_mask(r, rows))


def _view(r: Random, rows: int, depth: int) -> pa.Array:
    inner = column(r, rows + 3, depth)
    sizes = _sizes(r, rows)
    starts = [r.randint(0, rows + 3 - size) for size in sizes]
    return pa.ListViewArray.from_arrays(pa.array(starts, pa.int32()), pa.array(sizes, pa.int32()),
                                        inner)  # fmt: skip


def _struct(r: Random, rows: int, depth: int) -> pa.Array:
    names = r.sample(["a", "b", "", "é", 'q"', "x.y"], r.randrange(1, 4))
    return pa.StructArray.from_arrays([column(r, rows, depth) for _ in names], names,
                                      mask=_mask(r, rows))  # fmt: skip


def _map(r: Random, rows: int, depth: int) -> pa.Array:
    sizes = _sizes(r, rows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32))
    keys: list[Any] = [index for size in sizes for index in range(size)]
    kind = r.choice([pa.int8(), pa.string(), pa.binary()])
    made = {pa.int8(): int, pa.string(): str, pa.binary(): lambda key: bytes([key])}[kind]
    named = pa.array([made(key) for key in keys], kind)
    return pa.MapArray.from_arrays(offsets, named, column(r, len(keys), depth))


def _dictionary(r: Random, rows: int, depth: int) -> pa.Array:
    # pyarrow writes dictionaries of dictionaries, and slices of them, as no reader can read them.
    entries = r.choice([_scalar, _scalar, _list])(r, 3, 0)
    indices = [r.choice([0, 1, 2, None]) for _ in range(rows)]
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), entries)


def _runs(r: Random, rows: int, depth: int) -> pa.Array:
    ends = sorted({*(r.randint(1, rows) for _ in range(rows // 2)), rows}) if rows else []
    return pa.RunEndEncodedArray.from_arrays(pa.array(ends, pa.int32()),
                                             column(r, len(ends), depth))  # fmt: skip


def _union(r: Random, rows: int, depth: int) -> pa.Array:
    kinds = pa.array([r.randrange(2) for _ in range(rows)], pa.int8())
    return pa.UnionArray.from_sparse(kinds, [_scalar(r, rows), _scalar(r, rows)])


def _extension(r: Random, rows: int, depth: int) -> pa.Array:
    if not hasattr(pa, "opaque"):
        return _scalar(r, rows)
    inner = column(r, rows, depth)
    if isinstance(inner.type, pa.BaseExtensionType):  # pyarrow cannot read files of such types
        return inner
    return pa.ExtensionArray.from_storage(pa.opaque(inner.type, "type", "vendor"), inner)


def _cut(r: Random, rows: int, depth: int) -> pa.Array:
    """A slice, whose offset is not 0."""
    before = r.randrange(1, 4)
    return column(r, rows + before + r.randrange(3), depth).slice(before, rows)


def table(r: Random) -> pa.Table:
    """Predictions, and up to four columns of any type."""
    rows = r.choice([1, 2, 5, 20])
    first = np.array([r.random() for _ in range(rows)])
    probs = {"p_0": first, "p_1": 1 - first} if r.random() < 0.5 else {
        "probs": [[p, 1 - p] for p in first.tolist()]
    }  # fmt: skip
    columns = dict(probs)
    names = ["x", "x y", "é", "label", "NA", "", 'a"b', "1"]
    for name in r.sample(names, r.randrange(1, 5)):
        columns[name] = column(r, rows, 3)
    made = pa.table(columns)
    return made.slice(r.randrange(rows)) if r.random() < 0.3 else made


def check(seed: int, folder: Path) -> dict[str, bool]:
    """Write the table of a seed in each format: equal when read, or refused; which were written."""
    random = Random(seed)
    made = table(random)
    source, batch_rows = folder / f"{seed}.in.arrow", random.choice([None, 1, 3])
    with pa.ipc.new_file(source, made.schema) as stream:
        stream.write_table(made)
    found = {}
    for suffix in SUFFIXES:
        out = folder / f"{seed}{suffix}"
        reading = open_predictions(source, Options(labelled=False, batch_rows=batch_rows))
        try:
            apply_reading(CALIBRATOR, reading, out, out.name)
        except InputError as error:
            assert "--out" in str(error), error
            found[suffix] = False
        else:
            _compare(made, out)
            found[suffix] = True
        out.unlink(missing_ok=True)
    source.unlink()
    return found


def _compare(made: pa.Table, out: Path) -> None:
    text = out.suffix not in (".parquet", ".arrow")
    others = [name for name in made.column_names if not name.startswith("p")]
    names = {name: f"{name}_base64" if text and has_bytes(made[name].type) else name
             for name in others}  # fmt: skip
    found = read(out, {names[name]: made[name].type for name in others})
    for name in others:
        wanted = expected(made[name], out.suffix)
        assert found[names[name]] == wanted, (name, made[name].type, found[names[name]], wanted)


def has_bytes(kind: pa.DataType) -> bool:
    """Whether bytes are among a type's values."""
    if isinstance(kind, pa.BaseExtensionType):
        return has_bytes(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return has_bytes(kind.value_type)
    inner = [kind.field(k).type for k in range(kind.num_fields)] if types.is_nested(kind) else []
    return "binary" in str(kind) if not inner else any(map(has_bytes, inner))
