"""The kernel of gradients against NumPy in double precision."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

from unsurprised import _kernels

ROWS = 5


def inputs(classes, kind, seed=0):
    generator = np.random.default_rng(seed)
    logits = (generator.normal(size=(ROWS, classes)) * 12).astype(kind)
    tops = logits.max(axis=1).astype(np.float32)
    factors = generator.normal(size=ROWS).astype(np.float32)
    shifts = np.array([0, 1e-3, -0.2, 0, 1e-5], dtype=np.float32)
    return logits, tops, factors, shifts


def called(logits, tops, factors, shifts, out, threads=2):
    half = logits.dtype.itemsize == 2
    bits = (logits.view(np.uint16), out.view(np.uint16)) if half else (logits, out)
    _kernels.softmax_gradient(bits[0], half, tops, factors, shifts, bits[1], threads)
    return out


def expected(logits, tops, factors, shifts):
    wide = logits.astype(np.float64)
    gaps = wide - tops.astype(np.float64)[:, None]
    return factors.astype(np.float64)[:, None] * np.exp(gaps) - shifts.astype(np.float64)[:, None]


@pytest.mark.parametrize("kind", [np.float32, ml_dtypes.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("classes", [1, 7, 64, 65, 1000, 70_001])
def test_values(classes, kind):
    given = inputs(classes, kind)
    found = called(*given, np.empty_like(given[0])).astype(np.float64)
    exact = expected(*given)
    # Rounded to the type; the gap itself is rounded to single precision.
    gap = np.abs(given[0].astype(np.float64) - given[1].astype(np.float64)[:, None])
    term = np.abs(exact + given[3].astype(np.float64)[:, None])
    bound = term * (3e-7 + 6e-8 * gap) + np.abs(exact) * (4e-3 if kind != np.float32 else 1e-7)
    assert (np.abs(found - exact) <= bound + 2e-38).all()


def test_in_the_place_of_the_logits_with_strides_and_any_threads():
    logits, *rest = inputs(1000, np.float32)
    wide = np.full((ROWS, 1100), 7, dtype=np.float32)
    wide[:, :1000] = logits
    plain = called(logits, *rest, np.empty_like(logits), 1)
    assert np.array_equal(called(wide[:, :1000], *rest, np.empty_like(logits), 3), plain)
    assert np.array_equal(called(logits, *rest, logits), plain)


def test_rows_of_nothing_are_zeros_and_nan_stays():
    logits, tops, factors, shifts = inputs(100, np.float32)
    logits[0], logits[1, 3], logits[2, 5] = np.nan, np.nan, -np.inf
    factors[0] = shifts[0] = 0
    for kind in (np.float32, ml_dtypes.bfloat16):
        given = logits.astype(kind)
        found = called(given, tops, factors, shifts, np.empty_like(given)).astype(np.float64)
        assert (found[0] == 0).all()
        assert np.isnan(found[1]).sum() == 1 and np.isnan(found[1, 3])
        assert found[2, 5] == pytest.approx(-float(shifts[2]), rel=4e-3)


def test_rounds_to_the_nearest_bfloat16():
    generator = np.random.default_rng(3)
    given = np.zeros((1, 1), dtype=ml_dtypes.bfloat16)
    for factor in generator.normal(size=500).astype(np.float32):
        numbers = [np.array([x], dtype=np.float32) for x in (0, factor, 0)]
        found = called(given, *numbers, np.empty_like(given))
        assert found[0, 0] == np.float32(factor).astype(ml_dtypes.bfloat16)


def test_arrays_that_do_not_fit():
    logits, *rest = inputs(10, np.float32)
    out = np.empty_like(logits)
    for wrong in (logits.astype(np.float64), logits[:, ::2], logits[0], logits[:, :0]):
        with pytest.raises(ValueError, match="another type"):
            _kernels.softmax_gradient(wrong, False, *rest, out, 1)
    with pytest.raises(ValueError, match="another type"):
        _kernels.softmax_gradient(logits, False, rest[0][:3], *rest[1:], out, 1)
    with pytest.raises(ValueError, match="another type"):
        _kernels.softmax_gradient(logits, False, *rest, out[:, :5], 1)


def digest():
    """Of the gradients of rows of both types."""
    found = hashlib.sha256()
    for kind in (np.float32, ml_dtypes.bfloat16):
        for classes in (1, 63, 64, 200, 5000):
            given = inputs(classes, kind)
            found.update(called(*given, np.empty_like(given[0])).tobytes())
    return found.hexdigest()


def test_the_same_bits_without_vectors():
    """The baseline has no fused multiply-add of its own."""
    environment = os.environ | {"UNSURPRISED_ISA": "baseline"}
    command = [sys.executable, __file__]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == digest()


if __name__ == "__main__":
    print(digest())
