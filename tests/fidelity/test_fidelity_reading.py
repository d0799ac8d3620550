"""Rows of files are measured where threads read them: as rows in memory are, to the bit."""

from __future__ import annotations

import re
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from fidelity_data import models

import unsurprised as us
from unsurprised import _kernels
from unsurprised.language_models.artefacts import AnyOpened, opened
from unsurprised.language_models.model_pair import ModelPair
from unsurprised.language_models.placing import Placing


def told(found: us.Fidelity) -> str:
    """All that is found, but for what the two are called."""
    said = found.as_dict()
    return repr(said | {side: said[side] | {"name": side} for side in ("base", "other")})


def measured(
    base: AnyOpened, other: AnyOpened, given: Placing, rows: int | None = None
) -> us.Fidelity:
    pair = ModelPair(base, other, given, ("base", "other"))
    return pair.result(pair.read(rows=rows), 2)


def saved(folder: Path, base: np.ndarray, other: np.ndarray) -> list[str]:
    for name, array in (("a", base), ("b", other)):
        np.save(folder / f"{name}.npy", array)
    return [str(folder / f"{name}.npy") for name in "ab"]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64", "bfloat16", ">f2", ">f8"])
@pytest.mark.parametrize("vocabulary", [3, 63, 64, 1000])
def test_files_are_arrays(kind, vocabulary, tmp_path):
    base, other, targets = models(documents=7, length=41, vocabulary=vocabulary)
    code = ml_dtypes.bfloat16 if kind == "bfloat16" else np.dtype(kind)
    base, other = base.astype(code), other.astype(code)
    files = saved(tmp_path, base, other)
    mask = np.random.default_rng(0).integers(0, 2, size=(7, 41))
    for said in ({}, {"targets": targets}, {"mask": mask, "targets": targets}):
        assert told(us.fidelity(*files, **said)) == told(us.fidelity(base, other, **said))


@pytest.mark.parametrize("rows", [1, 2, 5, 64, 65, 1024])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_no_cut_shows(rows, threads, tmp_path):
    base, other, targets = models(documents=3, length=50, vocabulary=700)
    files = saved(tmp_path, base, other)
    sides = [opened(file, file) for file in files]
    wanted = told(us.fidelity(base, other, targets=targets))
    before = us.get_num_threads()
    us.set_num_threads(threads)
    try:
        found = measured(*sides, Placing(targets), rows=rows)
    finally:
        us.set_num_threads(before)
    assert told(found) == wanted


def test_rows_that_are_cut_to_a_vocabulary(tmp_path):
    base, other, targets = models(vocabulary=96)
    files = saved(tmp_path, base, other[..., :90])
    found = us.fidelity(*files, targets=targets % 90, vocabulary=90)
    wanted = us.fidelity(base, other[..., :90], targets=targets % 90, vocabulary=90)
    assert told(found) == told(wanted)
    assert found.as_dict()["base"]["cut_mass"] is not None


def test_one_side_in_memory(tmp_path):
    base, other, targets = models()
    files = saved(tmp_path, base, other)
    wanted = told(us.fidelity(base, other, targets=targets))
    assert told(us.fidelity(files[0], other, targets=targets)) == wanted
    assert told(us.fidelity(base, files[1], targets=targets)) == wanted


@pytest.mark.parametrize("side", [0, 1])
def test_a_row_that_is_none_is_named_with_its_place(side, tmp_path):
    base, other, targets = models()
    (base, other)[side][3, 5, 7] = np.nan
    files = saved(tmp_path, base, other)
    with pytest.raises(us.InputError) as error:
        us.fidelity(*files, targets=targets)
    assert f"{'ab'[side]}.npy, row 65" in str(error.value)
    assert "found NaN for class 7" in str(error.value)
    assert "position 5 of document '3'" in str(error.value)


@pytest.mark.parametrize("side", [0, 1])
def test_a_file_that_becomes_shorter_while_it_is_read_is_an_error(side, tmp_path):
    base, other, _ = models()
    files = saved(tmp_path, base, other)
    sides = [opened(file, file) for file in files]
    size = Path(files[side]).stat().st_size
    with Path(files[side]).open("r+b") as stream:
        stream.truncate(size - 1001)
    said = f"{'ab'[side]}.npy: 1,001 bytes less than when it was opened"
    with pytest.raises(us.InputError, match=re.escape(said)):
        measured(*sides, Placing())
    # The same by the way that reads a batch before it is measured.
    rows = next(iter(sides[side].batches(10_000))).scores
    with pytest.raises(us.InputError, match="less than when it was opened"):
        rows.in_memory()


def test_a_file_that_has_gone(tmp_path):
    base, other, _ = models()
    files = saved(tmp_path, base, other)
    sides = [opened(file, file) for file in files]
    Path(files[1]).unlink()
    with pytest.raises(us.InputError, match=r"b\.npy: no such file"):
        measured(*sides, Placing())


def test_what_the_system_says_of_a_file_is_told():
    """A handle that is none, as a file has that was taken away from under the process."""
    rows = _kernels.ScoresInFile(1 << 20, 0, 64, "float32", 64, np.arange(3))
    told = np.zeros(3, np.int64), 1.0, np.empty((10, 3)), np.empty((2, 3), np.int32)
    with pytest.raises(OSError, match="Bad file descriptor"):
        _kernels.pair_facts_of_files(rows, rows, *told, 2)


@pytest.mark.parametrize(
    "said",
    [
        (0, -1, 64, "float32", 64, np.arange(3)),
        (0, 0, 64, "float32", 65, np.arange(3)),
        (0, 0, 64, "float32", 0, np.arange(3)),
        (0, 0, 64, "float32", 64, np.array([0, -1])),
        (0, 0, 64, "float31", 64, np.arange(3)),
        (0, 0, 64, "float32", 64, np.arange(3.0)),
    ],
)
def test_rows_that_no_file_can_have(said):
    with pytest.raises(ValueError, match=r"row|kernel|array"):
        _kernels.ScoresInFile(*said)


def test_documents_that_lie_apart_are_read_where_they_lie(tmp_path):
    """A context's second half, as a file of llama.cpp has it, of logits of whole contexts."""
    base, other, targets = models(documents=4, length=16, vocabulary=80)
    files = saved(tmp_path, base, other)
    names = list("abcd")
    sides = [opened(file, file).in_contexts(16, 8, names) for file in files]
    kept = slice(8, 15)
    found = measured(*sides, Placing(targets[:, kept]))
    wanted = us.fidelity(
        dict(zip(names, base[:, kept], strict=True)), dict(zip(names, other[:, kept], strict=True)),
        targets=targets[:, kept],
    )  # fmt: skip
    assert found.kl_divergence.value == wanted.kl_divergence.value
    assert sorted(one.name for one in found.by_document) == names
