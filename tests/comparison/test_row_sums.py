"""What is summed of some rows and of others adds up to what is summed of all, to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.comparison.blocks import Block, Survey
from unsurprised.comparison.matching import Matching
from unsurprised.comparison.scored import ScoredRows
from unsurprised.comparison.sums import RowSums
from unsurprised.states.sums import Cell
from unsurprised.statistics.cell_means import CellMeans

CELLS: list[Cell] = [("land", "at"), ("land", "ch"), ("land", "de")]


def rows(random: np.random.Generator, hashes: Any, **named: Any) -> ScoredRows:
    """Rows of a model, some of which it held impossible."""
    count = len(hashes)
    surprisal = random.exponential(size=count)
    surprisal[random.random(count) < 0.05] = np.inf
    return ScoredRows(
        hashes=hashes.copy(),
        surprisal=surprisal,
        labels=(hashes % np.uint64(3)).astype(np.int64),
        truth_entropy=None,
        correct=random.integers(0, 2, count).astype(np.float64),
        ids=np.array([f"r{k}" for k in hashes]),
        places=random.permutation(count),
        **{"clusters": None, "weights": None, **named},
    )


def models(seed: int, *, weighted: bool, clustered: bool) -> list[ScoredRows]:
    """Three models of the same rows but for some."""
    random = np.random.default_rng(seed)
    hashes = np.sort(random.choice(1 << 40, 80, replace=False)).astype(np.uint64) << np.uint64(24)
    made = []
    for place in range(3):
        held = hashes[random.random(80) < (1 if place < 2 else 0.9)]
        named: dict[str, Any] = {"by": {"land": (held % np.uint64(3)).astype(np.int32)}}
        named["cells"] = {"land": CELLS}
        if weighted:
            named["weights"] = random.exponential(size=len(held))
        if clustered:
            named["clusters"] = held % np.uint64(40)
        made.append(rows(random, held, **named))
    return made


def blocks(all_rows: list[ScoredRows], low: int, high: int) -> Iterator[list[ScoredRows]]:
    """The rows whose hashes lie in a range."""
    tops = [(each.hashes >> np.uint64(54)).astype(np.int64) for each in all_rows]
    pairs = zip(all_rows, tops, strict=True)
    yield [each.take(np.flatnonzero((top >= low) & (top < high))) for each, top in pairs]


def summed(all_rows: list[ScoredRows], cuts: list[int]) -> list[bytes]:
    """What is known, and summed, of rows that come in parts, each as bytes of the others."""
    ends = list(zip([0, *cuts], [*cuts, 1024], strict=True))

    def of(low: int, high: int, matching: Matching | None = None) -> Iterator[Block]:
        matching = matching or Matching("abc", "inner")
        return matching.blocks(blocks(all_rows, low, high))

    matching, survey = Matching("abc", "inner"), Survey()
    for low, high in ends:
        own = Matching("abc", "inner")
        survey.merge(Survey.from_bytes(Survey(of(low, high, own)).to_bytes()))
        matching.merge(own.to_bytes())
    told = Survey.from_bytes(survey.to_bytes())
    assert told.to_bytes() == survey.to_bytes()
    more: dict[str, Any] = {"sliced": True, "most": 1 << 63}
    sums = RowSums(survey, 3, 5, None, **more)
    for low, high in ends:
        part = RowSums(told, 3, 5, None, **more)
        for block in of(low, high):
            part.look(block)
        sums.look_at(part.looked())
    for low, high in ends:
        part = RowSums(told, 3, 5, None, **more).look_at(sums.looked())
        for block in of(low, high):
            part.add(block)
        sums.merge(part.summed())
    *others, hashes = sums.summed()
    hashes = np.sort(np.frombuffer(hashes, dtype="<u8")).tobytes()
    return [matching.to_bytes(), survey.to_bytes(), *others, hashes]


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_parts_add_up_to_all(data: Any) -> None:
    weighted, clustered = data.draw(st.booleans()), data.draw(st.booleans())
    made = models(data.draw(st.integers(0, 9)), weighted=weighted, clustered=clustered)
    cuts = sorted(data.draw(st.lists(st.integers(0, 1024), max_size=4)))
    assert summed(made, cuts) == summed(made, [])


def test_means_that_looked_at_other_weights_do_not_merge() -> None:
    means = [CellMeans(weighted=True).look(np.array([weight])) for weight in (1.0, 2.0)]
    with pytest.raises(us.StateError, match="two states of CellMeans, by the weights"):
        means[0].merge(means[1].to_bytes())
    with pytest.raises(us.StateError, match="two states of CellMeans do not merge"):
        means[0].merge(CellMeans(2).to_bytes())
