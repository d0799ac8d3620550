"""The sample of rows, measured: what is asked of single rows is computed on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.batches import Batch
from unsurprised.evaluation.row_scores import row_scores, shares_of
from unsurprised.evaluation.states import States
from unsurprised.forms import DistributionForm, Labels, Logits, LogProbs, Probs
from unsurprised.states import Moments, Sums
from unsurprised.states.hashing import content_order
from unsurprised.statistics.ratios import numerators
from unsurprised.statistics.totals import Totals, totals_of
from unsurprised.weights import in_power_of_two

#: The form of each kind of predictions.
FORMS: dict[str, type[DistributionForm]] = {"probs": Probs, "logits": Logits, "logprobs": LogProbs}


@dataclass(frozen=True, slots=True)
class Sampled:
    """Rows with everything that is known of them, in an order that follows from what they hold.

    Where rows belong to clusters they ascend by the hash of their ids.
    """

    size: int
    #: How many rows the sample has, those of weight 0 included.
    drawn: int
    classes: tuple[str, ...]
    #: The hash of the row's id, and of its cluster, if rows belong to some.
    hashes: NDArray[np.uint64]
    clusters: NDArray[np.uint64] | None
    #: The largest of the hashes, of rows of weight 0 too.
    last_hash: int
    weights: Values | None
    #: What these weights are multiples of: a power of two that brings the largest close to one.
    weight_unit: float
    model: DistributionForm
    #: What the model gave to each class; rows sum to one.
    probs: Values
    #: The class that happened; ``None`` where the truth is a distribution, which ``shares`` holds.
    labels: NDArray[np.int64] | None
    shares: Values | None
    surprisal: Values
    expected: Values
    top: NDArray[np.int64]
    #: What the model gave to its top class.
    confidence: Values
    #: Whether the top class happened, or its share of the truth.
    correct: Values
    refused: bool

    def first(self, count: int) -> Sampled:
        """The first rows, which are a sample of all."""
        return self if count >= self.size else self.take(slice(count))

    def take(self, which: slice | NDArray[np.int64]) -> Sampled:
        """Some of the rows, which ascend."""
        arrays: dict[str, Any] = {
            field.name: value[which]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        model = self.model.with_array(self.model.rows(-1)[which])
        return replace(self, size=len(arrays["hashes"]), model=model, **arrays)

    def under(self, model: DistributionForm) -> Sampled:
        """The same rows under other predictions, whose rows stand in the same order."""
        truth: Labels | Probs
        if self.labels is None:
            truth = Probs(self.shares)
        else:
            truth = Labels(self.labels, classes=len(self.classes))
        return replace(self, **_scored(truth, model, self.weights))

    def outcome(self, index: int) -> Values:
        """The share of the truth that a class has in each row: 0 or 1 of labels."""
        return self.happened(index).astype(np.float64, copy=False)

    def happened(self, index: int) -> NDArray[Any]:
        """Whether a class happened in each row, or its share of the truth."""
        if self.shares is not None:
            return np.ascontiguousarray(self.shares[:, index])
        return np.asarray(self.labels == index)

    def truth(self, rows: slice) -> Values:
        """The truth of some rows as shares of all classes."""
        if self.labels is None:
            return np.asarray(self.shares)[rows]
        labels = self.labels[rows]
        truth = np.zeros((len(labels), len(self.classes)))
        truth[np.arange(len(labels)), labels] = 1.0
        return truth

    def weight(self) -> Values:
        """The weight of each row; ones where there are none."""
        return np.ones(self.size) if self.weights is None else self.weights

    def totals(
        self,
        which: NDArray[Any],
        count: int,
        columns: dict[str, Any],
        unweighted: int,
        asked: tuple[str, ...],
        *,
        order: NDArray[np.int64] | None = None,
    ) -> Sequence[Totals | None]:
        """Sums of columns over the rows of each of ``count`` cells; ``None`` for empty ones.

        ``asked`` are the columns, and differences of columns, whose means are to have intervals.
        ``order`` is that of the rows in which the columns have them, where it is another one.
        """
        cells, moments = [(f"{index:06}",) for index in range(count)], None
        which = which.astype(np.int32, copy=False)
        weights, clusters = self.weights, self.clusters
        if order is not None:
            weights = None if weights is None else weights[order]
            clusters = None if clusters is None else clusters[order]
        if clusters is None:
            sums, groups = Sums(list(columns), unweighted=unweighted, groups=1), self.places()
            moments = Moments(asked, weighted=weights is not None)
            moments.update_cells(numerators(columns, asked), cells, which, weights)
        else:
            sums, groups = Sums(list(columns), unweighted=unweighted), clusters
        sums.update_cells(groups, columns, cells, which, weights)
        held = np.bincount(which, minlength=count)
        return [
            totals_of(sums, moments, cell, refused=self.refused) if held[index] else None
            for index, cell in enumerate(cells)
        ]

    def places(self) -> NDArray[np.uint64]:
        """The place of each row."""
        return np.arange(self.size, dtype=np.uint64)


def sampled_of(states: States, *, refused: bool) -> Sampled | None:
    """The sample of the states, measured; ``None`` where there are no predictions or no sample."""
    sample, settings = states.sample, states.settings
    if sample is None or sample.size == 0 or settings.kind is None or settings.classes is None:
        return None
    # What follows from the contents of rows alone needs no order of their hashes before.
    rows, unit = sample.result() if settings.clustered else sample.held(), 1.0
    drawn, last_hash = len(rows["hash"]), int(rows["hash"].max())
    if settings.weighted:
        rows["weight"], unit = in_power_of_two(rows["weight"])
        # Rows of weight 0 tell nothing, and no bin is to consist of them; nor do those whose share
        # of the largest weight is no float.
        kept = rows["weight"] > 0
        rows = {name: values[kept] for name, values in rows.items()}
    if not len(rows["hash"]):
        return None
    if not settings.clustered:
        weights = rows["weight"] if settings.weighted else None
        order = content_order(rows["model"], rows["truth"], weights=weights, hashes=rows["hash"])
        rows = {name: values[order] for name, values in rows.items()}
    model = FORMS[settings.kind](rows["model"])
    model.normalize = True  # the sums were checked when the rows came in
    hard = settings.truth == "labels"
    truth: Labels | Probs
    truth = Labels(rows["truth"], classes=len(settings.classes)) if hard else Probs(rows["truth"])
    weights = rows["weight"] if settings.weighted else None
    size = len(rows["hash"])
    return Sampled(
        size=size,
        drawn=drawn,
        classes=tuple(settings.classes),
        hashes=rows["hash"],
        clusters=rows["group"] if settings.clustered else None,
        last_hash=last_hash,
        weights=weights,
        weight_unit=unit,
        labels=rows["truth"] if hard else None,
        refused=refused,
        **_scored(truth, model, weights),
    )


def _scored(
    truth: Labels | Probs, model: DistributionForm, weights: Values | None
) -> dict[str, Any]:
    """What a model tells of rows, by the field that holds it."""
    facts = row_scores(Batch(model.rows(-1).shape[0], truth, model, weights=weights))
    if facts.entropy is None or facts.top is None or facts.correct is None:
        raise TypeError("rows of predictions have an entropy and a top class")
    probs, top = shares_of(model), facts.top.astype(np.int64)
    return {
        "model": model,
        "probs": probs,
        "confidence": probs[np.arange(len(probs)), top],
        "shares": facts.shares,
        "surprisal": facts.surprisal,
        "expected": facts.entropy,
        "top": top,
        "correct": facts.correct.astype(np.float64),
    }


def ends_of(values: Values, which: NDArray[np.int64], count: int) -> tuple[Values, Values]:
    """The least and the largest value of each cell."""
    least, most = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, which, values)
    np.maximum.at(most, which, values)
    return least, most
