"""CSV as other programs write it: their lists, their maps, their first lines."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from same_rows import CLASSES, INDICES, NAMES, PROBS, joined, raises, read

EXACT = np.random.default_rng(3).dirichlet(np.ones(5), 40)


def cells(path: Path, values: list[object]) -> Path:
    """A CSV file by pandas with each value as it is written by ``str``."""
    pd.DataFrame({"label": [0] * len(values), "probs": values}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    "write",
    [
        lambda row: row.tolist(),
        list,  # [np.float64(0.1), …]
        tuple,
        lambda row: repr(row.tolist()).replace(",", " "),
        lambda row: repr(row.tolist()).replace(", ", "\n ,  "),
        lambda row: f"array({row.tolist()}, dtype=float64)",
        lambda row: f"array({row.tolist()},\n      dtype=float64)",
        lambda row: f"tensor({row.tolist()}, device='cuda:0', dtype=torch.float64)",
        lambda row: np.array2string(row, floatmode="unique", max_line_width=30),
    ],
)
def test_lists_exactly(tmp_path: Path, write: object) -> None:
    path = cells(tmp_path / "a.csv", [write(row) for row in EXACT])  # type: ignore[operator]
    assert joined(read(path)[1], "model").tolist() == EXACT.tolist()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=40))
def test_numpy_arrays_exactly(tmp_path_factory: pytest.TempPathFactory, row: list[float]) -> None:
    text = np.array2string(np.array(row), floatmode="unique", max_line_width=40, threshold=99)
    path = cells(tmp_path_factory.mktemp("cells") / "a.csv", [text])
    assert joined(read(path)[1], "model").tolist() == [row]


def test_votes_by_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,probs\n[3 0],[0.5 0.5]\n[1 2],[1. 0.]\n")
    (batch,) = read(tmp_path / "a.csv")[1]
    assert batch.truth.kind == "counts"
    assert batch.truth.array.values.tolist() == [[3, 0], [1, 2]]


def test_a_list_that_was_cut(tmp_path: Path) -> None:
    long = np.full(2000, 1 / 2000)
    path = cells(tmp_path / "a.csv", [long, long])
    assert raises(path) == (
        f"{path}, row 0, column 'probs': found '[0.0005 0.0005 0.0005 ... 0.0005 0.0005 0.0005]'; "
        "expected numbers between commas (double), as in the first 1000 rows; the list was cut, at "
        "'...', when it was written; write its frame by to_parquet"
    )


def test_names_in_parentheses(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,p_(a),p_(b c)\n(b c),0.25,0.75\n(a),1,0\n")
    assert joined(read(tmp_path / "a.csv")[1], "truth").tolist() == [1, 0]


@pytest.mark.parametrize("write", [str, lambda row: str(row).replace("'", '"')])
def test_maps(tmp_path: Path, write: object) -> None:
    rows = [dict(zip(CLASSES, row, strict=True)) for row in PROBS]
    frame = pd.DataFrame({"label": NAMES, "probs": [write(row) for row in rows]})  # type: ignore[operator]
    frame.to_csv(tmp_path / "a.csv", index=False)
    reading, batches = read(tmp_path / "a.csv")
    assert reading.classes == CLASSES
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS


@pytest.mark.parametrize("cell", ['{"cat": 1, "cow": 0}', "{", "{'cat': 'x'}", "0.5"])
def test_a_later_cell_that_is_no_such_map(tmp_path: Path, cell: str) -> None:
    cells = [*["{'cat': 0.5, 'dog': 0.5}"] * 1000, cell]
    frame = pd.DataFrame({"label": ["cat"] * 1001, "probs": cells})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert raises(tmp_path / "a.csv") == (
        f"{tmp_path / 'a.csv'}, row 1000, column 'probs': found {cell!r}; expected a map from "
        "class to number, of the classes in the first rows"
    )


@pytest.mark.parametrize(
    "text",
    [
        "label;p_a;p_b\na;0,25;0,75\nb;0,5;0,5\n",
        "label|p_a|p_b\na|0.25|0.75\nb|0.5|0.5\n",
        "sep=;\nlabel;p_a;p_b\na;0,25;0,75\nb;0,5;0,5\n",
        "sep=;\r\nlabel;p_a;p_b\r\na;0.25;0.75\r\nb;0.5;0.5\r\n",
        "sep=,\nlabel,p_a,p_b\na,0.25,0.75\nb,0.5,0.5\n",
        "sep=\t\nlabel\tp_a\tp_b\na\t0,25\t0,75\nb\t0,5\t0,5\n",
    ],
)
def test_other_separators(tmp_path: Path, text: str) -> None:
    """What the message says to run gives a file that is read."""
    path = tmp_path / "a.csv"
    path.write_text(text, newline="")
    _, flag, code = shlex.split(raises(path).split("write it anew: ")[1])
    assert flag == "-c"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    _, batches = read(tmp_path / "rows.csv")
    assert joined(batches, "truth").tolist() == [0, 1]
    assert joined(batches, "model").tolist() == [[0.25, 0.75], [0.5, 0.5]]


def test_tabs_and_commas(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label\tp_a\tp_b\n")
    assert raises(tmp_path / "a.csv").endswith("name the file .tsv")
    (tmp_path / "a.tsv").write_text("label,p_a,p_b\n")
    assert raises(tmp_path / "a.tsv").endswith("name the file .csv")


@pytest.mark.parametrize(
    "line", ["0,0.7,0.2,0.1\n", "cat,0.7,0.2,0.1\n", "0.5,1.5,3,2\n", "a,7,0.33,0.67\n"]
)
def test_no_first_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(line * 2)
    assert raises(path) == (
        f"{path}: the first line, {line.strip()!r}, looks like a row; expected a first line with "
        "the names of the columns; write one above it, such as label,p_0,p_1,p_2"
    )


@pytest.mark.parametrize("line", ["label,0.5,0.9", "label,1.0,0.0", "label,1,0", "label,a,b"])
def test_numbers_as_names(tmp_path: Path, line: str) -> None:
    """Quantiles and classes are called so."""
    path = tmp_path / "a.csv"
    path.write_text(f"{line}\n0,0.25,0.75\n")
    pred = tuple(line.split(",")[1:])
    assert len(read(path, pred=pred, classes=pred, label="label")[1]) == 1
