"""Every option of every command with values that nobody means; which of them name files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from unsurprised import cli
from unsurprised.commands.app import program

COMMANDS = typer.main.get_command(program()).commands

#: Options that name files to write, and those that name (or may name) files to read.
WRITTEN = {"--json", "--html", "--junit", "--chart", "--save", "--out", "--output"}
READ = {"--truth", "--classes", "--names", "--model", "--targets", "--noise"}
READ |= {"--document", "--mask", "--text"}
#: All others: numbers, words and columns, and no value at all.
NUMERIC = {"--tolerance", "--top", "--base", "--batch-rows", "--max-bits", "--max-worse"}
NUMERIC |= {"--max-kl", "--min-agreement", "--fdr"}
NUMERIC |= {"--smooth", "--folds", "--ignore-index", "--vocabulary", "--unknown"}
PLAIN = {"--label", "--pred", "--logprob", "--weight", "--id", "--by", "--cluster", "--positive"}
PLAIN |= {"--kind", "--join", "--nulls", "--method", "--as", "--symbols", "--format", "--units"}
PLAIN |= {"--fail-if", "--time"}
FLAGS = {"--normalize", "--overwrite", "--allow-unsure", "--full", "--quiet", "--help", "--partial"}
#: Those of plans.
WRITTEN |= {"--state"}
READ |= {"--plan", "--db", "--query"}
NUMERIC |= {"--expect"}
FLAGS |= {"--no-label", "--drift"}
PLAIN |= {"--part", "--memory", "--engine", "--exchange"}
#: Those of ranks.
PLAIN |= {"--y", "--given", "--numbers"}
NUMERIC |= {"--permutations", "--sample", "--k", "--seed"}
FLAGS |= {"--redundancy"}

NUMBERS = ["nan", "-inf", "-1", "1" + "0" * 30, str(2**63)]
TEXTS = ["", "\0", "x" * 5000, "@/", "../..", ",", "a=b,a=c"]


def options_of(command: str) -> list[Any]:
    return [p for p in COMMANDS[command].params if p.param_type_name == "option"]


def test_every_option_is_known_to_name_a_file_or_none():
    known = WRITTEN | READ | NUMERIC | PLAIN | FLAGS
    for command in COMMANDS:
        for option in options_of(command):
            assert known & set(option.opts), f"{command} {option.opts}: does it name a file?"


def test_whatever_writes_a_file_can_overwrite():
    for command in COMMANDS:
        names = {name for option in options_of(command) for name in option.opts}
        assert not names & WRITTEN or "--overwrite" in names


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small file for each command."""
    folder = tmp_path_factory.mktemp("options")
    rng = np.random.default_rng(0)
    share = rng.random(40)
    table = {"label": rng.integers(0, 2, 40), "probs": [[1 - p, p] for p in share]}
    pq.write_table(pa.table(table), folder / "p.parquet")
    pq.write_table(pa.table({**table, "probs": [[p, 1 - p] for p in share]}), folder / "q.parquet")
    for name in ("base.npy", "other.npy"):
        np.save(folder / name, rng.normal(size=(2, 3, 4)))
    (folder / "text").write_text("abracadabra")
    made = [
        ["calibrate", "p.parquet", "--method", "temperature", "--save", "c.json"],
        ["encode", "text", "-o", "text.us"],
        ["plan", "p.parquet", "--out", "plan.json"],
        ["evaluate", "--plan", "plan.json", "--state", "a.state"],
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for arguments in made:
            assert cli.run(arguments) == 0
    return folder


LINES = {
    "evaluate": ["evaluate", "p.parquet"],
    "compare": ["compare", "p.parquet", "q.parquet"],
    "check": ["check", "p.parquet", "q.parquet"],
    "drift": ["drift", "p.parquet", "q.parquet"],
    "mi": ["mi", "p.parquet", "--y", "label"],
    "explain": ["explain", "p.parquet:3"],
    "fidelity": ["fidelity", "base.npy", "other.npy"],
    "calibrate": ["calibrate", "p.parquet", "--method", "temperature"],
    "apply": ["apply", "c.json", "p.parquet", "--out", "out.csv"],
    "plan": ["plan", "p.parquet", "--out", "out.json"],
    "merge": ["merge", "a.state"],
    "encode": ["encode", "text", "-o", "out.us"],
    "decode": ["decode", "text.us", "-o", "out.txt"],
}


def test_every_command_has_a_line():
    assert LINES.keys() == COMMANDS.keys()


#: What these commands hand on to the sources as ``evaluate`` does.
SHARED = {max(option.opts, key=len) for option in options_of("evaluate")}


@pytest.mark.parametrize("command", LINES)
def test_hostile_values_are_refused_in_one_line(folder, monkeypatch, capsys, command):
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for option in options_of(command):
        (name,) = {max(option.opts, key=len)} - FLAGS or {""}
        if not name or name in ("--html", "--chart"):  # slow, and as --json
            continue
        if command in ("compare", "check", "calibrate", "plan") and name in SHARED:
            continue
        for value in NUMBERS if name in NUMERIC else TEXTS:
            line = LINES[command][: -2 if name in ("--out", "--output") else None]
            code = cli.run([*line, f"{name}={value}"])
            said = capsys.readouterr().err
            where = (command, name, value[:20], said[:300])
            assert code in ((0, 1, 2) if command == "check" else (0, 2)), where
            assert code != 2 or (said.startswith("unsurprised: ") and said.count("\n") == 1), where
            assert "fault of unsurprised" not in said, where
            assert len(said) < 2000, where
            for path in folder.iterdir():
                if path.name not in before:
                    path.unlink()
            now = {path.name: path.read_bytes() for path in folder.iterdir()}
            assert now == before, where
