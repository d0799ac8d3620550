"""Completion: what shells ask, by the scripts that they are given, and what they are told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from unsurprised import cli
from unsurprised.commands.app import program
from unsurprised.commands.completion import columns

DIGITS = str(Path(__file__).parent.parent / "examples" / "digits.parquet")
COMMANDS = list(typer.main.get_command(program()).commands)

BASH = """
eval "$(unsurprised --show-completion bash)"
complete -p unsurprised
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_unsurprised_completion unsurprised
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A folder with the program, for PATH."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "unsurprised"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m unsurprised "$@"\n')
    script.chmod(0o755)
    return folder


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "answers"),
    [
        ([""], COMMANDS),
        (["c"], ["compare", "check", "calibrate"]),
        (["evaluate", "--l"], ["--label", "--logprob"]),
        (["evaluate", "x", "--kind", "log"], ["logits", "logprobs"]),
        (["evaluate", DIGITS, "--label", ""], ["row_id", "label", "probs", "ink"]),
        (["evaluate", "fi"], [""]),
    ],
)
def test_bash(program, words, answers):
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", "unsurprised", *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"},
    )
    registered, *said = done.stdout.splitlines()
    # Where there is no answer bash takes names of files.
    assert registered == "complete -o default -F _unsurprised_completion unsurprised"
    assert said == answers
    assert done.stderr == ""


@pytest.fixture
def asked(monkeypatch, capsys):
    """What a shell is told: the exit code and the lines."""

    def run(instruction: str, line: str, **environment: str) -> tuple[int, list[str]]:
        monkeypatch.setenv("_UNSURPRISED_COMPLETE", instruction)
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        code = cli.run([])
        out, _ = capsys.readouterr()
        return code, out.splitlines()

    return run


def test_zsh(asked):
    code, (line,) = asked("complete_zsh", "unsurprised evaluate --nu")
    assert code == 0
    assert line.startswith("""_arguments '*: :(("--nulls":"Rows with a missing value""")
    assert asked("complete_zsh", "unsurprised evaluate fi") == (0, ["_files"])


def test_fish(asked):
    line = "unsurprised check --max"
    _, said = asked("complete_fish", line, _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert [text.partition("\t")[0] for text in said] == ["--max-bits", "--max-worse", "--max-kl"]
    is_args = {"_TYPER_COMPLETE_FISH_ACTION": "is-args"}
    assert asked("complete_fish", line, **is_args)[0] == 0
    assert asked("complete_fish", "unsurprised check fi", **is_args)[0] == 2


def test_nonsense_is_no_failed_check(asked):
    assert asked("nonsense", "")[0] == 2
    assert asked("complete_ksh", "")[0] == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_are_printed_and_nothing_is_written(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cli.run(["--show-completion", shell]) == 0
    out, err = capsys.readouterr()
    assert f"_UNSURPRISED_COMPLETE=complete_{shell}" in out
    assert err == ""
    assert list(tmp_path.iterdir()) == []


def test_other_shells_are_refused(capsys):
    assert cli.run(["--show-completion", "ksh"]) == 2
    assert "'ksh' is not one of 'bash', 'zsh', 'fish'" in capsys.readouterr().err


def test_columns_are_those_of_the_last_file(tmp_path, monkeypatch):
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"label": [0], "label two": [0], "$(rm)": [0], "p": [0.5]}), file)
    (tmp_path / "calibrator.json").write_text("{}")
    line = f"unsurprised\napply\n{tmp_path}/calibrator.json\n{file}:17\n--pred\n"
    monkeypatch.setenv("COMP_WORDS", line)
    assert columns("") == ["label", "p"]
    assert columns("l") == ["label"]
    for nothing in (
        "unsurprised evaluate no.parquet",
        "unsurprised evaluate - 'unclosed",
        __file__,
    ):
        monkeypatch.setenv("COMP_WORDS", nothing)
        assert columns("") == []
