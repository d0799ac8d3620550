"""Plans whose labels are in another file: the bytes and the words of one machine."""

from __future__ import annotations

import json
import os
import random
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from planned_sources import table

import unsurprised as us
from unsurprised import cli
from unsurprised.evaluation.plans.making import planned
from unsurprised.evaluation.plans.on_engine import evaluated_on
from unsurprised.sources import Options, open_predictions, parquet

#: How many rows all files have.
ALL = 480


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Predictions without labels in several files of several splits, and labels in another."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    Path("rows").mkdir()
    for seed in range(4):
        predictions(seed, table(seed))
    written(range(ALL))
    return tmp_path


def predictions(seed: int, rows: pa.Table) -> None:
    """A file of predictions."""
    rows = rows.drop_columns(["label", "z", "lp"])
    pq.write_table(rows, f"rows/{seed}.parquet", row_group_size=50)


def truth_rows() -> pa.Table:
    return pa.concat_tables([table(seed).select(["row_id", "label"]) for seed in range(4)])


def written(kept: Any, name: str = "y.csv") -> None:
    """The truth of some rows, in an order that is not that of the predictions."""
    order = random.Random(1).sample(list(kept), len(list(kept)))
    pacsv.write_csv(truth_rows().take(order), name)


def plan(**options: Any) -> us.Plan:
    """A plan as others read it."""
    options = {"truth": "y.csv", "id": "row_id", "pred": "probs", **options}
    return us.Plan.from_json(us.plan("rows", **options).to_json())


def whole(**options: Any) -> str:
    """The result on one machine."""
    options = {"truth": "y.csv", "id": "row_id", "pred": "probs", **options}
    return us.evaluate("rows", **options).to_json()


def states(made: us.Plan, parts: int) -> list[bytes]:
    """The states of parts, in some order."""
    found = [made.evaluate(made.part(part, parts)).to_bytes() for part in range(1, parts + 1)]
    random.Random(parts).shuffle(found)
    return found


def refused(call: Any, kind: type[us.UnsurprisedError] = us.InputError) -> str:
    """What an error says."""
    with pytest.raises(kind) as raised:
        call()
    return str(raised.value)


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "slices, clusters, weights": {"by": ["age", "land"], "cluster": "user", "weight": "w"},
    "inner": {"join": "inner"},
    "a sample of none": {"ledger": False},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_any_parts_in_any_order(name: str) -> None:
    options = OPTIONS[name]
    if options.get("join") == "inner":  # rows of either without the other
        predictions(2, table(7))
        written(range(30, ALL))
    wanted = whole(**options)
    made = plan(**options)
    state = made.evaluate().to_bytes()
    for parts in (1, 3, 7, 20):
        merged = us.merge(states(made, parts))
        assert merged.to_bytes() == state
        assert merged.result(ledger=options.get("ledger", True)).to_json() == wanted
    if options.get("join") == "inner":
        assert merged.skipped == 30 + 120
        assert json.loads(wanted)["rows"] == ALL - 150


def test_files_of_every_kind_hold_the_truth() -> None:
    rows = truth_rows()
    Path("hive").mkdir()
    for name in ("07", "1"):
        Path(f"hive/part={name}").mkdir()
    pq.write_table(rows[:200], "hive/part=07/a.parquet", row_group_size=64)
    pq.write_table(rows[200:], "hive/part=1/b.parquet")
    names = ["cat", "dog", "owl"]
    named = rows.set_column(1, "label", pa.array([names[k] for k in rows["label"].to_pylist()]))
    pq.write_table(named, "named.parquet")
    cases: list[dict[str, Any]] = [
        {"truth": "hive"},
        {"truth": ["hive/part=1/b.parquet", Path("hive/part=07/a.parquet")]},
        {"truth": "hive/*/*.parquet", "label": "label"},
        {"truth": "named.parquet", "classes": names},
    ]
    for options in cases:
        assert us.merge(states(plan(**options), 3)).result().to_json() == whole(**options)
    made = plan(truth="hive")
    pq.write_table(rows, "hive/part=1/later.parquet")  # another file beside those of the plan
    assert (
        us.merge(states(made, 3)).result().to_json()
        == us.evaluate("rows", truth="y.csv", id="row_id", pred="probs").to_json()
    )


def test_the_plan_and_its_states_hold_no_rows_of_the_truth() -> None:
    made = plan()
    text = made.to_json()
    assert "r0-" not in text
    written(range(240), "half.csv")
    assert abs(len(plan(truth="half.csv", join="inner").to_json()) - len(text)) < 20
    assert made.files_read == (*made.files, "y.csv")


@pytest.mark.parametrize("lacking", [[0], [17, 300, 479], list(range(5, ALL)), [250, 13]])
def test_truths_without_a_prediction(lacking: list[int]) -> None:
    """Which only all parts together tell, and of which the first in the file is named."""
    for seed in range(4):
        rows = table(seed)
        keep = [k for k in range(120) if 120 * seed + k not in lacking]
        if not keep:
            Path(f"rows/{seed}.parquet").unlink()
            continue
        predictions(seed, rows.take(keep))
    made = plan()
    words = refused(whole)
    assert f"{len(lacking):,} row" in words
    for parts in (1, 3, 7):
        found = states(made, parts)
        assert refused(lambda found=found: us.merge(found)) == words
    with ThreadPoolExecutor(2) as pool:
        assert refused(lambda: whole(engine=pool)) == words
        assert refused(lambda: calibrated(pool)) == refused(calibrated) == words
    assert refused(lambda: made.evaluate().result()) == words
    inner = us.merge(states(plan(join="inner"), 3)).result()
    assert inner.to_json() == whole(join="inner")


def test_truths_of_parts_that_are_missing_are_not_missed() -> None:
    made = plan()
    part = made.evaluate([0, 3])
    assert part.result().rows == 100
    merged = us.merge([part, made.evaluate([5])], partial=True).result()
    assert merged.notes[0].startswith("Of 3 of the plan's 12 splits alone")


def test_predictions_without_a_truth() -> None:
    """The first of them is told, as on one machine."""
    written(sorted(set(range(ALL)) - {70, 130, 399}))
    words = refused(whole)
    assert "1.parquet" not in words
    assert "0.parquet, row 70" in words
    assert refused(lambda: plan().evaluate()) == words
    assert "1.parquet, row 10" in refused(lambda: plan().evaluate(range(3, 12)))
    with ThreadPoolExecutor(2) as pool:
        assert refused(lambda: whole(engine=pool)) == words


def test_a_wrong_row_before_one_without_a_truth_is_the_first() -> None:
    """However many rows are read at once."""
    rows = table(0)
    probs = rows["probs"].to_pylist()
    probs[65] = [0.5, 0.6, -0.1]
    predictions(0, rows.set_column(rows.schema.get_field_index("probs"), "probs", pa.array(probs)))
    written(sorted(set(range(ALL)) - {70}))
    for size in (None, 1, 7, 1000):
        words = refused(lambda size=size: whole(batch_rows=size))
        assert "0.parquet, row 65" in words
        assert refused(lambda size=size: plan(batch_rows=size).evaluate()) == words


def test_long_ids_that_begin_alike() -> None:
    """Are told by both of their ends, and do not hide what is said of them."""
    start = "s3://bucket/a/folder/whose/name/is/long/and/that/holds/all/of/the/predictions/part-"
    names = [f"{start}{k:05}.parquet:{k}" for k in range(4)]
    rows = pa.table({"row_id": names, "probs": [[0.5, 0.5]] * 4})
    truth = pa.table({"row_id": names, "label": [0, 1, 1, 0]})

    def told(rows: pa.Table, truth: pa.Table) -> str:
        return refused(lambda: us.evaluate(rows, truth=truth, id="row_id"))

    assert "part-00003.parquet:3', which the truth does not have; " in told(rows, truth[:3])
    said = told(rows[1:], truth)
    assert "the first has the id 's3://bucket/a/" in said
    assert "part-00000.parquet:0'; expected a prediction" in said
    said = told(rows, pa.concat_tables([truth, truth[1:3]]))
    assert "part-00001.parquet:1', 's3://bucket/a/" in said
    assert "part-00002.parquet:2'; expected each id once" in said
    base = rows.append_column("label", truth["label"])
    pq.write_table(base[:3], "a.parquet")
    pq.write_table(base[1:], "b.parquet")
    said = refused(lambda: us.compare("a.parquet", "b.parquet", id="row_id"))
    assert "part-00000.parquet:0') and 1 of b.parquet are not in a" in said
    shown = us.evaluate(base, id="row_id", top=4).to_text(width=100)
    assert all(f"parquet:{k}" in shown for k in range(4))


def test_ids_of_several_predictions() -> None:
    """Each has the truth of its id, within a split, across splits and across files."""
    rows = table(0)
    ids = rows["row_id"].to_pylist()
    ids[3], ids[70], ids[119] = ids[2], ids[1], "r2-5"
    predictions(0, rows.set_column(0, "row_id", pa.array(ids)))
    words = refused(whole)
    assert "3 rows have no prediction" in words
    assert refused(lambda: us.merge(states(plan(), 7))) == words
    written(sorted(set(range(ALL)) - {3, 70, 119}))
    assert us.merge(states(plan(), 7)).result().to_json() == whole()


def test_nulls() -> None:
    rows = table(1)
    ids = rows["row_id"].to_pylist()
    ids[4] = None
    predictions(1, rows.set_column(0, "row_id", pa.array(ids)))
    words = refused(whole)
    assert "1.parquet, row 4" in words
    assert refused(lambda: plan().evaluate()) == words
    truth = truth_rows()
    labels, keys = truth["label"].to_pylist(), truth["row_id"].to_pylist()
    labels[200], keys[124] = None, None  # a truth that has no label, and one that has no id
    pq.write_table(pa.table({"row_id": keys, "label": labels}), "y.parquet")
    for options in (
        {"truth": "y.parquet"},
        {"truth": "y.parquet", "nulls": "skip"},
        {"truth": "y.parquet", "join": "inner"},
    ):
        try:
            wanted = whole(**options)
        except us.InputError as error:
            assert refused(lambda o=options: us.merge(states(plan(**o), 3))) == str(error)
        else:
            assert us.merge(states(plan(**options), 3)).result().to_json() == wanted
    twice = [*keys[:10], None, *keys[11:]]
    pq.write_table(pa.table({"row_id": twice, "label": labels}), "y.parquet")
    words = refused(lambda: whole(truth="y.parquet"))
    assert "1 ids are there twice" in words
    assert refused(lambda: plan(truth="y.parquet")) == words


#: The types of the labels in two files, and what is said where they do not go together.
TYPES: dict[str, tuple[pa.DataType, pa.DataType, str]] = {
    "integers": (pa.int64(), pa.int8(), ""),
    "integers of which some are dictionaries": (
        pa.dictionary(pa.int32(), pa.int64()),
        pa.uint16(),
        "",
    ),
    "nulls alone": (pa.null(), pa.int64(), ""),
    "nulls alone in the second": (pa.int64(), pa.null(), ""),
    "texts": (pa.dictionary(pa.int8(), pa.string()), pa.large_string(), ""),
    "texts beside integers": (pa.int64(), pa.string(), "found names; expected integers, as in y/a"),
    "floats beside integers": (pa.int64(), pa.float64(), "found floating-point numbers; expected"),
    "other times": (
        pa.timestamp("ms"),
        pa.timestamp("ms", "UTC"),
        "found another type (timestamp[ms, tz=UTC]); expected another type (timestamp[ms]), as in",
    ),
}


def of_type(labels: list[int], kind: pa.DataType) -> pa.Array:
    """Labels as some type; of nulls alone there is none."""
    if pa.types.is_null(kind):
        return pa.nulls(len(labels))
    if pa.types.is_dictionary(kind):
        return pa.array(labels).cast(kind.value_type).dictionary_encode()
    return pa.array(labels).cast(kind)


@pytest.mark.parametrize("name", TYPES)
def test_files_of_a_truth_whose_labels_have_other_types(name: str) -> None:
    *kinds, words = TYPES[name]
    keys, labels = truth_rows()["row_id"].to_pylist(), truth_rows()["label"].to_pylist()
    Path("y").mkdir()
    for file, kind, part in zip("ab", kinds, (slice(200), slice(200, ALL)), strict=True):
        held = {"row_id": keys[part], "label": of_type(labels[part], kind)}
        pq.write_table(pa.table(held), f"y/{file}.parquet")
    options: dict[str, Any] = {"truth": "y", "nulls": "skip", "classes": ["0", "1", "2"]}
    if words:
        said = refused(lambda: whole(**options))
        assert said.startswith(f"y/b.parquet, column 'label': {words}")
        assert refused(lambda: plan(**options)) == said
        return
    lost = [k for k, kind in zip((0, 200), kinds, strict=True) if pa.types.is_null(kind)]
    rows = truth_rows()
    if lost:
        rows = rows.slice(200) if lost == [0] else rows.slice(0, 200)
    pq.write_table(rows, "one.parquet")
    wanted = json.loads(whole(truth="one.parquet", join="inner", classes=["0", "1", "2"]))
    assert json.loads(whole(**options))["cross_entropy"] == wanted["cross_entropy"]
    assert us.merge(states(plan(**options), 3)).result().to_json() == whole(**options)


def test_a_label_that_no_type_of_all_files_holds() -> None:
    truths([1] * ALL)
    rows = pq.read_table("y/b.parquet")
    large = pa.array([2**64 - 1] * len(rows), pa.uint64())
    pq.write_table(rows.set_column(1, "label", large), "y/b.parquet")
    said = refused(lambda: whole(truth="y"))
    assert said.startswith("y/b.parquet, column 'label': found what is no int64 (Integer value 184")


def test_a_file_of_a_truth_without_the_label() -> None:
    truths([1] * ALL)
    rows = pq.read_table("y/b.parquet")
    pq.write_table(rows.rename_columns(["row_id", "happened"]), "y/b.parquet")
    assert refused(lambda: whole(truth="y")).startswith("y/b.parquet: no column 'label'; expected")
    pq.write_table(rows.rename_columns(["name", "label"]), "y/b.parquet")
    assert refused(lambda: whole(truth="y")).startswith("y/b.parquet: no column 'row_id'; expected")


def truths(labels: Any) -> list[int]:
    """The truth in two files, in some order of its rows; where the row of each prediction is."""
    order = random.Random(2).sample(range(ALL), ALL)
    keys = truth_rows()["row_id"].to_pylist()
    Path("y").mkdir(exist_ok=True)
    for name, part in (("a", order[:200]), ("b", order[200:])):
        held = {"row_id": [keys[k] for k in part], "label": [labels[k] for k in part]}
        pq.write_table(pa.table(held), f"y/{name}.parquet", row_group_size=64)
    return [order.index(k) for k in range(ALL)]


def place(at: int) -> str:
    """How a row of that truth is called."""
    return f"y/a.parquet, row {at}" if at < 200 else f"y/b.parquet, row {at - 200}"


LABELS: dict[str, tuple[Any, Any, str]] = {
    "null": (1, None, "found null; expected a value in every row"),
    "a class that is none": (1, 9, "found label 9; expected an index from 0 to 2"),
    "a list with a null": ([0.5, 0.5, 0.0], [0.5, None, 0.5], "found a null among the values"),
    "a list that is short": ([0.5, 0.5, 0.0], [0.5, 0.5], "found 2 numbers; expected 3"),
    "a mass below 0": ([0.5, 0.5, 0.0], [0.5, 0.6, -0.1], "found -0.1 for class 2"),
    "a sum that is off": ([0.5, 0.5, 0.0], [0.5, 0.6, 0.0], "sum to 1.1 (2 such rows, this is"),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_wrong_label_has_its_place_in_the_truth(name: str) -> None:
    """Of the first prediction with one."""
    right, wrong, words = LABELS[name]
    at = truths([wrong if k in (170, 333) else right for k in range(ALL)])
    said = refused(lambda: whole(truth="y"))
    assert said.startswith(f"{place(at[170])}, column 'label': found ")
    assert words in said
    made = plan(truth="y")
    assert refused(made.evaluate) == said
    assert place(at[333]) in refused(lambda: made.evaluate(range(6, 12)))
    with ThreadPoolExecutor(2) as pool:
        assert refused(lambda: whole(truth="y", engine=pool)) == said
    held = pa.concat_tables(pq.read_table(f"y/{file}.parquet") for file in "ab")
    frame = refused(lambda: us.evaluate("rows", truth=held, id="row_id", pred="probs"))
    assert frame == said.replace(place(at[170]), f"truth, row {at[170]}")
    rows = pa.concat_tables(pq.read_table(f"rows/{seed}.parquet") for seed in range(4))
    assert refused(lambda: us.evaluate(rows, truth="y", id="row_id", pred="probs")) == said


def test_a_wrong_label_of_a_row_that_counts_nothing() -> None:
    """Is left out, as it is where it stands beside the prediction."""
    weights = [0.0 if k == 170 else 1.0 for k in range(ALL)]
    for seed in range(4):
        rows = table(seed).set_column(6, "w", pa.array(weights[120 * seed :][:120]))
        predictions(seed, rows)
    truths([None if k == 170 else 1 for k in range(ALL)])
    assert us.evaluate("rows", truth="y", id="row_id", pred="probs", weight="w").rows == ALL - 1


def test_labels_of_a_truth_of_which_none_is_0() -> None:
    for seed in range(4):
        rows = table(seed).drop_columns(["z", "lp", "label"])
        for k, name in enumerate(("p_cat", "p_dog", "p_owl")):
            rows = rows.append_column(name, pa.array([row[k] for row in rows["probs"].to_pylist()]))
        pq.write_table(rows.drop_columns(["probs"]), f"rows/{seed}.parquet", row_group_size=50)
    truths([1 + k % 2 for k in range(ALL)])
    said = refused(lambda: whole(truth="y", pred="p_"))
    assert said.startswith("y/a.parquet, y/b.parquet, column 'label': the labels are integers")
    assert refused(lambda: us.merge(states(plan(truth="y", pred="p_"), 3))) == said


def test_the_file_of_a_truth_that_is_there_twice() -> None:
    truths([1] * ALL)
    held = pq.read_table("y/b.parquet")
    pq.write_table(pa.concat_tables([held, held.slice(7, 1)]), "y/b.parquet")
    said = refused(lambda: whole(truth="y"))
    assert said.startswith("y/b.parquet, column 'row_id': 1 ids are there twice: ")
    assert refused(lambda: plan(truth="y")) == said


def test_the_file_of_a_truth_without_a_prediction() -> None:
    at = truths([1] * ALL)
    for lacking in (at.index(3), at.index(477)):
        predictions(
            lacking // 120,
            table(lacking // 120).take(
                [k for k in range(120) if 120 * (lacking // 120) + k != lacking]
            ),
        )
        said = refused(lambda: whole(truth="y"))
        assert said.startswith(f"{place(at[lacking]).partition(',')[0]}: 1 row has no prediction")
        held = pa.concat_tables(pq.read_table(f"y/{file}.parquet") for file in "ab")
        said = refused(lambda held=held: us.evaluate("rows", truth=held, id="row_id", pred="probs"))
        assert said.startswith("truth: 1 row has no prediction; the first has the id ")
        predictions(lacking // 120, table(lacking // 120))


@pytest.mark.parametrize("join", ["exact", "inner"])
def test_a_truth_of_no_rows(join: str) -> None:
    pq.write_table(truth_rows()[:0], "none.parquet")
    options = {"truth": "none.parquet", "join": join}
    words = refused(lambda: whole(**options))
    assert ("480 were skipped" if join == "inner" else "row 0, column 'row_id'") in words
    made = plan(**options)
    if join == "inner":
        held = states(made, 3)
        assert refused(lambda: us.merge(held)) == words
    assert refused(lambda: made.evaluate().result()) == words


def test_a_truth_that_changed() -> None:
    made = plan()
    held = states(made, 3)
    text = Path("y.csv").read_text()
    later = Path("y.csv").stat().st_mtime + 60
    Path("y.csv").write_text(text.replace(",1\n", ",2\n", 1))
    os.utime("y.csv", (later, later))
    words = refused(lambda: made.evaluate([0]))
    assert words.startswith("y.csv: the file changed since the plan was made: other bytes are at")
    with ThreadPoolExecutor(2) as pool:
        assert refused(lambda: evaluated_on(made, pool)) == words
    us.merge(held)  # the states are of the truth that was planned
    Path("y.csv").unlink()
    assert "y.csv: no such file, and there was one" in refused(lambda: made.evaluate([0]))


def test_a_merge_where_the_truth_is_not() -> None:
    """The row is told that the id would have been read from."""
    written(range(ALL))
    predictions(3, table(3)[:119])
    words, held = refused(whole), states(plan(), 3)
    assert "1 row has no prediction; the first has the id 'r3-119'" in words
    keys = [line.split(",")[0].strip('"') for line in Path("y.csv").read_text().splitlines()[1:]]
    Path("y.csv").unlink()
    found = refused(lambda: us.merge(held))
    assert (
        f"1 row of the truth has no prediction, the first is row {keys.index('r3-119')}, whose id "
        "cannot be told: y.csv: no such file" in found
    )


def test_what_no_plan_has_as_its_truth(capsys: Any) -> None:
    said = refused(lambda: plan(truth=truth_rows()), us.CallError)
    assert said.startswith("truth: a data frame is in this process alone; expected files")
    options = Options(truth=truth_rows(), id="row_id", pred="probs")
    said = refused(lambda: planned(open_predictions("rows", options), options), us.CallError)
    assert said.startswith("the truth (--truth) of a plan is opened by others too; expected files")
    assert "goes with rows that have labels" in refused(lambda: plan(labelled=False), us.CallError)
    line = "plan rows --truth - --id row_id --pred probs --out a.json"
    assert cli.run(line.split()) == 2
    assert "expected no - among them" in capsys.readouterr().err


def test_a_label_that_both_files_have() -> None:
    """The predictions' own is the prediction, in each file that is opened alone."""
    for seed in range(4):
        rows = table(seed)
        yes = [probs[1] for probs in rows["probs"].to_pylist()]
        own = pa.table({"row_id": rows["row_id"], "label": yes})
        pq.write_table(own, f"rows/{seed}.parquet", row_group_size=50)
    truth = truth_rows()
    happened = pa.array([int(label == 1) for label in truth["label"].to_pylist()])
    pq.write_table(truth.set_column(1, "label", happened), "y.parquet")
    options = {"truth": "y.parquet", "pred": "label"}
    assert us.merge(states(plan(**options), 3)).result().to_json() == whole(**options)
    with pytest.raises(us.InputError, match="whose is the truth"):
        us.plan("rows", truth="y.parquet", id="row_id")


class Reversed(Executor):
    """Runs the last task first, and each of them twice."""

    _max_workers = 3

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Any], Any, tuple[Any, ...]]] = []

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks.append((future, work, given))
        if len(self.tasks) == 12:
            for its, do, told in reversed(self.tasks):
                do(*told)
                its.set_result(do(*told))
        return future


def calibrated(engine: Any = None) -> str:
    return us.calibrate(
        "rows", truth="y.csv", id="row_id", pred="probs", methods=["temperature"], engine=engine
    ).to_json()


def test_engines() -> None:
    assert whole(engine=Reversed()) == whole()
    assert whole(engine=Reversed(), by="age", join="inner") == whole(by="age", join="inner")
    with ThreadPoolExecutor(2) as pool:
        assert whole(engine=pool) == whole()
        assert calibrated(pool) == calibrated()


def run(line: str, capsys: Any, code: int = 0) -> str:
    """What a command prints: to standard error where it fails."""
    assert cli.run(line.split()) == code, capsys.readouterr().err
    out, err = capsys.readouterr()
    return str(err if code else out)


def test_commands(capsys: Any) -> None:
    source = "rows --truth y.csv --id row_id --pred probs --by age"
    told = run(f"plan {source} --out plan.json", capsys)
    assert told.startswith("12 splits of 4 files, 480 rows")
    for part in (3, 1, 2):
        run(f"evaluate --plan plan.json --part {part}/3 --state {part}.state", capsys)
    merged = run("merge 2.state 3.state 1.state --json m.json", capsys)
    wanted = run(f"evaluate {source} --json e.json", capsys)
    assert Path("m.json").read_bytes() == Path("e.json").read_bytes()
    assert merged.partition("\n\n")[0] == wanted.partition("\n\n")[0]
    assert "label of y.csv, joined by row_id" in merged
    run("check --plan plan.json 1.state 2.state 3.state --max-bits 3", capsys)
    said = run("evaluate --plan plan.json --json y.csv --overwrite", capsys, 2)
    assert "y.csv" in said
    assert Path("y.csv").read_text().startswith('"row_id"')
    run("calibrate rows --truth y.csv --id row_id --pred probs --method temperature "
        "--save c.json", capsys)  # fmt: skip
    said = run("apply c.json --plan plan.json --out out.parquet", capsys, 2)
    assert "the plan joins labels of another file" in said
    predictions(0, table(0)[1:])
    run(f"plan {source} --out plan.json --overwrite", capsys)
    for part in (1, 2):
        run(f"evaluate --plan plan.json --part {part}/2 --state {part}.state --overwrite", capsys)
    assert run("merge 1.state 2.state", capsys, 2) == run(f"evaluate {source}", capsys, 2)
    run(f"plan {source} --join inner --out plan.json --overwrite", capsys)
    run("evaluate --plan plan.json --json m.json --overwrite", capsys)
    run(f"evaluate {source} --join inner --json e.json --overwrite", capsys)
    assert Path("m.json").read_bytes() == Path("e.json").read_bytes()
