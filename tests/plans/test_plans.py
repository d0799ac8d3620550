"""An evaluation in parts has the bytes of one; what is amiss with the parts has a name."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_sources import CASES, table, written

import unsurprised as us
from unsurprised.engines.splits import intervals_of, numbers_in, part_of, united
from unsurprised.sources import parquet
from unsurprised.states import sample

pytestmark = pytest.mark.usefixtures("small_parts")


def states_of(plan: us.Plan, parts: int) -> list[bytes]:
    """What parts find that know of the plan by its text alone."""
    text = plan.to_json()
    made = []
    for part in range(1, parts + 1):
        read = us.Plan.from_json(text)
        made.append(read.evaluate(read.part(part, parts)).to_bytes())
    return made


@pytest.mark.parametrize("case", CASES)
def test_parts_have_the_bytes_of_one(tmp_path: Path, case: str) -> None:
    kind, options = CASES[case]
    source = written(tmp_path / "rows", kind)
    if case == "one number":  # labels of two classes
        for file in Path(source).glob("*.parquet"):
            rows = pq.read_table(file)
            age = pa.array([7 if k % 5 == 0 else k % 2 for k in range(len(rows))])
            pq.write_table(rows.set_column(rows.schema.get_field_index("age"), "age", age), file)
    if kind == "npy":
        options = {**options, "label": str(tmp_path / "rows" / "y.npy")}
    whole = us.evaluate(source, **options).to_json()
    plan = us.plan(source, **options)
    alone = plan.evaluate().to_bytes()
    for parts in (1, 2, 5, 40):
        states = states_of(plan, parts)
        random.Random(parts).shuffle(states)
        merged = us.merge(states)
        assert merged.result().to_json() == whole
        assert merged.to_bytes() == alone


def test_a_plan_says_what_was_found(files: str) -> None:
    plan = us.plan(files, by=["age", "land"], kind="probs")
    assert plan.rows == sum(split.rows or 0 for split in plan.splits) == 480
    assert plan.classes == ("0", "1", "2")
    assert plan.kind == "probs"
    assert list(plan.bins) == ["age"]
    assert len(plan.files) == 4
    assert len(plan.splits) == 12
    assert [split.number for split in plan.splits] == list(range(12))
    assert str(plan.splits[1]) == f"split 1 ({plan.files[0]}, rows 50 to 99)"
    again = us.plan(files, by=["age", "land"], kind="probs")
    assert again.to_json() == plan.to_json()
    assert again == us.Plan.from_json(plan.to_json().encode()) == pickle.loads(pickle.dumps(plan))
    assert us.plan(files).id != plan.id
    said = json.loads(plan.to_json(indent=1))
    assert said["schema"] == "unsurprised.plan/1"
    assert said["rows"] == 480


def test_a_task_opens_its_own_files_alone(files: str) -> None:
    plan = us.plan(files)
    mine = [split for split in plan.splits if split.file == plan.files[2]]
    before = plan.evaluate(mine).to_bytes()
    for file in plan.files:
        if file != plan.files[2]:
            Path(file).unlink()
    assert plan.evaluate(mine).to_bytes() == before
    with pytest.raises(us.InputError, match=r"0\.parquet: no such file, and there was one when"):
        plan.evaluate([0])


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 40))
def test_parts_are_all_splits_once_in_order(sizes: list[int], parts: int) -> None:
    found = [number for part in range(1, parts + 1) for number in part_of(sizes, part, parts)]
    assert found == list(range(len(sizes)))
    filled = sum(bool(part_of(sizes, part, parts)) for part in range(1, parts + 1))
    if parts <= len(sizes):
        assert filled == parts


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_intervals_are_sets(one: set[int], other: set[int]) -> None:
    assert set(numbers_in(intervals_of(one))) == one
    seen, both = united(intervals_of(one), intervals_of(other))
    assert seen == intervals_of(one | other)
    assert both == sorted(one & other)


def test_parts_are_of_about_one_size() -> None:
    sizes = [1] * 1000
    lengths = {len(part_of(sizes, part, 7)) for part in range(1, 8)}
    assert lengths <= {142, 143}
    # Where no size is known, as many splits each.
    assert {len(part_of([0] * 12, part, 4)) for part in range(1, 5)} == {3}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_states_that_are_repeated_dropped_and_reordered(made_states: Any, data: Any) -> None:
    _, states, whole = made_states
    numbers = data.draw(st.lists(st.integers(0, len(states) - 1), max_size=7))
    held = [data.draw(st.sampled_from(["bytes", "evaluator"])) for _ in numbers]
    given = [
        states[number] if form == "bytes" else us.merge([states[number]], partial=True)
        for number, form in zip(numbers, held, strict=True)
    ]
    if sorted(numbers) == list(range(len(states))):
        assert us.merge(given).to_bytes() == whole
        return
    if not numbers:
        with pytest.raises(us.CallError, match="no states"):
            us.merge(given)
        return
    twice = [number for place, number in enumerate(numbers) if number in numbers[:place]]
    missing = [number for number in range(len(states)) if number not in numbers]
    # Each state holds the splits of one file.
    wrong = f"rows/{(twice or missing)[0]}.parquet"
    with pytest.raises(us.StateError, match="came in twice" if twice else "are missing") as raised:
        us.merge(given)
    assert wrong in str(raised.value)
    if not twice:
        part = us.merge(given, partial=True)
        assert part.rows == 120 * len(numbers)
        assert wrong in part.result().notes[0]


@pytest.fixture(scope="module")
def made_states(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_PART", 50)
        plan = us.plan(written(tmp_path_factory.mktemp("states") / "rows", "parquet"))
    return plan, states_of(plan, 4), plan.evaluate().to_bytes()


def test_states_of_other_plans_and_of_none(files: str) -> None:
    one, other = us.plan(files), us.plan(files, by="land")
    with pytest.raises(us.StateError, match=r"states\[1\]: two states of different plans: plan "):
        us.merge([one.evaluate([0]), other.evaluate([1])])
    plain = us.Evaluator().update([0], [[0.5, 0.25, 0.25]])
    for states in ([one.evaluate([0]), plain], [plain, one.evaluate([0])]):
        with pytest.raises(us.StateError, match="holds splits of a plan, and the other one"):
            us.merge(states)
        with pytest.raises(us.StateError, match="holds splits of a plan, and the other one"):
            pickle.loads(pickle.dumps(states[0])).merge(states[1])
    assert us.merge([plain, plain.to_bytes()]).rows == 2
    assert plain.rows == 1


def test_what_is_no_state(files: str) -> None:
    state = us.plan(files).evaluate([0]).to_bytes()
    with pytest.raises(us.StateError, match=r"states\[0\]: the bytes of the state end too early"):
        us.merge([state[:-9]])
    with pytest.raises(us.StateError, match=r"states\[1\]: the bytes of the state were altered"):
        us.merge([state, state[:-5] + bytes([state[-5] ^ 1]) + state[-4:]])
    with pytest.raises(us.StateError, match="found a str; expected an Evaluator or its bytes"):
        us.merge(["a.state"])  # type: ignore[list-item]
    with pytest.raises(us.CallError, match="is one state"):
        us.merge(state)  # type: ignore[arg-type]


def test_a_part_takes_no_other_rows_and_says_that_it_is_one(files: str) -> None:
    part = us.plan(files).evaluate(range(11))
    assert part.plan_id == us.plan(files).id
    assert part.splits == tuple(range(11))
    with pytest.raises(us.CallError, match="takes no other rows"):
        part.update([0], [[0.5, 0.25, 0.25]])
    assert part.missing == (11,)
    note = part.result().notes[0]
    assert note.startswith("Of 11 of the plan's 12 splits alone: split 11 (")
    assert note.endswith("rows 100 to 119) is missing.")
    assert not us.plan(files).evaluate().result().notes


@pytest.mark.parametrize("splits", [[12], [-1], ["0"], [True], [0, 0]])
def test_splits_that_there_are_not(files: str, splits: list[Any]) -> None:
    with pytest.raises(us.CallError, match="splits holds"):
        us.plan(files).evaluate(splits)


def test_splits_that_are_one_number(files: str) -> None:
    plan = us.plan(files)
    for splits in (0, plan.splits[0]):
        with pytest.raises(us.CallError, match=r"expected numbers of splits, such as \[0\]"):
            plan.evaluate(splits)  # type: ignore[arg-type]


def test_a_file_that_changed(files: str) -> None:
    plan = us.plan(files)
    text, path = plan.to_json(), Path(plan.files[1])
    before, times = path.read_bytes(), (path.stat().st_atime_ns, path.stat().st_mtime_ns)

    def refused(found: str) -> None:
        with pytest.raises(us.InputError, match=found) as raised:
            us.Plan.from_json(text).evaluate([4])
        assert raised.value.place.file == str(path)

    path.write_bytes(before + b"x")
    refused(rf"changed since the plan was made: it had {len(before):,} bytes, and has")
    path.write_bytes(before[:-1] + b"x")
    os.utime(path, ns=times)
    refused("other bytes are at its ends")
    path.write_bytes(before)
    os.utime(path, ns=(times[0], times[1] + 10**9))
    refused("it was written at .* UTC, and again at .* UTC")
    # A copy that kept the time, or its seconds alone as an archive does, is the same file.
    shutil.copyfile(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)
    for time in (times[1], times[1] // 10**9 * 10**9):
        os.utime(path, ns=(times[0], time))
        assert us.Plan.from_json(text).evaluate([4]).rows == 50


def test_a_plan_that_was_altered_or_is_none(files: str) -> None:
    plan = us.plan(files)
    said = json.loads(plan.to_json())
    for wrong, found in (
        ("{}", "this is no plan"),
        ("[1", "it is no JSON"),
        (json.dumps({**said, "rows": 481}), "the plan was altered"),
        (json.dumps({**said, "unsurprised": "0.0.7"}), "written by unsurprised 0.0.7"),
        (json.dumps({**said, "schema": "unsurprised.plan/9"}), "with one release"),
        (json.dumps({**said, "work": 7}), "make no sense"),
    ):
        with pytest.raises(us.StateError, match=found):
            us.Plan.from_json(wrong)


def test_what_no_plan_is_made_for(files: str) -> None:
    with pytest.raises(us.CallError, match="a data frame is in this process alone"):
        us.plan(table(0))
    with pytest.raises(us.CallError, match=r"plan\(lable=…\): there is no such option; did you"):
        us.plan(files, lable="y")
    with pytest.raises(us.CallError, match=r"plan\(by=…\) holds arrays"):
        us.plan(files, by={"age": np.arange(3)})
    for name in ("top", "expect"):
        with pytest.raises(us.CallError, match=f"{name}=-1"):
            us.plan(files, **{name: -1})


def test_a_wrong_row_is_told_as_on_one_machine(files: str) -> None:
    path = Path(files) / "2.parquet"
    rows = table(2)
    probs = rows["probs"].to_pylist()
    probs[70] = [0.5, 0.25, 0.125]
    probs[110] = [0.5, 0.25, 0.125]
    place = rows.schema.get_field_index("probs")
    pq.write_table(rows.set_column(place, "probs", pa.array(probs)), path, row_group_size=50)
    with pytest.raises(us.InputError) as local:
        us.evaluate(files)
    plan = us.plan(files)
    with pytest.raises(us.InputError) as planned:
        plan.evaluate()
    assert str(planned.value) == str(local.value)
    assert "2.parquet, row 70" in str(local.value)
    assert "2 such rows, this is the first" in str(local.value)
    with pytest.raises(
        us.InputError, match=r"row 70.*1 such row, this is the first, in the splits"
    ):
        plan.evaluate([7])


def test_labels_without_a_0_are_told_of_all_rows(tmp_path: Path) -> None:
    for name, label in (("a", 1), ("b", 2), ("c", 0)):
        lines = f"label,p_x,p_y,p_z\n{label},0.5,0.25,0.25\n"
        (tmp_path / f"{name}.csv").write_text(lines)
    ab = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    with pytest.raises(us.InputError) as local:
        us.evaluate(ab)
    assert "positions from 0, or codes from 1" in str(local.value)
    states = states_of(us.plan(ab), 2)
    for merged in (lambda: us.merge(states), lambda: us.merge(states[:1], partial=True).result()):
        with pytest.raises(us.InputError) as planned:
            merged()
        assert str(planned.value) == str(local.value)
    plan = us.plan(str(tmp_path))
    merged = us.merge(states_of(plan, 3))
    assert merged.result().to_json() == us.evaluate(str(tmp_path)).to_json()


def test_no_row_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,p_x,p_y\n,0.5,0.5\n")
    (tmp_path / "b.csv").write_text("label,p_x,p_y\n,0.5,0.5\n")
    with pytest.raises(us.InputError) as local:
        us.evaluate(str(tmp_path), nulls="skip")
    states = states_of(us.plan(str(tmp_path), nulls="skip"), 2)
    with pytest.raises(us.InputError) as planned:
        us.merge(states)
    assert str(planned.value) == str(local.value)


def test_files_without_rows(tmp_path: Path) -> None:
    rows = table(0).select(["label", "probs"])
    pq.write_table(rows.slice(0, 0), tmp_path / "a.parquet")
    with pytest.raises(us.InputError) as local:
        us.evaluate(str(tmp_path))
    with pytest.raises(us.InputError) as planned:
        us.plan(str(tmp_path))
    assert str(planned.value) == str(local.value)
    pq.write_table(rows, tmp_path / "b.parquet")
    pq.write_table(rows.slice(0, 0), tmp_path / "c.parquet")
    plan = us.plan(str(tmp_path))
    assert len(plan.files) == 3
    assert {Path(split.file).name for split in plan.splits} == {"b.parquet"}
    merged = us.merge(states_of(plan, 2))
    assert merged.result().to_json() == us.evaluate(str(tmp_path)).to_json()


def test_one_sample_is_sent_by_all_parts_together(
    files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 20)
    whole = us.evaluate(files).to_json()
    bounded = []
    for expect in (0, None):
        states = states_of(us.plan(files, expect=expect), 12)
        assert us.merge(states).result().to_json() == whole
        parts = [us.merge([state], partial=True).sample() for state in states]
        bounded.append(sum(len(part["hash"]) for part in parts))
    assert bounded[0] == 12 * 20  # each part keeps a sample of its own
    assert 20 <= bounded[1] < 180  # all parts together one, of 20 + 8 · 4 + 64 rows


def test_a_sample_that_lacks_rows_is_no_result(files: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 20)
    options = {"pred": "sparse", "label": "user", "nulls": "skip"}
    for file in Path(files).glob("*.parquet"):  # of whose rows one in twelve is left
        rows = pq.read_table(file)
        kept = pa.array([k % 12 == 0 for k in range(len(rows))])
        rows = rows.set_column(rows.schema.get_field_index("user"), "user",
                               pa.array([k % 2 for k in range(len(rows))]))  # fmt: skip
        values = pa.array([0.5 if keep.as_py() else None for keep in kept], pa.float64())
        pq.write_table(rows.set_column(rows.schema.get_field_index("sparse"), "sparse", values),
                       file, row_group_size=50)  # fmt: skip
    whole = us.evaluate(files, **options).to_json()
    states = states_of(us.plan(files, expect=10**6, **options), 3)
    with pytest.raises(us.StateError, match=r"plan again with expect=0 \(--expect 0\)"):
        us.merge(states)
    assert us.merge(states_of(us.plan(files, expect=0, **options), 3)).result().to_json() == whole


def test_without_a_sample(files: str) -> None:
    plan = us.plan(files, ledger=False)
    merged = us.merge(states_of(plan, 3))
    whole = us.evaluate(files, ledger=False).to_json()
    assert merged.result(ledger=False).to_json() == whole
    assert max(map(len, states_of(plan, 3))) < min(map(len, states_of(us.plan(files), 3)))


def test_what_all_rows_tell_names_all_files(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.csv" for name in "ab"]
    for file in files:
        file.write_text("label,p_cat,p_dog,w\ncat,0.75,0.25,0\n")
    with pytest.raises(us.InputError) as whole:
        us.evaluate(files, weight="w")
    plan = us.plan(files, weight="w")
    with pytest.raises(us.InputError) as merged:
        us.merge(plan.evaluate([part]).to_bytes() for part in (1, 0)).result()
    assert str(merged.value) == str(whole.value)
    assert str(whole.value).startswith(f"{files[0]}, {files[1]}: found weights that are all 0")
