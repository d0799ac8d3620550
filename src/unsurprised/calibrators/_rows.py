"""Rows that calibrators are fitted on, as natural log-probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.batches import Batch
from unsurprised.calibrators._packed import PackedRows
from unsurprised.errors import CallError, InputError
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import Counts, DistributionForm, Labels, Probs
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.measures import entropy
from unsurprised.measures._faults import fault_of
from unsurprised.measures._labels import checked_indices, dense
from unsurprised.measures._numpy_engine import kernel_rows
from unsurprised.weights import in_power_of_two, of_mean_one

_NATS = math.log(2)
#: Elements of a block of rows that stays in the cache.
_BLOCK = 1 << 16
#: In which order the arguments come, for whoever has mixed them up.
PREDICTIONS_FIRST = (
    "the predictions come first: fit(y_pred, y_true), as in scikit-learn's fit(X, y)"
)


@dataclass(frozen=True)
class FittingRows:
    """The rows a calibrator is fitted on; those of weight 0 are left out."""

    #: Natural log-probabilities of the predictions, (rows, classes); −inf where one is 0.
    log: Values
    #: What happened: the index of a class, or a distribution over all of them.
    labels: NDArray[np.int64] | None
    shares: Values | None
    #: Importance of each row, of mean 1; None where all are alike.
    weights: Values | None
    #: Names of the classes; their numbers where they have no names.
    classes: tuple[str, ...] | None
    #: The class, of two, that one number a row is the probability of.
    spoken_of: int = 1

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.log)

    @property
    def effective_count(self) -> float:
        """How many equally weighted rows tell as much (Kish, *Survey Sampling*, 1965)."""
        if self.weights is None:
            return float(self.count)
        return portable.effective_count(self.weights)

    @property
    def width(self) -> int:
        """How many classes there are."""
        return int(self.log.shape[1])

    @cached_property
    def packed(self) -> PackedRows:
        """The log-probabilities and the weights, laid out for sums over rows."""
        return PackedRows(self.log, self.weights)

    @cached_property
    def lowest(self) -> float:
        """The lowest log-probability of a class that is possible; 0 where there is none below."""
        least = float(self.log.min(initial=0.0))
        return least if least > -math.inf else float(finite(self.log).min(initial=0.0))

    def truth(self) -> Values:
        """What happened as rows of shares."""
        if self.shares is not None:
            return self.shares
        assert self.labels is not None
        rows = np.zeros(self.log.shape)
        rows[np.arange(self.count), self.labels] = 1.0
        return rows

    def truth_of(self, index: int) -> NDArray[Any]:
        """Of each row, whether a class happened, or its share."""
        if self.labels is not None:
            return np.asarray(self.labels == index)
        assert self.shares is not None
        return np.asarray(self.shares[:, index])

    def frequencies(self) -> Values:
        """How often each class happened."""
        weights = np.ones(self.count) if self.weights is None else self.weights
        if self.labels is not None:
            counts: Values = np.bincount(self.labels, weights, self.width).astype(np.float64)
        else:
            counts = portable.matmul(weights, self.truth())
        frequencies: Values = counts / counts.sum()
        return frequencies

    def of(self, rows: Any) -> FittingRows:
        """Some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return FittingRows(
            self.log[rows],
            None if self.labels is None else self.labels[rows],
            None if self.shares is None else self.shares[rows],
            None if weights is None else of_mean_one(weights),
            self.classes,
        )

    def with_log(self, log: Values) -> FittingRows:
        """The same rows under other predictions."""
        return FittingRows(log, self.labels, self.shares, self.weights, self.classes)

    def name(self, index: int) -> str:
        """What a class is called."""
        return str(index) if self.classes is None else self.classes[index]

    def with_smoothed_truth(self) -> FittingRows:
        """The same rows as if one more had been seen, whose truth is any class alike.

        Of each row's classes, those to which it gives 0 take no part: no fit could lift them.
        """
        share = 1.0 / (self.effective_count + 1.0)
        possible = ~np.isneginf(self.log)
        alike = possible / possible.sum(axis=1, keepdims=True)
        smoothed = (1.0 - share) * self.truth() + share * alike
        return FittingRows(self.log, None, smoothed, self.weights, self.classes)

    def impossible(self) -> NDArray[np.bool_]:
        """Which rows gave 0 to something that happened."""
        if self.labels is not None:
            at = self.log[np.arange(self.count), self.labels]
            return np.asarray(np.isneginf(at), dtype=bool)
        assert self.shares is not None
        return np.asarray((np.isneginf(self.log) & (self.shares > 0)).any(axis=1), dtype=bool)

    def cross_entropies(self, log: Values | None = None) -> Values:
        """Nats that each row costs, under other predictions if any are given."""
        log = self.log if log is None else log
        if self.labels is not None:
            return np.asarray(-log[np.arange(self.count), self.labels])
        assert self.shares is not None
        with np.errstate(invalid="ignore"):
            return np.asarray(-np.where(self.shares > 0, self.shares * log, 0.0).sum(axis=1))


@own_float_errors
def fitting_rows(
    y_pred: Any,
    y_true: Any,
    sample_weight: Any = None,
    classes: Sequence[str] | Mapping[Any, Any] | None = None,
) -> FittingRows:
    """Rows to fit on, checked; the first one that is not legal raises."""
    batch = batch_from_arrays(
        y_true, y_pred, Meaning(classes), weights=sample_weight, order=PREDICTIONS_FIRST
    )
    return rows_of(batch)


def rows_of(
    batch: Batch,
    *,
    keep: NDArray[np.bool_] | None = None,
) -> FittingRows:
    """The rows of a batch as calibrators see them; those of weight 0 are left out.

    ``keep`` tells which rows alone are wanted, and that their weights are not.
    """
    assert batch.model is not None
    if not batch.size:
        raise CallError("no rows to fit on; expected at least one")
    width = batch.model.shape[-1]
    labels, shares = _truth_of(batch.truth, width)
    rows = FittingRows(log_rows(batch.model), labels, shares, None, batch.classes, batch.spoken_of)
    if keep is not None:
        return rows if keep.all() else rows.of(keep)
    if batch.weights is None:
        return rows
    # A weight whose share of the largest is no float counts nothing.
    weights, _ = in_power_of_two(batch.weights)
    kept = weights > 0
    if not kept.any():
        raise InputError("found only weights of 0", expected="at least one row that counts")
    return replace(rows, weights=weights).of(kept)


def _truth_of(truth: Any, width: int) -> tuple[NDArray[np.int64] | None, Values | None]:
    if isinstance(truth, Labels):
        indices = np.ascontiguousarray(checked_indices(truth, width), dtype=np.int64)
        if truth.smoothing:
            return None, dense(truth, width).array.values
        return indices, None
    if truth.shape[-1] != width:
        raise CallError(
            f"y_true has {truth.shape[-1]} classes and y_pred {width}; expected the same classes"
        )
    try:
        entropy(truth)  # its checks are wanted
    except InputError as error:
        raise error.located(file="y_true") from None
    if isinstance(truth, Counts | Probs):
        mass = truth.rows(-1).as_float64()
        return None, mass / mass.sum(axis=1, keepdims=True)
    return None, portable.exp(log_rows(truth))


def log_rows(form: DistributionForm) -> Values:
    """Natural log-probabilities of rows of any form, (n, K); illegal rows raise.

    The top class keeps its digits: it is −log1p of the others.
    """
    rows = form.rows(-1).values
    size = len(rows)
    top, surprisal = np.empty(size, dtype=np.int32), np.empty(size)
    unused = np.empty(size), np.empty(size)
    found = _kernels.facts(kernel_rows(form, rows), None, _NATS, *unused, surprisal, top)
    if found[0] >= 0:
        raise fault_of(form, rows, found).located(file="y_pred")
    given = form.rows(-1)
    log = np.empty(given.values.shape)
    step = max(1, _BLOCK // max(form.shape[-1], 1))
    for start in range(0, size, step):
        block = slice(start, start + step)
        scores = type(given)(given.values[block], given.dtype).as_float64()
        if form.kind not in ("logits", "logprobs"):
            with np.errstate(divide="ignore"):
                scores = portable.log(scores)
        highest = np.take_along_axis(scores, top[block, None].astype(np.int64), axis=1)
        with np.errstate(over="ignore"):  # a gap that no float holds is infinite
            np.subtract(scores, highest, out=log[block])
        log[block] -= surprisal[block, None]
    return log


def finite(log: Values) -> Values:
    """The log-probabilities with 0 for −inf, where a share of 0 multiplies them anyway."""
    return np.where(np.isneginf(log), 0.0, log) if np.isneginf(log).any() else log


def widest(rows: FittingRows) -> float:
    """How far the lowest log-probability is below 0, of the classes that are possible."""
    return -rows.lowest
