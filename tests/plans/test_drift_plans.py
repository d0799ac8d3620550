"""A data set's columns, counted in parts by hand: the state of one machine, or an error."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_lines import run
from drift_sources import table, write, written
from planned_sources import written as predictions_written

import unsurprised as us
from unsurprised import cli
from unsurprised.sources import ipc, parquet


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files that have several splits, in the current folder."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 30)
    monkeypatch.setattr(ipc, "_ROWS_A_PART", 30)
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "base", "parquet")
    written(tmp_path / "new", "parquet", is_new=True, files=2)
    return tmp_path


def without_plan(text: str | bytes) -> dict[str, Any]:
    """What a saved state says of its rows."""
    said: dict[str, Any] = json.loads(text)
    said.pop("plan", None)
    return said


KINDS: dict[str, dict[str, Any]] = {
    "parquet": {},
    "csv": {"label": "label", "pred": "p_"},
    "jsonl": {"pred": "probs"},
    "arrow": {"label": "label", "pred": "probs"},
    "hive": {},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [1, 3, 7])
def test_parts_in_any_order_are_the_whole(kind: str, parts: int, folder: Path) -> None:
    options = KINDS[kind]
    source = written(folder / kind, kind)
    plan = us.DriftPlan.of(source, **options)
    again = us.DriftPlan.from_json(plan.to_json())
    assert again.to_json() == plan.to_json()
    assert again.id == plan.id
    assert plan.rows == (None if kind in ("csv", "jsonl") else 270)
    order = random.Random(parts).sample(range(1, parts + 1), parts)
    merged = us.DriftBase()
    for part in order:
        state = again.state(again.part(part, parts), progress=None)
        merged.merge(us.DriftBase.from_bytes(state.to_bytes()))
    assert merged.to_json() == plan.state().to_json()
    whole = us.drift(source, "new").to_json() if not options else None
    assert whole is None or us.drift(merged, "new").to_json() == whole
    # An independent state of the same rows, which knows no plan.
    run_one = ["drift", source, "--save", "one.json"]
    for name, value in options.items():
        run_one += [f"--{name}", value]
    assert cli.run(run_one) == 0
    assert without_plan(merged.to_json()) == json.loads(Path("one.json").read_text())


def test_the_commands(capsys: Any) -> None:
    told = run("plan base --drift --label label --pred probs --out plan.json", capsys)
    assert told.splitlines() == [
        "9 splits of 3 files, 270 rows, to be counted in up to 9 parts",
        "  unsurprised drift --plan plan.json --part 1/4 --save part-1.json",
        "  unsurprised drift 'part-*.json' NEW",
    ]
    for part in (3, 1, 4, 2):
        assert run(f"drift --plan plan.json --part {part}/4 --save part-{part}.json", capsys) == ""
    asked = "new --label label --pred probs --json -"
    plain = run(f"drift base {asked}", capsys)
    assert run(f"drift part-*.json {asked}", capsys) == plain
    assert json.loads(plain)["notes"] == []
    # Merged in two steps, and of a plan's rows at once.
    run("drift part-[13].json --partial --save odd.json", capsys)
    run("drift part-[24].json --partial --save even.json", capsys)
    Path("two").mkdir()
    for name in ("odd.json", "even.json"):
        Path(name).rename(f"two/{name}")
    assert run(f"drift two/*.json {asked}", capsys) == plain
    run("drift --plan plan.json --save all.json", capsys)
    run("drift part-*.json --save merged.json", capsys)
    assert Path("all.json").read_bytes() == Path("merged.json").read_bytes()
    # A part that runs again replaces its own state with the same bytes.
    before = Path("part-2.json").read_bytes()
    run("drift --plan plan.json --part 2/4 --save part-2.json", capsys)
    assert Path("part-2.json").read_bytes() == before


def test_splits_that_are_twice_or_missing(capsys: Any) -> None:
    run("plan base --drift --out plan.json --quiet", capsys)
    Path("parts").mkdir()
    for part in (1, 2):
        run(f"drift --plan plan.json --part {part}/3 --save parts/{part}.json", capsys)
    said = run("drift parts/*.json new", capsys, 2)
    assert "3 of 9 splits of the plan are missing: split 6 (base/2.parquet, rows 0 to 29)" in said
    assert "(--partial)" in said
    with pytest.raises(us.StateError, match="6 of 9 splits of the plan are missing"):
        us.drift("parts/1.json", "new")
    out = run("drift parts/*.json new --partial --json partial.json --html p.html", capsys)
    assert "In the base: of 6 of the plan's 9 splits alone: split 6 (base/2" in " ".join(
        out.split()
    )
    note = "In the base: of 6 of the plan's 9 splits alone: split 6 (base/2.parquet, rows 0 to 29)"
    (told,) = json.loads(Path("partial.json").read_text())["notes"]
    assert told.startswith(note)
    assert "6 of the plan" in Path("p.html").read_text("utf-8")
    found = us.drift("new", "parts/1.json", partial=True)
    assert found.notes[0].startswith("In the new data: of 3 of the plan's 9 splits alone")
    Path("parts/again.json").write_bytes(Path("parts/1.json").read_bytes())
    said = run("drift parts/*.json new --partial", capsys, 2)
    assert "parts/again.json: split 0 (base/0.parquet, rows 0 to 29)" in said
    assert "came in twice; expected each split of the plan once" in said
    run("plan new --drift --out other.json --quiet", capsys)
    run("drift --plan other.json --save parts/again.json", capsys)
    said = run("drift parts/*.json new --partial", capsys, 2)
    assert "parts/again.json: two states of different plans: plan" in said
    run("drift base/2.parquet --save parts/again.json", capsys)
    said = run("drift parts/*.json new --partial", capsys, 2)
    assert "parts/again.json: one of two states that are merged holds splits of a plan" in said


def test_parts_without_a_split(capsys: Any) -> None:
    run("plan base --drift --pred probs --out plan.json --quiet", capsys)
    Path("parts").mkdir()
    for part in range(1, 21):
        run(f"drift --plan plan.json --part {part}/20 --save parts/{part}.json", capsys)
    asked = "new --pred probs --json -"
    assert run(f"drift parts/*.json {asked}", capsys) == run(f"drift base {asked}", capsys)
    one = us.DriftPlan.from_json(Path("plan.json").read_text())
    assert "the base holds no row" in same_line(
        lambda: us.drift(one.state([]), "new", partial=True)
    )


def same_line(call: Any) -> str:
    with pytest.raises(us.UnsurprisedError) as raised:
        call()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_plans_of_predictions_serve_as_well(capsys: Any) -> None:
    run("plan base --label label --pred probs --by land --out plan.json --quiet", capsys)
    for part in (1, 2, 3):
        run(f"drift --plan plan.json --part {part}/3 --save part-{part}.json", capsys)
    asked = "new --label label --pred probs --json -"
    assert run(f"drift part-*.json {asked}", capsys) == run(f"drift base {asked}", capsys)
    # Its states are of that plan, and of no other.
    run("plan base --drift --label label --pred probs --out other.json --quiet", capsys)
    run("drift --plan other.json --part 3/3 --save part-3.json", capsys)
    assert "two states of different plans" in run(f"drift part-*.json {asked}", capsys, 2)
    # Of text the types of columns are known by a plan for drift alone.
    predictions_written(Path("text"), "csv")
    run("plan text --out text.json --quiet", capsys)
    said = run("drift --plan text.json --save s.json", capsys, 2)
    assert "text/0.csv is CSV" in said
    assert "unsurprised plan --drift --pred" in said
    # Without predictions that have columns, all columns are counted.
    predictions_written(Path("logs"), "parquet")
    plan = us.plan("logs", logprob="lp")
    assert us.DriftPlan.from_json(plan.to_json()).state().model is None
    rows = pa.concat_tables(pq.read_table(file) for file in plan.files)
    pq.write_table(rows.select(["row_id", "label"]), "truth.parquet")
    plan = us.plan("logs", label="label", pred="probs", id="row_id", truth="truth.parquet")
    assert "from another file (--truth)" in same_line(
        lambda: us.DriftPlan.from_json(plan.to_json())
    )


def test_a_plan_for_drift_is_for_drift_alone(capsys: Any) -> None:
    run("plan base --drift --out plan.json --quiet", capsys)
    run("calibrate base --label label --pred probs --method temperature --save c.json -q", capsys)
    told = "plan.json: the plan is of all columns, for drift alone; plan again without --drift"
    assert told in run("evaluate --plan plan.json", capsys, 2)
    assert told in run("check --plan plan.json --max-bits 2", capsys, 2)
    assert told in run("apply c.json --plan plan.json --out o.parquet", capsys, 2)
    with pytest.raises(us.StateError, match="for drift alone"):
        us.Plan.from_json(Path("plan.json").read_text())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("drift", "Missing argument 'BASE', or --plan FILE"),
        ("drift base new --part 1/4", "--part 1/4: it goes with --plan"),
        ("drift --plan plan.json", "found --plan alone; expected --save FILE beside it"),
        ("drift base --plan plan.json --save s.json", "BASE does not go with --plan"),
        ("drift --plan plan.json --save s.json --label y", "--label does not go with --plan"),
        ("drift --plan plan.json --save s.json --json j.json", "--json does not go with --plan"),
        (
            "drift --plan plan.json --save s.json --by day",
            "--by does not go with --plan: a saved s",
        ),
        ("drift --plan plan.json --save s.json --part 5/4", "part 5 of 4; expected parts that"),
        ("drift --plan plan.json --save s.json --part x", "--part x: expected I/N, such as 3/40"),
        ("drift --plan none.json --save s.json", "none.json: cannot be read"),
        ("drift --plan base/0.parquet --save s.json", "base/0.parquet: this is no plan"),
        ("drift --plan plan.json --save plan.json", "it is also the input"),
        ("drift base saved.json --by day", "a saved state has no rows to cut into windows"),
        ("plan base --drift --by land --out p.json", "--by does not go with --drift"),
        ("plan base --drift --no-label --out p.json", "--no-label does not go with --drift"),
        (
            "plan base --drift --label label --out p.json",
            "label and kind (--label, --kind) go with",
        ),
        ("plan base --drift --pred no --out p.json", "no column"),
        ("plan - --drift --out p.json", "a plan is for files, which others open too"),
        ("plan none --drift --out p.json", "none: no such file"),
    ],
)
def test_what_is_refused(capsys: Any, line: str, said: str, folder: Path) -> None:
    run("plan base --drift --out plan.json", capsys)
    run("drift --plan plan.json --save saved.json", capsys)
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert said in run(line, capsys, 2)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_a_file_that_changed(capsys: Any) -> None:
    run("plan base --drift --out plan.json", capsys)
    write(table(7), Path("base"), "1", "parquet")
    run("drift --plan plan.json --part 1/3 --save s.json", capsys)
    said = run("drift --plan plan.json --part 2/3 --save t.json", capsys, 2)
    assert "base/1.parquet: the file changed since the plan was made" in said
    assert not Path("t.json").exists()


def test_what_is_no_plan_for_drift(tmp_path: Path) -> None:
    made = us.DriftPlan.of("base", "label", "probs")
    assert repr(made) == f"<DriftPlan {made.id[:8]}: splits 9, files 3, rows 270>"
    said = json.loads(made.to_json())
    said["rows"] = 7
    assert "the plan was altered" in same_line(lambda: us.DriftPlan.from_json(json.dumps(said)))
    said["unsurprised"] = "0.0.7"
    assert "written by unsurprised 0.0.7" in same_line(
        lambda: us.DriftPlan.from_json(json.dumps(said))
    )
    assert "make no sense" in same_line(
        lambda: us.DriftPlan.from_json(json.dumps({**json.loads(made.to_json()), "columns": 1}))
    )
    assert "a data frame is in this process" in same_line(lambda: us.DriftPlan.of(table(0)))
    assert "a data frame is in this process" in same_line(
        lambda: us.DriftPlan.of({"x": np.zeros(3)})
    )
    assert "splits holds 9; expected" in same_line(lambda: made.state([9]))
    rows = table(0).rename_columns(["y", *table(0).column_names[1:]])
    write(rows, Path("base"), "1", "parquet")
    assert "differ in the columns 'x', 'y'" in same_line(lambda: us.DriftPlan.of("base"))
    pq.write_table(rows.slice(0, 0), tmp_path / "none.parquet")
    assert "found no rows" in same_line(lambda: us.DriftPlan.of("none.parquet"))


def test_states_of_a_plan() -> None:
    plan = us.DriftPlan.of("base")
    state = plan.state([0, 4])
    with pytest.raises(us.CallError, match="holds splits of a plan, and takes no other rows"):
        state.update(table(0).to_batches()[0])
    with pytest.raises(us.StateError, match=r"split 0 .*, split 4 .* came in twice"):
        state.merge(plan.state([0, 4]))
    assert us.DriftBase.from_json(state.to_json()).to_json() == state.to_json()
    said = json.loads(state.to_json())
    assert said["plan"]["seen"] == [[0, 1], [4, 5]]
    for wrong in ({"seen": [[4, 5], [0, 1]]}, {"seen": [[0, 99]]}, {"zero_seen": 1}, {"facts": 3}):
        text = json.dumps({**said, "plan": {**said["plan"], **wrong}})
        assert same_line(lambda text=text: us.DriftBase.from_json(text))


def test_labels_of_which_none_is_0_in_all_parts(capsys: Any) -> None:
    """Beside classes that have names: a part alone cannot tell."""
    Path("named").mkdir()
    for seed, label in enumerate((1, 0, 2)):
        lines = [f"{label},0.2,0.3,0.5", "1,0.5,0.3,0.2"]
        text = "\n".join(["label,p_cat,p_dog,p_owl", *lines]) + "\n"
        Path(f"named/{seed}.csv").write_text(text)
    plan = us.DriftPlan.of("named", "label", "p_")
    states = [plan.state([split]) for split in plan.splits]
    states[2].merge(states[0]).merge(states[1])
    assert us.drift(states[2], "named", label="label", pred="p_").moved
    Path("named/1.csv").write_text("label,p_cat,p_dog,p_owl\n1,0.2,0.3,0.5\n")
    run("plan named --drift --label label --pred p_ --out plan.json --quiet", capsys)
    run("drift --plan plan.json --save named.json", capsys)
    said = run("drift named.json new --label label --pred probs", capsys, 2)
    assert "the labels are integers without a 0 beside the classes" in said


def test_a_plan_is_no_data(capsys: Any) -> None:
    run("plan base --drift --out d.json --quiet", capsys)
    run("drift --plan d.json --save d1.json", capsys)
    wanted = (
        "unsurprised: d.json: this is a plan, which holds no rows and no counts; count its rows "
        "first: unsurprised drift --plan d.json --save FILE\n"
    )
    for line in ("drift d.json new", "drift new d.json", "drift d*.json new"):
        assert run(line, capsys, 2) == wanted
    with pytest.raises(us.CallError, match=r"^d\.json: this is a plan, which holds no rows"):
        us.drift("d.json", "new")
    predictions_written(Path("scored"), "parquet")
    run("plan scored --out p.json --quiet", capsys)
    said = run("drift p.json new", capsys, 2)
    assert said == wanted.replace("d.json", "p.json")
    run("drift --plan p.json --save p1.json", capsys)


def test_states_beside_data_name_the_file_that_is_none(capsys: Any) -> None:
    run("drift base --save a.json", capsys)
    Path("b.json").write_text('[{"x": 1}]')
    said = run("drift [ab].json new", capsys, 2)
    assert said.startswith("unsurprised: b.json: this is no saved state, and a.json is one; ")
