"""Every kind of array that people have, and the same numbers out of each."""

from __future__ import annotations

import array
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import oracle
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import unsurprised as us

ROW = [0.25, 0.625, 0.125]
BITS = float(oracle.entropy("probs", ROW))


class Exports:
    """An object that has some of an array's protocols and nothing else."""

    def __init__(self, values: np.ndarray, **attributes: Any) -> None:
        self.values = values
        for name, value in attributes.items():
            setattr(self, name, value)


class WithDLPack(Exports):
    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class OldDLPack(Exports):
    """As exporters before version 1.0 of the protocol: no keyword but the stream."""

    def __dlpack__(self, stream: None = None) -> Any:
        return self.values.__dlpack__(stream=stream)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class WithArray(Exports):
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.values if dtype is None else self.values.astype(dtype)


def _read_only(values: list[float]) -> np.ndarray:
    made = np.array(values)
    made.flags.writeable = False
    return made


def _unaligned(values: list[float]) -> np.ndarray:
    made = np.zeros(len(values), dtype=[("pad", "u1"), ("x", "f8")])
    made["x"] = values
    assert not made["x"].flags.aligned
    return made["x"]


#: Each holds the three numbers of ROW, whose digits every floating type can hold.
CARRIERS: dict[str, Callable[[list[float]], Any]] = {
    "list": list,
    "tuple": tuple,
    "list of NumPy numbers": lambda row: [np.float32(x) for x in row],
    "float16": lambda row: np.array(row, np.float16),
    "bfloat16": lambda row: np.array(row, ml_dtypes.bfloat16),
    "float32": lambda row: np.array(row, np.float32),
    "float64": np.array,
    "big-endian float16": lambda row: np.array(row, ">f2"),
    "big-endian float32": lambda row: np.array(row, ">f4"),
    "big-endian float64": lambda row: np.array(row, ">f8"),
    "read-only": _read_only,
    "unaligned": _unaligned,
    "reversed": lambda row: np.array(row[::-1])[::-1],
    "every other": lambda row: np.repeat(row, 2)[::2],
    "reversed bfloat16": lambda row: np.array(row[::-1], ml_dtypes.bfloat16)[::-1],
    "every third float16": lambda row: np.repeat(np.array(row, np.float16), 3)[::3],
    "masked array without a mask": np.ma.array,
    "DLPack": lambda row: WithDLPack(np.array(row)),
    "DLPack of float16": lambda row: WithDLPack(np.array(row, np.float16)),
    "DLPack of a read-only array": lambda row: WithDLPack(_read_only(row)),
    "DLPack before 1.0": lambda row: OldDLPack(np.array(row)),
    "__array__": lambda row: WithArray(np.array(row)),
    "__array_interface__": lambda row: Exports(
        kept := np.array(row), __array_interface__=kept.__array_interface__
    ),
    "array.array": lambda row: array.array("d", row),
    "memoryview": lambda row: memoryview(array.array("f", row)),
    "bytes as a view": lambda row: memoryview(np.array(row).tobytes()).cast("d"),
    "pyarrow array": pa.array,
    "pyarrow float16": lambda row: pa.array(np.array(row, np.float16)),
    "pyarrow slice": lambda row: pa.array([9.0, *row, 9.0])[1:-1],
    "pyarrow chunks": lambda row: pa.chunked_array([row[:1], row[1:]]),
    "pandas series": pd.Series,
    "pandas nullable series": lambda row: pd.Series(row, dtype="Float64"),
    "Polars series": pl.Series,
}


def found_within(given: Any) -> float:
    """What entropy holds to: probabilities of single precision are measured in it."""
    return 1e-15 if us.Probs(given).array.dtype == "float64" else 5e-7


@pytest.mark.parametrize("carrier", CARRIERS)
def test_one_row(carrier: str) -> None:
    given = CARRIERS[carrier](ROW)
    for form in (given, us.Probs(given)):
        found = us.entropy(form)
        assert type(found) is float and found == pytest.approx(BITS, rel=found_within(given))
    assert us.kl_divergence(given, ROW) == us.kl_divergence(ROW, given) == 0.0
    assert us.surprisal(given, at=0) == 2.0
    logits = us.entropy(us.Logits(CARRIERS[carrier]([1.0, -2.0, 0.5])))
    assert logits == us.entropy(us.Logits([1.0, -2.0, 0.5]))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_events(carrier: str) -> None:
    events = us.surprisal(CARRIERS[carrier](ROW))
    np.testing.assert_array_equal(events, [us.surprisal(x) for x in ROW])


@pytest.mark.parametrize(
    "rows",
    [
        [ROW, ROW[::-1]],
        np.asfortranarray([ROW, ROW[::-1]]),
        np.array([ROW[::-1], ROW])[::-1],
        np.array([ROW, ROW[::-1]])[:, ::-1],
        pd.DataFrame([ROW, ROW[::-1]]),
        pl.DataFrame([ROW, ROW[::-1]], orient="row"),
        WithDLPack(np.array([ROW, ROW[::-1]], np.float32).T.copy().T),
        memoryview(np.array([ROW, ROW[::-1]])),
    ],
    ids=lambda rows: type(rows).__name__,
)
def test_several_rows(rows: Any) -> None:
    found = us.entropy(rows)
    assert isinstance(found, np.ndarray) and found.dtype == np.float64
    np.testing.assert_allclose(found, [BITS, BITS], rtol=found_within(rows))
    np.testing.assert_allclose(us.surprisal(rows, at=[1, 1]), -np.log2(0.625), rtol=1e-15)


def test_zero_strides() -> None:
    assert us.entropy(np.broadcast_to(np.float32(0.25), (4,))) == 2.0
    many = np.broadcast_to(np.array(ROW), (100_000, 3))
    assert (us.entropy(many) == us.entropy(ROW)).all()
    assert (us.kl_divergence(many, ROW) == 0).all()


@pytest.mark.parametrize("dimensions", [0, 1, 2, 5, 31])
def test_leading_dimensions(dimensions: int) -> None:
    shape = (2,) + (1,) * (dimensions - 1) if dimensions else ()
    rows = np.broadcast_to(ROW, (*shape, 3))
    found = us.entropy(rows)
    assert np.shape(found) == shape and np.ravel(found)[0] == us.entropy(ROW)
    assert np.shape(us.surprisal(rows, at=1)) == shape
    assert np.shape(us.kl_divergence(ROW, rows)) == shape


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_strides_change_no_bit(dtype: Any) -> None:
    rng = np.random.default_rng(5)
    for classes in (3, 63, 64, 5000):
        packed = rng.random((4, 6, classes)).astype(dtype)
        expected = us.entropy(us.Probs(packed, normalize=True))
        for axes in ((0, 1, 2), (1, 0, 2), (2, 0, 1), (2, 1, 0)):
            spread = packed.transpose(axes).copy().transpose(np.argsort(axes))
            padded = np.repeat(spread, 2, axis=2)[..., ::2]
            for rows in (spread, padded, padded[::-1, :, :][::-1]):
                np.testing.assert_array_equal(us.entropy(us.Probs(rows, normalize=True)), expected)


def test_no_rows() -> None:
    nothing = np.empty((0, 3))
    for form in (nothing, us.Logits(nothing), us.Counts(nothing.astype(int)), us.LogProbs(nothing)):
        for found in (us.entropy(form), us.kl_divergence(form, ROW), us.cross_entropy(ROW, form)):
            assert found.shape == (0,) and found.dtype == np.float64
        assert us.surprisal(form, at=np.empty(0, int)).shape == (0,)
        assert us.cross_entropy(us.Labels([]), form).shape == (0,)
    assert us.entropy(np.empty((2, 0, 4))).shape == (2, 0)
    assert us.surprisal([]).shape == (0,)
    assert us.entropy(us.Labels([])).shape == (0,)


@pytest.mark.parametrize("one", [[1.0], [[1], [1]], us.Logits([-7.5]), us.Counts([9])], ids=str)
def test_one_class(one: Any) -> None:
    for found in (us.entropy(one), us.kl_divergence(one, [1]), us.cross_entropy(one, one)):
        assert not np.any(found) and not np.any(np.signbit(found))
    assert not np.any(us.surprisal(one, at=0))
    assert not np.any(us.cross_entropy(us.Labels(0), one))


WIDTHS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", ">i4", ">u8"]


@pytest.mark.parametrize("dtype", WIDTHS)
def test_integers_of_every_width(dtype: str) -> None:
    votes = np.array([[2, 5, 1], [100, 0, 0]], dtype)
    np.testing.assert_allclose(us.entropy(us.Counts(votes)), [BITS, 0], rtol=1e-15)
    np.testing.assert_array_equal(us.surprisal([ROW, ROW], at=votes[:, 2])[1], 2)
    np.testing.assert_array_equal(us.cross_entropy(us.Labels(votes[:, 2]), ROW)[1], 2)
    assert us.Labels(votes).indices().tolist() == [[2, 5, 1], [100, 0, 0]]
    np.testing.assert_array_equal(us.entropy(votes[1:] // 100), [0])
    assert us.entropy(us.Logits(votes[0])) == us.entropy(us.Logits([2.0, 5, 1]))


def test_large_integers_are_counts() -> None:
    most = np.iinfo(np.uint64).max
    assert us.entropy(us.Counts(np.array([most, most], np.uint64))) == 1
    assert us.entropy(us.Counts(np.full(8, np.iinfo(np.int64).max))) == pytest.approx(3, rel=1e-15)


def test_booleans() -> None:
    assert us.entropy([True, False]) == 0
    assert us.entropy(us.Counts([True, True])) == 1
    np.testing.assert_array_equal(us.surprisal([[0.25, 0.75]] * 2, at=[False, False]), [2, 2])


NAMES = ["cat", "dog", "cat"]


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        tuple(NAMES),
        np.array(NAMES),
        np.array(NAMES, dtype=object),
        np.array(NAMES, dtype=">U8"),
        pd.Series(NAMES),
        pd.Series(NAMES, dtype="category"),
        pl.Series(NAMES),
        pa.array(NAMES),
    ],
    ids=lambda names: type(names).__name__,
)
def test_names(names: Any) -> None:
    labels = us.Labels(names, classes=["dog", "cat", "emu"])
    assert labels.indices().tolist() == [1, 0, 1]
    np.testing.assert_array_equal(us.surprisal([ROW] * 3, at=labels)[1], 2.0)


def test_classes_come_in_any_iterable() -> None:
    for classes in (["b", "a"], ("b", "a"), np.array(["b", "a"]), pd.Series(["b", "a"])):
        assert us.Labels(["a"], classes=classes).indices().tolist() == [1]
    for classes in (2, np.int64(2)):
        assert us.Labels([0], classes=classes).class_count == 2


def test_names_of_several_dimensions() -> None:
    labels = us.Labels([["b", "a"], ["a", "a"]], classes=["a", "b"])
    assert labels.indices().tolist() == [[1, 0], [0, 0]]
    assert us.surprisal(np.full((2, 2, 2), 0.5), at=labels).shape == (2, 2)


def test_no_input_is_modified() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(5), (2, 7))
    z, counts, labels = rng.normal(size=(7, 5)), rng.integers(1, 9, (7, 5)), np.arange(7) % 5
    before = [x.copy() for x in (p, q, z, counts, labels)]
    us.kl_divergence(p, q)
    us.cross_entropy(us.Counts(counts), us.Logits(z))
    us.kl_divergence(us.LogProbs(np.log(p)), us.Logits(z), axis=1)
    us.cross_entropy(us.Labels(labels, smoothing=0.1), us.Probs(p, normalize=True))
    us.surprisal(us.Logits(z), at=labels)
    us.surprisal(p)
    us.entropy(us.Counts(counts))
    for now, then in zip((p, q, z, counts, labels), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_memory_is_shared() -> None:
    values = np.array([[0.5, 0.5], [0.5, 0.5]])
    for given in (values, WithDLPack(values), memoryview(values), pd.DataFrame(values, copy=False)):
        assert np.shares_memory(us.Probs(given).array.values, values)
    floats = pa.array(ROW)
    assert np.shares_memory(us.Probs(floats).array.values, floats.to_numpy())


def test_a_form_names_itself_with_its_shape() -> None:
    assert repr(us.Logits(np.zeros((2, 3), np.float16))) == "Logits(shape=(2, 3), dtype=float16)"
    bfloat16 = us.Probs(np.ones((1, 1), ml_dtypes.bfloat16))
    assert repr(bfloat16) == "Probs(shape=(1, 1), dtype=bfloat16)"
