"""``compare --plan`` and ``merge`` make what ``compare`` makes, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_lines import run
from planned_sources import written_models

import unsurprised as us
from unsurprised import cli
from unsurprised.sources import parquet

PLANS = "--plan base.json --plan new.json"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Path:
    """Files that have several splits, and their plans, in the current folder."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    monkeypatch.setenv("COLUMNS", "100")
    written_models(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, more in (("base", "--by land --by age"), ("new", "")):
        run(f"plan {name} --id row_id {more} --out {name}.json --quiet", capsys)
    return tmp_path


def states(capsys: Any, parts: int, more: str = "") -> str:
    for part in range(1, parts + 1):
        line = f"compare {PLANS} {more} --part {part}/{parts} --state {part}.state"
        assert run(line, capsys) == ""
    return " ".join(f"{part}.state" for part in range(parts, 0, -1))


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_parts_and_merge_have_the_outputs_of_compare(capsys: Any, parts: int) -> None:
    source = "compare base new --id row_id --by land --by age --top 3"
    plain = run(f"{source} --json plain.json --base e --full --quiet", capsys)
    held = states(capsys, parts, "--top 3")
    merged = run(f"merge {held} --json m.json --html m.html --base e --full --quiet", capsys)
    assert merged == plain
    line = f"compare {PLANS} --top 3 --memory 300MB --json p.json --base e --full --quiet"
    assert run(line, capsys) == plain
    wanted = Path("plain.json").read_bytes()
    assert Path("m.json").read_bytes() == Path("p.json").read_bytes() == wanted
    assert "unsurprised comparison" in Path("m.html").read_text("utf-8")
    head = run(source, capsys).partition("\n\n")[0]
    assert run(f"merge {held}", capsys).partition("\n\n")[0] == head
    assert (
        us.merge(Path(name).read_bytes() for name in held.split()).result(base=2).to_json()
        == us.compare("base", "new", id="row_id", by=["land", "age"], top=3).to_json()
    )


def test_merged_states_merge(capsys: Any) -> None:
    states(capsys, 3)
    assert run("merge 1.state 3.state --partial --state 13.state", capsys) == ""
    run("merge 13.state 2.state --json a.json", capsys)
    run("compare base new --id row_id --by land --by age --json b.json", capsys)
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()


def test_some_parts_are_said_to_be_some(capsys: Any) -> None:
    states(capsys, 2, "--join inner")
    run("merge 1.state --partial --json p.json", capsys)
    assert json.loads(Path("p.json").read_text())["missing"]["rows"].startswith("base: Of ")
    told = run(f"compare {PLANS} --join inner --part 1/2", capsys)
    assert "rows: base: Of" in told


@pytest.mark.parametrize("how", ["", "1.state 3.state 2.state"])
def test_checks(capsys: Any, how: str) -> None:
    """By new's own plan it is not sliced."""
    states(capsys, 3)
    limits = "--max-worse 0.3"
    run(f"check base new --id row_id --by land --by age {limits} --json plain.json", capsys)
    line = f"check {PLANS} {how} {limits} --json c.json --junit c.xml --html c.html"
    assert run(line, capsys).startswith("PASSED")
    assert Path("c.json").read_bytes() == Path("plain.json").read_bytes()
    assert cli.run(f"check {PLANS} {how} --max-worse 0.001".split()) == 1
    capsys.readouterr()
    both = "--max-worse 0.3 --max-bits 2"
    run(f"check base new --id row_id {both} --json plain.json", capsys)
    run("plan base --id row_id --out plain_base.json --quiet", capsys)
    if not how:
        line = f"check --plan plain_base.json --plan new.json {both} --json c.json"
        run(line, capsys)
        assert Path("c.json").read_bytes() == Path("plain.json").read_bytes()
    else:
        run(f"check {PLANS} {how} {both}", capsys)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("compare", "Missing argument 'FILE...', or --plan FILE for each model"),
        ("compare base new --part 1/2", "--part 1/2: it goes with --plan"),
        ("compare base new --state a.state", "--state a.state: it goes with --plan"),
        ("compare --plan base.json", "expected one for each model, the base's first: --plan BASE"),
        (f"compare base {PLANS}", "FILE does not go with --plan"),
        (f"compare {PLANS} --id row_id", "--id does not go with --plan"),
        (f"compare {PLANS} --part 3/2", "part 3 of 2; expected parts that count from 1"),
        (f"compare {PLANS} --memory much", "memory='much'"),
        ("compare --plan base.json --plan base.json", "a model is given twice"),
        (f"compare {PLANS} --state base.json", "--state base.json: cannot be written"),
        ("merge 1.state 1.state", "2 more came in twice; expected each split of the plan once"),
        ("merge 1.state", "base: "),
        ("merge 1.state none.state", "none.state: cannot be read: No such file"),
        ("merge 1.state cut.state", "cut.state: the bytes of the state end too early"),
        ("merge 1.state inner.state", "inner.state: two states of comparisons with other join"),
        (
            "merge 1.state evaluated.state",
            "state of evaluate, and those before it are of compare",
        ),
        (
            "merge evaluated.state 1.state",
            "state of compare, and those before it are of evaluate",
        ),
        (f"check {PLANS} 1.state --max-worse 1", "expected all: evaluate what is missing\n"),
        ("merge 1.state --partial", "say --join inner to compare of each part"),
        (f"check {PLANS} 1.state 2.state --join inner", "with --join exact, and --join inner"),
        ("check --plan new.json --plan base.json 1.state 2.state", "expected those of plan"),
        ("check --plan base.json 1.state 2.state --max-bits 1", "the states are of a comparison"),
        ("calibrate --plan base.json 1.state", "the states are of a comparison"),
        (f"check {PLANS} evaluated.state", "a state of evaluate; expected a state of compare"),
        (f"check {PLANS} --plan few.json", "found 3 plans"),
        ("check --plan base.json --max-worse 1", "expected --max-bits X with --plan, or two plans"),
        ("check --plan base.json --max-worse 1 --max-bits 2", "max_worse needs a base"),
    ],
)
def test_what_is_refused(capsys: Any, line: str, said: str, folder: Path) -> None:
    states(capsys, 2)
    run(f"compare {PLANS} --join inner --part 2/2 --state inner.state", capsys)
    run("evaluate --plan base.json --part 1/2 --state evaluated.state", capsys)
    run("plan few --id row_id --out few.json --quiet", capsys)
    Path("cut.state").write_bytes(Path("2.state").read_bytes()[:9000])
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert said in run(line, capsys, 2)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_a_file_that_changed(capsys: Any) -> None:
    with Path("new/0.parquet").open("ab") as stream:
        stream.write(b"x")
    said = run(f"compare {PLANS} --part 1/2 --state 1.state", capsys, 2)
    assert "new/0.parquet: the file changed since the plan was made" in said
    assert not Path("1.state").exists()
