"""The product of states that an evaluation is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import Batch
from unsurprised.errors import StateError
from unsurprised.evaluation.counting import counting_rows, some_of
from unsurprised.evaluation.row_scores import RowScores
from unsurprised.evaluation.settings import (
    UNWEIGHTED,
    Settings,
    check_settings,
    uniform_guess,
)
from unsurprised.evaluation.slicing import cells_of, refuse_many
from unsurprised.evaluation.text_states import text_states, update_text
from unsurprised.evaluation.worst_rows import add_worst, any_infinite
from unsurprised.later import Later
from unsurprised.states import (
    ClassCounts,
    Confusion,
    Distinct,
    Entry,
    Extremes,
    Histogram,
    Moments,
    Product,
    Sample,
    Sums,
    TopK,
)
from unsurprised.states.product import State
from unsurprised.states.serial import must_match, pack, unpack
from unsurprised.states.sums import GROUPS
from unsurprised.statistics.ratios import numerators

#: Above this many classes a confusion table would have more than a million cells.
MOST_CONFUSION_CLASSES = 1000


class States:
    """The product of sums, histogram, worst rows, class and confusion counts, and the sample."""

    def __init__(self, settings: Settings, product: Product | None = None) -> None:
        self.settings = settings
        self._product = product or Product(_new_states(settings))
        self._put_off: Later | None = None

    @property
    def product(self) -> Product:
        """All states, none of which lacks a row."""
        if self._put_off is not None:
            self._put_off.found()
            self._put_off = None
        return self._product

    @property
    def falls_short(self) -> bool:
        """Whether the sample passed over rows for which there would have been room."""
        sample: Sample | None = self._product.get("sample")
        return sample is not None and sample.bound[0] and self.product["sample"].falls_short

    @property
    def sums(self) -> Sums:
        """What every reported mean is a function of."""
        state: Sums = self._product["sums"]
        return state

    @property
    def moments(self) -> Moments | None:
        """What the intervals of means are a function of, where rows are independent."""
        return self._product.get("moments")

    @property
    def class_moments(self) -> Moments | None:
        """Of the surprisal within each class that happened."""
        return self.product.get("class_moments")

    @property
    def histogram(self) -> Histogram:
        """Of the surprisal."""
        state: Histogram = self.product["histogram"]
        return state

    @property
    def worst(self) -> TopK:
        """The rows of largest surprisal."""
        state: TopK = self.product["worst"]
        return state

    @property
    def worst_finite(self) -> TopK:
        """The rows of largest finite surprisal, once there are infinite ones; else empty."""
        state: TopK = self.product["worst_finite"]
        return state

    @property
    def clusters(self) -> Distinct | None:
        """How many clusters there are, where rows belong to some."""
        return self.product.get("clusters") if self.settings.clustered else None

    @property
    def extremes(self) -> Extremes:
        """``deviation`` of a row's sum from one, ``votes`` a row."""
        state: Extremes = self.product["extremes"]
        return state

    @property
    def class_counts(self) -> ClassCounts | None:
        """Of what happened."""
        return self.product.get("class_counts")

    @property
    def confusion(self) -> Confusion | None:
        """Of what happened and the top class."""
        return self.product.get("confusion")

    @property
    def sample(self) -> Sample | None:
        """Some rows, or all of them if they are few."""
        return self.product.get("sample")

    def update(
        self,
        entries: Callable[[NDArray[np.int64]], list[Entry]],
        batch: Batch,
        hashes: NDArray[np.uint64],
        facts: RowScores,
        clusters: NDArray[np.uint64] | None = None,
        *,
        put_off: bool = False,
    ) -> None:
        """Add the rows of a batch.

        With ``put_off`` only sums and moments take them in now, of which means are made, and the
        others when one of them is first asked for: until then the arrays must stay as they are.
        """
        states = States(self.settings, self.product)  # of the same states, which wait for no rows
        groups = hashes if clusters is None else clusters
        columns = self._columns(facts, counting_rows(batch))
        varying = {} if self.moments is None else numerators(columns, self.moments.columns)
        for name, bins in self.settings.slicing.items():
            cells, which = cells_of(name, batch.by[name], bins)
            refuse_many({*cells, *self.sums.cells()})
            self.sums.update_cells(groups, columns, cells, which, batch.weights)
            if self.moments is not None:
                self.moments.update_cells(varying, cells, which, batch.weights)
        self.sums.update(groups, columns, batch.weights)
        if self.moments is not None:
            self.moments.update(varying, batch.weights, rows=batch.size)

        def others() -> dict[str, Any]:
            states._add_to_others(entries, batch, hashes, facts, groups)
            return {}

        if put_off:
            self._put_off = Later(others)
        else:
            others()

    def _add_to_others(
        self,
        entries: Callable[[NDArray[np.int64]], list[Entry]],
        batch: Batch,
        hashes: NDArray[np.uint64],
        facts: RowScores,
        groups: NDArray[np.uint64],
    ) -> None:
        """Let all but sums and moments take in the rows of a batch."""
        self.histogram.update(facts.surprisal, batch.weights)
        counting = counting_rows(batch)
        add_worst(self.worst, self.worst_finite, facts.surprisal, entries, batch)
        if self.clusters is not None:
            self.clusters.update(some_of(groups, counting))
        self.extremes.update("deviation", 0.0, facts.largest_deviation)
        if facts.votes is not None and len(votes := some_of(facts.votes, counting)):
            self.extremes.update("votes", float(votes.min()), float(votes.max()))
        self._add_classes(batch, hashes, groups, facts)
        if self.settings.units:
            update_text(self.product, batch, groups, facts.surprisal)
        if self.class_moments is not None and facts.labels is not None:
            self.class_moments.update(
                {"surprisal": _finite(facts.surprisal, facts.infinite)},
                batch.weights,
                rows=batch.size,
                groups=facts.labels,
            )

    def _columns(self, facts: RowScores, counting: NDArray[np.bool_] | None) -> dict[str, Any]:
        infinite = facts.infinite
        counted = infinite if infinite is False or counting is None else infinite & counting
        columns: dict[str, Any] = {
            "rows": None,
            "infinite_rows": counted,
            "weight": None,
            "surprisal": _finite(facts.surprisal, infinite),
            "infinite": infinite,
            "expected": facts.entropy,
            "correct": facts.correct,
            "truth_entropy": facts.truth_entropy,
            "kl": None if facts.kl is None else _finite(facts.kl, infinite),
            "votes": facts.votes,
            "entropy_bias": facts.entropy_bias,
        }
        if self.settings.classes is not None:
            columns["worse"] = facts.surprisal > uniform_guess(len(self.settings.classes))
        return columns

    def _add_classes(
        self,
        batch: Batch,
        hashes: NDArray[np.uint64],
        groups: NDArray[np.uint64],
        facts: RowScores,
    ) -> None:
        if self.class_counts is None or self.sample is None or batch.model is None:
            return
        if facts.labels is not None:
            self.class_counts.update(groups, facts.labels, batch.weights)
            if self.confusion is not None and facts.top is not None:
                rows, counting = (facts.labels, facts.top, batch.weights), counting_rows(batch)
                self.confusion.update(*(some_of(values, counting) for values in rows))
        elif facts.shares is not None:
            weighted = (
                facts.shares if batch.weights is None else (facts.shares * batch.weights[:, None])
            )
            self.class_counts.update_shares(groups, weighted)
        elif facts.narrow_shares is not None:
            self.class_counts.update_narrow(groups, facts.narrow_shares, batch.weights)
        truth: Any = facts.labels if facts.labels is not None else facts.shares
        if facts.narrow_shares is not None:
            truth = facts.narrow_shares.__getitem__
        if truth is not None:
            kept = groups if self.settings.clustered else None
            self.sample.update(hashes, truth, batch.model.rows(-1), batch.weights, kept)

    def merge(self, other: States) -> None:
        """Add the rows of another product of states."""
        if self.settings.grouped != other.settings.grouped:
            raise StateError(
                "one of two evaluators that are merged comes from bytes of a release whose "
                "intervals rested on groups of rows by their ids; the other one holds squares "
                "instead: merge it with others of that time, or evaluate its rows again"
            )
        must_match("Evaluator", *self.settings.difference(other.settings))
        mine, theirs = any_infinite(self.worst), any_infinite(other.worst)
        if theirs and not mine:
            self.worst_finite.merge(self.worst)
        self.product.merge(other.product)
        if mine and not theirs:
            self.worst_finite.merge(other.worst)
        refuse_many(self.sums.cells())

    def to_parts(self) -> list[bytes]:
        """The settings and the product as bytes; those without moments are as ever."""
        said = self.settings.said()
        said["classes"] = None if said["classes"] is None else list(said["classes"])
        del said["grouped"]
        if not self.settings.units:
            del said["units"]  # as ever
        if self.settings.independent:
            said["moments"] = True
        return [pack("Settings", said, []), self.product.to_bytes()]

    @classmethod
    def from_parts(cls, parts: list[bytes]) -> States:
        """The states that :meth:`to_parts` wrote."""
        if len(parts) != 2:
            raise StateError(f"the evaluator has {len(parts)} parts; expected 2")
        said, _ = unpack(parts[0], "Settings")
        classes, slices = said.pop("classes"), said.pop("slices")
        moments = said.pop("moments", False)
        if not isinstance(moments, bool):
            raise StateError("the bytes of the evaluator do not say whether rows have moments")
        said["grouped"] = not (moments or said["clustered"])
        said["units"] = tuple(said.get("units", ()))
        settings = Settings(
            classes=None if classes is None else tuple(classes),
            slices=tuple(
                (name, None if edges is None else tuple(edges), looked)
                for name, edges, looked in slices
            ),
            **said,
        )
        check_settings(settings)
        product, expected = Product.from_bytes(parts[1]), _new_states(settings)
        must_match("Evaluator", list(expected), list(product))
        for name, state in expected.items():
            held = product[name]
            must_match(name, type(state).__name__, type(held).__name__)
            must_match(name, state.settings(), held.settings())
        refuse_many(product["sums"].cells())
        made = cls(settings, product)
        if made.sample is not None and not made.sample.holds_rows():
            raise StateError("the bytes of the evaluator hold weights or a truth that no row has")
        return made


def _new_states(settings: Settings) -> dict[str, State]:
    # Where rows are independent no groups tell how they differ.
    groups = 1 if settings.independent else GROUPS
    states: dict[str, State] = {
        "sums": Sums(settings.columns(), unweighted=UNWEIGHTED, groups=groups),
        "histogram": Histogram(),
        "worst": TopK(settings.top),
        "worst_finite": TopK(settings.top),
        "extremes": Extremes(),
    }
    if settings.independent:
        states["moments"] = Moments(settings.numerators(), weighted=settings.weighted)
    if settings.clustered:
        states["clusters"] = Distinct()
    if settings.units:
        states |= text_states(settings.units, clustered=settings.clustered)
    if settings.classes is not None:
        classes, hard = len(settings.classes), settings.truth == "labels"
        states["class_counts"] = ClassCounts(classes, groups)
        if hard and settings.independent:
            states["class_moments"] = Moments(
                ["surprisal"], weighted=settings.weighted, groups=classes
            )
        if hard and classes <= MOST_CONFUSION_CLASSES:
            states["confusion"] = Confusion(classes)
        width = 1 if hard else classes
        states["sample"] = Sample(
            classes, truth_width=width, size=settings.sample_rows, grouped=settings.clustered
        )
    return states


def _finite(values: Any, infinite: NDArray[np.bool_] | bool) -> Any:
    """Values, with 0 in infinite rows."""
    return values if infinite is False else np.where(infinite, 0.0, values)
