"""Rows that workers match through a folder compare to the bytes of one machine."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_lines import run, started
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_sources import written_models
from unsteady import UnsteadyPool

import unsurprised as us
from unsurprised.comparison import exchanged, planned
from unsurprised.comparison.compared import ComparisonAsked
from unsurprised.comparison.on_engine import scored_on
from unsurprised.comparison.planned import PlannedModels
from unsurprised.sources import parquet, shared_folders
from unsurprised.sources.shared_folders import Exchange
from unsurprised.states import sample


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has several splits, a task few of them, and rows are matched in many parts."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    monkeypatch.setattr(planned, "_ROWS_A_TASK", 100)
    monkeypatch.setattr(exchanged, "_ROWS_A_SPLIT", 50)
    monkeypatch.setattr(exchanged, "_ROWS_AT_ONCE", 90)


def answer(call: Callable[[], Any]) -> str:
    """JSON, or the error."""
    try:
        return str(call().to_json())
    except us.UnsurprisedError as error:
        return f"{type(error).__name__}: {error}"


def files_of(folder: Path, splits: int = 7) -> list[str]:
    """Three models: rows that only some of them have, ids of two kinds, what is impossible."""
    random, names, rows = np.random.default_rng(3), [], 350
    label = random.integers(0, 3, rows)
    ids = random.permutation(10**12 + np.arange(rows) * 1000)
    shared = {
        "number": ids,
        "name": [f"row {k}" for k in ids],
        "label": label,
        "w": random.exponential(size=rows) * 1e-200,  # whose squares are no doubles
        "rare": np.where(np.arange(rows) % 3, 0.0, 2.0),
        "user": random.integers(0, 60, rows),
        "land": random.choice(["at", "ch", "de"], rows),
        "age": random.integers(0, 90, rows),
    }
    for place, name in enumerate(("base", "new", "other")):
        probs = random.dirichlet([1.0, 1.0, 1.0], rows)
        impossible = random.random(rows) < 0.02
        probs[impossible] = np.eye(3)[(label[impossible] + 1) % 3]
        whole = pa.table({**shared, "probs": list(probs)})
        kept = random.permutation(rows)[: rows if place == 2 else rows - 20]
        whole = whole.take(kept)
        names.append(str(folder / name))
        Path(names[-1]).mkdir()
        size = -(-len(kept) // splits)
        for k, start in enumerate(range(0, len(kept), size)):
            file = Path(names[-1]) / f"{k}.parquet"
            pq.write_table(whole.slice(start, size), file, row_group_size=50)
    return names


#: How many of the models are compared, and options.
CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "inner": (2, {"id": "name", "join": "inner"}),
    "ids that are integers": (2, {"id": "number", "join": "inner", "by": ["land", "age"]}),
    "weights": (2, {"id": "name", "join": "inner", "weight": "w", "by": "land"}),
    "weights of 0": (3, {"id": "name", "join": "inner", "weight": "rare", "cluster": "user"}),
    "clusters": (2, {"id": "number", "join": "inner", "cluster": "user", "by": ["age", "land"]}),
    "all": (3, {"id": "name", "join": "inner", "weight": "w", "cluster": "user", "by": "land"}),
    "three": (3, {"id": "number", "join": "inner", "top": 3, "log_base": 10}),
    "names of classes": (2, {"id": "name", "join": "inner", "classes": ["a", "b", "c"]}),
    "rows in one model alone": (2, {"id": "name"}),
    "and in the third alone": (3, {"id": "number"}),
    "ids twice": (2, {"id": "user"}),
    "no row in both": (2, {"id": "label", "join": "inner"}),
}


@pytest.mark.parametrize("splits", [1, 7])
@pytest.mark.parametrize("case", CASES)
def test_the_bytes_of_one_machine(tmp_path: Path, case: str, splits: int) -> None:
    count, options = CASES[case]
    models = files_of(tmp_path, splits)[:count]
    whole = answer(lambda: us.compare(*models, **options))
    refused = ("rows in one model alone", "and in the third alone", "ids twice", "no row in both")
    assert ("Error" in whole) == (case in refused)
    if not whole.startswith("InputError"):
        assert json.loads(whole)["models"][0]["infinite_rows"] > 0
        assert json.loads(whole)["unmatched_rows"] > 0
    folder = tmp_path / "exchange"
    folder.mkdir()
    with ThreadPoolExecutor(3) as pool:
        found = answer(lambda: us.compare(*models, **options, engine=pool, exchange=folder))
    assert found == whole
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("split", "at_once"), [(1, 1), (1, 10**6), (10**6, 1), (10**6, 10**6)])
@pytest.mark.parametrize("case", ["all", "ids twice", "rows in one model alone"])
def test_few_buckets_and_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, split: int, at_once: int
) -> None:
    monkeypatch.setattr(exchanged, "_ROWS_A_SPLIT", split)
    monkeypatch.setattr(exchanged, "_ROWS_AT_ONCE", at_once)
    count, options = CASES[case]
    models = files_of(tmp_path)[:count]
    whole = answer(lambda: us.compare(*models, **options))
    with ThreadPoolExecutor(2) as pool:
        found = answer(lambda: us.compare(*models, **options, engine=pool, exchange=tmp_path / "x"))
    assert found == whole
    assert not (tmp_path / "x").exists()  # it was made for this


def test_other_truths(tmp_path: Path) -> None:
    models = written_models(tmp_path)[:2]
    file = Path(models[1]) / "1.parquet"
    rows = pq.read_table(file)
    label = rows["label"].to_numpy().copy()
    label[5:200:7] = (label[5:200:7] + 1) % 3
    pq.write_table(rows.set_column(1, "label", pa.array(label)), file)
    whole = answer(lambda: us.compare(*models, id="row_id"))
    assert "the truth differs between base and new in 28 rows" in whole
    with ThreadPoolExecutor(2) as pool:
        exchange: dict[str, Any] = {"engine": pool, "exchange": tmp_path / "x"}
        assert answer(lambda: us.compare(*models, id="row_id", **exchange)) == whole


def test_plans_checks_and_samples_that_are_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check: Any = us.check
    models = written_models(tmp_path)[:2]
    options: dict[str, Any] = {"id": "row_id", "by": "land", "cluster": "user"}
    plans = [us.plan(model, **options) for model in models]
    skipping: dict[str, Any] = {"id": "row_id", "weight": "sparse", "nulls": "skip"}
    limits: dict[str, Any] = {"max_worse": 0.2, "max_bits": 1.0}
    with ThreadPoolExecutor(2) as pool:
        on: dict[str, Any] = {"engine": pool, "exchange": str(tmp_path / "x")}
        assert us.compare(*plans, **on).to_json() == us.compare(*plans).to_json()
        whole = check(*models, **limits, **options).to_json()
        assert check(*models, **limits, **options, **on).to_json() == whole
        assert check(*plans, **limits, **on).to_json() == whole
        monkeypatch.setattr(sample, "SAMPLE_ROWS", 20)
        whole = us.compare(*models, **skipping).to_json()
        assert us.compare(*models, **skipping, **on).to_json() == whole


def test_processes(tmp_path: Path) -> None:
    models = written_models(tmp_path)[:2]
    options: dict[str, Any] = {"id": "row_id", "by": "land", "weight": "w"}
    whole = us.compare(*models, **options).to_json()
    address = (tmp_path / "x").as_uri()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert us.compare(*models, **options, engine=pool, exchange=address).to_json() == whole


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two planned models, what is said of them, and a folder."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_PART", 50)
        names = files_of(folder)[:2]
        plans = tuple(us.plan(name, id="name", by="age", weight="w") for name in names)
    whole = us.compare(*plans, join="inner").to_json()
    (folder / "exchange").mkdir()
    asked = ComparisonAsked(("base", "new"), "inner", 2, 10)
    return PlannedModels(plans, asked), whole, folder / "exchange"


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_engine_that_repeats_drops_reorders_and_kills(models: Any, data: Any) -> None:
    compared, whole, folder = models
    workers = data.draw(st.integers(1, 3))
    kinds = st.sampled_from(["run"] * 20 + ["twice"] * 5 + ["nothing", "killed"])
    actions = data.draw(st.lists(kinds, min_size=60, max_size=60))
    with UnsteadyPool(actions, data.draw(st.integers(0, 99)), workers) as engine:
        try:
            with scored_on(compared, engine, exchange=folder) as found:
                assert found.result().to_json() == whole
        except us.StateError as error:
            told = str(error)
            assert told.startswith(("the engine lost split", "the engine returned nothing of"))
            assert {"nothing", "killed"} & set(actions[: engine.told])
        else:
            # Scoring, the survey, weights, sums.
            assert len(compared.job.groups(workers)) + 3 < engine.told < len(actions)
            assert not {"nothing", "killed"} & set(actions[: engine.told])
    assert list(folder.iterdir()) == []


class Calls(Executor):
    """Runs each task at once, after a look at its text, which may change it."""

    _max_workers = 2

    def __init__(self, look: Callable[[str], str]) -> None:
        self.look, self.texts, self.sizes = look, [], []

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.texts.append(given[0])
        done = work(self.look(given[0]))
        self.sizes.append(len(done.state))
        future.set_result(done)
        return future


@pytest.mark.parametrize("after", [0, 3, 11, 14, 18])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_nothing_is_left_after_an_end_in_the_middle(
    models: Any, kind: type[BaseException], after: int
) -> None:
    compared, _, folder = models
    (folder / "not ours").write_text("kept")
    seen = []

    def stop(text: str) -> str:
        seen.append(text)
        if len(seen) > after:
            assert len(list(folder.iterdir())) == 2
            raise kind
        return text

    wanted: Any = us.StateError if kind is RuntimeError else kind
    with pytest.raises(wanted):
        scored_on(compared, Calls(stop), exchange=folder)
    assert [path.name for path in folder.iterdir()] == ["not ours"]
    (folder / "not ours").unlink()


def test_a_task_that_runs_twice_writes_the_same(models: Any) -> None:
    compared, _, folder = models
    with Exchange.made(folder) as made:
        for group in compared.job.groups(1):
            found = []
            for _ in range(2):
                task = exchanged.text_of({"folder": str(made), "score": compared.told(group)})
                done = exchanged.score_to_exchange(task)
                files = sorted(Path(str(made)).glob("rows-*"))
                found.append((done.state, [file.read_bytes() for file in files]))
            assert found[0] == found[1]


def test_a_task_that_outlives_the_call_leaves_nothing(models: Any) -> None:
    compared, whole, folder = models
    calls = Calls(lambda text: text)
    with scored_on(compared, calls, exchange=folder) as found:
        assert found.result().to_json() == whole
    done = exchanged.score_to_exchange(calls.texts[0])
    assert "does not find there what another machine has written" in str(done.error)
    assert list(folder.iterdir()) == []


def test_a_file_that_is_written_while_the_folder_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark goes first: whoever writes after that takes it away again."""
    with Exchange.made(tmp_path) as folder:
        other = Exchange(str(folder))
        write = shared_folders.LocalFolder.write

        def meanwhile(self: Any, name: str, pieces: Any) -> None:
            write(self, name, pieces)
            self.drop(shared_folders._MARK)

        monkeypatch.setattr(shared_folders.LocalFolder, "write", meanwhile)
        with pytest.raises(us.CallError, match="does not find there"):
            other.write("late", [b"rows"])
        assert list(Path(str(folder)).iterdir()) == []


def test_a_file_that_goes_while_the_folder_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task takes its own file away, just as the folder with all files is taken away."""
    remove, times = shutil.rmtree, iter([FileNotFoundError, OSError, None])

    def meanwhile(path: Path) -> None:
        fault = next(times)
        if fault is not None:
            raise fault("rows-1")
        remove(path)

    with Exchange.made(tmp_path) as folder:
        folder.write("rows-2", [b"rows"])
        monkeypatch.setattr(shared_folders.shutil, "rmtree", meanwhile)
    assert list(tmp_path.iterdir()) == []


def test_only_sums_come_back(models: Any) -> None:
    compared, _, folder = models
    calls = Calls(lambda text: text)
    scored_on(compared, calls, exchange=folder)
    here = Calls(lambda text: text)
    with scored_on(compared, here) as found:
        rows = sum(spool.size for spool in found._spools)  # type: ignore[attr-defined]
    scored = len(here.sizes)
    said = sum(here.sizes) - rows
    assert sum(calls.sizes[:scored]) < said + 80 * scored  # the names and sizes of files
    assert not any("r0-" in text for text in calls.texts)


def test_workers_that_see_another_folder(models: Any, tmp_path: Path) -> None:
    compared, _, folder = models
    told = f"exchange {folder}.*: a worker does not find there what another machine has written; e"
    elsewhere = Calls(lambda text: text.replace(str(folder), str(tmp_path)))
    with pytest.raises(us.CallError, match=told.replace(str(folder), str(tmp_path))):
        scored_on(compared, elsewhere, exchange=folder)

    def gone(text: str) -> str:
        if '"round"' in text:
            for file in folder.glob("*/rows-*"):
                file.unlink()
        return text

    with pytest.raises(us.CallError, match=told):
        scored_on(compared, Calls(gone), exchange=folder)

    def cut(text: str) -> str:
        if '"round"' in text:
            for file in folder.glob("*/rows-*"):
                file.write_bytes(file.read_bytes()[:-9000])
        return text

    with pytest.raises(us.CallError, match=told):
        scored_on(compared, Calls(cut), exchange=folder)
    assert list(folder.iterdir()) == []


def test_two_at_once_in_one_folder(models: Any) -> None:
    compared, whole, folder = models
    meeting = threading.Barrier(2, timeout=60)

    def meet(text: str) -> str:
        if '"sums"' not in text:
            meeting.wait()
        return text

    def one(_: int) -> str:
        with scored_on(compared, Calls(meet), exchange=folder) as found:
            return found.result().to_json()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one, range(2))) == [whole, whole]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f, x, e: us.compare(*f, id="row_id", exchange=x), "goes with engine=… "),
        (lambda f, x, e: us.compare(*f, engine=e, exchange=x), r"by their ids, .* \(--id COLUMN\)"),
        (
            lambda f, x, e: us.check(f[0], max_bits=1, id="row_id", engine=e, exchange=x),
            "is for two models",
        ),
        (lambda f, x, e: us.compare([0], [0.5], [0.5], exchange=x), "exchange=… is for files"),
        (
            lambda f, x, e: us.compare(*f, id="row_id", engine=e, exchange=x / "a" / "b"),
            "x/a/b: cannot be written: No such file or directory; expected a folder that all",
        ),
        (
            lambda f, x, e: us.compare(*f, id="row_id", engine=e, exchange=f"{f[0]}/0.parquet"),
            "0.parquet: cannot be written: File exists; expected",
        ),
        (lambda f, x, e: us.compare(*f, id="row_id", engine=e, exchange=7), "exchange=7; expected"),
        (
            lambda f, x, e: us.compare(*f, id="row_id", engine=e, exchange="s3://me:hidden@b/x"),
            "s3://me:…@b/x: the address holds a user or a password",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, call: Any, said: str) -> None:
    files = written_models(tmp_path)[:2]
    with ThreadPoolExecutor(1) as pool, pytest.raises(us.UnsurprisedError, match=said) as raised:
        call(files, tmp_path / "x", pool)
    assert "hidden" not in str(raised.value)
    assert not (tmp_path / "x").exists()


def test_ids_in_one_model_alone(tmp_path: Path) -> None:
    files = written_models(tmp_path)[:2]
    plans = us.plan(files[0], id="row_id"), us.plan(files[1])
    whole = answer(lambda: us.compare(*plans))
    assert "expected ids in both" in whole
    with ThreadPoolExecutor(2) as pool:
        on: dict[str, Any] = {"engine": pool, "exchange": tmp_path / "x"}
        assert answer(lambda: us.compare(*plans, **on)) == whole


def test_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written_models(tmp_path)
    Path("x").mkdir()
    for name in ("base", "new"):
        run(f"plan {name} --id row_id --by land --out {name}.json --quiet", capsys)
    plans, on = "--plan base.json --plan new.json", "--engine processes:2 --exchange x --quiet"
    run("compare base new --id row_id --by land --json whole.json --quiet", capsys)
    run(f"compare base new --id row_id --by land --json a.json {on}", capsys)
    run(f"compare {plans} --json b.json {on}", capsys)
    assert Path("a.json").read_bytes() == Path("whole.json").read_bytes()
    assert Path("b.json").read_bytes() == Path("whole.json").read_bytes()
    told = run("check base new --id row_id --by land --max-worse 1 --quiet", capsys)
    assert run(f"check {plans} --max-worse 1 {on}", capsys) == told
    assert run(f"check base new --id row_id --by land --max-worse 1 {on}", capsys) == told
    assert list(Path("x").iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("compare base new --id row_id --exchange x", "goes with engine=… (--engine)"),
        ("compare --plan base.json --plan new.json --exchange x", "goes with engine=… (--engine)"),
        ("compare --plan base.json --plan new.json --exchange x --part 1/2", "goes with engine=…"),
        ("check base new --id row_id --exchange x", "goes with engine=… (--engine)"),
        ("check base --max-bits 1 --engine processes --exchange x", "is for two models"),
        (
            "check --plan base.json --max-bits 1 --engine processes --exchange x",
            "is for two models",
        ),
        (
            "check --plan base.json --plan new.json a.state --engine processes --exchange x",
            "--exchange does not go with states",
        ),
        (
            "compare --plan base.json --plan new.json --engine processes --exchange x --state s",
            "--exchange does not go with --state",
        ),
    ],
)
def test_commands_that_are_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    written_models(tmp_path)
    for name in ("base", "new"):
        run(f"plan {name} --id row_id --out {name}.json --quiet", capsys)
    Path("a.state").write_bytes(b"")
    assert said in run(line, capsys, 2)
    assert not Path("x").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    written_models(tmp_path)
    line = "compare base new --id row_id --engine processes:1 --exchange x"
    process = started(line, cwd=tmp_path)
    end = time.monotonic() + 60
    while not list(tmp_path.glob("x/*/in-use")):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert not (tmp_path / "x").exists()
