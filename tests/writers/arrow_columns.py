"""A column of every Arrow type, of three rows, the second null where a type has nulls."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa

UUID = b"0123456789abcdef"


def extension(kind: pa.DataType, storage: pa.Array) -> pa.Array:
    return pa.ExtensionArray.from_storage(kind, storage)


def runs(values: pa.Array) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(
        pa.array(range(1, len(values) + 1), pa.int32()), values
    )


def lists(values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(list(range(len(values) + 1)), values)


def struct(values: pa.Array) -> pa.Array:
    return pa.StructArray.from_arrays([values], ["a"])


def hidden(values: pa.Array) -> pa.Array:
    """Structs that are null where values are none."""
    return pa.StructArray.from_arrays([values], ["a"], mask=pa.array([False, True, False]))


def mapped(values: pa.Array) -> pa.Array:
    keys = pa.array([f"k{index}" for index in range(len(values))])
    return pa.MapArray.from_arrays(list(range(len(values) + 1)), keys, values)


def dictionary(values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(range(len(values)), pa.int8()), values)


def _plain() -> dict[str, pa.Array]:
    columns = {
        "null": pa.nulls(3),
        "bool": pa.array([True, None, False]),
        "text": pa.array(["a", None, 'é, "\n']),
        "large text": pa.array(["a", None, ""], pa.large_string()),
        "text view": pa.array(["a", None, "longer than twelve bytes"], pa.string_view()),
        "bytes": pa.array([b"a", None, b"\xff"]),
        "large bytes": pa.array([b"a", None, b"\xff"], pa.large_binary()),
        "bytes view": pa.array([b"a", None, b"\xff"], pa.binary_view()),
        "fixed bytes": pa.array([b"ab", None, b"\xff\xff"], pa.binary(2)),
        "fixed bytes of nothing": pa.array([b"", None, b""], pa.binary(0)),
        "half": pa.array([1.0, None, 0.1], pa.float16()),
        "float": pa.array([1.0, None, 0.1], pa.float32()),
        "double": pa.array([0.1, None, 1e-300]),
        "not finite": pa.array([float("nan"), None, float("-inf")]),
        "integer": pa.array([2**53 + 1, None, -(2**63)]),
        "uint64": pa.array([2**64 - 1, None, 0], pa.uint64()),
        "int8": pa.array([-128, None, 127], pa.int8()),
        "interval": pa.array([(1, 2, 3), None, (-1, 0, -(10**9))], pa.month_day_nano_interval()),
    }
    for name, kind in {
        "decimal": pa.decimal128(38, 2),
        "wide decimal": pa.decimal256(60, 2),
        "decimal of thousands": pa.decimal128(5, -3),
    }.items():
        columns[name] = pa.array([Decimal("1000"), None, Decimal("-2000")], kind)
    for unit in ("s", "ms", "us", "ns"):
        wide = pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit)
        columns[f"time {unit}"] = pa.array([1, None, 3599], wide)
        columns[f"timestamp {unit}"] = pa.array([-1, None, 10**9 + 1], pa.timestamp(unit))
        columns[f"zoned timestamp {unit}"] = pa.array(
            [-1, None, 10**9 + 1], pa.timestamp(unit, "+02:00")
        )
        columns[f"duration {unit}"] = pa.array([-1, None, 10**9 + 1], pa.duration(unit))
    columns["date"] = pa.array([-1, None, 20000], pa.date32())
    columns["date64"] = pa.array([-86400000, None, 86400000], pa.date64())
    return columns


def _nested() -> dict[str, pa.Array]:
    return {
        "list view": pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())),
        "large list view": pa.array([[1], None, [2, 3]], pa.large_list_view(pa.int64())),
        "fixed list": pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int32(), 2)),
        "fixed list of nothing": pa.array([[], None, []], pa.list_(pa.int32(), 0)),
        "list of nulls": pa.array([[None], None, []], pa.list_(pa.null())),
        "list of structs": pa.array([[{"a": 1, "b": b"x"}], None, []]),
        "map": pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        "map from numbers": pa.array([[(1, 0.5)], None, []], pa.map_(pa.int8(), pa.float32())),
        "map from bytes": pa.array([[(b"a", 1)], None, []], pa.map_(pa.binary(), pa.int64())),
        "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}]),
        "struct of nothing": pa.array([{}, None, {}], pa.struct([])),
        "struct with one name twice": pa.StructArray.from_arrays(
            [pa.array([1, 2, 3]), pa.array([1, 2, 3])], ["a", "a"]
        ),
        "sparse union": pa.UnionArray.from_sparse(
            pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
        ),
        "struct of nulls and sparse union": hidden(
            pa.UnionArray.from_sparse(
                pa.array([0, 1, 0], pa.int8()), [pa.array([1, 2, 3]), pa.array(["a", "b", "c"])]
            )
        ),
        "dense union": pa.UnionArray.from_dense(
            pa.array([0, 1, 0], pa.int8()),
            pa.array([0, 0, 1], pa.int32()),
            [pa.array([1, 2]), pa.array(["a"])],
        ),
    }


def _extensions() -> dict[str, pa.Array]:
    square = pa.array([[1, 2, 3, 4], None, [5, 6, 7, 8]], pa.list_(pa.int32(), 4))
    columns = {
        "vector": extension(pa.fixed_shape_tensor(pa.int32(), [4]), square),
        "tensor": extension(pa.fixed_shape_tensor(pa.int32(), [2, 2]), square),
    }
    if hasattr(pa, "bool8"):
        columns |= {
            "uuid": extension(pa.uuid(), pa.array([UUID, None, UUID], pa.binary(16))),
            "bool8": extension(pa.bool8(), pa.array([0, None, 1], pa.int8())),
            "opaque": extension(pa.opaque(pa.string(), "t", "v"), pa.array(["a", None, ""])),
        }
    if hasattr(pa, "json_"):
        columns["json"] = extension(pa.json_(), pa.array(['{"a": 1}', None, "[]"]))
    return columns


PLAIN = _plain()
ENCODED = {
    "dictionary": pa.array(["a", None, "b"]).dictionary_encode(),
    "dictionary of null": pa.DictionaryArray.from_arrays(
        pa.array([0, 1, None], pa.int8()), pa.array(["a", None])
    ),
    "dictionary of integers": pa.array([1, None, 5]).dictionary_encode(),
    "dictionary of views": dictionary(PLAIN["text view"]),
    "dictionary of floats": dictionary(PLAIN["double"]),
    "dictionary of lists": dictionary(lists(PLAIN["double"])),
    "runs": runs(PLAIN["integer"]),
    "runs of dictionary": runs(pa.array(["a", None, "b"]).dictionary_encode()),
    "list of dictionary": lists(pa.array(["a", "b", "a"]).dictionary_encode()),
    "list of runs": lists(runs(PLAIN["double"])),
    "struct of runs": struct(runs(PLAIN["text"])),
    "struct of nulls and runs": hidden(runs(PLAIN["text"])),
    "map to runs": mapped(runs(PLAIN["text"])),
}

#: By the name of the type.
COLUMNS: dict[str, pa.Array] = {
    **PLAIN,
    **_nested(),
    **_extensions(),
    **ENCODED,
    **{f"list of {name}": lists(column) for name, column in PLAIN.items()},
    **{f"struct of {name}": struct(column) for name, column in PLAIN.items()},
}
