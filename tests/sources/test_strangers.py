"""Files that are none of the formats: what they are called, and what is told to do."""

from __future__ import annotations

import io
import json
import os
import pickle
import shlex
import sqlite3
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.orc
import pytest
from same_rows import INDICES, joined, listed, raises, read


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"content")  # of no time: ids of tests
    return out.getvalue()


def safetensors(**arrays: np.ndarray) -> bytes:
    header, data = {}, b""
    for name, array in arrays.items():
        kind = {"float64": "F64", "int64": "I64"}[str(array.dtype)]
        span = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": span}
        data += array.tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.safetensors", safetensors(label=np.arange(3)), "is a safetensors file; expected"),
        ("a.npz", safetensors(label=np.arange(3)), "named like npz, but seems to be a safetensors"),
        ("log.kld", b"_logits_" + bytes(64), "is llama.cpp's file of log-probabilities"),
        ("a.pt", zipped("a/data.pkl", "a/version"), "is a PyTorch file; expected a format"),
        ("a.bin", zipped("archive/data.pkl"), "is a PyTorch file; expected a format"),
        ("a.pt", pickle.dumps([1]), "is a PyTorch file; expected a format"),
        ("a.pkl", pickle.dumps([1]), "is a Python pickle; expected a format"),
        ("a.joblib", b"x\x9c" + bytes(40), "is a joblib file; expected a format"),
        ("a.xlsx", zipped("[Content_Types].xml", "xl/workbook.xml"), "is a workbook; expected"),
        ("a.csv", zipped("xl/workbook.xml"), "named like CSV, but seems to be a workbook; write"),
        ("a.npz", zipped("m/data.pkl"), "named like npz, but seems to be a PyTorch file; write"),
        ("a.keras", zipped("config.json", "model.weights.h5"), "is a Keras model, not its pred"),
        ("a.zip", zipped("rows.csv"), "is a zip archive of rows.csv; expected a format that can"),
        ("a.zip", zipped("a.csv", "b.csv"), "is a zip archive of 2 files, such as 'a.csv'; exp"),
        ("a.zarr.zip", zipped("probs/.zarray", "probs/0.0"), "is a Zarr store; expected"),
        ("a.rds", b"\x1f\x8b" + bytes(40), "is an R object; expected"),
        ("a.RData", b"\x1f\x8b" + bytes(40), "is R's objects; expected"),
        ("a.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64, Cr", "is a MATLAB file; expected"),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(40), "is an HDF5 file; expected"),
        ("a.avro", b"Obj\x01" + bytes(40), "is an Avro file; expected"),
        ("a.gguf", b"GGUF\x03" + bytes(40), "is a model's weights (GGUF); expected"),
        ("a.dta", b"<stata_dta><header>", "is a Stata file; expected"),
    ],
)
def test_what_they_are(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert raises(path).startswith(f"{path}: {message}")


@pytest.mark.parametrize("name", ["PARENT", "ORCHID", "BZhou", "GGUF"])
def test_names_of_columns_that_begin_like_other_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{name},p_a,p_b,label\n1,1,0,a\n")
    assert joined(read(path)[1], "truth").tolist() == [0]


def run_what_is_told(path: Path) -> None:
    """Run the command of the message in the file's folder."""
    command = raises(path).split("write its rows: ")[1].split(", with the table's name")[0]
    python, flag, code = shlex.split(command)
    assert (python, flag) == ("python", "-c")
    subprocess.run([sys.executable, "-c", code], cwd=path.parent, check=True)


def test_what_is_told_works(tmp_path: Path) -> None:
    """Of the libraries that are at hand."""
    pandas = pd.DataFrame({"label": INDICES, "p_0": 0.5, "p_1": 0.25, "p_2": 0.25})

    def orc(path: Path) -> None:
        pyarrow.orc.write_table(listed(), path)

    def database(path: Path) -> None:
        with duckdb.connect(os.fspath(path)) as opened:
            opened.register("pandas", pandas)
            opened.execute("CREATE TABLE rows AS FROM pandas")

    def sqlite(path: Path) -> None:
        with sqlite3.connect(path) as opened:
            pandas.to_sql("rows", opened, index=False)
        opened.close()

    def stata(path: Path) -> None:
        pandas.to_stata(path, write_index=False)

    writers = {"a.orc": orc, "a.duckdb": database, "a.sqlite": sqlite, "a.dta": stata}
    for name, write in writers.items():
        write(tmp_path / name)
        run_what_is_told(tmp_path / name)
        assert joined(read(tmp_path / "rows.parquet")[1], "truth").tolist() == INDICES, name
        (tmp_path / "rows.parquet").unlink()
