"""Wrong calls of the compiled extension raise; none of them reads or writes outside its arrays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wrong_arrays import FILLED, NOT_THREE, REFUSED

from unsurprised import _kernels

Array = Any
STATM = Path("/proc/self/statm")
KINDS = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16")


def rows(array: Array, dtype: str = "float64") -> _kernels.Rows:
    return _kernels.Rows(array, dtype, log=False, checks_sum=False, tolerance=1.0)


def floats(*shape: int) -> Array:
    return np.full(shape, 0.25)


def three_rows() -> _kernels.Rows:
    return rows(floats(3, 4))


def measure(name: str, p: Any, q: Any, labels: Any, values: Any, threads: Any = 1) -> Any:
    return _kernels.measure(name, p, q, labels, 1.0, values, threads)


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
        # NumPy before 2.0 has no more than 32 itself.
        *([np.ones((1,) * 33)] if np.__version__ >= "2" else []),
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
    if values is not NOT_THREE["narrower"]:  # answers may be of single precision, but no sums
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


def scores(array: Array, dtype: str) -> _kernels.Rows:
    return _kernels.Rows(array, dtype, log=True, checks_sum=False, tolerance=-1.0)


def test_shares_are_those_of_narrow_scores_alone() -> None:
    narrow, ones = scores(np.zeros((3, 70), np.float32), "float32"), np.ones(3)
    coarse, fine = np.zeros(70), np.zeros(70)
    _kernels.add_shares(narrow, ones * 0, ones / 70, coarse, fine, 1)
    assert np.allclose(coarse + fine, 3 / 70)
    found = np.empty((1, 70), np.float32)
    _kernels.shares_of(narrow, np.array([2]), ones * 0, ones / 70, found, 1)
    assert np.allclose(found, 1 / 70)
    for wide in (scores(np.zeros((3, 70)), "float64"), rows(floats(3, 70))):
        with pytest.raises(ValueError, match="log scores of at most single precision"):
            _kernels.add_shares(wide, ones, ones, coarse, fine, 1)
        with pytest.raises(ValueError, match="log scores of at most single precision"):
            _kernels.shares_of(wide, np.array([0]), ones, ones, found, 1)
    with pytest.raises(ValueError, match="no such row"):
        _kernels.shares_of(narrow, np.array([3]), ones, ones, found, 1)
    many = scores(np.zeros((_kernels.most_share_rows + 1, 70), np.float32), "float32")
    each = np.ones(_kernels.most_share_rows + 1)
    with pytest.raises(ValueError, match="more rows"):
        _kernels.add_shares(many, each, each, coarse, fine, 1)


def test_leaders_are_of_rows_that_are_there() -> None:
    at, found = np.empty((1, 3), np.int64), np.empty((1, 3))
    _kernels.leaders(rows(np.array([[1.0, 3.0, 3.0, 2.0]])), np.array([0]), np.ones(1), 3, at,
                     found, 1)  # fmt: skip
    assert (at.tolist(), found.tolist()) == ([[1, 2, 3]], [[3.0, 3.0, 2.0]])
    for which, count in (([1], 3), ([-1], 3), ([0], 0), ([0], 5)):
        out = np.zeros((1, max(count, 0)))
        with pytest.raises(ValueError, match=r"no such row|so many"):
            _kernels.leaders(rows(np.ones((1, 4))), np.array(which), np.ones(1), count,
                             out.astype(np.int64), out, 1)  # fmt: skip
