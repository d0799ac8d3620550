"""Frames in an engine, cut up in any way, have the bytes and the errors of one frame here."""

from __future__ import annotations

import pickle
from collections.abc import Generator, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from frames_on_engines import ASKED, WRONG, refused, rows, wrong
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_sources import columns, table

import unsurprised as us
from unsurprised.calibration.on_frame import calibrate_frame
from unsurprised.engines.frames.found import frame_of
from unsurprised.evaluation.bins import NumberLook
from unsurprised.evaluation.frames.opened import evaluate_frame
from unsurprised.states import sample


class Cut:
    """A frame whose partitions are parts of a table; which is the first one, nobody knows."""

    called, with_id, kept, for_lists = "Cut frame", "the column", "source.keep()", "parse them"

    def __init__(self, parts: Sequence[pa.Table]) -> None:
        self.parts, self.reads = list(parts), 0

    def mapped(self, work: Any, columns: Sequence[str] | None = None) -> Generator[bytes]:
        """What some work finds in each part, of batches of 170 rows; it travels as bytes."""
        self.reads += 1
        for part in self.parts:
            chosen = part.select(list(columns)) if columns and part.num_rows else part
            yield pickle.loads(pickle.dumps(work))(iter(chosen.to_batches(max_chunksize=170)))


def cut(whole: pa.Table, parts: int, seed: int = 0) -> Cut:
    """The rows in another order, in so many parts, some of which have none."""
    random = np.random.default_rng(seed)
    mixed = whole.take(pa.array(random.permutation(whole.num_rows)))
    cuts = sorted(random.integers(0, whole.num_rows + 1, parts - 1).tolist())
    ends = [0, *cuts, whole.num_rows]
    return Cut([mixed.slice(a, b - a) for a, b in pairwise(ends)])


def there(frame: Any, *, top: int = 10, ledger: bool = True, **asked: Any) -> us.Evaluation:
    """The evaluation of a frame in an engine."""
    return evaluate_frame(frame, {"id": "row_id", **asked}, base=2, top=top, ledger=ledger)


def same(whole: pa.Table, **asked: Any) -> None:
    """Whether some ways to cut the rows up give what one machine says."""
    want = us.evaluate(whole, **{"id": "row_id", **asked}).to_json()
    for parts, seed in ((1, 1), (3, 2), (11, 3)):
        assert there(cut(whole, parts, seed), **asked).to_json() == want


def said_of(whole: pa.Table, **asked: Any) -> str:
    """The one error of all ways to cut the rows up."""
    told = {
        refused(there, cut(whole, parts, seed), **asked)
        for parts, seed in ((1, 1), (5, 2), (30, 3))
    }
    assert len(told) == 1
    return told.pop()


MANY = pa.concat_tables([table(seed, 500) for seed in range(4)])

CASES: dict[str, tuple[pa.Table, dict[str, Any]]] = {
    "slices, clusters, weights": (
        MANY,
        {"pred": "probs", "by": ["age", "land", "x"], "cluster": "user", "weight": "w"},
    ),
    "logits": (MANY, {"pred": "z", "kind": "logits"}),
    "a column a class": (columns(MANY), {"by": "age"}),
    "a text": (MANY, {"logprob": "lp", "units": ["bytes"]}),
    "nulls": (MANY, {"pred": "probs", "nulls": "skip", "weight": "sparse", "by": "sparse"}),
    "ids that are numbers": (
        MANY.set_column(0, "row_id", pa.array(np.arange(len(MANY))[::-1] - 7)),
        {"pred": "probs"},
    ),
    "no ledger": (MANY, {"pred": "probs", "ledger": False}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_bytes_of_one_machine(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 300)  # so that rows are passed over
    whole, asked = CASES[case]
    same(whole, **asked)


@settings(max_examples=6, deadline=None)
@given(parts=st.integers(1, 30), seed=st.integers(0, 2**31))
def test_cut_up_in_any_way(parts: int, seed: int) -> None:
    whole = rows()
    want = us.evaluate(whole, **ASKED).to_json()
    assert there(cut(whole, parts, seed), **{**ASKED, "by": ("age", "land")}).to_json() == want


def test_what_few_rows_tell_is_looked_for_in_all() -> None:
    """A truth of shares, of distributions, of votes; labels by name beside one number a row."""
    random, n = np.random.default_rng(0), 3000
    ids, p = pa.array(range(n)), random.random(n)
    few = np.where(np.arange(n) == 1711, 0.5, random.integers(0, 2, n).astype(float))
    same(pa.table({"row_id": ids, "label": few, "score": p}))
    two = np.stack([few, 1 - few], axis=1)
    same(pa.table({"row_id": ids, "label": list(two), "probs": list(np.stack([p, 1 - p], 1))}))
    votes = np.where(np.arange(n)[:, None] == 1711, 2.0, np.eye(2)[random.integers(0, 2, n)])
    both = {"row_id": ids, "probs": list(np.stack([p, 1 - p], 1))}
    same(pa.table({**both, "label": list(votes)}))
    same(
        pa.table({"row_id": ids, "t_0": votes[:, 0], "t_1": votes[:, 1], "p_0": p, "p_1": 1 - p}),
        label="t_",
    )
    named = pa.array(["yes" if k == 1711 else "no" for k in range(n)])
    same(pa.table({"row_id": ids, "label": named, "score": p}))
    one = np.where(np.arange(n) == 1711, 0.5, few.round())
    same(pa.table({"row_id": ids, "label": few.round().astype(int), "prob": one}))


def test_partitions_without_rows_values_or_with_other_types() -> None:
    whole = columns(table(0))
    part = [whole.slice(40 * k, 40) for k in range(3)]
    seen = [pa.nulls(40), pa.array(range(40)), pa.array(np.arange(40) / 4)]
    parts = [each.append_column("seen", values) for each, values in zip(part, seen, strict=True)]
    coded = parts[1].set_column(2, "label", parts[1]["label"].combine_chunks().dictionary_encode())
    frame = Cut([parts[0], pa.table({"other": []}), coded, parts[2]])
    here = pa.concat_tables(parts, promote_options="permissive")
    assert (
        there(frame, by=("seen",)).to_json() == us.evaluate(here, id="row_id", by="seen").to_json()
    )
    empty = whole.append_column("seen", pa.nulls(120, pa.float64()))
    same(empty, by=("seen",))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (
            pa.array(["a", "b"]),
            "column 'x': found floating-point numbers in some partitions and na",
        ),
        (
            pa.array([True, False]),
            "column 'x': found booleans in some partitions and floating-poin",
        ),
    ],
)
def test_partitions_that_do_not_go_together(other: pa.Array, told: str) -> None:
    first = pa.table(
        {"row_id": [1, 2], "label": [0, 1], "probs": [[0.5, 0.5]] * 2, "x": [0.5, 1.5]}
    )
    second = first.set_column(3, "x", other).set_column(0, "row_id", pa.array([3, 4]))
    for parts in ([first, second], [second, first]):
        assert refused(there, Cut(parts), by=("x",)).startswith(told)
        assert there(Cut(parts)).rows == 4
    less = Cut([first, second.drop_columns(["x"])])
    said = refused(there, less)
    assert said.startswith(
        "partitions differ in their columns: 'row_id', 'label', 'probs' in some,"
    )


@pytest.mark.parametrize("other", [pa.int64(), pa.int8()])
def test_ids_of_uint64_in_some_partitions(other: pa.DataType) -> None:
    """Are hashed as names, so that these would not be the rows that were seen before."""
    whole = table(0)
    ids = pa.array(range(120))
    parts = [
        whole.slice(first, 60).set_column(0, "row_id", ids.slice(first, 60).cast(kind))
        for first, kind in ((0, other), (60, pa.uint64()))
    ]
    for order in (parts, parts[::-1]):
        assert refused(there, Cut(order), pred="probs") == (
            f"column 'row_id': found {other} in some partitions and uint64 in others; expected one "
            "type in all partitions; cast the column to it before"
        )
    same(whole.set_column(0, "row_id", ids.cast(pa.uint64())), pred="probs")
    nulls = [parts[1], parts[1].set_column(0, "row_id", pa.nulls(60))]
    assert there(Cut(nulls), pred="probs", nulls="skip").rows == 60


def test_the_wrong_row_of_the_smallest_id() -> None:
    assert said_of(wrong(), **{**ASKED, "by": ("age",)}).startswith(WRONG)
    labels = np.where(np.arange(len(MANY)) % 700 == 9, 9, MANY["label"])
    numbered = MANY.set_column(1, "label", pa.array(labels))
    numbered = numbered.set_column(0, "row_id", pa.array(np.arange(len(MANY)) - 1000))
    said = said_of(numbered, pred="probs")
    assert said.startswith("the row with id -991, column 'label': found label 9; expected an index")


def test_sums_that_are_off_are_counted_in_all_partitions() -> None:
    probs = np.array(MANY["probs"].to_pylist())
    probs[::300] *= 1.5
    off = MANY.set_column(2, "probs", pa.array(list(probs)))
    said = said_of(off, pred="probs")
    assert said.startswith("the row with id r0-0, column 'probs': found probabilities that sum to ")
    assert "(7 such rows, this is the first)" in said
    worse = off.set_column(
        1, "label", pa.array(np.where(np.arange(len(off)) == 1999, 9, off["label"]))
    )
    assert "(the first such row)" in said_of(worse, pred="probs")


def test_rows_without_an_id() -> None:
    said = refused(there, cut(MANY, 2), pred="probs", id=None, error=us.CallError)
    assert said == (
        "the rows of a Cut frame have no places by which they could be told from each other, or "
        'named in errors; say id="…": the column'
    )
    some = pa.array([None if k % 9 == 0 else f"a{k}" for k in range(len(MANY))])
    some = MANY.set_column(0, "row_id", some)
    assert said_of(some, pred="probs").startswith(
        "column 'row_id': found null; expected a value in"
    )
    same(some, pred="probs", nulls="skip")
    none = MANY.set_column(0, "row_id", pa.nulls(len(MANY), pa.string()))
    assert said_of(none, pred="probs").startswith("column 'row_id': found null in every row; exp")
    assert said_of(MANY, pred="probs", id="x") == (
        "column 'x': found double; expected integers or names; cast it to text"
    )


def test_an_id_that_several_rows_have() -> None:
    """In different partitions too, and where no look at a few rows has met it."""
    ids = MANY["row_id"].to_pylist()
    seen = set()
    for pair in (3, 1700):
        twice = MANY.set_column(0, "row_id", pa.array([*ids[:1999], ids[pair]]))
        seen.add(said_of(twice, pred="probs").replace(ids[pair], "…"))
    assert len(seen) == 1
    assert seen.pop().startswith(
        "column 'row_id': found the id … more than once; expected an id of"
    )


def test_a_frame_that_gives_other_rows_each_time() -> None:
    frame = cut(MANY, 4)
    frame.mapped = _losing(frame)  # type: ignore[method-assign]
    said = refused(there, frame, pred="probs", error=us.StateError)
    assert "the Cut frame gave 2,000 rows, and " in said
    assert said.endswith("keep them with source.keep(), or write them to files")
    frame = cut(MANY, 4)
    frame.mapped = _repeating(frame)  # type: ignore[method-assign]
    said = refused(there, frame, pred="probs", error=us.UnsurprisedError)
    assert "more than once" in said or "other rows" in said or " rows, and " in said


def _losing(frame: Cut) -> Any:
    """A second read without the last partition."""

    def mapped(work: Any, columns: Any = None) -> Iterator[bytes]:
        found = list(Cut.mapped(frame, work, columns))
        yield from found if frame.reads == 1 else found[:-1]

    return mapped


def _repeating(frame: Cut) -> Any:
    """A second read that gives one partition twice."""

    def mapped(work: Any, columns: Any = None) -> Iterator[bytes]:
        found = list(Cut.mapped(frame, work, columns))
        yield from found if frame.reads == 1 else [*found, found[0]]

    return mapped


def test_a_worker_of_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = cut(MANY, 2)
    inner = frame.mapped

    def elsewhere(work: Any, columns: Any = None) -> Generator[bytes]:
        with monkeypatch.context() as patch:
            patch.setattr(us, "__version__", "0.0.9")
            yield from list(inner(work, columns))

    frame.mapped = elsewhere  # type: ignore[method-assign]
    said = refused(there, frame, pred="probs", error=us.StateError)
    assert said.startswith("the task comes from unsurprised ")


def test_calibrate_judges_the_rest_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 600)
    asked = {"pred": "probs", "id": "row_id", "cluster": "user"}
    frame = cut(MANY, 7)
    found = calibrate_frame(frame, asked, methods=None, folds=3, base=2)
    assert found.to_json() == us.calibrate(MANY, folds=3, **asked).to_json()  # type: ignore[arg-type]
    assert frame.reads == 3


def test_looks_at_numbers_merge() -> None:
    for values in (np.arange(9.0).repeat(9), np.random.default_rng(0).normal(size=4000)):
        whole, parts = NumberLook(), NumberLook()
        whole.add(values)
        for part in np.array_split(values, 7):
            look = NumberLook()
            look.add(part)
            parts.merge(NumberLook.of_said(pickle.loads(pickle.dumps(look.said()))))
        assert parts.bins() == whole.bins()


def _stranger(module: str, name: str, **methods: Any) -> Any:
    """An object of another library's class, as far as it is asked for it."""
    kind = type(name, (), {method: lambda *_: None for method in methods})
    kind.__module__ = module
    return kind()


STRANGERS = {
    "dask": _stranger("dask.dataframe.dask_expr._collection", "DataFrame", to_parquet=1, compute=1),
    "ray": _stranger("ray.data.dataset", "Dataset", write_parquet=1, map_batches=1, to_pandas=1),
    "pyspark": _stranger("pyspark.sql.connect.dataframe", "DataFrame", write=1, toPandas=1),
}


@pytest.mark.parametrize("library", STRANGERS)
def test_other_doors_say_what_to_do(library: str) -> None:
    frame = STRANGERS[library]
    for said in (
        refused(us.drift, frame, frame, error=us.CallError),
        refused(us.mi, frame, y="label", error=us.CallError),
    ):
        assert f"of {library}, whose rows lie in an engine, where evaluate and calibrate" in said
        assert "arquet(path), and pass that path; or its rows, where they are few: source." in said
    said = refused(us.plan, frame, error=us.CallError)
    assert said.startswith(f"found {type(frame).__name__} of {library}, whose rows have no places ")
    assert (
        "arquet(path), and pass that path; evaluate and calibrate take it as their source" in said
    )
    for said in (
        refused(us.evaluate, frame, frame, error=us.CallError),
        refused(us.explain, frame, error=us.CallError),
    ):
        assert f"of {library}, whose values are not at hand as an array" in said


def test_an_engine_that_is_not_the_frames_own() -> None:
    said = refused(us.evaluate, STRANGERS["dask"], engine="ray", id="a", error=us.CallError)
    assert said.startswith("engine is 'ray', and the source is a Dask DataFrame, whose rows are ev")
    assert frame_of(MANY) is None
