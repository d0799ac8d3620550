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


def test_columns_of_one(tmp_path: Path) -> None:
    """As Keras and scikit-learn shape them, in either order."""
    for order in "CF":
        label = np.array([[1], [0], [1]], order=order)
        probs = np.array([[0.25], [0.5], [0.75]], order=order)
        np.savez(tmp_path / "a.npz", label=label, probs=probs)
        _, batches = read(tmp_path / "a.npz")
        assert joined(batches, "truth").tolist() == [1, 0, 1]
        assert joined(batches, "model").tolist() == [[0.75, 0.25], [0.5, 0.5], [0.25, 0.75]]


def test_arrays_of_objects(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=np.array(["a", None], object), probs=np.eye(2))
    assert raises(tmp_path / "a.npz") == (
        f"{tmp_path / 'a.npz'}, column 'label': found an array of object; expected numbers or "
        "names; save array.astype(str) if it holds names, np.stack(array) if rows of numbers "
        "(pickled objects are never loaded)"
    )


def test_classes_that_are_integers(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=[7, 2], probs=np.array(PROBS)[:2], classes=[2, 5, 7])
    reading, batches = read(tmp_path / "a.npz")
    assert reading.classes == ("2", "5", "7")
    assert joined(batches, "truth").tolist() == [2, 0]
    # The same name for a column.
    np.savez(tmp_path / "a.npz", probs=np.array(PROBS)[:3], classes=[2, 1, 2])
    _, batches = read(tmp_path / "a.npz", label="classes")
    assert joined(batches, "truth").tolist() == [2, 1, 2]


def test_classes_that_are_bytes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=["b"], probs=[[0.5, 0.5]], classes=np.array([b"a", b"b"]))
    reading, batches = read(tmp_path / "a.npz")
    assert reading.classes == ("a", "b")
    assert joined(batches, "truth").tolist() == [1]


@pytest.mark.parametrize("batch_rows", [None, 2])
@pytest.mark.parametrize("name", ["a.npy", "unnamed"])
def test_records(tmp_path: Path, name: str, batch_rows: int | None) -> None:
    kind = [("label", "<i4"), ("probs", ">f8", 3), ("w", "f4"), ("key", "S2"), ("one", "f8", (1,))]
    records = np.array(
        [(y, p, w, str(k), w) for y, p, w, k in zip(INDICES, PROBS, WEIGHTS, IDS, strict=True)],
        kind,
    )
    with (tmp_path / name).open("wb") as stream:
        np.save(stream, records)
    reading, batches = read(tmp_path / name, weight="w", id="key", batch_rows=batch_rows)
    assert reading.rows == 5
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS
    assert joined(batches, "weights").tolist() == WEIGHTS
    assert joined(batches, "ids").tolist() == [str(key) for key in IDS]


def test_records_in_parts(tmp_path: Path) -> None:
    records = np.zeros(600_000, [("y", "i1"), ("pred", "f8")])
    records["y"] = np.arange(600_000) % 3 == 0
    records["pred"] = np.random.default_rng(0).random(600_000)
    np.save(tmp_path / "a.npy", records)
    reading, batches = read(tmp_path / "a.npy")
    assert len(reading.plan()) == 3
    np.testing.assert_array_equal(joined(batches, "model")[:, 1], records["pred"])
    np.testing.assert_array_equal(joined(batches, "truth"), records["y"])


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (np.zeros((2, 2), [("y", "i4")]), "found records of shape (2, 2); expected one record a"),
        (np.zeros(2, [("y", "O")]), "found [('y', 'O')]; expected one record a row, of numbers"),
        (np.zeros(2, [("y", "c8")]), "column 'y': found an array of complex64; expected numbers"),
    ],
)
def test_records_that_are_no_columns(tmp_path: Path, records: Any, message: str) -> None:
    np.save(tmp_path / "a.npy", records)
    assert message in raises(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros(9, [("y", "i8")]))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:-1])
    assert "which takes 72 bytes; 71 are there" in raises(tmp_path / "a.npy")
