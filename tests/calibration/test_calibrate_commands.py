"""``unsurprised calibrate`` and ``unsurprised apply``: files in, files out, one line for errors."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from typer.models import OptionInfo

import unsurprised as us
from unsurprised.calibrators import TemperatureScaling, crossfit, families, load
from unsurprised.cli import FINE, WRONG, run
from unsurprised.commands import calibrate as command

DIGITS = str(Path(__file__).parents[2] / "examples" / "digits.parquet")


def digits():
    table = pq.read_table(DIGITS)
    return table, np.array(table["probs"].to_pylist(), dtype=np.float32)


def fitted(tmp_path, probs, labels, **options):
    calibrator = TemperatureScaling().fit(probs, labels, **options)
    path = tmp_path / "calibrator.json"
    calibrator.save(path)
    return calibrator, str(path)


def test_the_help_says_what_the_table_of_families_holds():
    """It is written out, so that no command imports the table to print another one's help."""
    (method,) = (one.help for one in get_args(command.Method) if isinstance(one, OptionInfo))
    assert f"repeatable: {', '.join(families.NAMES)}. One" in method
    assert inspect.signature(command.command).parameters["folds"].default == crossfit.FOLDS
    code = "import sys, unsurprised.commands.app; print('unsurprised.calibrators' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_calibrate_then_apply(tmp_path, capsys):
    saved, out = tmp_path / "c.json", tmp_path / "out.parquet"
    assert run(["calibrate", DIGITS, "--save", str(saved), "--out", str(out)]) == FINE
    printed = capsys.readouterr().out
    assert "Removable by structured scaling" in printed
    assert "not removable by any of these" in printed.replace("\n", " ")
    again = tmp_path / "again.parquet"
    assert run(["apply", str(saved), DIGITS, "--out", str(again)]) == FINE
    assert pq.read_table(out).equals(pq.read_table(again))
    table, probs = digits()
    written = pq.read_table(again)
    assert written.column_names == table.column_names
    assert written["label"].equals(table["label"])
    found = np.array(written["probs"].to_pylist(), dtype=np.float32)
    assert (found == load(saved).transform(probs).astype(np.float32)).all()
    assert load(saved).provenance_["files"] == ["digits.parquet"]


def test_json_alone_on_standard_output(capsys):
    assert run(["calibrate", DIGITS, "--json", "-", "--method", "temperature"]) == FINE
    said = json.loads(capsys.readouterr().out)
    assert said["method"] == "temperature scaling"


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".csv", ".tsv", ".jsonl"])
def test_every_format_can_be_written_and_read_again(tmp_path, suffix, capsys):
    table, probs = digits()
    calibrator, path = fitted(tmp_path, probs, table["label"].to_numpy())
    out = tmp_path / f"out{suffix}"
    assert run(["apply", path, DIGITS, "--out", str(out)]) == FINE
    expected = us.evaluate(table["label"].to_numpy(), calibrator.transform(probs))
    found = us.evaluate(str(out))
    assert found.rows == 1000
    assert abs(found.cross_entropy.value - expected.cross_entropy.value) < 1e-6


@pytest.mark.parametrize("layout", ["columns", "number", "map", "fixed", "logits"])
def test_every_layout_keeps_its_shape_and_its_other_columns(tmp_path, layout, capsys):
    random = np.random.default_rng(0)
    probs = random.dirichlet([1, 1], size=50)
    labels = random.integers(0, 2, 50)
    note = [f"note, {k}" for k in range(50)]
    columns = {"note": note, "day": pa.array(range(50), pa.date32())}
    given = {
        "columns": {"p_yes": probs[:, 1], "p_no": probs[:, 0]},
        "number": {"prob": probs[:, 1]},
        "map": {"probs": pa.array([{"yes": q, "no": p} for p, q in probs])},
        "fixed": {"probs": pa.FixedSizeListArray.from_arrays(probs.ravel(), 2)},
        "logits": {"logits": pa.array(np.log(probs).tolist(), pa.list_(pa.float64()))},
    }[layout]
    path = tmp_path / "in.parquet"
    table = pa.table({**columns, **given})
    pq.write_table(table, path)
    named = layout in ("columns", "map")
    names = ["no", "yes"] if named else None
    calibrator, saved = fitted(tmp_path, probs, labels, **({"classes": names} if named else {}))
    out = tmp_path / "out.parquet"
    assert run(["apply", saved, str(path), "--out", str(out)]) == FINE
    written = pq.read_table(out)
    assert written.schema.names == table.schema.names
    assert written.schema.types == table.schema.types
    assert written.select(["note", "day"]).equals(table.select(["note", "day"]))
    expected = calibrator.transform(probs)
    found = {
        "columns": lambda: np.stack([written["p_no"], written["p_yes"]], axis=1),
        "number": lambda: np.stack([1 - written["prob"].to_numpy(), written["prob"]], axis=1),
        "map": lambda: np.array([[r["no"], r["yes"]] for r in written["probs"].to_pylist()]),
        "fixed": lambda: np.array(written["probs"].to_pylist()),
        "logits": lambda: np.exp(np.array(written["logits"].to_pylist())),
    }[layout]()
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_text_columns_stay_as_they_are(tmp_path, capsys):
    path = tmp_path / "in.csv"
    path.write_text("id,label,zip,p_a,p_b\n1,a,007,0.25,0.75\nNA,b,,0.5,0.5\n3,a,x,0.9,0.1\n")
    _, saved = fitted(tmp_path, [[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]], [0, 1, 0], classes=["a", "b"])
    out = tmp_path / "out.csv"
    assert run(["apply", saved, str(path), "--out", str(out)]) == FINE
    strings = pacsv.ConvertOptions(column_types={n: pa.string() for n in ("id", "label", "zip")})
    written = pacsv.read_csv(out, convert_options=strings).to_pylist()
    assert [row["zip"] for row in written] == ["007", "", "x"]
    assert [row["id"] for row in written] == ["1", "NA", "3"]


def test_json_lines_keep_what_is_nested(tmp_path, capsys):
    path = tmp_path / "in.jsonl"
    rows = [
        {"meta": {"a": [1, {"b": None}]}, "probs": [0.25, 0.75], "tag": 1},
        {"meta": None, "probs": [0.5, 0.5], "tag": "x"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    _, saved = fitted(tmp_path, [[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]], [0, 1, 0])
    out = tmp_path / "out.jsonl"
    assert run(["apply", saved, str(path), "--out", str(out)]) == FINE
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["meta"] for row in written] == [row["meta"] for row in rows]
    assert [row["tag"] for row in written] == [1, "x"]


def test_classes_are_bound_by_name(tmp_path, capsys):
    random = np.random.default_rng(1)
    probs = random.dirichlet([1, 1, 1], size=30)
    labels = random.integers(0, 3, 30)
    calibrator = us.calibrators.VectorScaling().fit(probs, labels, classes=["a", "b", "c"])
    saved = tmp_path / "c.json"
    calibrator.save(saved)
    path, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"p_c": probs[:, 2], "p_a": probs[:, 0], "p_b": probs[:, 1]}), path)
    assert run(["apply", str(saved), str(path), "--out", str(out)]) == FINE
    written = pq.read_table(out)
    found = np.stack([written[f"p_{name}"] for name in "abc"], axis=1)
    np.testing.assert_allclose(found, calibrator.transform(probs), rtol=1e-12)


def broken(tmp_path):
    """Command lines that cannot be answered, and what must be said."""
    table, probs = digits()
    _, saved = fitted(tmp_path, probs, table["label"].to_numpy())
    cut = tmp_path / "cut.json"
    cut.write_text(Path(saved).read_text()[:-40])
    there = tmp_path / "there.parquet"
    there.write_text("precious")
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"p_x": [0.5], "p_y": [0.5]}), other)
    bad = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"probs": [[0.1] * 10, [float("nan")] * 10]}), bad)
    out = str(tmp_path / "out.parquet")
    return [
        (["apply", str(cut), DIGITS, "--out", out], "cut.json: "),
        (["apply", str(tmp_path / "none.json"), DIGITS, "--out", out], "No such file"),
        (["apply", saved, DIGITS, "--out", str(there)], "--overwrite"),
        (["apply", saved, DIGITS, "--out", saved], "input"),
        (["apply", saved, DIGITS, "--out", DIGITS, "--overwrite"], "input"),
        (["apply", saved, DIGITS, "--out", out + ".xlsx"], ".parquet"),
        (["apply", saved, DIGITS, "--out", "-"], "name one"),
        (["apply", saved, str(other), "--out", out], "10 classes"),
        (["apply", saved, str(bad), "--out", out], "row 1, column 'probs'"),
        (["calibrate", DIGITS, "--save", str(there)], "--overwrite"),
        (["calibrate", DIGITS, "--method", "magic"], "magic"),
        (["calibrate", DIGITS, "--out", "x.doc"], ".parquet"),
    ]


@pytest.mark.parametrize("number", range(12))
def test_what_is_wrong_is_one_line_and_nothing_is_left(tmp_path, capsys, number):
    arguments, words = broken(tmp_path)[number]
    before = sorted(tmp_path.iterdir())
    assert run(arguments) == WRONG
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.parquet").read_text() == "precious"


def test_overwrite_replaces(tmp_path, capsys):
    table, probs = digits()
    _, saved = fitted(tmp_path, probs, table["label"].to_numpy())
    out = tmp_path / "out.parquet"
    out.write_text("old")
    assert run(["apply", saved, DIGITS, "--out", str(out), "--overwrite"]) == FINE
    assert pq.read_table(out).num_rows == 1000


def test_a_probability_that_no_float_holds_is_said_and_can_be_written_as_a_logarithm(
    tmp_path, capsys
):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"probs": pa.array([[1.0, 1e-40]], pa.list_(pa.float32()))}), path)
    calibrator = TemperatureScaling()
    random = np.random.default_rng(2)
    honest = random.dirichlet([1, 1], size=500)
    labels = (random.random(500) < honest[:, 1]).astype(int)
    flat = np.sqrt(honest) / np.sqrt(honest).sum(axis=1, keepdims=True)  # T is about one half
    calibrator.fit(flat, labels).save(tmp_path / "c.json")
    out = tmp_path / "out.parquet"
    arguments = ["apply", str(tmp_path / "c.json"), str(path), "--out", str(out)]
    assert run(arguments) == WRONG
    assert "--as logprobs" in capsys.readouterr().err
    assert not out.exists()
    assert run([*arguments, "--as", "logprobs"]) == FINE
    assert pq.read_table(out)["probs"].to_pylist()[0][1] < -150


def test_none_helps_is_said_and_nothing_is_written(tmp_path, capsys):
    random = np.random.default_rng(3)
    honest = random.dirichlet([1, 1, 1], size=600)
    labels = (random.random((600, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"label": labels, "probs": honest.tolist()}), path)
    saved = tmp_path / "c.json"
    assert run(["calibrate", str(path), "--save", str(saved)]) == FINE
    printed = capsys.readouterr().out
    assert "None of these helps" in printed
    assert "Not written, since none helps" in printed
    assert not saved.exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_leaves_nothing_behind(tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(full)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.fail(f"no small file system could be mounted: {mounted.stderr.decode()}")
    try:
        table, probs = digits()
        _, saved = fitted(tmp_path, probs, table["label"].to_numpy())
        done = subprocess.run(
            [sys.executable, "-m", "unsurprised", "apply", saved, DIGITS, "--out",
             str(full / "out.csv")],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == WRONG
        assert "No space left" in done.stderr
        assert done.stderr.count("\n") == 1
        assert list(full.iterdir()) == []
    finally:
        subprocess.run(["umount", str(full)], check=True)


@pytest.mark.parametrize("kind", ["probs", "logits", "logprobs"])
@pytest.mark.parametrize(
    "options", [[], ["--classes", "yes,no"], ["--classes", "no,yes", "--positive", "no"]]
)
def test_one_number_a_row_stays_the_probability_of_its_class(tmp_path, capsys, kind, options):
    rng = np.random.default_rng(1)
    p = rng.uniform(0.02, 0.98, 400)
    happened = rng.random(400) < np.clip(p**2, 0.01, 0.99)  # the model says too much
    spoken = ("no", "yes") if "--positive" in options else ("yes", "no")
    numbers = {"probs": p, "logits": np.log(p / (1 - p)), "logprobs": np.log(p)}[kind]
    source, out, again = (str(tmp_path / name) for name in ("a.parquet", "o.parquet", "p.parquet"))
    labels = np.where(happened, *spoken)
    pq.write_table(pa.table({"label": labels, "p": numbers}), source)
    call = ["--pred", "p", "--kind", kind, *options]
    saved = str(tmp_path / "c.json")
    made = ["--method", "platt", "--save", saved, "--out", out]
    assert run(["calibrate", source, *call, *made, "--json", str(tmp_path / "c")]) == FINE
    applied = call if options else [*call, "--classes", "no,yes"]
    assert run(["apply", saved, source, *applied, "--out", again]) == FINE
    assert pq.read_table(out).equals(pq.read_table(again))
    capsys.readouterr()
    for name, expected in ((source, "bits_before"), (again, "bits_after")):
        assert run(["evaluate", name, *call, "--json", "-"]) == FINE
        found = json.loads(capsys.readouterr().out)["cross_entropy"]["value"]
        kept = json.loads(Path(saved).read_text())["provenance"][expected]
        assert found == pytest.approx(kept, abs=1e-9)


def test_a_probability_of_zero_in_a_column_of_its_own_stays_zero(tmp_path):
    probs, labels = np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]] * 20), [0, 1] * 20
    _, saved = fitted(tmp_path, probs, labels)
    source, out = tmp_path / "a.parquet", tmp_path / "o.parquet"
    columns = {"p_0": [0.5], "p_1": [0.5], "p_2": [0.0]}
    pq.write_table(pa.table({"label": [0], **columns}), source)
    assert run(["apply", saved, str(source), "--classes", "0,1,2", "--out", str(out)]) == FINE
    assert pq.read_table(out)["p_2"].to_pylist() == [0.0]


def test_the_next_step_names_classes_that_only_the_labels_tell(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"y": ["no", "yes"] * 40, "p": [0.3, 0.8] * 40}), "a.parquet")
    assert run(["calibrate", "a.parquet", "--method", "temperature", "--save", "c.json"]) == FINE
    printed = capsys.readouterr().out
    assert "apply c.json NEW_FILE --classes no,yes --out calibrated.parquet" in printed
    pq.write_table(pa.table({"p": [0.3, 0.8]}), "new.parquet")
    step = ["apply", "c.json", "new.parquet", "--classes", "no,yes", "--out", "calibrated.parquet"]
    assert run(step) == FINE
