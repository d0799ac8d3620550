"""``-``: standard input in the place of a file, in any format, and nothing of it left behind."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from unsurprised import cli
from unsurprised.sources import standard_input

ROWS = 60


@pytest.fixture(scope="module")
def frame():
    share = np.random.default_rng(0).random(ROWS)
    labels = (np.random.default_rng(1).random(ROWS) < share).astype(int)
    return pa.table({"label": labels, "p_0": 1 - share, "p_1": share})


def stream_of(frame, *, file: bool) -> bytes:
    sink = pa.BufferOutputStream()
    make = pa.ipc.new_file if file else pa.ipc.new_stream
    with make(sink, frame.schema) as writer:
        writer.write_table(frame)
    return sink.getvalue().to_pybytes()


def parquet_of(frame) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(frame, sink)
    return sink.getvalue().to_pybytes()


def csv_of(frame, delimiter: str = ",") -> bytes:
    sink = pa.BufferOutputStream()
    pacsv.write_csv(frame, sink, pacsv.WriteOptions(delimiter=delimiter))
    return sink.getvalue().to_pybytes()


def npz_of(frame) -> bytes:
    sink = io.BytesIO()
    probs = np.stack([frame["p_0"], frame["p_1"]], axis=1)
    np.savez(sink, label=frame["label"].to_numpy(), probs=probs)
    return sink.getvalue()


FORMS = {
    "parquet": parquet_of,
    "arrow": lambda frame: stream_of(frame, file=True),
    "arrow stream": lambda frame: stream_of(frame, file=False),
    "csv": csv_of,
    "csv with a mark": lambda frame: b"\xef\xbb\xbf" + csv_of(frame),
    "tsv": lambda frame: csv_of(frame, "\t"),
    "jsonl": lambda frame: "\n".join(map(json.dumps, frame.to_pylist())).encode(),
    "json": lambda frame: json.dumps(frame.to_pylist()).encode(),
    "npz": npz_of,
    "csv.gz": lambda frame: gzip.compress(csv_of(frame)),
    "jsonl.zst": lambda frame: pa.compress(
        "\n".join(map(json.dumps, frame.to_pylist())).encode(), "zstd", asbytes=True
    ),
}


@pytest.fixture
def piped(tmp_path, monkeypatch, capsys):
    """Run a command with bytes on standard input; exit code, output, error."""
    kept = tmp_path / "kept"
    kept.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(kept))
    monkeypatch.chdir(tmp_path)

    def run(data: bytes, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = cli.run(arguments)
        assert list(kept.iterdir()) == []
        assert not standard_input.is_kept("-")
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("form", FORMS)
def test_the_result_is_that_of_the_file(piped, frame, form):
    pq.write_table(frame, "rows.parquet")
    results = []
    for file in ("rows.parquet", "-"):
        code, out, err = piped(FORMS[form](frame), "evaluate", file, "--json", "-", "--top", "0")
        assert (code, err) == (0, "")
        result = json.loads(out)
        del result["reading"]
        results.append(result)
    assert results[0] == results[1]


def test_a_worst_row_is_of_a_file_that_is_called_by_its_name(piped, frame):
    _, out, _ = piped(csv_of(frame), "evaluate", "-", "--json", "-")
    assert {row["file"] for row in json.loads(out)["worst_rows"]} <= {"-", None}
    assert str(tempfile.gettempdir()) not in out


def test_all_commands_that_read_rows(piped, frame):
    pq.write_table(frame, "base.parquet")
    data = csv_of(frame)
    for line in (
        "compare base.parquet - --json compare.json",
        "check base.parquet -",
        "calibrate - --method temperature --save c.json --out calibrated.csv --html page.html",
        "apply c.json - --out applied.csv",
        "encode - --model predictions -o labels.us",
        "decode labels.us --model predictions:base.parquet -o labels.csv",
        "explain -:3",
        "explain -:3 -:4",
        "evaluate - --html evaluation.html",
    ):
        code, _, err = piped(data, *line.split())
        assert (code, err) == (0, ""), line
    assert json.loads(Path("compare.json").read_text())["models"][1]["name"] == "standard input"
    applied, calibrated = (pacsv.read_csv(f"{name}.csv") for name in ("applied", "calibrated"))
    assert applied == calibrated and applied.num_rows == ROWS
    assert len(Path("labels.csv").read_text().split()) == ROWS + 1
    page = Path("evaluation.html").read_text()
    assert "input standard input" in page
    assert f"{len(data):,} bytes, SHA-256" in page


def test_the_truth_on_standard_input(piped, frame):
    ids = pa.array(range(ROWS))
    pq.write_table(frame.drop_columns(["label"]).append_column("id", ids), "p.parquet")
    truth = pa.table({"id": ids, "label": frame["label"]})
    line = ["evaluate", "p.parquet", "--truth", "-", "--id", "id", "--json", "-"]
    code, out, err = piped(csv_of(truth), *line)
    assert (code, err) == (0, "")
    assert json.loads(out)["rows"] == ROWS


WRONG = {
    b"": "standard input: is empty; expected rows",
    b"word\nword\n": "standard input: the content seems to be text; expected Parquet, an Arrow "
    "file, an Arrow stream, CSV, TSV, JSON lines, npz, npy; say which: --format, such as "
    "--format csv",
    b"label,p_0,p_1\n" + b"0,0.5,0.5\n" * 1000 + b"1,0.5,high\n": "standard input, row 1000, "
    "column 'p_1': found 'high'; expected a number",
    b'{"label": 0, "probs": [0.5, 0.5]}\n{"label": 1,\n': "standard input, row 1: found no "
    "complete JSON (Expecting property name enclosed in double quotes at character 13); expected "
    "one JSON object a line",
    b"\x80\x04\x95 pickled": "standard input: ",
}


@pytest.mark.parametrize("data", WRONG)
def test_errors_say_standard_input_and_the_row(piped, data):
    code, out, err = piped(data, "evaluate", "-")
    assert (code, out) == (2, "")
    assert err.removeprefix("unsurprised: ").startswith(WRONG[data])
    assert err.count("\n") == 1
    assert "kept" not in err


def test_the_format_can_be_said(piped):
    one_column = b"logprob\n-0.5\n-0.25\n"
    line = ["evaluate", "-", "--logprob", "logprob"]
    assert piped(one_column, *line)[0] == 2
    code, out, err = piped(one_column, *line, "--format", "csv")
    assert (code, err) == (0, "")
    assert "2 rows" in out
    code, _, err = piped(b"PAR1", "evaluate", "-", "--format", "csv")
    assert (code, err) == (
        2,
        "unsurprised: standard input: said to be CSV, but seems to be Parquet; say --format as it "
        "is, or leave it out\n",
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("evaluate - -", "- (standard input) is given twice; expected once"),
        ("evaluate - --truth -", "- (standard input) is given twice; expected once"),
        ("compare - - --format csv", "- (standard input) is given twice; expected once"),
        ("evaluate p.csv --format csv", "--format csv: it says what standard input holds; "
         "expected - as a file"),
    ],
)  # fmt: skip
def test_calls_that_cannot_be_meant(piped, line, said):
    assert piped(b"a,b\n", *line.split()) == (2, "", f"unsurprised: {said}\n")


def test_nobody_else_reads_what_is_kept(piped, frame, monkeypatch):
    modes = []

    def seen(path, form):
        modes.append(stat.S_IMODE(Path(path).stat().st_mode))
        return ".csv"

    monkeypatch.setattr(standard_input, "_suffixes", seen)
    assert piped(csv_of(frame), "evaluate", "-")[0] == 0
    assert modes == [0o600]


def test_no_room_to_keep_it(frame, monkeypatch, capsys):
    monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n")))
    assert cli.run(["evaluate", "-"]) == 2
    assert capsys.readouterr().err == (
        "unsurprised: standard input: cannot be kept in /no/such/folder: No such file or "
        "directory; name a folder with room for it: TMPDIR=FOLDER\n"
    )


def test_real_pipes(tmp_path, frame):
    """A closed one, and one that is ended by a signal: nothing is left."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "unsurprised", "evaluate", "-"]
    done = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *command], capture_output=True, env=environment, check=False
    )
    assert done.returncode == 2
    assert done.stderr == b"unsurprised: standard input: cannot be read: it is closed\n"
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as child:
        child.stdin.write(csv_of(frame))
        child.stdin.flush()
        while not list(tmp_path.iterdir()):
            assert child.poll() is None
        child.terminate()
        assert child.wait(60) == 143
        assert child.stderr.read() == b"unsurprised: ended by SIGTERM\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_that_name_is_a_file_in_python(tmp_path, monkeypatch, frame):
    """The convention is the command line's alone."""
    import unsurprised as us

    monkeypatch.chdir(tmp_path)
    Path("-").write_bytes(parquet_of(frame))
    assert us.evaluate("-").rows == ROWS
