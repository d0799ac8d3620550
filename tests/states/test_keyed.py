"""Sums by name, of more names than are kept."""

from __future__ import annotations

import numpy as np
import pytest

from unsurprised.states import KeyedSums


def summed(order: np.ndarray, batch: int, names: list[str], values: np.ndarray) -> KeyedSums:
    state = KeyedSums(["x"], size=50)
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        state.update(names, rows % len(names), {"x": values[rows]})
    return state


@pytest.mark.parametrize("batch", [1, 13, 500, 3000])
def test_bytes_do_not_depend_on_order_and_batches(batch: int) -> None:
    generator = np.random.default_rng(3)
    names = [f"document {k}" for k in range(700)]
    values = generator.normal(size=3000)
    rows = np.arange(3000)
    whole = summed(rows, 3000, names, values)
    assert len(whole.names()) == 50
    assert 400 < whole.count() < 1100
    other = summed(generator.permutation(rows), batch, names, values)
    assert other.to_bytes() == whole.to_bytes()
    parts = [summed(part, batch, names, values) for part in np.array_split(rows, 7)]
    merged = parts[3]
    for part in (*parts[:3], *parts[4:]):
        merged.merge(part)
    assert merged.to_bytes() == whole.to_bytes()
    own = {name: values[rows % 700 == int(name.split()[1])].sum() for name in whole.names()}
    totals = dict(zip(whole.names(), whole.totals()["x"].tolist(), strict=True))
    assert totals == pytest.approx(own)
