"""``plan``, ``evaluate --plan`` and ``merge`` make what ``evaluate`` makes, byte for byte."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_lines import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised import cli

EXAMPLES = Path(__file__).parents[2] / "examples" / "machines"


pytestmark = pytest.mark.usefixtures("folder")


def test_parts_and_merge_have_the_outputs_of_evaluate(capsys: Any) -> None:
    told = run("plan rows --by land --by age --top 3 --out plan.json", capsys)
    assert told.splitlines()[0] == (
        "12 splits of 4 files, 480 rows, to be evaluated in up to 12 parts"
    )
    assert told.splitlines()[1].endswith("evaluate --plan plan.json --part 1/4 --state 1.state")
    for part in (3, 1, 4, 2):
        line = f"evaluate --plan plan.json --part {part}/4 --state {part}.state"
        assert run(line, capsys) == ""
    source = "evaluate rows --by land --by age --top 3"
    plain = run(f"{source} --json plain.json --base e --full --quiet", capsys)
    states = "4.state 2.state 1.state 3.state"
    merged = run(f"merge {states} --json m.json --html m.html --base e --full --quiet", capsys)
    assert merged == plain
    planned = run("evaluate --plan plan.json --json p.json --base e --full --quiet", capsys)
    assert planned == plain
    wanted = Path("plain.json").read_bytes()
    assert Path("m.json").read_bytes() == Path("p.json").read_bytes() == wanted
    assert "unsurprised evaluation" in Path("m.html").read_text("utf-8")
    assert run(f"merge {states} --json -", capsys) == run(f"{source} --json -", capsys)
    # What was taken for what is said as evaluate says it.
    head = run(f"{source}", capsys).partition("\n\n")[0]
    assert run(f"merge {states}", capsys).partition("\n\n")[0] == head


def test_merged_states_merge(capsys: Any) -> None:
    run("plan rows --out plan.json --quiet", capsys)
    for part in (1, 2, 3):
        run(f"evaluate --plan plan.json --part {part}/3 --state {part}.state", capsys)
    assert run("merge 1.state 3.state --partial --state 13.state", capsys) == ""
    run("merge 13.state 2.state --json a.json", capsys)
    run("evaluate rows --json b.json", capsys)
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()


def test_the_help_of_plan_offers_no_standard_input(capsys: Any) -> None:
    assert "standard input" not in run("plan --help", capsys)
    assert "standard input" in run("evaluate --help", capsys)


def test_a_partial_merge_says_so(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    run("evaluate --plan plan.json --part 1/4 --state 1.state", capsys)
    said = run("merge 1.state", capsys, 2)
    assert "9 of 12 splits of the plan are missing: split 3 (rows/1.parquet, rows 0 to 49)" in said
    assert "(--partial)" in said
    for line in (
        "check --plan plan.json 1.state --max-bits 1",
        "calibrate --plan plan.json 1.state",
    ):
        assert run(line, capsys, 2).endswith("expected all: evaluate what is missing\n")
    out = run("merge 1.state --partial --json p.json", capsys)
    assert "Of 3 of the plan's 12 splits alone: split 3 (rows/1.parquet" in out
    (note,) = json.loads(Path("p.json").read_text())["notes"]
    assert note.startswith("Of 3 of the plan's 12 splits alone")
    # A part without a state is a result, which says of what.
    out = run("evaluate --plan plan.json --part 1/4", capsys)
    assert "Of 3 of the plan's 12 splits alone" in out


def test_parts_without_a_split(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    names = []
    for part in range(1, 31):
        run(f"evaluate --plan plan.json --part {part}/30 --state {part}.state", capsys)
        names.append(f"{part}.state")
    merged = us.merge(Path(name).read_bytes() for name in names)
    assert merged.result().to_json() == us.evaluate("rows").to_json()
    assert "found no rows" in run("evaluate --plan plan.json --part 1/30", capsys, 2)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "evaluate",
            "Missing argument 'FILE...', or --plan FILE, or --db and --query in its place",
        ),
        ("evaluate rows --part 1/4", "--part 1/4: it goes with --plan"),
        ("evaluate rows --state a.state", "--state a.state: it goes with --plan"),
        ("evaluate rows --plan plan.json", "FILE does not go with --plan"),
        ("evaluate --plan plan.json --label y", "--label does not go with --plan"),
        ("evaluate --plan plan.json --top 3", "--top does not go with --plan"),
        ("evaluate --plan plan.json --part 0/4", "part 0 of 4; expected parts that count from 1"),
        ("evaluate --plan plan.json --part 5/4", "part 5 of 4; expected parts that count from 1"),
        ("evaluate --plan plan.json --part 1", "--part 1: expected I/N, such as 3/40"),
        ("evaluate --plan none.json", "none.json: cannot be read: No such file"),
        ("evaluate --plan rows/0.parquet", "rows/0.parquet: this is no plan"),
        ("evaluate --plan plan.json --state plan.json", "--state plan.json: cannot be written"),
        ("evaluate --plan plan.json --json rows/0.parquet", "it is also the input"),
        ("merge", "Missing argument 'FILE...'"),
        ("merge none.state", "none.state: cannot be read: No such file"),
        ("merge rows/0.parquet", "rows/0.parquet: these bytes are no state"),
        ("merge 1.state 1.state", "1.state: split 0 (rows/0.parquet, rows 0 to 49)"),
        ("merge 1.state --partial --state rows/0.parquet", "this command has not written it"),
        ("plan - --out other.json", "a plan is for files, which others open too"),
        ("plan none --out other.json", "none: no such file"),
        ("plan rows --out rows/0.parquet", "it is also the input"),
    ],
)
def test_what_is_refused(capsys: Any, line: str, said: str, folder: Path) -> None:
    run("plan rows --out plan.json", capsys)
    run("evaluate --plan plan.json --part 1/4 --state 1.state", capsys)
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert said in run(line, capsys, 2)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_a_file_that_changed(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    with Path("rows/0.parquet").open("ab") as stream:
        stream.write(b"x")
    said = run("evaluate --plan plan.json --part 1/4 --state 1.state", capsys, 2)
    assert "rows/0.parquet: the file changed since the plan was made" in said
    assert not Path("1.state").exists()


def test_the_pods_of_the_example(capsys: Any, folder: Path) -> None:
    """Each with its index, for which a loop stands."""
    program = f'{sys.executable} -c "from unsurprised.__main__ import main; main()"'
    job = (EXAMPLES / "kubernetes_job.yaml").read_text("utf-8")
    assert job.count("40") == 2
    (script,) = re.findall(r"args:\n +- (.*\n.*)\n", job)
    script = " ".join(script.split()).replace("/40", "/3").replace("exec unsurprised", program)
    run("plan rows --out plan.json", capsys)
    for index in range(3):
        environment = {**os.environ, "JOB_COMPLETION_INDEX": str(index)}
        subprocess.run(["sh", "-c", script], check=True, env=environment, cwd=folder)
    merged = us.merge(file.read_bytes() for file in folder.glob("*.state"))
    assert merged.result().to_json() == us.evaluate("rows").to_json()


def test_check_of_a_plan_and_of_states(capsys: Any) -> None:
    run("plan rows --by land --out plan.json", capsys)
    for part in (1, 2, 3):
        run(f"evaluate --plan plan.json --part {part}/3 --state {part}.state", capsys)
    limit = "--max-bits 9"
    run(f"check rows --by land {limit} --json plain.json", capsys)
    plain = Path("plain.json").read_bytes()
    states = "3.state 1.state 2.state"
    for line in (f"check --plan plan.json {limit}", f"check --plan plan.json {states} {limit}"):
        told = run(f"{line} --json c.json --junit c.xml --html c.html", capsys)
        assert told.startswith("PASSED")
        assert Path("c.json").read_bytes() == plain
    assert cli.run(f"check --plan plan.json {states} --max-bits 0.01".split()) == 1
    capsys.readouterr()
    assert "1 of 12 splits" not in run("check --plan plan.json --max-bits 9 --quiet", capsys)
    run("plan rows --out other.json", capsys)
    for line, said in {
        "check --plan plan.json": "nothing to check: expected --max-bits X with --plan",
        "check --plan plan.json 1.state --max-bits 1": "of 12 splits of the plan are missing",
        f"check --plan other.json {states} --max-bits 1": "expected those of plan",
        "check --plan plan.json --max-bits 1 --by age": "--by does not go with --plan",
        "check --plan plan.json --max-kl 1": "--max-kl does not go with --plan",
        "check --plan none.json --max-bits 1": "none.json: cannot be read",
    }.items():
        assert said in run(line, capsys, 2)


@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_parts_in_any_order(tmp_path_factory: Any, data: Any) -> None:
    """Of one plan, each part by a command of its own, merge to the bytes of one command."""
    whole = us.evaluate("rows", by="land").to_json().encode()
    folder = tmp_path_factory.mktemp("parts")
    assert cli.run(["plan", "rows", "--by", "land", "--out", f"{folder}/p", "--quiet"]) == 0
    parts = data.draw(st.integers(1, 5))
    order = data.draw(st.permutations(range(1, parts + 1)))
    for part in [*order, order[0]]:  # one of them runs twice
        line = ["--plan", f"{folder}/p", "--part", f"{part}/{parts}", "--state", f"{folder}/{part}"]
        assert cli.run(["evaluate", *line]) == 0
    states = [f"{folder}/{part}" for part in data.draw(st.permutations(order))]
    assert cli.run(["merge", *states, "--json", f"{folder}/j", "--quiet"]) == 0
    assert (folder / "j").read_bytes().rstrip(b"\n") == whole


@pytest.mark.parametrize(
    "line",
    [
        "evaluate",
        "calibrate",
        "apply c.json --out out.csv",
        "drift --save s.json",
    ],
)
def test_a_second_plan_is_not_passed_over(line: str, capsys: Any) -> None:
    said = run(f"{line} --plan one.json --plan two.json", capsys, 2)
    assert said == "unsurprised: --plan: found 2 plans, one.json, two.json; expected one\n"


def test_states_are_named_by_a_glob(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    for part in (1, 2):
        run(f"evaluate --plan plan.json --part {part}/2 --state {part}.state", capsys)
    wanted = run("merge 1.state 2.state --json -", capsys)
    assert run("merge *.state --json -", capsys) == wanted
    assert run("merge [1].state 2.state --json -", capsys) == wanted
    run("check --plan plan.json *.state --max-bits 9", capsys)
    run("calibrate --plan plan.json [12].state --quiet", capsys)
    assert run("merge no*.state", capsys, 2) == "unsurprised: no*.state: no file matches\n"


def test_what_is_no_state_is_called_what_it_is(capsys: Any) -> None:
    run("plan rows --out p.json", capsys)
    run("plan rows --drift --out d.json", capsys)
    run("drift rows --save d1.json", capsys)
    run("evaluate rows --json r.json --quiet", capsys)
    Path("empty.state").touch()
    start = "these bytes are no state of unsurprised"
    for file, said in {
        "p.json": f"{start}, but a plan; evaluate its parts first: unsurprised evaluate --plan",
        "d.json": f"{start}, but a plan of drift; count its parts first: unsurprised drift --plan",
        "d1.json": f"{start}, but a state of drift, which drift merges itself: unsurprised drift",
        "r.json": f"{start}, but JSON of a result (unsurprised.evaluation); expected",
        "rows/0.parquet": f"{start}, but Parquet; expected",
        "empty.state": f"{start}: there are none; expected",
    }.items():
        assert run(f"merge {file}", capsys, 2).startswith(f"unsurprised: {file}: {said}")


def test_states_need_their_plan(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    run("evaluate --plan plan.json --state 1.state", capsys)
    for line in ("check 1.state --max-bits 3", "calibrate 1.state", "evaluate 1.state"):
        said = run(line, capsys, 2)
        assert said.startswith("unsurprised: 1.state: is a state of unsurprised")
        assert "with --plan PLAN beside it" in said
