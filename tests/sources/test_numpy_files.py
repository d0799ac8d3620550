"""npz files, and npy files as columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from same_rows import IDS, INDICES, PROBS, WEIGHTS, joined, raises, read


@pytest.fixture
def arrays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.save("y.npy", INDICES)
    np.save("probs.npy", np.array(PROBS, np.float32))
    np.save("fortran.npy", np.asfortranarray(PROBS))
    np.save("w.npy", WEIGHTS)
    np.save("key.npy", IDS)
    np.save("lp.npy", np.log([0.5, 0.25, 0.125]))
    return tmp_path


@pytest.mark.parametrize(
    ("source", "options"),
    [
        ("probs.npy", {"label": "y.npy"}),
        (["probs.npy"], {"label": "y.npy"}),
        (None, {"label": "y.npy", "pred": "probs.npy"}),
        ([], {"label": "y.npy", "pred": "probs.npy"}),
        ("fortran.npy", {"label": "y.npy"}),
    ],
)
@pytest.mark.parametrize("batch_rows", [None, 1, 2])
@pytest.mark.usefixtures("arrays")
def test_pairs(source: Any, options: dict[str, Any], batch_rows: int | None) -> None:
    reading, batches = read(source, **options, weight="w.npy", id="key.npy", batch_rows=batch_rows)
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS
    assert joined(batches, "weights").tolist() == WEIGHTS
    assert joined(batches, "ids").tolist() == IDS
    assert joined(batches, "rows").tolist() == [0, 1, 2, 3, 4]
    assert reading.rows == 5
    assert reading.choices["label"] == "y.npy"


@pytest.mark.usefixtures("arrays")
def test_logprob_alone() -> None:
    _, (batch,) = read(None, logprob="lp.npy")
    np.testing.assert_array_equal(batch.logprob, np.log([0.5, 0.25, 0.125]))
    assert read("lp.npy", logprob="lp.npy")[1][0].file == "lp.npy"


def test_parts_begin_where_they_should(arrays: Path) -> None:
    rows = 600_000
    probs = np.random.default_rng(0).random(rows)
    np.save("p.npy", probs)
    np.save("y.npy", (probs > 0.5).astype(np.int8))
    reading, batches = read("p.npy", label="y.npy")
    assert len(reading.plan()) == 3
    np.testing.assert_array_equal(joined(batches, "model")[:, 1], probs)
    np.testing.assert_array_equal(joined(batches, "truth"), probs > 0.5)


@pytest.mark.usefixtures("arrays")
def test_truth_as_a_distribution() -> None:
    np.save("votes.npy", np.array([[3, 1, 0]] * 5, np.uint16))
    _, (batch,) = read("probs.npy", label="votes.npy")
    assert batch.truth.kind == "counts"
    _, (batch,) = read("probs.npy", label="fortran.npy")
    assert batch.truth.kind == "probs"


@pytest.mark.usefixtures("arrays")
def test_what_does_not_fit() -> None:
    assert raises("probs.npy").startswith("probs.npy: a .npy file is one column; pass the")
    assert raises(["probs.npy", "y.npy"], label="y.npy").startswith("probs.npy, y.npy, y.npy: a")
    assert raises("probs.npy", label="gone.npy") == "gone.npy: no such file"
    np.save("short.npy", [0, 1])
    assert raises("probs.npy", label="short.npy") == (
        "probs.npy: the arrays differ in length: 'probs.npy' 5, 'short.npy' 2; expected one entry "
        "a row in every array"
    )
    np.save("single.npy", 3)
    assert raises("probs.npy", label="single.npy").startswith("single.npy: found a single number")
    np.save("void.npy", np.zeros(5, "V2"))
    assert "found an array of |V2; expected numbers or names" in raises(
        "probs.npy", label="void.npy"
    )
    np.save("none.npy", np.zeros((5, 0)))
    assert "found rows of no number; expected one a class" in raises("none.npy", label="y.npy")
    data = Path("probs.npy").read_bytes()
    Path("probs.npy").write_bytes(data[:-1])
    assert raises("probs.npy", label="y.npy").startswith(
        "probs.npy: the header states shape (5, 3) of float32, which takes 60 bytes; 59 are there"
    )
    Path("probs.npy").write_text("hello")
    assert raises("probs.npy", label="y.npy").startswith("probs.npy: cannot be read as npy (")


def test_bytes_are_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=np.array([b"b", b"a"]), p_a=[0.5, 0.5], p_b=[0.5, 0.5])
    assert joined(read(tmp_path / "a.npz")[1], "truth").tolist() == [1, 0]


def test_columns_in_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=[1, 0], p_0=[0.25, 1], p_1=[0.75, 0], seed=7)
    _, batches = read(tmp_path / "a.npz")
    assert joined(batches, "model").tolist() == [[0.25, 0.75], [1, 0]]
