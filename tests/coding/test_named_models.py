"""Models with names beside symbols: a name that is a number is the symbol, in any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import unsurprised as us
from unsurprised.coding import Archive, decode, encode

SYMBOLS = np.array([0] * 1000 + [2, 1])
SHARES = {2: 0.001, 0: 0.998, 1: 0.001}
PLAIN = [0.998, 0.001, 0.001]

ONE: dict[str, Any] = {
    "dict": SHARES,
    "Series": pd.Series(SHARES),
    "Probs": us.Probs(SHARES),
    "Logits": us.Logits(pd.Series(SHARES).map(np.log)),
    "text": {str(name): share for name, share in SHARES.items()},
    "floats": pd.Series({2.0: 0.001, 0.0: 0.998, 1.0: 0.001}),
    "Counts": us.Counts({2: 1, 0: 998, 1: 1}),
}
COLUMNS = {str(name): [share] * len(SYMBOLS) for name, share in SHARES.items()}
ROWS: dict[str, Any] = {
    "pandas": pd.DataFrame(COLUMNS),
    "polars": pl.DataFrame(COLUMNS),
    "Probs": us.Probs(pd.DataFrame(COLUMNS)),
    "dict": COLUMNS,
}


@pytest.mark.parametrize("kind", ONE)
def test_one_distribution_binds_by_name(kind: str) -> None:
    plain = encode(SYMBOLS, PLAIN)
    found = encode(SYMBOLS, ONE[kind])
    right = -(1000 * np.log2(0.998) + 2 * np.log2(0.001))
    assert found.account.cross_entropy == pytest.approx(right, rel=1e-9)
    assert len(found.data) == len(plain.data)
    for data in (found.data, plain.data) if kind in ("dict", "Series", "Probs") else (found.data,):
        assert decode(data, ONE[kind]).tolist() == SYMBOLS.tolist()
        assert Archive(data, ONE[kind])[999:].tolist() == [0, 2, 1]


@pytest.mark.parametrize("kind", ROWS)
def test_rows_bind_by_name(kind: str) -> None:
    rows = np.tile(PLAIN, (len(SYMBOLS), 1))
    found = encode(SYMBOLS, ROWS[kind])
    assert found.data == encode(SYMBOLS, rows).data
    assert decode(found.data, ROWS[kind]).tolist() == SYMBOLS.tolist()
    assert decode(found.data, rows).tolist() == SYMBOLS.tolist()


@pytest.mark.parametrize("model", [{"cat": 0.5, "dog": 0.5}, {5: 0.5, 7: 0.5}, {1: 0.5, 2: 0.5},
                                   {"b": 0.2, "a": 0.3, "c": 0.5}, {0: 0.5, "x": 0.5}])  # fmt: skip
def test_names_that_are_no_symbols_are_refused(model: Any) -> None:
    said = (
        r"the model names its classes, '.*'; expected names that are the symbols 0 to \d, .*Probs"
    )
    with pytest.raises(us.CallError, match=said):
        encode([0, 1], model)
    data = encode([0, 1], [0.5, 0.5]).data
    with pytest.raises(us.CallError, match="names its classes"):
        decode(data, model)
    with pytest.raises(us.CallError, match="names its classes"):
        encode([0, 1], pd.DataFrame([model, model]))


def test_columns_that_are_but_numbered_are_in_order() -> None:
    assert encode([0, 1], pd.DataFrame([[0.9, 0.1], [0.2, 0.8]])).account.cross_entropy < 0.5


@pytest.mark.parametrize("names", [["no", "yes"], ["ant", "bee", "cat"]])
def test_names_whose_places_are_told_are_places_as_for_a_surprisal(names: list[str]) -> None:
    shares = [0.7, 0.3, 0.0][: len(names)]
    model = pd.Series(shares, index=names)
    assert encode([0, 1], model).data == encode([0, 1], shares).data
    assert us.surprisal(model, at=0) == pytest.approx(-np.log2(0.7), rel=1e-14)


def test_what_is_impossible_is_told_and_smoothed_by_name() -> None:
    model = us.Probs({2: 0.0, 0: 0.6, 1: 0.4})
    with pytest.raises(us.InputError, match="symbol 2"):
        encode([0, 1, 2], model)
    assert encode([0, 1, 1], model).account.symbols == 3
    found = encode([0, 1, 2], model, smooth=0.3)
    assert found.data == encode([0, 1, 2], [0.6, 0.4, 0.0], smooth=0.3).data
    assert decode(found.data, model).tolist() == [0, 1, 2]
    assert model.names == ("2", "0", "1")


def test_symbols_have_no_keys() -> None:
    with pytest.raises(us.CallError, match="symbols are dict; expected bytes or integers"):
        encode({"a": 1, "b": 0})
