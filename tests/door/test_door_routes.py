"""The same data give the same bytes, whichever way they come in."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us

WORDS = ("cat", "dog", "bird", "class 1", "3d", "Ü", "a_b", "a.c")
NUMBERS = ("0", "1", "2", "9", "10", "11", "-1")

Case = tuple[list[str], list[int], list[int], np.ndarray, str]


@st.composite
def cases(draw: Any) -> Case:
    """Names of the classes, an order of the columns, the label of each row, its probabilities."""
    names = draw(
        st.lists(
            st.sampled_from(draw(st.sampled_from([WORDS, NUMBERS]))),
            min_size=2,
            max_size=5,
            unique=True,
        )
    )
    rows = draw(st.integers(3, 40))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    labels = generator.integers(0, len(names), rows).tolist()
    labels[: len(names)] = range(min(len(names), rows))  # all are there: columns are found by them
    probs = generator.dirichlet(np.full(len(names), 0.5), rows)
    order = draw(st.permutations(range(len(names))))
    stem = draw(st.sampled_from(["p_", "prob_class_", "P({})", "{}", ".pred_", "{}_prob"]))
    return names, list(order), labels, probs, stem if "{}" in stem else stem + "{}"


def of_rows(evaluation: Any) -> str:
    """All that does not tell where the rows came from."""
    fields = evaluation.as_dict()
    del fields["reading"]
    for row in fields["worst_rows"]:
        del row["file"]
    return json.dumps(fields)


def evaluate(*given: Any, **options: Any) -> Any:
    # The ledger is a function of the same rows, and takes a second.
    return us.evaluate(*given, **options, ledger=False)


def labels_as(names: list[str], labels: list[int], kind: str) -> Any:
    """The labels as text, integers, floats, categories, …, where the names allow it."""
    texts = [names[label] for label in labels]
    numbers = all(name.lstrip("-").isdigit() for name in names)
    if kind == "integer" and numbers:
        return [int(text) for text in texts]
    if kind == "float" and numbers:
        return [float(text) for text in texts]
    return texts


@given(cases(), st.sampled_from(["text", "integer", "float"]))
@settings(max_examples=12)
def test_every_route(case: Case, kind: str) -> None:
    names, order, labels, probs, stem = case
    happened = labels_as(names, labels, kind)
    columns = {stem.format(names[k]): probs[:, k] for k in order}
    # The classes come in the order of the columns, wherever nobody says another one.
    shown = [names[k] for k in order]
    right = of_rows(evaluate(labels_as(names, labels, "text"), probs[:, order], classes=shown))
    if not names[0].lstrip("-").isdigit():  # integers bind by name where names are numbers
        at = us.Labels([order.index(label) for label in labels], classes=shown)
        assert of_rows(evaluate(at, probs[:, order])) == right
    frame = pd.DataFrame(columns)
    whole = frame.assign(label=happened)
    told = {"classes": shown} if stem != "{}" and stem.startswith("{}") else {}
    routes: dict[str, Callable[[Path], Any]] = {
        "two of pandas": lambda _: evaluate(pd.Series(happened), frame, **told),
        "a categorical": lambda _: evaluate(pd.Series(happened, dtype="category"), frame, **told),
        "two of Polars": lambda _: evaluate(pl.Series(happened), pl.from_pandas(frame), **told),
        "two of Arrow": lambda _: evaluate(pa.array(happened), pa.table(columns), **told),
        "a dictionary": lambda _: evaluate(np.array(happened), columns, **told),
        "an evaluator": lambda _: us.Evaluator(**told).update(happened, frame).result(ledger=False),
        "pandas": lambda _: evaluate(whole),
        "Polars": lambda _: evaluate(pl.from_pandas(whole)),
        "Arrow": lambda _: evaluate(pa.table(columns | {"label": happened})),
        "Parquet": lambda at: _in(at, "a.parquet", lambda f: pq.write_table(pa.table(columns | {"label": happened}), f)),
        "Parquet of Polars": lambda at: _in(at, "a.parquet", pl.from_pandas(whole).write_parquet),
        "Feather": lambda at: _in(at, "a.feather", lambda f: feather.write_feather(whole, f)),
        "CSV": lambda at: _in(at, "a.csv", lambda f: whole.to_csv(f, index=False)),
        "CSV with an index": lambda at: _in(at, "a.csv", whole.to_csv),
        "CSV of Polars": lambda at: _in(at, "a.csv", pl.from_pandas(whole).write_csv),
        "JSON lines": lambda at: _in(at, "a.jsonl", lambda f: f.write_text(_lines(whole))),
        "lists": lambda at: _in(at, "a.parquet", lambda f: pq.write_table(
            pa.table({"label": happened, "probs": probs[:, order].tolist()}), f), classes=shown),
        "maps": lambda at: _in(at, "a.parquet", lambda f: pq.write_table(pa.table({"label": happened, "probs": pa.array(
            [list(zip(shown, row, strict=True)) for row in probs[:, order].tolist()], pa.map_(pa.string(), pa.float64()))}), f)),
        "npz": lambda at: _in(at, "a.npz", lambda f: np.savez(f, label=np.array(happened), probs=probs[:, order], classes=np.array(shown))),
        "columns and classes": lambda _: evaluate(whole, pred=dict(zip(shown, columns, strict=True))),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        for name, route in routes.items():
            assert of_rows(route(Path(folder))) == right, name


def test_labels_count_from_0_whether_or_not_a_0_is_among_them() -> None:
    """As their own page says; of plain integers nobody does, and they are asked about."""
    frame = pd.DataFrame([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1]], columns=["a", "b", "c"])
    assert us.evaluate(us.Labels([2, 1], classes=["a", "b", "c"]), frame).accuracy.value == 1.0
    with pytest.raises(us.InputError, match="integers without a 0"):
        us.evaluate([2, 1], frame)
    names = ["c", "b"]  # the first column's class does not happen
    for happened in (names, pd.Series(names, dtype="category"), pl.Series(names)):
        assert us.evaluate(happened, frame).accuracy.value == 1.0


def _in(folder: Path, name: str, write: Callable[[Path], Any], **options: Any) -> Any:
    write(folder / name)
    return evaluate(folder / name, **options)


def _lines(frame: pd.DataFrame) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in frame.to_dict("records"))


@given(st.integers(0, 2**32), st.sampled_from(["?", "i1", "u1", "i8", "f2", "f4", "f8"]))
@settings(max_examples=10)
def test_one_hot_rows_by_every_route(seed: int, kind: str) -> None:
    generator = np.random.default_rng(seed)
    rows, count = int(generator.integers(2, 30)), int(generator.integers(2, 6))
    truth = np.eye(count, dtype=kind)[generator.integers(0, count, rows)]
    probs = generator.dirichlet(np.ones(count), rows)
    right = of_rows(evaluate(np.eye(count)[truth.argmax(axis=1)], probs))
    table = pa.table({"label": list(truth), "probs": list(probs)})
    for found in (
        evaluate(truth, probs),
        evaluate(truth[None], probs[None]),
        evaluate(table),
    ):
        assert of_rows(found) == right


def test_the_ledger_too() -> None:
    generator = np.random.default_rng(0)
    probs = generator.dirichlet(np.ones(3), 60)
    names = np.array(["cat", "dog", "bird"])[[0, 1, 2] * 20]
    frame = pd.DataFrame(probs, columns=["cat", "dog", "bird"])
    right = of_rows(us.evaluate(names, probs, classes=["cat", "dog", "bird"]))
    assert of_rows(us.evaluate(names, frame)) == right
    assert of_rows(us.evaluate(frame.assign(target=names))) == right
