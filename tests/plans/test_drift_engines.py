"""Drift on engines, and on threads, has the bytes of one thread, and the errors."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drift_sources import CASES, table, with_columns, write, written
from hypothesis import given, settings
from hypothesis import strategies as st
from unsteady import Unsteady

import unsurprised as us
from unsurprised.dataset_drift import column_state, counting, windows
from unsurprised.sources import ipc, parquet


@contextmanager
def threads(count: int) -> Iterator[None]:
    us.set_num_threads(count)
    try:
        yield
    finally:
        us.set_num_threads(None)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has several splits."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 30)
    monkeypatch.setattr(ipc, "_ROWS_A_PART", 30)


class Backwards(ThreadPoolExecutor):
    """Runs the last of the tasks that wait first."""

    def __init__(self) -> None:
        super().__init__(1)
        self.waiting: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, work, given))
        super().submit(self._last)
        return future

    def _last(self) -> None:
        future, work, given = self.waiting.pop()
        if future.set_running_or_notify_cancel():
            future.set_result(work(*given))


def sources(folder: Path, kind: str) -> tuple[str, str]:
    return (
        written(folder / "base", kind),
        written(folder / "new", kind, is_new=True, files=2),
    )


@pytest.mark.parametrize("name", CASES)
def test_the_bytes_of_one_thread(name: str, tmp_path: Path) -> None:
    kind, options = CASES[name]
    base, new = sources(tmp_path, kind)
    with threads(1):
        whole = us.drift(base, new, **options)
    assert whole.columns
    assert bool(whole.windows) == ("by" in options)
    with threads(3):
        assert us.drift(base, new, **options).to_json() == whole.to_json()
    with ThreadPoolExecutor(3) as pool:
        assert us.drift(base, new, engine=pool, **options).to_json() == whole.to_json()
    with Backwards() as pool:
        assert us.drift(base, new, engine=pool, **options).to_json() == whole.to_json()


@pytest.mark.parametrize("name", [name for name in CASES if "windows" not in name])
def test_the_state_of_a_plan(name: str, tmp_path: Path) -> None:
    """Whose JSON is what is sent to a machine that has an engine."""
    kind, options = CASES[name]
    told = {key: options[key] for key in ("label", "pred") if "pred" in options and key in options}
    plan = us.DriftPlan.of(written(tmp_path / "base", kind), **told)
    whole = plan.state().to_json()
    rows: list[int] = []
    with ThreadPoolExecutor(3) as pool:
        again = us.DriftPlan.from_json(plan.to_json())
        assert again.state(engine=pool, progress=rows.append).to_json() == whole
    assert sum(rows) == (270 if not told else 540)
    with Backwards() as pool:
        state = plan.state(engine=pool)
    assert state.to_json() == whole
    new = written(tmp_path / "new", kind, is_new=True)
    assert us.drift(state, new, **told).to_json() == us.drift(plan.state(), new, **told).to_json()


def test_the_state_of_a_plan_is_that_of_all_splits(tmp_path: Path) -> None:
    plan = us.DriftPlan.of(sources(tmp_path, "parquet")[0])
    with ThreadPoolExecutor(1) as pool, pytest.raises(us.CallError, match="splits and engine"):
        plan.state([0], engine=pool)
    with pytest.raises(us.CallError, match="engine is 'dask'; expected an Executor"):
        plan.state(engine="dask")


def test_the_bytes_of_frames_in_memory(tmp_path: Path) -> None:
    """Which have no splits, and are read as they were before there were any."""
    base, new = sources(tmp_path, "parquet")
    frames = [
        pa.concat_tables(table(seed, is_new=is_new) for seed in range(files))
        for is_new, files in ((False, 3), (True, 2))
    ]
    options: dict[str, Any] = {"label": "label", "pred": "probs", "by": "month"}
    with ThreadPoolExecutor(3) as pool:
        found = us.drift(base, new, engine=pool, **options)
    assert found.to_json() == us.drift(*frames, **options).to_json()


def test_processes(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "parquet")
    options: dict[str, Any] = {"label": "label", "pred": "probs", "by": "month"}
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = us.drift(base, new, engine=pool, **options)
    assert found.to_json() == us.drift(base, new, **options).to_json()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A state, in whose place nothing is read, and files."""
    folder = tmp_path_factory.mktemp("drift")
    state = us.DriftPlan.of(written(folder / "base", "parquet")).state()
    new = written(folder / "new", "parquet", is_new=True)
    return state, new, us.drift(state, new).to_json()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_engine_that_repeats_drops_reorders_and_kills(saved: Any, data: Any) -> None:
    state, new, whole = saved
    kinds = st.sampled_from(["run", "run", "run", "twice", "another", "nothing", "killed"])
    actions = data.draw(st.lists(kinds, min_size=4, max_size=4))
    order = data.draw(st.permutations(range(4)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_PART", 30)
        if all(action in ("run", "twice") for action in actions):
            assert us.drift(state, new, engine=Unsteady(actions, order)).to_json() == whole
            return
        with pytest.raises(us.StateError, match=r"the engine (lost|returned nothing of) split"):
            us.drift(state, new, engine=Unsteady(actions, order))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_plan_on_such_an_engine(saved: Any, data: Any) -> None:
    _, new, _ = saved
    kinds = st.sampled_from(["run", "run", "run", "twice", "another", "nothing", "killed"])
    actions = data.draw(st.lists(kinds, min_size=3, max_size=3))
    order = data.draw(st.permutations(range(3)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_PART", 30)
        plan = us.DriftPlan.of(str(Path(new) / "0.parquet"))
        engine = Unsteady(actions, order)
        if all(action in ("run", "twice") for action in actions):
            assert plan.state(engine=engine).to_json() == plan.state().to_json()
            return
        with pytest.raises(us.StateError, match=r"the engine (lost|returned nothing of) split"):
            plan.state(engine=engine)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_parts_in_any_order_merge_to_the_byte(data: Any) -> None:
    """Of more numbers than are kept, digits are dropped; of more names, the largest hashes."""
    numbers = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-50, 50))
    floats = st.floats(allow_nan=True, allow_infinity=True)
    rows = data.draw(
        st.lists(
            st.tuples(st.none() | numbers, st.none() | floats, st.none() | st.text(max_size=2)),
            min_size=1,
            max_size=60,
        )
    )
    size = data.draw(st.integers(2, 20))
    held = pa.table(
        {
            "i": pa.array([row[0] for row in rows], pa.int64()),
            "f": pa.array([row[1] for row in rows], pa.float64()),
            "t": pa.array([row[2] for row in rows], pa.string()),
        }
    )
    parts = data.draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))
    order = data.draw(st.permutations(range(5)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(column_state, "SIZE", size)
        # So few numbers have lost more digits than states that are saved may have.
        patch.setattr(column_state, "whole", lambda value, *_: value)

        def state(some: pa.Table) -> us.DriftBase:
            made = us.DriftBase(["i", "f", "t"])
            for batch in some.to_batches(7):
                made.update(batch)
            return made

        whole = state(held).to_bytes()
        merged = us.DriftBase()
        for part in order:
            mask = pa.array([place == part for place in parts])
            merged.merge(us.DriftBase.from_bytes(state(held.filter(mask)).to_bytes()))
        assert merged.to_bytes() == whole


def same_error(base: Any, new: Any, **options: Any) -> str:
    """The error of one thread, which is that of several and of engines."""
    return same_of(partial(us.drift, base, new, **options))


def same_of(call: Callable[..., Any]) -> str:
    with threads(1), pytest.raises(us.UnsurprisedError) as raised:
        call()
    told = type(raised.value), str(raised.value)
    with threads(3), pytest.raises(us.UnsurprisedError) as raised:
        call()
    assert (type(raised.value), str(raised.value)) == told
    for engine in (ThreadPoolExecutor(3), Backwards()):
        with engine as pool, pytest.raises(us.UnsurprisedError) as raised:
            call(engine=pool)
        assert (type(raised.value), str(raised.value)) == told
    assert "\n" not in told[1]
    return told[1]


def with_column(folder: str, seed: int, name: str, values: Any) -> None:
    rows = table(seed)
    rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    write(rows, Path(folder), str(seed), "parquet")


def broken_text(folder: str, seed: int) -> None:
    """A file one of whose last row groups holds text that is none."""
    rows = table(seed)
    place = rows.schema.get_field_index("land")
    texts = [b"at"] * 70 + [b"\xff"] + [b"at"] * 19
    column = pa.array(texts, pa.binary()).view(pa.string())
    pq.write_table(
        rows.set_column(place, "land", column),
        Path(folder) / f"{seed}.parquet",
        row_group_size=30,
    )


def test_columns_that_do_not_agree(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "parquet")
    with_column(base, 1, "n", pa.array(["x"] * 90))
    said = same_error(base, new)
    assert "1.parquet: column 'n' holds numbers in one part and text in another" in said
    # A wrong row of that file, or of one before it, comes first; of one behind it, it does not.
    broken_text(base, 2)
    assert same_error(base, new) == said
    assert "times" not in same_error(new, base, by="month")
    broken_text(base, 0)
    assert "0.parquet, column 'land': found bytes that are not UTF-8" in same_error(base, new)
    write(table(0), Path(base), "0", "parquet")
    rows = table(1).append_column("more", pa.array([1] * 90))
    write(rows, Path(base), "1", "parquet")
    said = same_error(base, new)
    assert "1.parquet: two parts of a data set differ in the columns 'more'" in said
    twice = table(1).rename_columns(["x", "x", *table(1).column_names[2:]])
    write(twice, Path(base), "1", "parquet")
    assert "1.parquet: 2 columns are named 'x'" in same_error(base, new)


def test_rows_that_are_wrong_in_each_read(tmp_path: Path) -> None:
    """Columns of the base, its predictions, columns of the new data, their predictions."""
    base, new = sources(tmp_path, "parquet")
    options: dict[str, Any] = {"label": "label", "pred": "probs"}

    def predictions(folder: str, seed: int, row: int, value: list[float]) -> None:
        rows = table(seed)["probs"].to_pylist()
        rows[row] = value
        with_column(folder, seed, "probs", pa.array(rows))

    predictions(new, 1, 40, [0.5, 0.6, -0.1])
    assert "1.parquet, row 40, column 'probs'" in same_error(base, new, **options)
    predictions(new, 0, 80, [0.5, 0.25, 0.125])
    said = same_error(base, new, **options)
    assert "0.parquet, row 80" in said
    broken_text(new, 1)
    assert "new/1.parquet, column 'land'" in same_error(base, new, **options)
    predictions(base, 2, 5, [0.5, 0.6, -0.1])
    assert "base/2.parquet, row 5" in same_error(base, new, **options)
    broken_text(base, 1)
    assert "base/1.parquet, column 'land'" in same_error(base, new, **options)
    predictions(base, 1, 5, [0.5, 0.25, 0.125])
    predictions(base, 2, 5, [0.5, 0.25, 0.125])
    assert "2 such rows, this is the first" in same_error(base, new, **options)


def test_rows_of_a_plan_that_are_wrong(tmp_path: Path) -> None:
    base, _ = sources(tmp_path, "parquet")
    rows = table(1)["probs"].to_pylist()
    rows[40], rows[80] = [0.5, 0.25, 0.125], [0.5, 0.25, 0.125]
    with_column(base, 1, "probs", pa.array(rows))
    plan = us.DriftPlan.of(base, "label", "probs")
    said = same_of(plan.state)
    assert "1.parquet, row 40" in said
    assert "2 such rows, this is the first" in said
    rows[80] = [0.5, 0.6, -0.1]
    with_column(base, 1, "probs", pa.array(rows))
    assert "the file changed since the plan was made" in same_of(plan.state)
    plan = us.DriftPlan.of(base, "label", "probs")
    assert "(1 such row, this is the first)" in same_of(plan.state)
    broken_text(base, 2)
    plan = us.DriftPlan.of(base, "label", "probs")
    assert "2.parquet, column 'land': found bytes that are not UTF-8" in same_of(plan.state)


def test_a_plan_of_predictions_whose_other_columns_do_not_agree(tmp_path: Path) -> None:
    """It knows nothing of these, and a task of one file cannot see it."""
    base, _ = sources(tmp_path, "parquet")
    with_column(base, 1, "n", pa.array(["x"] * 90))
    plan = us.DriftPlan.from_json(us.plan(base, label="label", pred="probs").to_json())
    said = same_of(plan.state)
    assert "1.parquet: column 'n' holds numbers in one part and text in another" in said
    assert plan.state([3, 4]).rows == 60
    with_column(base, 1, "n", pa.array([True] * 90))
    rows = table(2).append_column("more", pa.array([1] * 90))
    write(rows, Path(base), "2", "parquet")
    plan = us.DriftPlan.from_json(us.plan(base, label="label", pred="probs").to_json())
    assert "1.parquet: column 'n' holds numbers in one part and" in same_of(plan.state)


def test_labels_of_which_none_is_0(tmp_path: Path) -> None:
    """Beside classes that have names: only all rows tell that they do not count from 0."""
    base, new = sources(tmp_path, "parquet")

    def named(folder: str, seed: int, labels: list[int]) -> None:
        rows = table(seed).set_column(6, "label", pa.array(labels * 45))
        rows = with_columns(rows)
        names = [*rows.column_names[:-3], "p_cat", "p_dog", "p_owl"]
        write(rows.rename_columns(names), Path(folder), str(seed), "parquet")

    for folder, seed in ((base, 0), (base, 1), (base, 2), (new, 0), (new, 1)):
        named(folder, seed, [1, 2])
    options: dict[str, Any] = {"label": "label", "pred": "p_"}
    said = same_error(base, new, **options)
    assert "base/0.parquet, " in said
    assert "the labels are integers without a 0" in said
    plan = us.DriftPlan.of(base, "label", "p_")
    with ThreadPoolExecutor(2) as pool:
        state = plan.state(engine=pool)
    assert state.to_json() == plan.state().to_json()
    with pytest.raises(us.InputError, match="without a 0"):
        us.drift(state, new)
    broken_text(new, 0)  # which is read later
    assert same_error(base, new, **options) == said
    named(base, 2, [1, 0])
    assert "new/0.parquet, column 'land'" in same_error(base, new, **options)
    named(new, 0, [0, 2])
    with ThreadPoolExecutor(2) as pool:
        found = us.drift(base, new, engine=pool, **options)
    assert found.to_json() == us.drift(base, new, **options).to_json()


def test_windows_that_cannot_be_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, new = sources(tmp_path, "parquet")
    assert "no column 'never'" in same_error(base, new, by="day", time="never")
    with_column(new, 1, "at", pa.array(["2026-01-05"] * 70 + ["no day"] * 20))
    said = same_error(base, new, by="day", time="at")
    assert "new/1.parquet, row 60, column 'at': column 'at' holds string, not all of it t" in said
    write(table(1), Path(new), "1", "parquet")
    monkeypatch.setattr(windows, "MOST_WINDOWS", 40)
    monkeypatch.setattr(counting, "MOST_WINDOWS", 40)
    assert "more than 40 windows by day" in same_error(base, new, by="day")
    broken_text(new, 1)
    assert "new/1.parquet, column 'land'" in same_error(base, new, by="day")


def test_other_columns_of_times_in_other_files(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "parquet")
    names = ["when" if name == "at" else name for name in table(1).column_names]
    write(table(1).rename_columns(names), Path(new), "1", "parquet")
    said = same_error(base, new, by="month")
    assert "1.parquet: two parts of a data set differ in the columns 'at', 'when'" in said


def test_files_without_rows(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "parquet")
    empty = table(0).slice(0, 0)
    for name in "ab":
        write(empty, Path(base), name, "parquet")
    plain = us.drift(base, new, by="month").to_json()
    with ThreadPoolExecutor(2) as pool:
        assert us.drift(base, new, by="month", engine=pool).to_json() == plain
    (tmp_path / "none").mkdir()
    write(empty, tmp_path / "none", "a", "parquet")
    none = str(tmp_path / "none")
    assert "the base holds no row" in same_error(none, new)
    assert "the new data set holds no row" in same_error(base, none, by="month")
    assert "no row" in same_error(none, new, pred="probs")


def test_text_that_is_wrong(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "csv")
    (tmp_path / "lines").mkdir()
    lines, others = sources(tmp_path / "lines", "jsonl")
    mixed = [str(Path(lines) / "0.jsonl"), str(Path(new) / "1.csv")]
    assert "expected one of them for all files" in same_error(mixed, new)
    with (Path(new) / "1.csv").open("a") as stream:
        stream.write('1,2,"a"\n')
    assert "1.csv, row 90: found 3 values" in same_error(base, new)
    (Path(others) / "1.jsonl").write_text('{"x": 1}\n{"x": \n')
    assert "1.jsonl, row 1" in same_error(lines, others)


def test_what_no_worker_can_read(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "parquet")
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(us.CallError, match="a data frame is in this process alone"):
            us.drift(table(0), new, engine=pool)
        with pytest.raises(us.CallError, match="a data frame is in this process alone"):
            us.drift(base, {"x": np.zeros(3)}, engine=pool)
        with pytest.raises(us.CallError, match="a saved state has no rows to cut"):
            us.drift(base, us.DriftPlan.of(new).state(), by="month", engine=pool)
    with pytest.raises(us.CallError, match="engine is 'dask'; expected an Executor"):
        us.drift(base, new, engine="dask")


def test_a_file_that_changes_after_it_was_looked_at(tmp_path: Path) -> None:
    base, new = sources(tmp_path, "parquet")

    class Slow(ThreadPoolExecutor):
        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            write(table(7), Path(base), "1", "parquet")
            return super().submit(work, *given)

    with Slow(1) as pool, pytest.raises(us.InputError, match=r"base/1\.parquet: the file changed"):
        us.drift(base, new, engine=pool)
