"""The example files are what the script beside them makes."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss

EXAMPLES = Path(__file__).parent.parent / "examples"
FILES = ("digits.parquet", "digits_better.parquet")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_digits", EXAMPLES / "make_digits.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _probs(table) -> np.ndarray:
    return table["probs"].combine_chunks().flatten().to_numpy().reshape(table.num_rows, -1)


@pytest.mark.parametrize("name", FILES)
def test_the_script_makes_the_file(script, name):
    made = script.predictions(script.MODELS[name])
    kept = pq.read_table(EXAMPLES / name)
    assert kept.schema.equals(script.SCHEMA)
    for column in ("row_id", "label", "ink"):
        assert made[column].to_pylist() == kept[column].to_pylist()
    np.testing.assert_allclose(_probs(made), _probs(kept), rtol=5e-3, atol=1e-7)


@pytest.mark.parametrize("name", FILES)
def test_the_file_holds_the_held_out_images(name):
    table, digits = pq.read_table(EXAMPLES / name), load_digits()
    rows = table["row_id"].to_numpy()
    assert len(set(rows)) == table.num_rows == 1000
    assert rows.min() == 797
    np.testing.assert_array_equal(table["label"].to_numpy(), digits.target[rows])
    assert set(table["ink"].to_pylist()) == {"light", "medium", "heavy"}
    assert (EXAMPLES / name).stat().st_size < 200_000


def test_the_first_model_is_overconfident_and_the_second_is_not():
    met, expected = {}, {}
    for name in FILES:
        table = pq.read_table(EXAMPLES / name)
        probs = _probs(table).astype(np.float64)
        assert (probs > 0).all()
        probs /= probs.sum(axis=1, keepdims=True)
        met[name] = log_loss(table["label"].to_numpy(), probs)
        expected[name] = -(probs * np.log(probs)).sum(axis=1).mean()
    first, second = FILES
    assert met[first] > 4 * expected[first]
    assert met[second] < met[first] / 2
    assert abs(met[second] - expected[second]) < 0.15 * expected[second]


def test_the_script_writes_both_files(script, tmp_path):
    script.main(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    for path in tmp_path.iterdir():
        assert pq.read_table(path).num_rows == 1000
