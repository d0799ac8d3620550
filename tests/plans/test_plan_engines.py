"""On engines an evaluation has the bytes of threads, or fails by the name of what was lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_sources import table, written
from unsteady import Unsteady

import unsurprised as us
from unsurprised.evaluation.plans.on_engine import evaluated_on
from unsurprised.evaluation.plans.tasks import run
from unsurprised.sources import parquet
from unsurprised.states import sample
from unsurprised.threads import get_num_threads

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_PART", 50)
        plan = us.plan(written(tmp_path_factory.mktemp("engine") / "rows", "parquet"), by="age")
    return plan, plan.evaluate().to_bytes()


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_an_engine_that_repeats_drops_reorders_and_kills(planned: Any, data: Any) -> None:
    plan, whole = planned
    groups = [plan.part(part, 4) for part in range(1, 5)]
    kinds = st.sampled_from(["run", "run", "twice", "another", "nothing", "killed"])
    actions = data.draw(st.lists(kinds, min_size=4, max_size=4))
    engine = Unsteady(actions, data.draw(st.permutations(range(4))))
    failed = [place for place, action in enumerate(actions) if action not in ("run", "twice")]
    if not failed:
        assert evaluated_on(plan, engine).to_bytes() == whole
        return
    with pytest.raises(us.StateError) as raised:
        evaluated_on(plan, engine)
    assert str(groups[failed[0]][0]) in str(raised.value)


def test_threads_and_progress(planned: Any) -> None:
    plan, whole = planned
    told: list[int] = []
    with ThreadPoolExecutor(3) as pool:
        assert evaluated_on(plan, pool, progress=told.append).to_bytes() == whole
    assert len(told) == 12
    assert sum(told) == 480


def test_evaluate_takes_a_plan(files: str) -> None:
    whole = us.evaluate(files, id="row_id", by="land", top=3, base=10).to_json()
    made = us.plan(files, id="row_id", by="land", top=3)
    assert us.evaluate(made, base=10).to_json() == whole
    with ThreadPoolExecutor(2) as pool:
        assert us.evaluate(made, base=10, engine=pool).to_json() == whole
    for said in (
        {"id": "row_id"},
        {"by": "land"},
        {"top": 3},
        {"unknown": -1.0},
        {"nulls": "skip"},
    ):
        with pytest.raises(us.CallError, match=f"evaluate.plan, {next(iter(said))}=….*say it to"):
            us.evaluate(made, **said)


def test_a_task_uses_one_thread(planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, seen = planned[0], []
    batches = us.sources.reading.Reading.batches

    def looking(*given: Any) -> Any:
        seen.append(get_num_threads())
        return batches(*given)

    monkeypatch.setattr(us.sources.reading.Reading, "batches", looking)
    us.set_num_threads(5)
    try:
        run(plan.job.told((0, 3)))
        assert seen == [1, 1]
        assert get_num_threads() == 5
    finally:
        us.set_num_threads(None)


def test_processes(files: str) -> None:
    """Which know nothing of this one, get text, and return bytes."""
    whole = us.evaluate(files, by=["age", "land"]).to_json()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = us.evaluate(files, by=["age", "land"], engine=pool)
        assert found.to_json() == whole
        for process in pool._processes.values():
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(us.StateError, match=r"the engine lost split 0 \(.*BrokenProcessPool"):
            us.evaluate(files, engine=pool)


def wrong_rows(files: str, places: dict[int, int], value: Any) -> None:
    """Let a row of some files be wrong."""
    for seed, row in places.items():
        rows = table(seed)
        probs = rows["probs"].to_pylist()
        probs[row] = value
        place = rows.schema.get_field_index("probs")
        path = Path(files) / f"{seed}.parquet"
        pq.write_table(rows.set_column(place, "probs", pa.array(probs)), path, row_group_size=50)


@pytest.mark.parametrize("value", [[0.5, 0.25, 0.125], [0.5, 0.6, -0.1]])
def test_the_error_is_that_of_the_first_wrong_row(files: str, value: list[float]) -> None:
    wrong_rows(files, {1: 60, 3: 7}, value)
    with pytest.raises(us.InputError) as local:
        us.evaluate(files)
    assert "1.parquet, row 60" in str(local.value)
    for seed in range(4):
        order = random.Random(seed).sample(range(4), 4)
        plan = us.plan(files)
        with pytest.raises(us.InputError) as found, ThreadPoolExecutor(4) as pool:
            evaluated_on(plan, pool)
        assert str(found.value) == str(local.value)
        engine = Unsteady(["run"] * 4, order)
        if value[2] > 0:  # rows whose sums are off are counted by tasks that come after
            continue
        with pytest.raises(us.InputError) as found:
            evaluated_on(plan, engine)
        assert str(found.value) == str(local.value)


def test_rows_that_are_off_are_counted_up_to_a_worse_fault(files: str) -> None:
    wrong_rows(files, {0: 60, 1: 7}, [0.5, 0.25, 0.125])
    wrong_rows(files, {2: 3}, None)
    wrong_rows(files, {3: 3}, [0.5, 0.25, 0.125])
    with pytest.raises(us.InputError, match="2 such rows, this is the first") as local:
        us.evaluate(files)
    with ThreadPoolExecutor(4) as pool, pytest.raises(us.InputError) as found:
        us.evaluate(files, engine=pool)
    assert str(found.value) == str(local.value)


def test_a_fault_of_the_data_gives_up_what_lies_behind_it(files: str) -> None:
    wrong_rows(files, {0: 0}, [0.5, 0.6, -0.1])
    begun: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            def counted(task: Any) -> Any:
                begun.append(1)
                return work(task)

            return super().submit(counted, *given)

    class Later(Counting):
        """Begins when all tasks have come."""

        def __init__(self) -> None:
            super().__init__(1)
            self.held: list[Any] = []
            self.go = threading.Event()
            ThreadPoolExecutor.submit(self, self.go.wait)

        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            future = super().submit(work, *given)
            self.held.append(future)
            if len(self.held) == 4:
                self.go.set()
            return future

    with pytest.raises(us.InputError, match=r"0\.parquet, row 0"), Later() as pool:
        evaluated_on(us.plan(files), pool)
    assert 1 <= len(begun) < 4


def test_an_interrupt_gives_up_what_has_not_begun(planned: Any) -> None:
    class Interrupted(Unsteady):
        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            self.tasks.append((future, work, given))
            if len(self.tasks) == 2:
                self.end(0)
            return future

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    engine = Interrupted(["run"] * 4, [])
    with pytest.raises(KeyboardInterrupt):
        evaluated_on(planned[0], engine, progress=interrupt)
    assert [future.cancelled() for future, _, _ in engine.tasks] == [False, True, True, True]


def test_a_sample_that_lacks_rows_is_taken_again(
    files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 20)
    options = {"weight": "sparse", "nulls": "skip", "id": "user"}  # nine ids alone
    whole = us.evaluate(files, **options).to_json()
    with ThreadPoolExecutor(2) as pool:
        assert us.evaluate(files, engine=pool, **options).to_json() == whole


def test_what_is_no_engine(files: str) -> None:
    with pytest.raises(us.CallError, match="engine is 'dask'; expected an Executor"):
        us.evaluate(files, engine="dask")
    with pytest.raises(us.CallError, match="engine=… is for a file or a data frame"):
        us.evaluate([0], [[0.5, 0.5]], engine=ThreadPoolExecutor(1))
    with pytest.raises(us.CallError, match="a data frame is in this process alone"):
        us.evaluate(table(0), engine=ThreadPoolExecutor(1))


@pytest.mark.parametrize("same", [True, False])
def test_an_id_that_is_not_unique(tmp_path: Path, same: bool) -> None:
    """Across workers it counts as on one machine: each row counts, its hash is there twice."""
    for seed in (0, 1):
        rows = table(0 if same else seed)
        rows = rows.set_column(0, "row_id", pa.array([f"r{k}" for k in range(len(rows))]))
        pq.write_table(rows, tmp_path / f"{seed}.parquet", row_group_size=50)
    whole = us.evaluate(str(tmp_path), id="row_id")
    assert whole.rows == 240
    with ThreadPoolExecutor(3) as pool:
        found = us.evaluate(str(tmp_path), id="row_id", engine=pool)
    assert found.to_json() == whole.to_json()


def test_a_worker_of_another_release(planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    task = planned[0].job.told((0,))
    monkeypatch.setattr(us, "__version__", "0.0.7")
    found = run(task)
    assert isinstance(found.error, us.StateError)
    assert "and the worker has unsurprised 0.0.7; install one release" in str(found.error)
