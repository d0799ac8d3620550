"""Splits of pairs of artefacts: stretches of their rows, of about as many bytes each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unsurprised.copies import Record
from unsurprised.engines.seen import PlanLayout
from unsurprised.language_models.model_pair import ModelPair

#: Bytes of both sides' rows in a split, and splits of a pair, at most.
_SPLIT_BYTES, _MOST_SPLITS = 64 << 20, 1 << 12

Layout = tuple[tuple[str, tuple[int | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Stretch(Record):
    """Rows of a pair, by its number, from one up to another."""

    pair: int
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first


def layout_of(pairs: Sequence[ModelPair]) -> Layout:
    """The splits of pairs: of all that have as many rows the same, so that parts have both.

    Rows that are found only by a read of all before them, as in lists, are one split.
    """
    widest = max(pair.row_bytes for pair in pairs)
    longest = max(len(pair.tokens) for pair in pairs)
    rows = max(1, _SPLIT_BYTES // max(widest, 1), -(-longest // _MOST_SPLITS))
    return tuple((" and ".join(pair.said.names), _sizes(pair, rows)) for pair in pairs)


def _sizes(pair: ModelPair, rows: int) -> tuple[int, ...]:
    total = len(pair.tokens)
    if not pair.found_anywhere:
        return (total,)
    return tuple(min(rows, total - first) for first in range(0, total, rows))


def stretches_of(layout: PlanLayout, numbers: Iterable[int]) -> list[Stretch]:
    """The rows of some splits, those of splits side by side together."""
    places = [place for place, (_, sizes) in enumerate(layout.layout) for _ in sizes]
    found: list[Stretch] = []
    for number in sorted(numbers):
        split = layout.splits[number]
        made = Stretch(places[number], split.first_row, split.first_row + (split.rows or 0))
        if found and (found[-1].pair, found[-1].last) == (made.pair, made.first):
            made = Stretch(made.pair, found.pop().first, made.last)
        found.append(made)
    return found
