"""The product of states that an evaluation is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import Batch
from unsurprised.errors import StateError
from unsurprised.evaluation.facts import RowFacts
from unsurprised.states import ClassCounts, Confusion, Entry, Histogram, Sample, Sums, TopK
from unsurprised.states.serial import must_match, pack, unpack

#: Above this many classes a confusion table would have more than a million cells.
MOST_CONFUSION_CLASSES = 1000

_ALWAYS = ["rows", "infinite_rows", "weight", "surprisal", "infinite"]
_UNWEIGHTED = 2
_WITH_MODEL = ["expected", "correct", "worse"]
_WITH_DISTRIBUTION = ["truth_entropy", "kl"]
_WITH_COUNTS = ["votes", "entropy_bias"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What rows must have in common to be evaluated together."""

    classes: tuple[str, ...] | None
    #: "labels", "probs", "counts", or "logprob" where only that of what happened is known.
    truth: str
    weighted: bool
    #: Whether the rows of the predictions have a sum to be checked.
    sums: bool
    top: int
    sample_rows: int | None

    def difference(self, other: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
        """What differs, in the one and in the other."""
        mine, theirs = asdict(self), asdict(other)
        names = [name for name in mine if mine[name] != theirs[name]]
        return {name: mine[name] for name in names}, {name: theirs[name] for name in names}

    def columns(self) -> list[str]:
        """The columns of the table of sums."""
        columns = list(_ALWAYS)
        if self.truth != "logprob":
            columns += _WITH_MODEL
        if self.truth in ("probs", "counts"):
            columns += _WITH_DISTRIBUTION
        if self.truth == "counts":
            columns += _WITH_COUNTS
        return columns


class States:
    """Sums, histogram, worst rows, class counts, confusion counts and the sample, as one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sums = Sums(settings.columns(), unweighted=_UNWEIGHTED)
        self.histogram = Histogram()
        self.worst = TopK(settings.top)
        self.class_counts: ClassCounts | None = None
        self.confusion: Confusion | None = None
        self.sample: Sample | None = None
        self.largest_deviation = 0.0
        self.fewest_votes = np.inf
        if settings.classes is not None:
            classes = len(settings.classes)
            hard = settings.truth == "labels"
            self.class_counts = ClassCounts(classes)
            if hard and classes <= MOST_CONFUSION_CLASSES:
                self.confusion = Confusion(classes)
            self.sample = Sample(
                classes, truth_width=1 if hard else classes, size=settings.sample_rows
            )

    def add(
        self,
        entries: Callable[[NDArray[np.int64]], list[Entry]],
        batch: Batch,
        hashes: NDArray[np.uint64],
        facts: RowFacts,
    ) -> None:
        """Add the rows of a batch."""
        self.sums.add(hashes, self._columns(facts), batch.weights)
        self.histogram.add(facts.surprisal, batch.weights)
        ids = batch.numbers() if not batch.ids.named else batch.ids.values
        numbers = ids if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu" else None
        self.worst.add(facts.surprisal, entries, numbers)
        self.largest_deviation = max(self.largest_deviation, facts.largest_deviation)
        if facts.votes is not None:
            self.fewest_votes = min(self.fewest_votes, float(facts.votes.min()))
        self._add_classes(batch, hashes, facts)

    def _columns(self, facts: RowFacts) -> dict[str, Any]:
        infinite = np.isinf(facts.surprisal)
        any_infinite = bool(infinite.any())

        def finite(values: Any) -> Any:
            return np.where(infinite, 0.0, values) if any_infinite else values

        columns = {
            "rows": None,
            "infinite_rows": infinite,
            "weight": None,
            "surprisal": finite(facts.surprisal),
            "infinite": infinite,
            "expected": facts.entropy,
            "correct": facts.correct,
            "truth_entropy": facts.truth_entropy,
            "kl": None if facts.kl is None else finite(facts.kl),
            "votes": facts.votes,
            "entropy_bias": facts.entropy_bias,
        }
        if self.settings.classes is not None:
            # Equal odds to the last digits are not worse than equal odds.
            uniform = np.log2(len(self.settings.classes)) * (1 + 1e-12)
            columns["worse"] = facts.surprisal > uniform
        return columns

    def _add_classes(self, batch: Batch, hashes: NDArray[np.uint64], facts: RowFacts) -> None:
        if self.class_counts is None or self.sample is None or batch.model is None:
            return
        if facts.labels is not None:
            self.class_counts.add(hashes, facts.labels, batch.weights)
            if self.confusion is not None and facts.top is not None:
                self.confusion.add(facts.labels, facts.top, batch.weights)
        elif facts.shares is not None:
            weighted = (
                facts.shares if batch.weights is None else (facts.shares * batch.weights[:, None])
            )
            self.class_counts.add_shares(hashes, weighted)
        truth = facts.labels if facts.labels is not None else facts.shares
        if truth is not None:
            self.sample.add(hashes, truth, batch.model.rows(-1), batch.weights)

    def merge(self, other: States) -> None:
        """Add the rows of another product of states."""
        must_match("Evaluator", *self.settings.difference(other.settings))
        for mine, theirs in zip(self._parts(), other._parts(), strict=True):
            mine.merge(theirs)
        self.largest_deviation = max(self.largest_deviation, other.largest_deviation)
        self.fewest_votes = min(self.fewest_votes, other.fewest_votes)

    def to_parts(self) -> list[bytes]:
        """The settings and every state as bytes."""
        said = {
            **asdict(self.settings),
            "largest_deviation": self.largest_deviation.hex(),
            "fewest_votes": float(self.fewest_votes).hex(),
        }
        return [pack("States", said, []), *(part.to_bytes() for part in self._parts())]

    @classmethod
    def from_parts(cls, parts: list[bytes]) -> States:
        """The states that :meth:`to_parts` wrote."""
        said, _ = unpack(parts[0], "States")
        deviation, votes = said.pop("largest_deviation"), said.pop("fewest_votes")
        classes = said.pop("classes")
        states = cls(Settings(classes=None if classes is None else tuple(classes), **said))
        names = states._names()
        if len(names) != len(parts) - 1:
            raise StateError(f"the evaluator has {len(parts) - 1} states; expected {len(names)}")
        for name, part in zip(names, parts[1:], strict=True):
            setattr(states, name, type(getattr(states, name)).from_bytes(part))
        states.largest_deviation = float.fromhex(deviation)
        states.fewest_votes = float.fromhex(votes)
        return states

    def _names(self) -> list[str]:
        names = ["sums", "histogram", "worst", "class_counts", "confusion", "sample"]
        return [name for name in names if getattr(self, name) is not None]

    def _parts(self) -> list[Any]:
        return [getattr(self, name) for name in self._names()]
