"""Kernels of rows of scores, which fits ask for: shares, and moments at a temperature."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from unsurprised import _kernels
from unsurprised.calibrators._packed import PackedRows

CLASSES = [1, 2, 3, 10, 15, 16, 17, 33, 100, 1000]


def rows_of(classes, seed=0, spread=5.0):
    rng = np.random.default_rng(seed)
    scores = spread * rng.normal(size=(40, classes)) + rng.choice([0, -300, 400], (40, 1))
    scores[5, 1:] = -np.inf
    scores[6, ::3] -= 2000  # no share that a float could hold
    scores[7] = scores[7, 0]  # all alike
    return scores


def shares(scores):
    scores = np.ascontiguousarray(scores)
    tops, masses = np.full(len(scores), np.nan), np.full(len(scores), np.nan)
    _kernels.softmax(scores, scores.shape[1], tops, masses)
    return scores, tops, masses


@pytest.mark.parametrize("classes", CLASSES)
def test_shares_against_long_double(classes):
    scores = rows_of(classes)
    found, tops, masses = shares(scores.copy())
    assert np.array_equal(tops, scores.max(axis=1))
    powers = np.exp(scores.astype(np.longdouble) - tops.astype(np.longdouble)[:, None])
    mass = powers.sum(axis=1)
    assert np.allclose(masses, mass.astype(np.float64), rtol=3e-16 * (4 + classes**0.5), atol=0)
    expected = (powers / mass[:, None]).astype(np.float64)
    # A gap is rounded to double precision: so is an offset that a row's scores have in common.
    gap = np.minimum(np.abs(scores - tops[:, None]), 750)
    bound = expected * (1.5e-15 + 1.2e-16 * gap + 1e-16 * classes**0.5) + 1e-307
    assert (np.abs(found - expected) <= bound).all()
    assert (found[:, :][np.isneginf(scores)] == 0).all()
    assert np.allclose(found.sum(axis=1), 1, rtol=1e-14)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("classes", [1, 10, 40])
def test_what_is_no_score_shows(bad, classes):
    scores = rows_of(classes)
    scores[3, classes // 2] = bad
    found, _, masses = shares(scores)
    assert np.isnan(masses[3]) and np.isnan(found[3]).any()
    assert np.isfinite(np.delete(found, 3, axis=0)).all()


def moments(scores, inverse, threads=1):
    """The mean score of each row, and its variance, under shares ∝ exp(inverse · score)."""
    found = []
    for row in scores:
        one = PackedRows(row[None, :], None)
        sums = np.empty(2)
        _kernels.tempered_sums(one.log, one.weights, one.width, inverse, sums, threads)
        found.append(sums)
    return np.array(found).T


@pytest.mark.parametrize("classes", CLASSES[1:])
@pytest.mark.parametrize("inverse", [0.3, 1.0, 2.5])
def test_moments_at_a_temperature_against_long_double(classes, inverse):
    scores = rows_of(classes)
    means, variances = moments(scores, inverse, threads=2)
    wide = scores.astype(np.longdouble)
    gaps = wide - wide.max(axis=1, keepdims=True)
    weights = np.exp(gaps * inverse)
    weights /= weights.sum(axis=1, keepdims=True)
    finite = np.where(np.isneginf(gaps), 0, gaps)
    mean = (weights * finite).sum(axis=1)
    variance = (weights * (finite - mean[:, None]) ** 2).sum(axis=1)
    top = wide.max(axis=1)
    assert np.allclose(means, (mean + top).astype(np.float64), rtol=1e-14, atol=1e-13)
    second = (weights * finite**2).sum(axis=1).astype(np.float64)
    assert (np.abs(variances - variance) <= 1e-14 * (1 + second)).all()


def test_rows_that_are_none():
    scores, out = np.zeros((2, 3)), np.zeros(2)
    with pytest.raises(ValueError, match="no whole rows"):
        _kernels.softmax(scores, 4, out, out)
    for weights in (out[:1], np.zeros(9)):
        with pytest.raises(ValueError):
            _kernels.tempered_sums(np.zeros(24), weights, 3, 1.0, out, 1)
    for wrong in (scores.astype(np.float32), np.zeros((3, 2)).T):
        with pytest.raises((ValueError, TypeError)):
            _kernels.softmax(wrong, 3, out, out.copy())
    with pytest.raises((ValueError, TypeError)):
        _kernels.softmax(scores, 3, out[:1], out.copy())


def digest():
    """Of all that both kernels answer."""
    found = hashlib.sha256()
    for classes in CLASSES:
        scores = rows_of(classes, seed=classes)
        for each in (*moments(scores, 0.7), *shares(scores)):
            found.update(each.tobytes())
    return found.hexdigest()


def test_every_instruction_set_gives_the_same_bytes():
    answers = {}
    for name in ("baseline", "avx2", "avx512"):
        done = subprocess.run(
            [sys.executable, __file__],
            env=os.environ | {"UNSURPRISED_ISA": name},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            answers[name] = done.stdout
        else:
            assert name != "baseline" and "does not support" in done.stderr
    assert len(set(answers.values())) == 1


if __name__ == "__main__":
    print(digest())
