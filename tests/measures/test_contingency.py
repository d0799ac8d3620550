"""Label vectors of every kind, tables, and what is wrong with either."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from unsurprised.errors import CallError, InputError
from unsurprised.forms import Counts, Labels, Logits, Probs
from unsurprised.measures.clusterings import (
    adjusted_mutual_information,
    completeness,
    contingency,
    homogeneity,
    v_measure,
)

#: b b a c, whatever a, b and c are.
TABLE = [[1, 0], [0, 2], [1, 0]]
OTHER = [1, 1, 0, 0]

VECTORS: dict[str, Any] = {
    "list": [5, 5, -3, 7],
    "tuple of names": ("b", "b", "a", "c"),
    "int8": np.array([5, 5, -3, 7], np.int8),
    "large uint64": np.array([2**63, 2**63, 1, 2**64 - 1], np.uint64),
    "names": np.array(["b", "b", "a", "c"]),
    "object": np.array(["b", "b", "a", "c"], dtype=object),
    "read-only": np.broadcast_to(np.array([[5], [5], [-3], [7]]), (4, 2))[:, 1],
    "reversed": np.array([7, -3, 5, 5])[::-1],
    "pandas": pd.Series([5, 5, -3, 7], index=[3, 2, 1, 0]),
    "pandas, names": pd.Series(["b", "b", "a", "c"]),
    "pandas, categories": pd.Series(["b", "b", "a", "c"], dtype="category"),
    "pandas, nullable": pd.Series([5, 5, -3, 7], dtype="Int64"),
    "polars": pl.Series([5, 5, -3, 7]),
    "polars, names": pl.Series(["b", "b", "a", "c"]),
    "arrow": pa.array([5, 5, -3, 7]),
    "arrow, names": pa.array(["b", "b", "a", "c"]),
    "arrow, dictionary": pa.array(["b", "b", "a", "c"]).dictionary_encode(),
    "arrow, chunks": pa.chunked_array([[5, 5], [-3, 7]]),
    "Labels": Labels([5, 5, 3, 7]),
    "Labels, classes": Labels([1, 1, 0, 2], classes=4),
    "Labels, names": Labels(["b", "b", "a", "c"], classes=["c", "b", "a"]),
    "Labels, names alone": Labels(["b", "b", "a", "c"]),
}


@pytest.mark.parametrize("kind", VECTORS)
def test_every_kind_of_labels(kind: str) -> None:
    table = contingency(VECTORS[kind], OTHER)
    assert isinstance(table, Counts)
    assert table.array.values.dtype == np.int64
    assert table.array.values.tolist() == TABLE
    transposed = contingency(OTHER, VECTORS[kind]).array.values
    np.testing.assert_array_equal(transposed, np.transpose(TABLE))
    for value in (homogeneity, completeness, v_measure, adjusted_mutual_information):
        assert value(VECTORS[kind], OTHER) == value(TABLE)


def test_truth_values() -> None:
    table = contingency([True, False, True], np.array([False, False, True]))
    assert table.array.values.tolist() == [[1, 0], [1, 1]]


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
def test_torch(dtype: str) -> None:
    torch = pytest.importorskip("torch")
    labels = torch.tensor([1, 1, 0, 1]).to(getattr(torch, dtype))
    assert contingency(labels, OTHER).array.values.tolist() == [[1, 0], [1, 2]]


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    labels = jax.numpy.array([1, 1, 0, 1])
    assert contingency(labels, OTHER).array.values.tolist() == [[1, 0], [1, 2]]


@pytest.mark.parametrize("table", [pd.DataFrame(TABLE), np.array(TABLE, np.float16), Counts(TABLE)])
def test_every_kind_of_table(table: Any) -> None:
    assert homogeneity(table) == homogeneity(TABLE) == homogeneity([1, 1, 0, 2], OTHER)


Bad = tuple[Callable[[], Any], str]

CALLS: dict[str, Bad] = {
    "lengths": (
        lambda: contingency([0, 1, 1], [0, 1]),
        "a has 3 labels, b has 2; expected both to label the same rows",
    ),
    "empty": (lambda: contingency([], []), "a and b are empty; expected at least one label"),
    "empty names": (lambda: v_measure(np.array([], str), []), "a and b are empty"),
    "one empty": (lambda: homogeneity([1], []), "a has 1 labels, b has 0"),
    "a table and labels": (
        lambda: homogeneity([[1, 2], [3, 4]], [0, 1]),
        "a has the shape (2, 2); expected a vector, one label for each row",
    ),
    "one label": (lambda: contingency([0], 0), "b has the shape (); expected a vector"),
    "floats": (
        lambda: contingency([0, 1], [0.0, 1.0]),
        "b holds float64; expected labels: integers, names or truth values",
    ),
    "NaN": (lambda: completeness([0, np.nan], [0, 1]), "a holds float64; expected labels"),
    "nulls": (lambda: completeness(pa.array([0, None]), [0, 1]), "a has masked entries or nulls"),
    "missing names": (lambda: contingency(["x", None], [0, 1]), "a has masked entries or nulls"),
    "dates": (lambda: contingency(np.array(["2020"], "M8[Y]"), [0]), "a holds datetime64"),
    "probabilities": (
        lambda: contingency(Probs([0.5, 0.5]), [0, 1]),
        "a is Probs(shape=(2,), dtype=float64); expected labels, one for each row",
    ),
    "smoothed": (
        lambda: contingency([0, 1], Labels([0, 1], smoothing=0.1, classes=2)),
        "b is Labels(…, smoothing=0.1); expected labels as they are",
    ),
    "too many cells": (
        lambda: contingency(np.arange(20_000), np.arange(20_000)),
        "a has 20,000 distinct labels and b 20,000: a table of 400,000,000 counts; expected at "
        "most 134,217,728; merge rare labels, or ask homogeneity, completeness, v_measure or "
        "adjusted_mutual_information",
    ),
    "b missing": (
        lambda: adjusted_mutual_information([0, 1, 1]),
        "a has the shape (3,) and b is missing; expected two vectors of labels, or a contingency",
    ),
    "a joint of logits": (
        lambda: homogeneity(Logits([[0.0, 1.0]])),
        "a is Logits(shape=(1, 2), dtype=float64); expected a contingency table of counts",
    ),
    "a table of names": (lambda: homogeneity([["x", "y"]]), "expected a contingency table"),
    "normalization": (
        lambda: adjusted_mutual_information([0], [0], normalization="mean"),
        "normalization='mean'; expected one of 'arithmetic', 'geometric', 'max', 'min'",
    ),
    "no normalization": (
        lambda: adjusted_mutual_information([0], [0], normalization=None),
        "normalization=None; expected one of",
    ),
    "negative beta": (lambda: v_measure([0], [0], beta=-1), "beta=-1; expected a finite number"),
    "infinite beta": (lambda: v_measure([0], [0], beta=np.inf), "beta=inf; expected a finite"),
    "beta of text": (lambda: v_measure([0], [0], beta="1"), "beta='1'; expected a finite number"),
}

INPUTS: dict[str, Bad] = {
    "negative count": (
        lambda: homogeneity([[1, 2], [3, -1]]),
        "row 1: found -1 in column 1 of a contingency table; expected counts, whole numbers of at "
        "least 0; for shares or weights use normalized_mutual_information",
    ),
    "fraction": (lambda: v_measure([[0.5, 0.0], [0.0, 0.5]]), "row 0: found 0.5 in column 0"),
    "NaN count": (lambda: completeness([[1.0, np.nan]]), "row 0: found NaN in column 1"),
    "infinite count": (lambda: completeness([[1.0], [np.inf]]), "row 1: found inf in column 0"),
    "no count": (
        lambda: adjusted_mutual_information([[0, 0]]),
        "a contingency table whose counts sum to 0; expected 1 to 2⁵³ rows counted",
    ),
    "no cell": (lambda: homogeneity(np.zeros((0, 3))), "whose counts sum to 0"),
    "beyond whole numbers": (lambda: homogeneity([[1e300, 1.0]]), "whose counts sum to 1e+300"),
    "label outside the classes": (
        lambda: contingency(Labels([0, 7], classes=3), [0, 1]),
        "row 1: found the label 7; expected 0 to 2, the index of one of 3 classes",
    ),
    "unknown name": (
        lambda: contingency([0, 1], Labels(["a", "z"], classes=["a", "b"])),
        "row 1: found the unknown class 'z'",
    ),
}


@pytest.mark.parametrize("fault", CALLS)
def test_a_bad_call(fault: str) -> None:
    call, message = CALLS[fault]
    with pytest.raises(CallError, match=re.escape(message)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fault", INPUTS)
def test_a_bad_table(fault: str) -> None:
    call, message = INPUTS[fault]
    with pytest.raises(InputError) as caught:
        call()
    assert message in str(caught.value)
