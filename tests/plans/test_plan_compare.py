"""Models in parts compare to the bytes of one machine, on whatever runs the parts."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_sources import table, written_models
from unsteady import UnsteadyPool

import unsurprised as us
from unsurprised.comparison import planned
from unsurprised.comparison.compared import ComparisonAsked
from unsurprised.comparison.on_engine import scored_on
from unsurprised.comparison.planned import PlannedModels, names_of_plans
from unsurprised.comparison.state import PlannedComparison, merged_comparison
from unsurprised.sources import parquet
from unsurprised.states import sample
from unsurprised.states.serial import PackedStream, pack, packed, unpack


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has several splits, and a task few of them."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    monkeypatch.setattr(planned, "_ROWS_A_TASK", 100)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return written_models(tmp_path)


def answer(call: Callable[[], Any]) -> str:
    """JSON, or the error."""
    try:
        return str(call().to_json())
    except us.UnsurprisedError as error:
        return f"{type(error).__name__}: {error}"


#: How many of the models are compared, and options.
CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "by place": (2, {}),
    "inner by place": (2, {"join": "inner"}),
    "slices by place": (2, {"by": "age", "cluster": "user"}),
    "all options": (
        2,
        {"id": "row_id", "by": ["age", "land"], "cluster": "user", "weight": "w"},
    ),
    "inner": (3, {"id": "row_id", "join": "inner", "by": "land"}),
    "ids that do not match": (3, {"id": "row_id"}),
    "numbers of rows": (3, {}),
    "ids twice": (2, {"id": "user"}),
    "logits": (2, {"pred": "z", "kind": "logits", "classes": ["a", "b", "c"], "id": "row_id"}),
    "log-probabilities": (2, {"logprob": "lp", "id": "row_id"}),
    "nulls": (2, {"weight": "sparse", "nulls": "skip", "id": "row_id"}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_bytes_of_one_machine(files: list[str], case: str) -> None:
    count, options = CASES[case]
    models = files[:count]
    whole = answer(lambda: us.compare(*models, **options))
    assert ("Error" in whole) == (case in ("ids that do not match", "numbers of rows", "ids twice"))
    with ThreadPoolExecutor(3) as pool:
        assert answer(lambda: us.compare(*models, **options, engine=pool)) == whole
    own = {name: value for name, value in options.items() if name != "join"}
    join = options.get("join", "exact")
    plans = [us.plan(model, **own) for model in models]
    assert answer(lambda: us.compare(*plans, join=join)) == whole
    if case == "all options":
        with ThreadPoolExecutor(2) as pool:
            engine: dict[str, Any] = {"engine": pool, "memory": "300MB", "log_base": 10, "top": 2}
            found = us.compare(*plans, join=join, **engine).to_json()
        assert found == us.compare(*models, **options, log_base=10, top=2).to_json()


@pytest.mark.parametrize(
    ("limits", "options"),
    [
        ({"max_worse": 0.2, "max_bits": 1.0}, {"id": "row_id", "by": "land"}),
        ({"max_worse": 0.01}, {}),
        ({"max_bits": 1.5}, {"by": "age"}),
    ],
)
def test_checks(files: list[str], limits: dict[str, Any], options: dict[str, Any]) -> None:
    check: Any = us.check
    models = files[: 2 if "max_worse" in limits else 1]
    whole = check(*models, **limits, **options).to_json()
    plans = [us.plan(model, **options) for model in models]
    with ThreadPoolExecutor(2) as pool:
        assert check(*models, **limits, **options, engine=pool).to_json() == whole
        assert check(*plans, **limits, engine=pool).to_json() == whole
    assert check(*plans, **limits).to_json() == whole


def test_files_are_compared_as_arrays_are(files: list[str]) -> None:
    """And named as said, or by name."""
    base, new = (pa.concat_tables(map(pq.read_table, sorted(Path(f).iterdir()))) for f in files[:2])
    label = base["label"].to_numpy()
    arrays = [np.array(rows["probs"].to_pylist()) for rows in (base, new)]
    more: dict[str, Any] = {"ids": base["row_id"].to_numpy(zero_copy_only=False)}
    wanted = us.compare(label, *arrays, **more, by={"land": base["land"].to_pylist()}).to_json()
    said: dict[str, Any] = {"id": "row_id", "by": "land"}
    assert us.compare(*files[:2], names=["base", "new"], **said).to_json() == wanted
    assert us.compare(dict(zip(("base", "new"), files, strict=False)), **said).to_json() == wanted
    assert us.compare([files[0]], [Path(files[1])], **said).to_json() == wanted  # lists are unnamed


def test_two_columns_of_one_file(files: list[str]) -> None:
    plans = [us.plan(files[0], pred=name, kind=kind) for name, kind in
             (("probs", "probs"), ("z", "logits"))]  # fmt: skip
    assert names_of_plans(plans) == ["probs", "z"]
    found = us.compare(*plans)
    assert [model.name for model in found.models] == ["probs", "z"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two planned models, and what is said of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "_ROWS_A_PART", 50)
        folders = written_models(tmp_path_factory.mktemp("models"))[:2]
        plans = tuple(us.plan(folder, id="row_id", by="age") for folder in folders)
        whole = us.compare(*folders, id="row_id", by="age").to_json()
    return PlannedModels(plans, ComparisonAsked(names_of_plans(plans), "exact", 2, 10)), whole


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_engine_that_repeats_drops_reorders_and_kills(models: Any, data: Any) -> None:
    compared, whole = models
    workers = data.draw(st.integers(1, 3))
    groups = compared.job.groups(workers)
    kinds = st.sampled_from(["run"] * 7 + ["twice", "nothing", "killed"])
    actions = data.draw(st.lists(kinds, min_size=len(groups), max_size=len(groups)))
    failed = [place for place, action in enumerate(actions) if action in ("nothing", "killed")]
    with UnsteadyPool(actions, data.draw(st.integers(0, 99)), workers) as engine:
        if not failed:
            with scored_on(compared, engine) as found:
                assert found.result().to_json() == whole
            return
        with pytest.raises(us.StateError) as raised:
            scored_on(compared, engine)
    assert str(compared.job.splits[groups[failed[0]][0]]) in str(raised.value)


def test_the_driver_holds_few_answers(models: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of bounded tasks, and their rows on the disk alone."""
    compared, whole = models
    held: list[int] = []

    class Counting(ThreadPoolExecutor):
        ahead = 0

        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            self.ahead += 1
            held.append(self.ahead)
            return super().submit(work, *given)

    take = PlannedComparison.take

    def taking(self: Any, *given: Any) -> None:
        pool.ahead -= 1
        take(self, *given)

    monkeypatch.setattr(PlannedComparison, "take", taking)
    sizes = compared.job.sizes
    groups = compared.job.groups(1)
    assert len(groups) > 8
    assert max(sum(sizes[number] for number in group) for group in groups) <= 100
    with Counting(1) as pool, scored_on(compared, pool) as found:
        assert max(held) <= 3  # two that run or wait, and the one that is taken
        assert [spool.rows for spool in found._spools] == [480, 480]
        assert found.result().to_json() == whole


def test_processes(files: list[str]) -> None:
    options: dict[str, Any] = {"id": "row_id", "by": "land", "cluster": "user"}
    whole = us.compare(*files[:2], **options).to_json()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert us.compare(*files[:2], **options, engine=pool).to_json() == whole


@pytest.mark.parametrize("value", [[0.5, 0.25, 0.125], [0.5, 0.6, -0.1]])
@pytest.mark.parametrize("wrong", [(0, 1), (1,)])
def test_the_error_is_that_of_the_first_wrong_row(
    files: list[str], value: list[float], wrong: tuple[int, ...]
) -> None:
    """The base's rows come first, and sums that are off are counted in its model alone."""
    for place in wrong:
        file = Path(files[place]) / "1.parquet"
        rows = pq.read_table(file)
        probs = rows["probs"].to_pylist()
        probs[60], probs[61] = value, value
        at = rows.schema.get_field_index("probs")
        pq.write_table(rows.set_column(at, "probs", pa.array(probs)), file, row_group_size=50)
    local = answer(lambda: us.compare(*files[:2]))
    assert "1.parquet, row 60" in local
    assert Path(files[wrong[0]]).name in local
    with ThreadPoolExecutor(4) as pool:
        assert answer(lambda: us.compare(*files[:2], engine=pool)) == local


def test_a_sample_that_lacks_rows_is_taken_again(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 20)
    options: dict[str, Any] = {"weight": "sparse", "nulls": "skip", "id": "row_id"}
    whole = us.compare(*files[:2], **options).to_json()
    with ThreadPoolExecutor(2) as pool:
        assert us.compare(*files[:2], engine=pool, **options).to_json() == whole


def test_columns_in_another_order(tmp_path: Path) -> None:
    """Names bind, as on one machine; of plans they have to be said."""
    texts = ("label,p_cat,p_dog\ncat,0.7,0.3\ndog,0.5,0.5\n",
             "label,p_dog,p_cat\ncat,0.2,0.8\ndog,0.6,0.4\n")  # fmt: skip
    paths = [tmp_path / "old.csv", tmp_path / "new.csv"]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    whole = us.compare(*paths).to_json()
    with ThreadPoolExecutor(2) as pool:
        assert us.compare(*paths, engine=pool).to_json() == whole
    plans = [us.plan(path) for path in paths]
    with pytest.raises(us.CallError, match="say --classes cat,dog to unsurprised plan"):
        us.compare(*plans)
    plans[1] = us.plan(paths[1], classes=plans[0].classes)
    assert us.compare(*plans).to_json() == whole


@pytest.mark.parametrize(
    ("of_base", "of_new", "told"),
    [
        (
            {"cluster": "user"},
            {},
            "made with --cluster user, that of new with no --cluster;",
        ),
        ({"cluster": "user"}, {"cluster": "land"}, "that of new with --cluster land;"),
        ({}, {"weight": "w"}, "base was made with no --weight, that of new with --weight w;"),
    ],
)
def test_plans_that_count_rows_otherwise(
    files: list[str], of_base: dict[str, Any], of_new: dict[str, Any], told: str
) -> None:
    plans = [us.plan(files[0], **of_base), us.plan(files[1], **of_new)]
    with pytest.raises(us.CallError, match=f"{told}.*expected the same of all: plan each"):
        us.compare(*plans, names=["base", "new"])
    with pytest.raises(us.CallError, match="expected the same of all"):
        us.check(*plans, max_worse=0.1)


def states_of(compared: PlannedModels, parts: int) -> Iterator[bytes]:
    for part in range(1, parts + 1):
        with PlannedComparison.scored(compared, compared.part(part, parts)) as found:
            yield found.to_bytes()


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_states_merge_in_any_order(models: Any, parts: int) -> None:
    compared, whole = models
    states = list(states_of(compared, parts))
    random.Random(parts).shuffle(states)
    assert us.merge(states).result().to_json() == whole
    first, *others = states
    one = us.merge([first], partial=True)
    two = us.merge([*others, one]) if others else us.merge([one])  # objects stay as they are
    assert two.result().to_json() == whole
    assert us.merge([two.to_bytes()]).result(memory="256MB").to_json() == whole
    assert one.splits == tuple(map(tuple, [e.splits for e in one.evaluators]))
    assert two.missing == ((), ())


def test_what_does_not_merge(models: Any, files: list[str]) -> None:
    compared, _ = models
    one = next(states_of(compared, 2))
    with pytest.raises(us.StateError, match=r"states\[1\]: split 0 \(.*base.0\.parquet.* twice"):
        us.merge([one, one])
    with pytest.raises(us.StateError, match=r"base: .* splits of the plan are missing: split"):
        us.merge([one])
    inner = PlannedModels(compared.plans, ComparisonAsked(compared.asked.names, "inner", 2, 10))
    with pytest.raises(us.StateError, match="comparisons with other join: exact and inner"):
        us.merge([one, list(states_of(inner, 2))[1]])
    plans = [us.plan(model, id="row_id") for model in files[:2]]
    others = PlannedModels(tuple(plans), ComparisonAsked(compared.asked.names, "exact", 2, 10))
    with pytest.raises(us.StateError, match="two states of different plans"):
        us.merge([one, list(states_of(others, 2))[1]])
    with pytest.raises(
        us.StateError, match="a state of evaluate, and those before it are of compare"
    ):
        us.merge([one, us.plan(files[0]).evaluate().to_bytes()])
    with pytest.raises(us.StateError, match="found a int; expected the states of a comparison"):
        us.merge([one, 7])
    partial = us.merge([one], partial=True)
    with pytest.raises(us.InputError, match="ids do not match"):
        partial.result()


def test_some_parts_are_said_to_be_some(models: Any, files: list[str]) -> None:
    compared, _ = models
    inner = PlannedModels(compared.plans, ComparisonAsked(compared.asked.names, "inner", 2, 10))
    one, _ = states_of(inner, 2)
    found = us.merge([one], partial=True).result()
    assert 0 < found.rows < 480
    assert found.missing["rows"].startswith("base: Of ")
    assert "rows: base: Of" in str(found)
    plans = tuple(us.plan(model) for model in files[:2])
    placed = PlannedModels(plans, ComparisonAsked(("a", "b"), "exact", 2, 10))
    one, _ = states_of(placed, 2)
    with pytest.raises(us.CallError, match="rows without ids are matched by their place"):
        us.merge([one], partial=True).result()


def test_bytes_that_were_cut_or_altered(models: Any) -> None:
    compared, _ = models
    one, two = states_of(compared, 2)
    for place in (0, 3, 10, 200, len(two) // 2, len(two) - 1):
        with pytest.raises(us.StateError, match=r"states\[1\]: "):
            us.merge([one, two[:place]])
        altered = bytearray(two)
        altered[place] ^= 1
        with pytest.raises(us.StateError, match=r"states\[1\]: "):
            us.merge([one, altered])
    with pytest.raises(us.StateError, match="altered or cut"):
        us.merge([one, two + b"x"])


def test_states_are_read_piece_by_piece(models: Any) -> None:
    """So memory holds a state's evaluators, and not its rows."""
    compared, whole = models
    (state,) = states_of(compared, 1)
    read: list[int] = []

    class Slow(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and size >= 0
            read.append(size)
            return super().read(min(size, 1000))

    class File:
        def opened(self) -> Any:
            return Slow(state)

    merged = merged_comparison([("a", File())], partial=False)
    assert merged.result().to_json() == whole
    assert max(read) <= 1 << 20


@settings(deadline=None)
@given(st.lists(st.binary(max_size=9), max_size=3), st.dictionaries(st.text(), st.integers()))
def test_streams_are_what_is_packed(parts: list[bytes], said: dict[str, int]) -> None:
    data = pack("Something", said, parts)
    pieces = [(len(part), [part[:2], part[2:]]) for part in parts]
    assert b"".join(packed("Something", said, pieces)) == data
    told = PackedStream(BytesIO(data))
    assert (told.name, told.settings, told.parts) == ("Something", said, len(parts))
    assert [told.part() for _ in parts] == parts == unpack(data, "Something")[1]
    told.finish()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda f, p: us.compare(f[0]), "lacks the new model"),
        (lambda f, p: us.compare(f[0], f[0]), "a model is given twice"),
        (lambda f, p: us.compare(f[0], f"{f[0]}/"), "a model is given twice"),
        (lambda f, p: us.compare(p, p), "a model is given twice; expected different plans"),
        (lambda f, p: us.compare(f[0], p), "plans and files"),
        (lambda f, p: us.compare(p, us.plan(f[1]), id="row_id"), r"compare\(plan, id=…\)"),
        (lambda f, p: us.compare(f[0], [[0.5, 0.5]]), "beside a list; expected files"),
        (lambda f, p: us.compare(f[0], f[1], ids=[1]), r"ids=… is for arrays; .* id=…"),
        (lambda f, p: us.compare(f[0], f[1], axis=0), "axis=… is for arrays"),
        (lambda f, p: us.compare(f[0], f[1], lable="y"), "did you mean label=…"),
        (lambda f, p: us.compare(f[0], f[1], join="outer"), "join='outer'"),
        (lambda f, p: us.compare(f[0], f[1], by={"a": [1]}), r"compare\(source, by=…\) holds"),
        (lambda f, p: us.compare(f[0], f[1], names=["a"]), "expected 2 distinct names"),
        (lambda f, p: us.compare([0], [0.5], [0.5], label="y"), "label=… is for files and plans"),
        (lambda f, p: us.compare([0], [0.5], [0.5], engine="ray"), "engine=… is for files"),
        (lambda f, p: us.compare(f[0], f[1], engine="dask"), "engine is 'dask'; expected"),
        (lambda f, p: us.check(f[0]), "nothing to check"),
        (lambda f, p: us.check(f[0], max_worse=1), "max_worse needs a base"),
        (lambda f, p: us.check(*f), "check got 3 sources"),
        (lambda f, p: us.compare(us.plan(f[0], labelled=False), p), "rows without labels"),
    ],
)
def test_what_is_refused(files: list[str], call: Any, said: str) -> None:
    with pytest.raises(us.CallError, match=said):
        call(files, us.plan(files[0]))


def test_a_truth_elsewhere(files: list[str], tmp_path: Path) -> None:
    truth = str(tmp_path / "truth.parquet")
    pq.write_table(
        pa.concat_tables([table(k).select(["row_id", "label"]) for k in range(4)]), truth
    )
    options: dict[str, Any] = {"truth": truth, "id": "row_id", "pred": "probs"}
    found = us.compare(*files[:2], **options)
    assert found.to_json() == us.compare(*files[:2], id="row_id").to_json()


@pytest.mark.parametrize(
    ("files_of_truth", "join", "fails"),
    [(4, "exact", False), (5, "exact", True), (5, "inner", False)],
)
def test_a_truth_elsewhere_on_an_engine(
    files: list[str], tmp_path: Path, files_of_truth: int, join: str, fails: bool
) -> None:
    """What of it has met no prediction only all parts tell."""
    truth = str(tmp_path / "truth.parquet")
    rows = [table(k).select(["row_id", "label"]) for k in range(files_of_truth)]
    pq.write_table(pa.concat_tables(rows), truth)
    options: dict[str, Any] = {"truth": truth, "id": "row_id", "pred": "probs", "join": join}
    whole = answer(lambda: us.compare(*files[:2], **options))
    assert ("120 rows have no prediction" in whole) == fails
    with ThreadPoolExecutor(2) as pool:
        assert answer(lambda: us.compare(*files[:2], **options, engine=pool)) == whole
