"""Files as each tool writes them mean by every route what the arrays mean they were made of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tools_data import LABELS, Predicted, mean_nats
from tools_models import predictions
from tools_rows import LISTS, NAMED, in_rows, probabilities
from tools_writers import WIDE, Writer, as_file, duckdb_copy

import unsurprised as us
from unsurprised import cli

#: Predictions of each kind of label, by a tool of single precision too.
PREDICTED = {
    **{f"scikit-learn, {kind}": ("scikit-learn", kind) for kind in LABELS},
    "XGBoost, names": ("XGBoost", "names"),
    "CatBoost, numbers as names": ("CatBoost", "numbers as names"),
}


def predicted(case: str) -> Predicted:
    return predictions(*PREDICTED[case])[0]


def frame_of(said: Predicted) -> pd.DataFrame:
    """What everyone makes of ``predict_proba`` before writing it."""
    frame = pd.DataFrame(said.values, columns=said.classes.astype(str)).add_prefix("prob_")
    return frame.assign(target=said.labels)


def close(value: float, relative: float = 1e-12) -> object:
    return pytest.approx(value, rel=relative, abs=0)


def as_written(said: Predicted) -> object:
    """What its file is to give: text holds single precision to its own digits and no more."""
    return close(said.nats, 1e-12 if said.values.dtype == np.float64 else 1e-7)


def by_command(capfdbinary: pytest.CaptureFixture[bytes], file: Path, *options: str) -> float:
    """What the command line prints, in nats."""
    code = cli.run(["evaluate", str(file), "--json", "-", *options])
    said, wrong = capfdbinary.readouterr()
    assert (code, wrong) == (0, b"")
    return float(json.loads(said)["cross_entropy_nats"]["value"])


def by_call(source: object, **settings: object) -> float:
    return us.evaluate(source, **settings).cross_entropy_nats.value  # type: ignore[arg-type]


@pytest.mark.parametrize("case", PREDICTED)
@pytest.mark.parametrize("writer", WIDE.values(), ids=WIDE)
def test_a_column_a_class(
    writer: Writer, case: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = predicted(case)
    file = writer(frame_of(said), tmp_path)
    wanted = as_written(said)
    assert by_command(capfdbinary, file) == wanted
    assert by_call(file) == wanted


@pytest.mark.parametrize("case", PREDICTED)
@pytest.mark.parametrize("writer", LISTS.values(), ids=LISTS)
def test_rows_of_numbers(
    writer: Writer, case: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = predicted(case)
    file = writer(frame_of(said), tmp_path)
    names = ",".join(map(str, said.classes))
    wanted = as_written(said)
    assert by_command(capfdbinary, file, f"--classes={names}") == wanted
    assert by_call(file, classes=said.classes) == wanted


@pytest.mark.parametrize("case", PREDICTED)
@pytest.mark.parametrize("writer", NAMED.values(), ids=NAMED)
def test_numbers_by_name(
    writer: Writer, case: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = predicted(case)
    file = writer(frame_of(said), tmp_path)
    wanted = as_written(said)
    assert by_command(capfdbinary, file) == wanted
    assert by_call(file) == wanted


@pytest.mark.parametrize("case", PREDICTED)
def test_frames_in_memory(case: str) -> None:
    said = predicted(case)
    frame = frame_of(said)
    table = pl.from_pandas(frame)
    categories = pl.col("target").cast(pl.String).cast(pl.Categorical)
    assert by_call(table) == close(said.nats)
    assert by_call(table.with_columns(categories)) == close(said.nats)
    arrow = pa.Table.from_pandas(frame)
    reader = pa.RecordBatchReader.from_batches(arrow.schema, arrow.to_batches(max_chunksize=33))
    assert by_call(reader) == close(said.nats)


@pytest.mark.parametrize("kind", LABELS)
def test_relations_of_duckdb(kind: str) -> None:
    """Each read asks the connection anew, which answers one question at a time."""
    said = predictions("scikit-learn", kind)[0]
    with duckdb.connect() as connection:
        connection.register("predictions", frame_of(said))
        relation = connection.sql("SELECT * FROM predictions")
        assert by_call(relation.to_arrow_table()) == close(said.nats)
        assert by_call(relation) == close(said.nats)
        assert by_call(relation, by="target") == close(said.nats)


@pytest.mark.parametrize("kind", LABELS)
def test_columns_that_bear_the_bare_names(
    kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """``DataFrame(model.predict_proba(x), columns=model.classes_).assign(target=y).to_csv(…)``."""
    said = predictions("scikit-learn", kind)[0]
    frame = pd.DataFrame(said.values, columns=said.classes).assign(target=said.labels)
    frame.to_csv(tmp_path / "f.csv", index=False)
    assert by_command(capfdbinary, tmp_path / "f.csv") == close(said.nats)
    assert by_call(frame.rename(columns=str)) == close(said.nats)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("scale", [6, 12])
def test_decimals(
    scale: int, kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Decimals hold what they hold, exactly: no more is asked of them."""
    said = predictions("scikit-learn", kind)[0]
    rounded = np.round(said.values, scale)
    columns = [f'CAST("{name}" AS DECIMAL(18,{scale})) AS "{name}"' for name in frame_of(said)][:-1]
    select = ", ".join(["target", *columns])
    file = duckdb_copy(frame_of(said), tmp_path / "f.parquet", select)
    wanted = close(mean_nats(rounded, said.places))
    assert by_call(file) == wanted
    assert by_command(capfdbinary, file) == wanted


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("layout", ["columns", "lists"])
def test_half_precision(
    layout: str, kind: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Sixteen bits are numbers like any others: their own sums are what rows are taken by."""
    said = predictions("scikit-learn", kind)[0]
    half = said.values.astype(np.float16)
    frame = frame_of(said)
    frame[frame.columns[:-1]] = half
    if layout == "columns":
        file = as_file(pa.Table.from_pandas(frame), tmp_path)
    else:
        lists = in_rows(
            frame, lambda rows: pa.FixedSizeListArray.from_arrays(rows.reshape(-1), rows.shape[1])
        )
        file = as_file(lists, tmp_path)
    names = ",".join(probabilities(frame)[1])
    found = by_command(capfdbinary, file, f"--classes={names}")
    assert found == close(mean_nats(half, said.places))


@pytest.mark.parametrize("writer", ["pandas_csv", "polars_parquet", "duckdb_json"])
def test_the_command_by_itself(writer: str, tmp_path: Path) -> None:
    said = predictions("CatBoost", "numbers as names")[0]
    file = WIDE[writer](frame_of(said), tmp_path)
    command = [sys.executable, "-m", "unsurprised", "evaluate", str(file), "--json", "-"]
    run = subprocess.run(command, capture_output=True, check=True)
    assert json.loads(run.stdout)["cross_entropy_nats"]["value"] == close(said.nats)
