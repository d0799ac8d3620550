"""A row has one truth, one weight and one cluster; models that say otherwise are refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.cli import FINE, WRONG, run

ROWS = 40
WEIGHTS = "write the same weights to both, or name a column that holds them (--weight COLUMN)"
BY_ID = "match rows by id (--id COLUMN), "


def written(folder: Path, name: str, **changed: Any) -> str:
    """A model's file of forty rows, of which these columns are other ones."""
    random = np.random.default_rng(len(name))
    columns: dict[str, Any] = {
        "key": [f"k{row}" for row in range(ROWS)],
        "label": np.array(["a", "b"])[np.arange(ROWS) % 2],
        "probs": list(random.dirichlet([1.0, 1.0], ROWS)),
        "w": 1.0 + np.arange(ROWS) / 3,
        "user": np.arange(ROWS) // 2,
    }
    path = folder / f"{name}.parquet"
    pq.write_table(pa.table({**columns, **changed}), path)
    return str(path)


def of_rows(name: str, **values: Any) -> dict[str, Any]:
    """A column in which some rows, k12 for row 12, hold something else."""
    column: Any = {
        "w": 1.0 + np.arange(ROWS) / 3,
        "user": np.arange(ROWS) // 2,
        "label": np.array(["a", "b"])[np.arange(ROWS) % 2],
    }[name]
    for row, value in values.items():
        column[int(row[1:])] = value
    return {name: column}


#: What is other in the new model, and what is said of it.
OTHERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "weights": (
        of_rows("w", k30=7.0, k12=100.0),
        "the weights differ between base and new in 2 rows (the first has id 'k12': 5 in base, "
        f"100 in new); expected the same weights in both; {WEIGHTS}",
        "the weights differ between base and new in 2 rows (the first is row 12: 5 in base, "
        f"100 in new); expected the same weights in both; {BY_ID}{WEIGHTS}",
    ),
    "a weight of 0": (
        of_rows("w", k0=0.0),
        "the weights differ between base and new in 1 row (the first has id 'k0': 1 in base, "
        f"0 in new); expected the same weights in both; {WEIGHTS}",
        "the weights differ between base and new in 1 row (the first is row 0: 1 in base, "
        f"0 in new); expected the same weights in both; {BY_ID}{WEIGHTS}",
    ),
    "clusters": (
        of_rows("user", k7=1000),
        "the clusters differ between base and new in 1 row (the first has id 'k7'); expected the "
        "same clusters in both; write the same clusters to both, of one type, or name a column "
        "that holds them (--cluster COLUMN)",
        "the clusters differ between base and new in 1 row (the first is row 7); expected the "
        f"same clusters in both; {BY_ID}write the same clusters to both, of one type, or name a "
        "column that holds them (--cluster COLUMN)",
    ),
    "truth": (
        of_rows("label", k3="a"),
        "the truth differs between base and new in 1 row (the first has id 'k3': 'b' in base, 'a' "
        "in new); expected the same truth in both; see whether --label and --id name the same "
        "columns in both, or bind labels by class names (--classes)",
        "the truth differs between base and new in 1 row (the first is row 3: 'b' in base, 'a' in "
        "new); expected the same truth in both; match rows by id (--id COLUMN), or bind labels by "
        "class names (--classes)",
    ),
}
OPTIONS = {"weight": "w", "cluster": "user", "classes": ["a", "b"]}


def refused(*files: Any, **options: Any) -> str:
    with pytest.raises(us.InputError) as error:
        us.compare(*files, **{**OPTIONS, "names": ("base", "new"), **options})
    return str(error.value)


@pytest.mark.parametrize("case", OTHERS)
def test_what_differs_is_said_wherever_rows_lie(tmp_path, case):
    changed, by_id, by_place = OTHERS[case]
    files = written(tmp_path, "base"), written(tmp_path, "new", **changed)
    for memory in (None, "300MB"):
        assert refused(*files, id="key", memory=memory) == by_id
        assert refused(*files, memory=memory) == by_place
    with ThreadPoolExecutor(2) as pool:
        assert refused(*files, id="key", engine=pool) == by_id
        assert refused(*files, engine=pool) == by_place
        assert refused(*files, id="key", engine=pool, exchange=tmp_path / "x") == by_id


@pytest.mark.parametrize("case", OTHERS)
def test_states_of_parts_say_the_same(tmp_path, case):
    changed, by_id, _ = OTHERS[case]
    files = written(tmp_path, "base"), written(tmp_path, "new", **changed)
    plans = [us.plan(file, id="key", **OPTIONS) for file in files]
    assert refused(*plans, **dict.fromkeys(OPTIONS)) == by_id
    check: Any = us.check
    with pytest.raises(us.InputError, match="differ"):
        check(*files, id="key", **OPTIONS, max_worse=1.0)


def test_the_first_model_that_differs_is_named(tmp_path):
    like, other = written(tmp_path, "like"), written(tmp_path, "n", **of_rows("w", k39=0.5))
    said = refused(written(tmp_path, "base"), like, other, names=("base", "like", "n"), id="key")
    assert said.startswith("the weights differ between base and n in 1 row (the first has id 'k39'")


@pytest.mark.parametrize("unit", [1.0, 2.0**-900, 1e90])
def test_weights_to_single_precision_are_the_same(tmp_path, unit):
    weights = (1.0 + np.arange(ROWS) / 3) * unit
    base = written(tmp_path, "base", w=weights)
    new = written(tmp_path, "new", w=(weights / unit).astype(np.float32).astype(float) * unit)
    assert us.compare(base, new, id="key", **OPTIONS).weighted
    off = weights.copy()
    off[5] *= 1 + 3e-6
    assert "in 1 row (the first has id 'k5'" in refused(
        base, written(tmp_path, "off", w=off), id="key"
    )


def test_order_and_rows_that_are_left_out_do_not_matter(tmp_path):
    base, new = written(tmp_path, "base"), written(tmp_path, "new", **of_rows("w", k39=0.5))
    rows = pq.read_table(new)
    pq.write_table(rows.take(np.arange(38, -1, -1)), new)
    found = us.compare(base, new, id="key", join="inner", **OPTIONS)
    assert (found.differences[0].difference.rows, found.unmatched_rows) == (39, 1)


def test_rows_of_weight_0_may_differ(tmp_path):
    idle = {f"k{row}": 0.0 for row in range(5)}
    base = written(tmp_path, "base", **of_rows("w", **idle))
    others = of_rows("label", k0="b", k1="a"), of_rows("user", k3=1000)
    new = written(tmp_path, "new", **of_rows("w", **idle), **others[0], **others[1])
    assert us.compare(base, new, id="key", **OPTIONS).weighted


def test_truths_that_are_distributions(tmp_path):
    truths = np.random.default_rng(8).dirichlet([1.0, 1.0], ROWS)
    base = written(tmp_path, "base", label=list(truths))
    truths[4] = [0.5, 0.5]
    said = refused(base, written(tmp_path, "new", label=list(truths)), id="key", classes=None)
    assert "(the first has id 'k4': entropy 0." in said
    assert " in base, entropy 1 in new)" in said


def test_long_names_leave_room_for_what_differs(tmp_path):
    keys, classes = [f"{row}-" + "x" * 500 for row in range(ROWS)], ["a" * 300, "b" * 300]
    long: Any = np.array(classes)[np.arange(ROWS) % 2]
    base = written(tmp_path, "base", key=keys, label=long)
    long[6] = classes[1]
    new = written(tmp_path, "new", key=keys, label=long)
    names = ("an/old/model" * 9 + "/its.parquet", "a/new/model" * 9 + "/own.parquet")
    said = refused(base, new, id="key", names=names, classes=classes)
    assert said.startswith("the truth differs between an/old/model")
    assert " in 1 row (the first has id '6-xxxx" in said
    assert said.split("xxx': ")[1].startswith(
        "'aaaaaaaaaaaaaaaa… in an/old/….parquet, 'bbbbbbbbbbbbbbbb… in a/new/m….parquet); expected "
    )


def test_the_command_is_refused(tmp_path, capsys):
    base, new = written(tmp_path, "base"), written(tmp_path, "new", **of_rows("w", k12=100.0))
    options = ["--id", "key", "--classes", "a,b"]
    for command in (["compare"], ["check", "--max-worse", "1"]):
        assert run([*command, base, new, *options, "--weight", "w"]) == WRONG
        said = capsys.readouterr().err
        assert "the first has id 'k12': 5 in base.parquet, 100 in new.parquet" in said
    assert run(["compare", base, new, *options]) == FINE
