"""Which rows of several models are the same, by id or by place; what does not match is said.

Rows come in blocks that hold whole ids: of arrays all at once, of stored rows by their hashes. So
nothing that is said of them, and no error, tells in how many blocks they came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.blocks import Block
from unsurprised.comparison.common import COMMON, Told, differing, refused
from unsurprised.comparison.scored import ScoredRows
from unsurprised.errors import InputError, quoted_id
from unsurprised.states.serial import pack, unpack

_SHOWN = 5
#: And fewer where so many letters have told some: what is said behind them counts more.
_LETTERS = 40
#: How its bytes are called, and which of what it found are rows with which something is wrong.
_NAME = "Matching"
_MET = ("again", "missing", "extra", *(each.name for each in COMMON))


@dataclass
class Met:
    """Rows with which something is wrong: how many they are, and what the first are called."""

    rows: int = 0
    #: Place, name, and what else is told of them, in the order of the places.
    first: list[tuple[Any, ...]] = field(default_factory=list)

    def add(self, rows: ScoredRows, which: NDArray[np.int64], more: Told | None = None) -> None:
        """Meet some of these rows, of the first of which more is told."""
        if not len(which):
            return
        self.rows += len(which)
        places = rows.places_of(which)
        few = np.argsort(places, kind="stable")[:_SHOWN]
        told = [
            (int(places[k]), rows.name(row), *(() if more is None else more(row)))
            for k, row in zip(few.tolist(), which[few].tolist(), strict=True)
        ]
        self.first = sorted([*self.first, *told], key=lambda each: each[0])[:_SHOWN]

    def merge(self, rows: int, first: Iterable[Sequence[Any]]) -> None:
        """Meet rows that another has met: how many, and the first of them."""
        self.rows += rows
        told = [(int(place), *others) for place, *others in first]
        self.first = sorted([*self.first, *told], key=lambda each: each[0])[:_SHOWN]

    def __str__(self) -> str:
        told: list[str] = []
        for _, name, *_ in self.first:
            if sum(map(len, told)) > _LETTERS:
                break
            told.append(quoted_id(name))
        return ", ".join(told) + (", …" if self.rows > len(told) else "")


class Matching:
    """Puts blocks of the models' rows into the base's order, and keeps what does not match.

    With ``join="inner"`` rows that are not in all models are left out, and counted. ``of_parts``:
    the rows came as states, each of which was made with its join. ``classes`` are their names.
    """

    def __init__(
        self,
        names: Sequence[str],
        join: str,
        classes: Sequence[str] | None = None,
        *,
        of_parts: bool = False,
    ) -> None:
        others = names[1:]
        self.names, self.inner, self.of_parts = names, join == "inner", of_parts
        self.classes, self.named = classes or (), False
        self.rows, self.matched, self.met = 0, 0, 0
        self.again = [Met() for _ in names]
        self.missing, self.extra = [Met() for _ in others], [Met() for _ in others]
        self.shared = [0 for _ in others]
        #: Rows that match and are not alike, by what they ought to have in common.
        self.truth, self.weights, self.clusters = ([Met() for _ in others] for _ in COMMON)

    @property
    def left_out(self) -> int:
        """How many rows are not in all models."""
        return self.met - self.matched

    def merge(self, data: bytes) -> Matching:
        """Add the rows of other blocks, which another has matched."""
        told, _ = unpack(data, _NAME)
        self.rows += told["rows"]
        self.matched += told["matched"]
        self.met += told["met"]
        self.named |= told["named"]
        self.shared = [a + b for a, b in zip(self.shared, told["shared"], strict=True)]
        for name in _MET:
            for met, (rows, first) in zip(getattr(self, name), told[name], strict=True):
                met.merge(rows, first)
        return self

    def to_bytes(self) -> bytes:
        """What was found, as bytes for :meth:`merge`."""
        told = {name: getattr(self, name) for name in ("rows", "matched", "met", "shared", "named")}
        told |= {name: [[met.rows, met.first] for met in getattr(self, name)] for name in _MET}
        return pack(_NAME, told, [])

    def blocks(self, blocks: Iterable[list[ScoredRows]]) -> Iterator[Block]:
        """The rows of blocks that are the same in all models."""
        for models in blocks:
            block = self.block(models)
            if block is not None and len(block[0]):
                yield Block(block)

    def block(self, models: Sequence[ScoredRows]) -> list[ScoredRows] | None:
        """The rows of all models that are the same, in the base's order; None if that is refused.

        Those of the others are put into that order where they are.
        """
        self.rows += len(models[0])
        found: list[ScoredRows] | None = list(models)
        self.named |= models[0].ids is not None
        if models[0].ids is None:
            self.met += len(models[0])
            self.shared = [shared + len(models[0]) for shared in self.shared]
        else:
            repeated = [self._repeated(rows, place) for place, rows in enumerate(models)]
            found = None if any(repeated) else self._in_order(models)
        if found is None:
            return None
        base, *others = found
        self.matched += len(base)
        for place, rows in enumerate(others):
            for name, other, more in differing(base, rows, self.classes):
                met: Met = getattr(self, name)[place]
                met.add(base, np.flatnonzero(other), more)
        return [base, *(_sharing(base, rows) for rows in others)]

    def _repeated(self, rows: ScoredRows, place: int) -> bool:
        order = np.argsort(rows.hashes, kind="stable")
        ordered = rows.hashes[order]
        again = np.flatnonzero(ordered[1:] == ordered[:-1])
        if len(again) and rows.places is not None:  # the first of each is the one that stays
            order = order[np.lexsort((rows.places[order], ordered))]
        self.again[place].add(rows, order[again + 1])
        return len(again) > 0

    def _in_order(self, models: Sequence[ScoredRows]) -> list[ScoredRows] | None:
        """All in the order of the first, where they hold the same ids or need not."""
        base, *others = models
        found = [_partners(base, rows) for rows in others]
        partners = [which for which in found if which is not None]
        if len(partners) == len(others):
            self.met += len(base)
            for place in range(len(others)):
                self.shared[place] += len(base)
            ordered = (rows.reorder(which) for rows, which in zip(others, partners, strict=True))
            return [base, *ordered]
        common = met = base.hashes
        for place, rows in enumerate(others):
            there = np.isin(base.hashes, rows.hashes)
            self.shared[place] += int(there.sum())
            self.missing[place].add(base, np.flatnonzero(~there))
            self.extra[place].add(rows, np.flatnonzero(~np.isin(rows.hashes, base.hashes)))
            common, met = np.intersect1d(common, rows.hashes), np.union1d(met, rows.hashes)
        if not self.inner:
            return None
        self.met += len(met)
        kept = [rows.take(np.flatnonzero(np.isin(rows.hashes, common))) for rows in models]
        return [kept[0], *(_reordered(kept[0], rows) for rows in kept[1:])]

    def refuse_wrong(self) -> None:
        """Raise for what does not match in all blocks, once they are through.

        Raises
        ------
        InputError
            Ids that occur twice, rows without a match (unless ``join`` is "inner"), other truths,
            weights and clusters.
        """
        for met, name in zip(self.again, self.names, strict=True):
            if met.rows:
                raise _twice(met, name)
        for place, name in enumerate(self.names[1:]):
            strange = self.missing[place].rows or self.extra[place].rows
            if not self.shared[place] if self.inner else strange:
                raise self._strangers(place, name)
        if not self.matched:
            raise InputError(
                f"no row is in all of {', '.join(self.names)}",
                expected="ids that the models share",
                remedy="compare two at a time",
            )
        for place, name in enumerate(self.names[1:]):
            for common in COMMON:
                met = getattr(self, common.name)[place]
                if met.rows:
                    pair = self.names[0], name
                    raise refused(common, *pair, met.rows, met.first[0], named=self.named)

    def _strangers(self, place: int, name: str) -> InputError:
        missing, extra, base = self.missing[place], self.extra[place], self.names[0]
        told = []
        if missing.rows:
            told.append(f"{missing.rows:,} of {base} are not in {name} ({missing})")
        if extra.rows:
            told.append(f"{extra.rows:,} of {name} are not in {base} ({extra})")
        return InputError(
            f"ids do not match: {' and '.join(told)}",
            expected="the same rows in both",
            remedy="to compare only the rows that are in both, say --join inner"
            + (" to compare of each part" if self.of_parts else "")
            if missing.rows < self.rows
            else "see whether --id names the same ids in both",
        )


@dataclass(frozen=True, slots=True)
class MatchedRows:
    """The rows that all models share, in blocks that can be gone through more than once."""

    blocks: Callable[[], Iterable[Block]]
    rows: int
    left_out: int


def matched(
    models: Sequence[ScoredRows],
    names: Sequence[str],
    join: str,
    classes: Sequence[str] | None = None,
) -> MatchedRows:
    """Match rows that are in memory, where those of all but the base are put into its order.

    Rows with ids are matched by these, others by their place.

    Raises
    ------
    InputError
        As :meth:`Matching.refuse_wrong`; other numbers of rows; ids in some models alone.
    """
    refuse_other_naming([(len(rows), rows.ids is not None) for rows in models], names)
    matching = Matching(names, join, classes)
    block = matching.block(models)
    matching.refuse_wrong()
    blocks = [] if block is None else [Block(block)]
    return MatchedRows(lambda: blocks, matching.matched, matching.left_out)


def matched_blocks(
    blocks: Callable[[], Iterable[list[ScoredRows]]],
    names: Sequence[str],
    join: str,
    classes: Sequence[str] | None = None,
    *,
    of_parts: bool = False,
) -> MatchedRows:
    """Match rows that are read anew whenever they are gone through.

    Raises
    ------
    InputError
        As :meth:`Matching.refuse_wrong`.
    """
    matching = Matching(names, join, classes, of_parts=of_parts)
    for _ in matching.blocks(blocks()):
        pass
    matching.refuse_wrong()
    return MatchedRows(
        lambda: Matching(names, join).blocks(blocks()), matching.matched, matching.left_out
    )


def refuse_other_naming(models: Sequence[tuple[int, bool]], names: Sequence[str]) -> None:
    """Raise unless all models' rows have ids, or none; without, unless they are as many.

    Each model is told by how many rows it has, and whether these have ids.
    """
    rows, named = models[0]
    for (other_rows, other_named), name in zip(models[1:], names[1:], strict=True):
        if named != other_named:
            raise InputError(
                f"the rows of {name if named else names[0]} have no ids, those of the other have",
                expected="ids in both, or in none",
                remedy="say which column holds them: --id COLUMN",
            )
        if not named and rows != other_rows:
            raise InputError(
                f"found {rows:,} rows in {names[0]} and {other_rows:,} in {name}",
                expected="the same rows in both, in the same order",
                remedy="match them by id: --id COLUMN",
            )


def _sharing(base: ScoredRows, new: ScoredRows) -> ScoredRows:
    """The new model's rows, with what the base has too held once."""
    named: dict[str, Any] = {} if base.ids is None else {"hashes": base.hashes, "ids": base.ids}
    for name in ("labels", "weights", "clusters"):
        if getattr(base, name) is not None and getattr(new, name) is not None:
            named[name] = getattr(base, name)
    return replace(new, places=base.places, **named)


def _partners(base: ScoredRows, new: ScoredRows) -> NDArray[np.int64] | None:
    """Which of the new model's rows belong to the base's; None where they hold other ids."""
    if len(base) != len(new):
        return None
    order = np.argsort(new.hashes, kind="stable")
    ordered = new.hashes[order]
    place = np.minimum(np.searchsorted(ordered, base.hashes), max(len(ordered) - 1, 0))
    if not np.array_equal(ordered[place], base.hashes):
        return None
    found: NDArray[np.int64] = order[place]
    return found


def _reordered(base: ScoredRows, new: ScoredRows) -> ScoredRows:
    """The new model's rows, of the same ids, in the order of the base's."""
    which = _partners(base, new)
    assert which is not None
    return new.reorder(which)


def _twice(met: Met, name: str) -> InputError:
    return InputError(
        f"{met.rows:,} {'row has' if met.rows == 1 else 'rows have'} an id that occurred "
        f"before in {name} ({met})",
        expected="ids that name one row each",
        remedy="leave the repeated rows out, or name a column of unique ids: --id COLUMN",
    )
