"""Scores in frames: tokens meet by the names of columns, and rows never in another order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unsurprised as us
from unsurprised.errors import CallError
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.sampled_meter import SampledKLMeter

RNG = np.random.default_rng(7)
TOKENS = ["the", "cat", "sat", "on"]
BASE, OTHER = RNG.normal(size=(6, 4)), RNG.normal(size=(6, 4))
TURNED = [2, 0, 3, 1]


def by_hand(base: np.ndarray, other: np.ndarray) -> float:
    p, q = (np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True) for rows in (base, other))
    return float((p * np.log2(p / q)).sum(axis=1).mean())


def frame(scores: np.ndarray, names: list[Any] = TOKENS) -> pd.DataFrame:
    return pd.DataFrame(scores, columns=names)


def turned(scores: np.ndarray, names: list[Any] = TOKENS) -> pd.DataFrame:
    return pd.DataFrame(scores[:, TURNED], columns=[names[k] for k in TURNED])


FORMS: dict[str, Any] = {
    "pandas": lambda table: table,
    "Polars": pl.DataFrame,
    "Arrow": lambda table: pl.DataFrame(table).to_arrow(),
    "single precision": lambda table: table.astype(np.float32),
    "logits": us.Logits,
    "a list of documents": lambda table: [table[:2], table[2:]],
    "a tuple of documents": lambda table: (table[:2], table[2:]),
    "documents by name": lambda table: {"one": table[:2], "two": table[2:]},
}


@pytest.mark.parametrize("form", FORMS)
def test_columns_meet_by_their_names(form: str) -> None:
    found = us.fidelity(FORMS[form](frame(BASE)), FORMS[form](turned(OTHER)))
    exact = form != "single precision"
    assert found.kl_divergence.value == pytest.approx(
        by_hand(BASE, OTHER), rel=1e-6 if exact else 1e-5
    )
    assert us.fidelity(FORMS[form](frame(BASE)), FORMS[form](turned(BASE))).kl_divergence.value == 0


def test_documents_and_a_second_run_each_in_its_own_order() -> None:
    found = us.fidelity(
        [frame(BASE[:2]), turned(BASE[2:])],
        [turned(OTHER[:2]), frame(OTHER[2:])],
        noise=[turned(BASE[:2]), turned(BASE[2:])],
    )
    assert found.kl_divergence.value == pytest.approx(by_hand(BASE, OTHER), rel=1e-6)
    assert found.noise is not None
    assert found.noise.kl_divergence.value == 0


def test_what_has_no_names_stands_as_the_columns_do() -> None:
    found = us.fidelity(turned(BASE), OTHER[:, TURNED])
    assert found.kl_divergence.value == pytest.approx(by_hand(BASE, OTHER), rel=1e-6)


def test_padded_columns_are_cut_before_names_are_compared() -> None:
    wide = turned(OTHER).assign(pad=9.0)
    found = us.fidelity(frame(BASE), wide, vocabulary=4)
    assert found.kl_divergence.value == pytest.approx(by_hand(BASE, OTHER), rel=1e-6)


@pytest.mark.parametrize("names", [[0, 1, 2, 3], ["0", "1", "2", "3"], [0.0, 1.0, 2.0, 3.0]])
def test_columns_that_are_numbers_are_ids(names: list[Any]) -> None:
    targets = np.array([3, 0, 0, 1, 2, 3])
    p = np.exp(BASE) / np.exp(BASE).sum(axis=1, keepdims=True)
    wanted = -np.log2(p[np.arange(6), targets]).mean()
    for base in (frame(BASE, names), turned(BASE, names)):
        found = us.fidelity(base, turned(OTHER, names), targets=targets)
        assert found.kl_divergence.value == pytest.approx(by_hand(BASE, OTHER), rel=1e-6)
        assert found.base.cross_entropy.value == pytest.approx(wanted, rel=1e-6)


def test_a_meter_does_the_same() -> None:
    meter = FidelityMeter().update(frame(BASE[:3]), turned(OTHER[:3]))
    meter.update(turned(BASE[3:]), frame(OTHER[3:]))
    assert meter.result().kl_divergence.value == pytest.approx(by_hand(BASE, OTHER), rel=1e-6)
    with pytest.raises(CallError, match="in another order"):
        FidelityMeter().update(frame(BASE), frame(OTHER)[::-1])


ROWS = list("uvwxyz")


def rows(scores: np.ndarray) -> pd.DataFrame:
    return frame(scores).set_axis(ROWS)


REFUSED: dict[str, tuple[Any, str]] = {
    "other names": (
        lambda: us.fidelity(frame(BASE), frame(OTHER, ["the", "cat", "lay", "on"])),
        r"columns of other are not those of base \(missing 'sat', additional 'lay'\)",
    ),
    "a name twice": (
        lambda: us.fidelity([frame(BASE, list("abbc"))], [frame(OTHER, list("bacb"))]),
        "two columns of scores are called 'b'",
    ),
    "ids out of order beside no names": (
        lambda: us.fidelity(turned(BASE, [0, 1, 2, 3]), OTHER),
        "other has no names beside base, .* or by ids",
    ),
    "targets beside other numbers": (
        lambda: us.fidelity(frame(BASE, [1, 2, 3, 4]), OTHER, targets=[1] * 6),
        "ids of tokens are these names, or places from 0",
    ),
    "places in two orders": (
        lambda: us.fidelity(frame(BASE), turned(OTHER), targets=[1] * 6),
        "targets are places among the columns, which stand in another order in other",
    ),
    "rows in another order": (
        lambda: us.fidelity(rows(BASE), rows(OTHER)[::-1]),
        "index of other holds the rows of base in another order",
    ),
    "rows that pandas numbered": (
        lambda: us.fidelity(frame(BASE), frame(OTHER)[::-1]),
        "index of other holds the rows of base in another order",
    ),
    "rows of a document": (
        lambda: us.fidelity({"d": rows(BASE)}, {"d": rows(OTHER)[::-1]}),
        r"index of other\['d'\] holds the rows of base\['d'\] in another order",
    ),
    "targets in another order": (
        lambda: us.fidelity(rows(BASE), rows(OTHER), targets=pd.Series([0] * 6, index=ROWS[::-1])),
        "index of targets holds the rows of base in another order",
    ),
    "a mask in another order": (
        lambda: us.fidelity(rows(BASE), OTHER, mask=pd.Series([1] * 6, index=ROWS[::-1])),
        "index of mask holds the rows of base in another order",
    ),
    "slices in another order": (
        lambda: us.fidelity(rows(BASE), OTHER, by={"s": pd.Series([1] * 6, index=ROWS[::-1])}),
        r"index of by\['s'\] holds the rows of base in another order",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_name_tells_is_refused(case: str) -> None:
    call, said = REFUSED[case]
    with pytest.raises(CallError, match=said) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_rows_of_other_names_or_in_order_are_measured() -> None:
    wanted = pytest.approx(by_hand(BASE, OTHER), rel=1e-6)
    for other in (rows(OTHER), frame(OTHER), frame(OTHER).set_axis(list("abcdef"))):
        assert us.fidelity(rows(BASE), other).kl_divergence.value == wanted


def test_sampled_tokens_in_another_order_are_refused() -> None:
    base = pd.Series([-0.5, -1.0, -2.0], index=list("abc"))
    for call in (us.sampled_kl, lambda *both: SampledKLMeter().update(*both)):
        with pytest.raises(CallError, match="index of other holds the rows of base in another"):
            call(base, base[::-1])
    assert us.sampled_kl(base, base).k3.value == 0
