"""Wrong calls of the compiled extension raise; none of them reads or writes outside its arrays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unsurprised import _kernels

Array = Any
STATM = Path("/proc/self/statm")
REFUSED = (TypeError, ValueError, BufferError, RuntimeError)
KINDS = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16")


def rows(array: Array, dtype: str = "float64") -> _kernels.Rows:
    return _kernels.Rows(array, dtype, log=False, checks_sum=False, tolerance=1.0)


def floats(*shape: int) -> Array:
    return np.full(shape, 0.25)


def three_rows() -> _kernels.Rows:
    return rows(floats(3, 4))


def measure(name: str, p: Any, q: Any, labels: Any, values: Any, threads: Any = 1) -> Any:
    return _kernels.measure(name, p, q, labels, 1.0, values, threads)


# What stands in the place of an array of three doubles (or of three integers of 64 bits).
NOT_THREE = {
    "too short": np.zeros(2),
    "too long": np.zeros(4),
    "empty": np.zeros(0),
    "narrower": np.zeros(3, dtype=np.float32),
    "as many bytes, otherwise cut": np.zeros(6, dtype=np.float32),
    "bytes": np.zeros(24, dtype=np.uint8),
    "times": np.zeros(3, dtype="M8[s]"),
    "in the other byte order": np.zeros(3, dtype=">f8"),
    "every second": np.zeros(6)[::2],
    "reversed": np.zeros(3)[::-1],
    "repeated": np.broadcast_to(np.zeros(1), (3,)),
    "a list": [0.0, 0.0, 0.0],
    "a number": 1.0,
    "text": "abc",
    "objects": np.array([None, None, None]),
}
#: None means something of its own only where labels and weights are optional.
FILLED = {**NOT_THREE, "none": None, "read-only": np.frombuffer(bytes(24))}


@pytest.mark.parametrize("dtype", KINDS)
def test_an_array_is_read_only_as_what_it_is(dtype: str) -> None:
    for other in KINDS:
        array = np.ones((2, 3), dtype=other)
        if other == dtype:
            rows(array, dtype)
        else:
            with pytest.raises(ValueError, match=dtype):
                rows(array, dtype)


@pytest.mark.parametrize(
    "array",
    [
        np.array(1.0),
        np.ones((3, 0)),
        np.ones((0, 0)),
        np.ones((1,) * 33),
        [[0.5, 0.5]],
        None,
        "text",
        np.array([[None]]),
    ],
)
def test_rows_of_no_shape_are_refused(array: Any) -> None:
    with pytest.raises(REFUSED):
        rows(array)


@pytest.mark.parametrize("dtype", ["", "float128", "complex64", "uint64", "bool", "float64\0"])
def test_unknown_types_are_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match="no kernel reads"):
        rows(floats(3, 4), dtype)


@pytest.mark.parametrize("values", FILLED.values(), ids=FILLED)
def test_values_must_be_three_doubles_to_write_to(values: Any) -> None:
    with pytest.raises(REFUSED):
        measure("entropy", three_rows(), None, None, values)
    with pytest.raises(REFUSED):
        _kernels.event_surprisals(np.ones(3), 1.0, values)
    with pytest.raises(REFUSED):
        _kernels.ExactTable(3).rounded(values)
    with pytest.raises(REFUSED):
        _kernels.ExactTable(6).group_totals(3, values, np.zeros((2, 3)))
    with pytest.raises(REFUSED):
        _kernels.ExactTable(3).group_totals(1, np.zeros(1), values)
    with pytest.raises(REFUSED):
        _kernels.Tally(3).counts(values)
    with pytest.raises(REFUSED):
        _kernels.hash_integers(np.zeros(3, dtype=np.int64), 0, values)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("wrong", FILLED.values(), ids=FILLED)
def test_facts_are_four_arrays(place: int, wrong: Any) -> None:
    outputs: list[Any] = [np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3, dtype=np.int32)]
    _kernels.facts(three_rows(), None, 1.0, *outputs)
    outputs[place] = wrong
    with pytest.raises(REFUSED):
        _kernels.facts(three_rows(), None, 1.0, *outputs)


@pytest.mark.parametrize("labels", NOT_THREE.values(), ids=NOT_THREE)
def test_labels_must_be_three_integers(labels: Any) -> None:
    with pytest.raises(REFUSED):
        measure("surprisal", three_rows(), None, labels, np.zeros(3))


@pytest.mark.parametrize("label", [-1, 4, 2**62, -(2**63)])
def test_labels_outside_the_classes_are_reported(label: int) -> None:
    for classes in (4, 100):
        labels = np.array([0, 1, label if label != 4 else classes])
        found, _ = measure("surprisal", rows(floats(3, classes)), None, labels, np.zeros(3))
        assert found[:2] == (2, 4)


@pytest.mark.parametrize(
    ("name", "q", "labels"),
    [
        ("entropy", three_rows, None),
        ("entropy", lambda: None, np.zeros(3, dtype=np.int64)),
        ("surprisal", lambda: None, None),
        ("cross_entropy", lambda: None, None),
        ("kl_divergence", lambda: None, None),
        ("kl_divergence", three_rows, np.zeros(3, dtype=np.int64)),
        ("facts", lambda: None, None),
        ("facts", three_rows, None),
        ("", lambda: None, None),
        ("kl_divergence", lambda: floats(3, 4), None),
        ("kl_divergence", lambda: rows(floats(3, 5)), None),
        ("kl_divergence", lambda: rows(floats(4, 4)), None),
        ("kl_divergence", lambda: rows(floats(4)), None),
        ("kl_divergence", lambda: _kernels.Rows.__new__(_kernels.Rows), None),
    ],
)
@pytest.mark.filterwarnings("ignore:nanobind")  # it tells of the object that was never made
def test_measures_get_what_they_work_on(name: str, q: Callable[[], Any], labels: Any) -> None:
    with pytest.raises(REFUSED):
        measure(name, three_rows(), q(), labels, np.zeros(3))


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 32, 1000])
@pytest.mark.parametrize("threads", [-(2**31), -1, 0, 1, 2, 3, 50, 100_000])
def test_any_number_of_threads_gives_the_same(threads: int, count: int) -> None:
    p = rows(np.random.default_rng(1).random((count, 3)))
    expected, found = np.zeros(count), np.zeros(count)
    measure("entropy", p, None, None, expected)
    measure("entropy", p, None, None, found, threads)
    assert found.tobytes() == expected.tobytes()
    assert expected.all()


def test_no_rows_are_no_work() -> None:
    none = rows(np.zeros((0, 4)))
    assert measure("kl_divergence", none, none, None, np.zeros(0), 4)[0][0] == -1


REFUSE_THREADS = """
import resource
import numpy as np
from unsurprised import _kernels
rows = np.random.default_rng(1).random((4000, 4))
p = _kernels.Rows(rows, "float64", False, False, 1.0)
expected, found = np.zeros(4000), np.zeros(4000)
_kernels.measure("entropy", p, None, None, 1.0, expected, 1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
resource.setrlimit(resource.RLIMIT_AS, (used + (20 << 20), hard))  # room for a stack or two
_kernels.measure("entropy", p, None, None, 1.0, found, 200)
print(expected.all() and (found == expected).all())
"""


@pytest.mark.skipif(not STATM.exists(), reason="tells its memory otherwise")
def test_threads_that_the_system_refuses_are_done_without() -> None:
    done = subprocess.run(
        [sys.executable, "-c", REFUSE_THREADS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_exact_tables_take_slots_and_doubles(wrong: Any) -> None:
    slots, values = np.zeros(3, dtype=np.int64), np.ones(3)
    table = _kernels.ExactTable(2)
    before = table.to_bytes()
    with pytest.raises(REFUSED):
        table.add(slots, wrong)
    with pytest.raises(REFUSED):
        table.add(wrong, values)
    with pytest.raises(REFUSED):
        table.add_columns(wrong, [None, values], None, 0)
    with pytest.raises(REFUSED):
        table.add_columns(slots, [None, wrong], None, 0)
    with pytest.raises(REFUSED):
        table.add_columns(slots, [None, values], wrong, 0)
    assert table.to_bytes() == before


@pytest.mark.parametrize("slot", [-1, 2, 2**62, -(2**63)])
def test_exact_tables_know_their_slots(slot: int) -> None:
    with pytest.raises(ValueError, match="slot"):
        _kernels.ExactTable(2).add(np.array([slot]), np.ones(1))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_only_finite_values_are_summed(value: float) -> None:
    one, hashes = np.array([value]), np.zeros(1, dtype=np.uint64)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add(np.zeros(1, dtype=np.int64), one)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add_columns(hashes, [one], None, 0)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add_columns(hashes, [None], one, 0)
    with pytest.raises(ValueError, match="finite"):  # a product that is too large
        _kernels.ExactTable(2).add_columns(hashes, [np.array([1e200])], np.array([1e200]), 0)


@pytest.mark.parametrize("columns", [0, 3, 7, 300])
def test_columns_must_fit_the_table(columns: int) -> None:
    hashes = np.zeros(1, dtype=np.uint64)
    for size in (0, 4, 1024):
        if columns == 0 or size == 0 or size % columns:
            with pytest.raises(ValueError, match=r"columns|groups"):
                _kernels.ExactTable(size).add_columns(hashes, [None] * columns, None, 0)
    with pytest.raises(ValueError, match="groups"):
        _kernels.ExactTable(1024).add_columns(hashes, [None], None, 0)


@pytest.mark.parametrize("columns", [-1, 5, 2**61 + 1, 2**62, -(2**63)])
def test_group_totals_of_impossible_columns(columns: int) -> None:
    with pytest.raises(REFUSED):
        _kernels.ExactTable(4).group_totals(columns, np.zeros(1), np.zeros(0))


@pytest.mark.parametrize("kind", [_kernels.ExactTable, _kernels.Tally])
def test_tables_of_impossible_sizes(kind: Any) -> None:
    for size in (-1, -(2**63), 2**62, 2**63 - 1):
        with pytest.raises((ValueError, MemoryError)):
            kind(size)
    for wrong in (2**63, 1.5, "3", None):
        with pytest.raises(TypeError):
            kind(wrong)
    with pytest.raises(ValueError, match="sizes"):
        kind(3).merge(kind(4))
    with pytest.raises(TypeError):
        kind(3).merge(None)


@pytest.mark.parametrize("kind", [_kernels.ExactTable, _kernels.Tally])
@pytest.mark.parametrize("data", [b"", b"\3", bytes(7), bytes(8), b"\3" + bytes(8), b"\xff" * 40])
def test_bytes_of_no_table(kind: Any, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"size|early|order"):
        kind.from_bytes(data, 3)


INTEGERS, TOPS = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int32)
HASHES = np.zeros(3, dtype=np.uint64)


@pytest.mark.parametrize(
    ("major", "minor", "width"),
    [
        ([0, 0, 2], [0, 0, 0], 2),
        ([0, 0, -1], [0, 0, 0], 2),
        ([0, 0, 0], [0, 0, 2], 2),  # would be the first of the next class
        ([0, 0, 1], [0, 0, -1], 2),
        ([0, 0, 2**62], [0, 0, 0], 4),  # times 4 is 0 in 64 bits
        ([0, 0, 0], [0, 0, 0], 0),
        ([0, 0, 0], [0, 0, 0], -(2**63)),
        ([0, 0, 0], [0, 0, 0], 5),
    ],
)
def test_pairs_outside_the_table(major: list[int], minor: list[int], width: int) -> None:
    tally = _kernels.Tally(4)
    with pytest.raises(ValueError, match=r"key|width"):
        tally.add_pairs(np.array(major), np.array(minor, dtype=np.int32), 0, width)


def test_groups_outside_the_table() -> None:
    for groups, keys, width in ((3, [0, 0, 0], 2), (-1, [0, 0, 0], 2), (2, [0, 0, 2], 2)):
        with pytest.raises(ValueError, match=r"key|modulus"):
            hashes = np.array([0, 1, 2], dtype=np.uint64)
            _kernels.Tally(4).add_by_group(hashes, np.array(keys), groups, width)


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_tallies_take_integers_of_their_size(wrong: Any) -> None:
    tally = _kernels.Tally(4)
    with pytest.raises(REFUSED):
        tally.add_pairs(wrong, TOPS, 0, 2)
    with pytest.raises(REFUSED):
        tally.add_pairs(INTEGERS, INTEGERS, 0, 2)
    with pytest.raises(REFUSED):
        tally.add_by_group(HASHES, wrong, 2, 2)
    with pytest.raises(REFUSED):
        tally.add_by_group(wrong, INTEGERS, 2, 2)
    assert tally.to_bytes() == _kernels.Tally(4).to_bytes()


def test_leading_bits_of_what_has_none() -> None:
    for dropped in (-1, 64, 1000):
        with pytest.raises(ValueError, match="bits"):
            _kernels.Tally(8).add_leading_bits(np.ones(1), dropped)
    for value in (-1.0, 2.0):  # the signs and exponents of both are beyond eight bins
        with pytest.raises(ValueError, match="key"):
            _kernels.Tally(8).add_leading_bits(np.array([value]), 52)
    tally = _kernels.Tally(1 << 11)
    tally.add_leading_bits(np.array([np.nan, np.inf, 1.0]), 52)
    counts = np.zeros(1 << 11, dtype=np.int64)
    tally.counts(counts)
    assert counts[1023] == counts.sum() == 1


@pytest.mark.parametrize("offsets", [[0, 1], [0, 1, 9], [-1, 1, 2], [0, 2, 1], [2**62, 0, 0]])
def test_offsets_outside_the_text(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match=r"offsets|array"):
        _kernels.hash_strings(np.array(offsets), b"text", np.zeros(2, dtype=np.uint64))


@pytest.mark.parametrize(
    "text", [np.zeros(8, dtype=np.uint8)[::-1], np.zeros(8, dtype=np.uint8)[::2], np.zeros(4), "x"]
)
def test_a_text_is_contiguous_bytes(text: Any) -> None:
    with pytest.raises(REFUSED):
        _kernels.hash_strings(np.array([0, 2, 4]), text, np.zeros(2, dtype=np.uint64))
