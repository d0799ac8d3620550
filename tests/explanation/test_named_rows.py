"""Rows whose outcomes have names: these bind, in whatever order they stand."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import unsurprised as us
from unsurprised.errors import CallError, InputError
from unsurprised.explanation import explain

P = {"ant": 0.5, "bee": 0.2, "cow": 0.3}
Q = {"cow": 0.6, "ant": 0.3, "bee": 0.1}

FORMS: dict[str, Any] = {
    "dictionaries": dict,
    "series": pd.Series,
    "one row of a frame": lambda row: pd.DataFrame([row]),
    "one row of Polars": lambda row: pl.DataFrame([row]),
    "log-probabilities": lambda row: us.LogProbs(pd.Series(row).map(math.log)),
    "counts": lambda row: us.Counts({name: round(100 * share) for name, share in row.items()}),
}


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("form", FORMS)
def test_two_rows_meet_by_their_names(form: str) -> None:
    found = explain(FORMS[form](P), FORMS[form](Q), epsilon=0.1)
    assert [one.name for one in found.outcomes] == ["ant", "bee", "cow"]
    for one in found.outcomes:
        p, q = P[one.name], Q[one.name]
        assert (one.p, one.q) == (close(p), close(q))
        assert one.cross_entropy == close(-p * math.log2(q))
        assert one.kl_divergence == close(p * math.log2(p / q))
    assert found.cross_entropy == close(-sum(P[name] * math.log2(Q[name]) for name in P))
    assert found.reverse_kl_divergence == close(
        sum(Q[name] * math.log2(Q[name] / P[name]) for name in P)
    )
    assert found.smoothing is not None
    assert found.smoothing.cross_entropy == close(
        -sum(P[name] * math.log2(0.9 * Q[name] + 0.1 / 3) for name in P)
    )


def test_all_that_is_written_says_the_same(tmp_path: Path) -> None:
    found = explain({"a": 0.9, "b": 0.1}, {"b": 0.1, "a": 0.9})
    assert found.meaning.startswith("Q is P")
    assert found.smoothing is not None
    assert found.smoothing.cross_entropy - found.cross_entropy < 0.01
    rows = json.loads(found.to_json())["outcomes"]
    assert [(row["name"], row["p"], row["q"]) for row in rows] == [("a", 0.9, 0.9), ("b", 0.1, 0.1)]
    assert sum(row["cross_entropy"] for row in rows) == close(found.cross_entropy)
    table = [line.split()[:3] for line in found.to_text().splitlines()]
    assert ["a", "0.9000", "0.9000"] in table
    assert ["b", "0.1000", "0.1000"] in table
    page = tmp_path / "page.html"
    found.to_html(page)
    shown = re.sub(r"<[^>]*>", " ", page.read_text(encoding="utf-8"))
    assert re.search(r" a +0\.9000 +0\.9000 ", " ".join(shown.split())), shown[-2000:]


def test_the_names_of_one_row_stand_in_its_lines() -> None:
    counted = us.Counts(pd.Series(list("bbbabb")).value_counts())
    assert [(one.name, one.p) for one in explain(counted).outcomes] == [
        ("b", close(5 / 6)),
        ("a", close(1 / 6)),
    ]
    named = explain(P, [0.1, 0.2, 0.7])  # what has no names stands as the other row does
    assert [(one.name, one.q) for one in named.outcomes][2] == ("cow", close(0.7))


def test_what_one_row_does_not_name_has_no_share_there() -> None:
    found = explain({"a": 0.9, "b": 0.1}, {"c": 0.2, "b": 0.1, "a": 0.7})
    assert [(one.name, one.p, one.q) for one in found.outcomes] == [
        ("a", 0.9, close(0.7)),
        ("b", 0.1, close(0.1)),
        ("c", 0.0, close(0.2)),
    ]
    assert found.kl_divergence == close(0.9 * math.log2(0.9 / 0.7))


@pytest.mark.parametrize(
    "outcome", ["dog", us.Labels("dog"), us.Labels("dog", classes=["cat", "dog"])]
)
def test_what_happened_is_found_by_its_name(outcome: Any) -> None:
    row = pd.Series({"dog": 0.01, "cat": 0.99})
    for names in (None, ["dog", "cat"], ["cat", "dog"]):
        found = explain(outcome, row, names=names)
        assert found.meaning == (
            "The model gave 1 % to what happened, 'dog': 6.6439 bits of surprise."
        )
        assert found.happened is not None
        assert found.outcomes[found.happened].name == "dog"
        assert [one.q for one in found.outcomes] == [row[one.name] for one in found.outcomes]


@pytest.mark.parametrize("outcome", [0, "0", us.Labels(0), us.Labels([0]), us.Labels(0, classes=2)])
def test_names_that_are_numbers_are_names(outcome: Any) -> None:
    for row, names in (
        (pd.Series({1: 0.01, 0: 0.99}), None),
        ([0.01, 0.99], [1, 0]),
        (pd.Series({1: 0.01, 0: 0.99}), [1, 0]),
    ):
        found = explain(outcome, row, names=names)
        assert found.cross_entropy == close(-math.log2(0.99))
        assert found.meaning.startswith("The model gave 99 % to what happened, '0'")


def test_smoothed_labels_and_beliefs_that_are_labels() -> None:
    found = explain(us.Labels("dog", smoothing=0.1), {"dog": 0.25, "cat": 0.75})
    assert [(one.name, one.p) for one in found.outcomes] == [
        ("dog", close(0.95)),
        ("cat", close(0.05)),
    ]
    believed = explain({"dog": 0.25, "cat": 0.75}, us.Labels("cat"))
    assert [(one.name, one.q) for one in believed.outcomes] == [("dog", 0.0), ("cat", 1.0)]


def test_names_that_are_said_set_the_order() -> None:
    found = explain(P, Q, names=["cow", "ant", "bee"])
    assert [(one.name, one.p, one.q) for one in found.outcomes] == [
        (name, close(P[name]), close(Q[name])) for name in ("cow", "ant", "bee")
    ]
    beside = explain(P, [0.6, 0.3, 0.1], names=["cow", "ant", "bee"])
    assert [one.q for one in beside.outcomes] == [0.1, 0.6, 0.3]
    numbered = explain({"p_1": 0.9, "p_0": 0.1}, names=["cat", "dog"])
    assert [(one.name, one.p) for one in numbered.outcomes] == [("cat", 0.1), ("dog", 0.9)]
    counted = explain(1, {"dog": 0.01, "cat": 0.99}, names=["cat", "dog"])
    assert counted.meaning.startswith("The model gave 1 % to what happened, 'dog'")


REFUSED: dict[str, tuple[Any, str]] = {
    "other names": (lambda: explain(P, {"emu": 0.5, "fox": 0.3, "gnu": 0.2}),
                    "names of the classes differ"),
    "names= that are others": (lambda: explain(P, names=["x", "y", "z"]),
                               r"names= holds others .*missing 'ant', .*additional 'x'"),
    "a name twice": (lambda: explain(pd.Series([0.5, 0.2, 0.3], index=list("aba"))),
                     "two outcomes of a row are called 'a'"),
    "an unknown name": (lambda: explain("elk", P), "unknown class 'elk'; expected one of 'ant', "),
    "other classes": (lambda: explain(us.Labels("x", classes=["x", "y"]), {"a": 0.5, "b": 0.5}),
                      "names of the classes differ"),
    "other classes beside names=": (
        lambda: explain(us.Labels("x", classes=["x", "y"]), {"a": 0.5, "b": 0.5}, names=["b", "a"]),
        r"names of the classes differ \(missing 'b', 'a'"),
    "a place or a name": (lambda: explain(1, {"dog": 0.01, "cat": 0.99}),
                          r"1 is 'cat' by position.* say it by its name, .*names=\[…\]"),
    "a place or a code": (lambda: explain(1, {"c": 0.01, "b": 0.98, "a": 0.01}),
                          r"say names=\[c,b,a\] .* for the order of the columns, names=\[a,b,c\]"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_name_tells_is_refused(case: str) -> None:
    call, said = REFUSED[case]
    with pytest.raises((CallError, InputError), match=said) as refused:
        call()
    assert "\n" not in str(refused.value)
