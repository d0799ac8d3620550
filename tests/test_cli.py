"""The command line: exit codes, one line for what is wrong, nothing but the report elsewhere."""

from __future__ import annotations

import json
import math
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised
from unsurprised import cli
from unsurprised.commands import options as cli_options
from unsurprised.evaluation import engine

EXAMPLES = Path(__file__).parent.parent / "examples"
PACKAGE = Path(unsurprised.__file__).parent
DIGITS = str(EXAMPLES / "digits.parquet")
COMMAND = [sys.executable, "-m", "unsurprised"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def on_a_terminal(*arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and screen of a process whose output is a terminal."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that the other side has closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return child.wait(60), shown.decode()


@pytest.fixture
def refused(capsys):
    """Run a command line that must be refused in one line; the line without its prefix."""

    def run(*arguments: str) -> str:
        assert cli.run(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("unsurprised: ")
        assert err.count("\n") == 1
        assert err.strip().isprintable()
        return err.removeprefix("unsurprised: ").strip()

    return run


def test_version(capsys):
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr() == (f"unsurprised {unsurprised.__version__}\n", "")


def test_the_version_needs_no_heavy_import():
    program = (
        "import sys; from unsurprised.cli import run; run(['--version']);"
        "print(sorted({'pyarrow', 'rich', 'scipy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.splitlines()[1:] == [b"[]"]


def test_a_process_tells_the_version_before_it_imports_anything():
    assert (
        started("--version").stdout == f"unsurprised {unsurprised.__version__}{os.linesep}".encode()
    )
    program = (
        "import sys; sys.argv[1:] = ['--version']; from unsurprised.__main__ import main; main();"
        "print({'numpy', 'typer', 'typing', 'dataclasses', 'unsurprised.cli'} & set(sys.modules))"
    )
    # What site-packages load at the start of Python is not ours.
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)})  # fmt: skip
    assert done.stdout.split(maxsplit=2)[2].strip() == b"set()"


def test_a_version_that_cannot_be_written_is_told_by_the_command_line():
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, "--version"], stdout=full, stderr=-1, check=False)
    assert done.returncode == 2
    assert b"No space left on device" in done.stderr


def test_names_are_imported_when_they_are_asked_for():
    program = (
        "import sys, unsurprised as us; print('numpy' in sys.modules);"
        "us.entropy, us.Labels, us.errors, us.states;"
        "print('numpy' in sys.modules, 'unsurprised.coding' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"True", b"False"]


def test_a_command_imports_no_other():
    program = (
        "import sys; from unsurprised.cli import run; run(['evaluate', '--help']);"
        "print([name for name in sys.modules if name.startswith('unsurprised.commands.c')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"['unsurprised.commands.completion']"


def test_the_report_agrees_with_a_plain_computation():
    table = pq.read_table(DIGITS)
    labels = table["label"].to_numpy()
    probs = np.array(table["probs"].to_pylist(), dtype=np.float64)
    probs /= probs.sum(axis=1, keepdims=True)
    observed = -np.log2(probs[np.arange(len(labels)), labels])
    expected = -(probs * np.log2(probs)).sum(axis=1)
    done = started("evaluate", DIGITS)
    assert (done.returncode, done.stderr) == (0, b"")
    report = done.stdout.decode()
    assert "label: " in report.split("\n")[0]
    assert (
        f"Observed surprisal is {observed.mean():.4f} bits a row where the model expected "
        f"{expected.mean():.4f}: it is over-confident." in " ".join(report.split())
    )
    assert f"{100 * (probs.argmax(1) == labels).mean():.2f} %" in report
    assert f"{observed.max():.3f}" in report
    assert "\x1b" not in report


def test_json_on_standard_output_is_alone(capsysbinary):
    assert cli.run(["evaluate", DIGITS, "--json", "-", "--id", "row_id", "--top", "3"]) == 0
    out, err = capsysbinary.readouterr()
    assert err == b""
    wanted = unsurprised.evaluate(DIGITS, id="row_id", top=3).to_json()
    assert out.decode() == wanted + "\n"
    assert len(json.loads(out)["worst_rows"]) == 3


def test_json_goes_to_a_file_beside_the_report(tmp_path, capsys):
    target = tmp_path / "result.json"
    assert cli.run(["evaluate", DIGITS, "--json", str(target)]) == 0
    assert json.loads(target.read_text(encoding="utf-8"))["rows"] == 1000
    assert "the model expected" in capsys.readouterr().out
    assert names(tmp_path) == ["result.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no command given"),
        (["evaluate"], "FILE"),
        (["evalute", DIGITS], "evalute"),
        (["evaluate", DIGITS, "--nonsense"], "--nonsense"),
        (["evaluate", DIGITS, "--top", "-1"], "--top"),
        (["evaluate", DIGITS, "--top", "ten"], "--top"),
        (["evaluate", DIGITS, "--batch-rows", "0"], "--batch-rows"),
        (["evaluate", DIGITS, "--kind", "odds"], "odds"),
        (["evaluate", DIGITS, "--nulls", "keep"], "keep"),
        (["evaluate", DIGITS, "--base", "1"], "--base 1"),
        (["evaluate", DIGITS, "--base", "bits"], "--base bits"),
        (["evaluate", DIGITS, "--base", "nan"], "--base nan"),
        (["evaluate", DIGITS, "--classes", "@no such file"], "no such file"),
        (["evaluate", DIGITS, "--classes", "a,b"], "expected 2"),
        (["evaluate", DIGITS, "--label", "lable"], "lable"),
        (["evaluate", DIGITS, "--tolerance", "-1"], "tolerance"),
        (["evaluate", "no such file.parquet"], "no such file.parquet"),
        (["evaluate", "a\nb\x1b[2J.parquet"], r"\x1b[2J"),
        (["evaluate", DIGITS, "--json", "/no/such/folder/x.json"], "/no/such/folder/x.json"),
        (["evaluate", DIGITS, "--json", DIGITS], "input"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(refused, arguments, said):
    assert said in refused(*arguments)


def test_bad_data_leaves_no_file(refused, tmp_path):
    bad = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"label": [0, 1], "probs": [[0.5, 0.5], [0.5, math.nan]]}), bad)
    message = refused("evaluate", str(bad), "--json", str(tmp_path / "out.json"))
    assert "bad.parquet" in message
    assert "row 1" in message
    assert names(tmp_path) == ["bad.parquet"]


def test_a_bad_target_is_refused_before_the_work(refused, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "evaluate_reading", None)
    assert "cannot be written" in refused("evaluate", DIGITS, "--json", f"{tmp_path}/none/x.json")


def test_no_traceback_in_a_real_process(tmp_path):
    file = tmp_path / "text.parquet"
    file.write_text("not Parquet")
    done = started("evaluate", str(file))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"unsurprised: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ZeroDivisionError("a bug"), "this is a fault of unsurprised: ZeroDivisionError: a bug"),
        (RecursionError("too deep"), "this is a fault of unsurprised: RecursionError: too deep"),
        (SystemError("odd"), "this is a fault of unsurprised: SystemError: odd"),
        (EOFError(), "this is a fault of unsurprised: EOFError"),
        (type("PanicException", (BaseException,), {})("Rust"), "PanicException: Rust"),
        (MemoryError("Unable to allocate 8 GiB"), "not enough memory (Unable to allocate 8 GiB)"),
        (RuntimeError("can't start new thread"), "not enough memory (can't start new thread)"),
        (OSError(24, "Too many open files"), "the system refuses: Too many open files"),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "check"])
def test_what_nobody_foresaw_is_one_line_too(refused, monkeypatch, command, error, said):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(engine, "evaluate_reading", fail)
    options = ["--max-bits", "1"] if command == "check" else []
    message = refused(command, DIGITS, *options)
    assert said in message
    assert message.startswith(f"{DIGITS}: " if command == "evaluate" else "")
    assert ("UNSURPRISED_TRACEBACK=1" in message) is ("fault" in message)


def test_a_fault_names_the_rows_that_it_arose_in(refused, monkeypatch):
    def fail(*_: object) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr(cli_options, "base_of", lambda text: 2.0)
    monkeypatch.setattr("unsurprised.evaluation.engine.Evaluator.update_batch", fail, raising=False)
    monkeypatch.setattr("unsurprised.batches.Batch.numbers_of", fail)
    message = refused("evaluate", DIGITS)
    assert message.startswith(f"{DIGITS}, rows 0 to ")


def test_the_traceback_of_a_fault_can_be_asked_for(monkeypatch, capsys):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(engine, "evaluate_reading", fail)
    monkeypatch.setenv(cli.TRACEBACK, "1")
    assert cli.run(["evaluate", DIGITS]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_an_interrupt_says_how_far_it_was(monkeypatch, capsys, quiet):
    def interrupt(*_: object, progress: Callable[[int], None], **__: object) -> None:
        progress(250)
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "evaluate_reading", interrupt)
    assert cli.run(["evaluate", DIGITS, *quiet]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err == ("unsurprised: interrupted after 250 of 1,000 rows (25 %); nothing was written\n")


def test_an_interrupt_before_any_row(monkeypatch, capsys):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("unsurprised.sources.open_predictions", interrupt)
    assert cli.run(["evaluate", DIGITS]) == 130
    assert capsys.readouterr().err == "unsurprised: interrupted\n"


@pytest.mark.parametrize(
    "arguments",
    [["evaluate", DIGITS], ["evaluate", DIGITS, "--json", "-"], ["--help"], ["--version"]],
)
def test_a_closed_pipe_is_quiet(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    child = subprocess.run(
        [*COMMAND, *arguments], stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writing)
    assert (child.returncode, child.stderr) == (141, b"")


@pytest.mark.parametrize("arguments", [["evaluate", DIGITS], ["evaluate", DIGITS, "--json", "-"]])
def test_a_full_disk_is_said_in_one_line(arguments):
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert child.returncode == 2
    assert child.stderr.startswith(b"unsurprised: standard output cannot be written: No space")
    assert child.stderr.count(b"\n") == 1


def test_closed_streams_do_no_harm(tmp_path):
    target = tmp_path / "result.json"
    line = f'"$0" -m unsurprised evaluate "$1" --json "{target}" >&- 2>&-'
    done = subprocess.run(["sh", "-c", line, sys.executable, DIGITS], timeout=60, check=False)
    assert done.returncode == 0
    assert json.loads(target.read_text(encoding="utf-8"))["rows"] == 1000


def test_a_terminal_gets_colour_and_its_own_width():
    code, shown = on_a_terminal("evaluate", DIGITS, COLUMNS="80", NO_COLOR="")
    assert code == 0
    assert "\x1b[1;31mObserved surprisal is" in shown
    code, shown = on_a_terminal("evaluate", DIGITS, COLUMNS="80", NO_COLOR="1")
    assert code == 0
    assert "\x1b[31m" not in shown
    assert "\x1b[1;31m" not in shown


def test_errors_on_a_terminal_are_plain():
    code, shown = on_a_terminal("evaluate", "nothing.parquet")
    assert code == 2
    assert shown.startswith("unsurprised: ")
    assert shown.count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_output_without_unicode_still_comes(encoding):
    done = started("evaluate", DIGITS, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Observed surprisal is" in done.stdout
    done = started("evaluate", DIGITS, "--json", "-", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout.decode("utf-8"))["rows"] == 1000


@pytest.mark.parametrize(
    ("text", "base"), [("2", 2.0), ("e", math.e), ("E", math.e), ("10", 10.0), ("1.5", 1.5)]
)
def test_bases(text, base):
    assert cli_options.base_of(text) == base


def test_names_of_classes(tmp_path):
    assert cli_options.classes_of(None) is None
    assert cli_options.classes_of("cat, dog,bird") == ["cat", "dog", "bird"]
    names = tmp_path / "names.txt"
    names.write_text("\ufeffcat, tabby\r\ndog\n\n", encoding="utf-8")
    assert cli_options.classes_of(f"@{names}") == ["cat, tabby", "dog"]


def test_options_reach_the_evaluation(capsysbinary):
    arguments = ["evaluate", DIGITS, "--json", "-", "--label", "label", "--pred", "probs"]
    arguments += ["--kind", "probs", "--classes", "a,b,c,d,e,f,g,h,i,j", "--base", "e"]
    arguments += ["--tolerance", "0.01", "--batch-rows", "7", "--top", "1", "--nulls", "skip"]
    assert cli.run([*arguments, "--weight", "row_id", "--normalize"]) == 0
    result = json.loads(capsysbinary.readouterr().out)
    assert result["unit"] == "nats"
    assert result["classes"] == list("abcdefghij")
    assert result["weighted"] is True
    assert len(result["worst_rows"]) == 1
    assert result["cross_entropy"] == result["cross_entropy_nats"]
