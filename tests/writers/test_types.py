"""Every Arrow type beside predictions, in every format: the same values, or one line before any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from arrow_columns import COLUMNS
from read_back import expected, read

from unsurprised.calibration.apply import apply_reading
from unsurprised.calibrators import TemperatureScaling
from unsurprised.errors import InputError
from unsurprised.sources import Options, open_predictions

PROBS = [[0.25, 0.75], [0.5, 0.5], [0.9, 0.1]]
CALIBRATOR = TemperatureScaling().fit(np.array([*PROBS, [0.6, 0.4]]), [1, 0, 0, 1])
SUFFIXES = (".parquet", ".arrow", ".csv", ".tsv", ".jsonl")

#: Words in the names of types that a format cannot hold.
REFUSED = {
    ".arrow": (),
    ".parquet": ("interval", "union", "struct of nothing"),
    ".csv": ("union", "one name twice", "tensor", "map from bytes"),
}
REFUSED |= {".tsv": REFUSED[".csv"], ".jsonl": REFUSED[".csv"]}


def applied(table: pa.Table, out: Path) -> None:
    reading = open_predictions(table, Options(labelled=False))
    apply_reading(CALIBRATOR, reading, out, out.name)


def is_refused(name: str, suffix: str) -> bool:
    return any(word in name for word in REFUSED[suffix])


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_type_is_read_back(suffix: str, start: int, tmp_path: Path) -> None:
    columns = {name: c for name, c in COLUMNS.items() if not is_refused(name, suffix)}
    table = pa.table(
        {"probs": PROBS * 2} | {name: pa.chunked_array([c, c]) for name, c in columns.items()}
    ).slice(start)
    out = tmp_path / f"out{suffix}"
    applied(table, out)
    typed = suffix in (".parquet", ".arrow")
    back = {name: name if typed or not has_bytes(name) else f"{name}_base64" for name in columns}
    found = read(out, {back[name]: columns[name].type for name in columns})
    wrong = [name for name in columns if found[back[name]] != expected(table[name], suffix)]
    assert wrong == []
    probs = read(out, {"probs": table["probs"].type})["probs"]
    wanted = CALIBRATOR.transform(np.array(table["probs"].to_pylist()))
    np.testing.assert_allclose(probs, wanted, rtol=1e-14)


def has_bytes(name: str) -> bool:
    return "bytes" in name or name == "list of structs"


@pytest.mark.parametrize(
    ("name", "suffix"),
    [(name, suffix) for name in COLUMNS for suffix in SUFFIXES if is_refused(name, suffix)],
)
def test_a_type_is_refused_before_any_row(name: str, suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"out{suffix}"
    with pytest.raises(InputError, match=r"column 'x': found .* cannot hold; .*--out .*\.arrow"):
        applied(pa.table({"probs": PROBS, "x": COLUMNS[name]}), out)
    assert not out.exists()
