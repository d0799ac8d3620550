"""What commands write never destroys what they read, nor one another, nor what others wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unsurprised import cli


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run in a folder with a file of each kind; the exit code, and what was said."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    share = rng.random(60)
    labels = share > 0.4
    ids = [f"row {k}" for k in range(60)]
    for name in ("p", "q"):
        table = {"id": ids, "probs": [[1 - p, p] for p in share], "label": labels}
        pq.write_table(pa.table(table), f"{name}.parquet")
        share = rng.permutation(share)
    pq.write_table(pa.table({"id": ids, "actual": labels}), "truth.parquet")
    Path("text").write_text("abracadabra" * 9)
    Path("other").write_text("abracadabra, simsalabim")
    Path("names").write_text("no\nyes\n")

    def run(line: str) -> tuple[int, str]:
        code = cli.run(line.split())
        return code, capsys.readouterr().err

    assert run("calibrate p.parquet --method temperature --save c.json")[0] == 0
    assert run("encode text --model frequencies:other --smooth 1e-3 -o coded.us")[0] == 0
    return run


#: Every command, its options that name outputs, and all files that it reads.
LINES = {
    "evaluate p.parquet --id id --truth truth.parquet --label actual --classes @names": (
        ("--json", "--html"),
        ("p.parquet", "truth.parquet", "names"),
    ),
    "compare p.parquet q.parquet --id id --truth truth.parquet --label actual --classes @names": (
        ("--json", "--html"),
        ("p.parquet", "q.parquet", "truth.parquet", "names"),
    ),
    "check p.parquet q.parquet --id id --truth truth.parquet --label actual --classes @names": (
        ("--json", "--junit"),
        ("p.parquet", "q.parquet", "truth.parquet", "names"),
    ),
    "drift p.parquet q.parquet": (
        ("--json", "--html", "--junit", "--save"),
        ("p.parquet", "q.parquet"),
    ),
    "mi p.parquet --y label": (("--json", "--html"), ("p.parquet",)),
    "calibrate p.parquet --id id --truth truth.parquet --label actual --classes @names": (
        ("--json", "--html", "--save", "--out"),
        ("p.parquet", "truth.parquet", "names"),
    ),
    "apply c.json p.parquet --classes @names": (("--out",), ("c.json", "p.parquet", "names")),
    "explain p.parquet:3 --names @names": (("--json", "--chart"), ("p.parquet", "names")),
    "encode text --model frequencies:other": (("-o", "--json"), ("text", "other")),
    "encode text --model distribution:other": (("-o", "--json"), ("text", "other")),
    "encode p.parquet --model predictions --classes @names": (("-o",), ("p.parquet", "names")),
    "decode coded.us --model frequencies:other": (("-o",), ("coded.us", "other")),
    "decode coded.us --model predictions:p.parquet --classes @names": (
        ("-o",),
        ("coded.us", "p.parquet", "names"),
    ),
}


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir()}


@pytest.mark.parametrize("line", LINES)
def test_no_output_is_an_input(said, line):
    options, inputs = LINES[line]
    before = files()
    for option in options:
        # A chart tells its format by its name, which a hard link of the input has.
        rest = "" if {"--out", "-o"} & {option} or "-o" not in options else " -o new"
        rest = " --out new.csv" if line.startswith("apply") and option != "--out" else rest
        for name in inputs:
            target = name
            if option == "--chart":
                os.link(name, target := "input.svg")
            code, message = said(f"{line} {option} {target} --overwrite{rest}")
            Path("input.svg").unlink(missing_ok=True)
            assert (code, message.count("\n")) == (2, 1)
            assert "it is also the input; name another path" in message, (option, name)
            assert files() == before


@pytest.mark.parametrize("line", [line for line in LINES if len(LINES[line][0]) > 1])
def test_no_output_is_another(said, line):
    options, _ = LINES[line]
    name = "new.svg" if "--chart" in options else "new.csv"
    before = files()
    for one in options:
        for other in options:
            if one == other:
                continue
            code, message = said(f"{line} {one} {name} {other} ./{name} --overwrite")
            if "-o" in options and "-o" not in (one, other):
                continue
            assert (code, message.count("\n")) == (2, 1)
            assert "writes there too; name another path" in message, (one, other)
            assert files() == before


REPORTS = {
    "evaluate p.parquet --json": "r.json",
    "compare p.parquet q.parquet --json": "r.json",
    "check p.parquet q.parquet --allow-unsure --max-worse 9 --json": "r.json",
    "drift p.parquet q.parquet --json": "r.json",
    "drift p.parquet q.parquet --html": "r.html",
    "drift p.parquet q.parquet --junit": "r.xml",
    "drift p.parquet q.parquet --save": "r.json",
    "mi p.parquet --y label --json": "r.json",
    "mi p.parquet --y label --html": "r.html",
    "calibrate p.parquet --method temperature --json": "r.json",
    "explain 0.5,0.5 --json": "r.json",
    "encode text --overwrite -o out.us --json": "r.json",
    "evaluate p.parquet --html": "r.html",
    "check p.parquet q.parquet --allow-unsure --max-worse 9 --html": "r.html",
    "explain 0.5,0.5 --html": "r.html",
    "check p.parquet q.parquet --allow-unsure --max-worse 9 --junit": "r.xml",
}


@pytest.mark.parametrize("line", REPORTS)
def test_a_report_is_replaced_by_its_own_command_alone(said, line):
    target = Path(REPORTS[line])
    assert said(f"{line} {target}")[0] == 0
    made = target.read_bytes()
    assert said(f"{line} {target}") == (0, "")
    assert target.read_bytes() == made
    if "--overwrite" in line:
        return
    others = [Path("c.json").read_bytes(), b'{"a": 1}', b"<!doctype html><p>mine", b"<xml/>", b"x"]
    if target.suffix == ".json":
        schema = json.loads(made)["schema"].split("/")[0]
        others.append(made.replace(schema.encode(), b"unsurprised.another"))
    for other in others:
        target.write_bytes(other)
        code, message = said(f"{line} {target}")
        assert (code, target.read_bytes()) == (2, other)
        assert "this command has not written it" in message
        assert message.rstrip().endswith("--overwrite")
    assert said(f"{line} {target} --overwrite") == (0, "")
    assert target.read_bytes()[:200] == made[:200]


def test_charts_pages_and_data_need_overwrite(said):
    for line, name in (
        ("explain 0.5,0.5 --chart", "r.svg"),
        ("calibrate p.parquet --method temperature --save", "c.json"),
        ("apply c.json p.parquet --out", "r.csv"),
        ("encode text -o", "r.us"),
    ):
        Path(name).touch()
        before = Path(name).read_bytes()
        code, message = said(f"{line} {name}")
        assert (code, Path(name).read_bytes()) == (2, before)
        assert "it exists; name another path, or replace it with --overwrite" in message
        assert said(f"{line} {name} --overwrite") == (0, "")


def test_of_several_outputs_none_appears_where_one_cannot(said, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = files()
    monkeypatch.setattr("unsurprised.calibration.apply.writer_of", full)
    code, message = said("calibrate p.parquet --method temperature --save s.json --out o.csv")
    assert (code, files()) == (2, before)
    assert message == "unsurprised: --out o.csv: cannot be written: No space left on device\n"
