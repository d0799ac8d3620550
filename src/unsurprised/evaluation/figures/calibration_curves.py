"""Calibration curves in bins of equal weight, their error, and Brier's score with its parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.records import Brier, CalibrationBin, CalibrationCurve
from unsurprised.states import exact_sum
from unsurprised.statistics.isotonic import recalibrated_error, squared_error
from unsurprised.statistics.order_statistics import rank_bounds
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.ties import Runs
from unsurprised.statistics.totals import Totals
from unsurprised.threads import get_num_threads

T = TypeVar("T")

BINS = 15
#: Bins of few rows say little: there are fewer of them where there are few rows.
_FEWEST_ROWS = 20
#: Above this many classes there is a curve of the top class alone.
MOST_CURVES = 100
#: And above so many probabilities, where no other figure of each class is asked for.
_MOST_NUMBERS = 1 << 22
#: By how much the observed frequency is above the predicted.
_ABOVE = MeanRatio("observed", less="predicted")
#: Elements of a block of rows that stays in the cache.
_BLOCK = 1 << 15
#: Below so many probabilities threads take longer than one alone.
_FEW = 200_000


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """What the probabilities of each class, and of the top class, tell."""

    curves: tuple[CalibrationCurve, ...]
    brier: Brier | None


def calibration_of(rows: Sampled) -> CalibrationFigures:
    """Curves of the top class and of each class, and Brier's score."""
    top, count = _of_top_class(rows), len(rows.classes)
    if count <= MOST_CURVES:
        classes = by_class(rows, range(count), lambda index: _of_class(rows, index))
        curves = [curve for curve, _ in classes if curve is not None]
        return CalibrationFigures((top, *curves), _brier(rows, [brier for _, brier in classes]))
    happened = _happened(rows)
    if len(happened) * rows.size > _MOST_NUMBERS:
        return CalibrationFigures((top,), None)
    fits = by_class(rows, happened.tolist(), lambda index: _of_class(rows, index)[1])
    return CalibrationFigures((top,), _brier(rows, fits))


def why_no_brier(rows: Sampled) -> str:
    """Why there is no Brier score: each class that happened has a fit of its own."""
    return (
        f"needs an isotonic fit of each class that happened; {len(_happened(rows)):,} of them in "
        f"{rows.size:,} rows take too long"
    )


def _happened(rows: Sampled) -> NDArray[np.int64]:
    """The classes that any row has a share of; a fit to the others is 0, and costs nothing."""
    if rows.labels is not None:
        return np.unique(rows.labels)
    found: NDArray[np.int64] = np.flatnonzero(np.asarray(rows.shares).any(axis=0))
    return found


def curves_of(rows: Sampled) -> tuple[CalibrationCurve, ...]:
    """The curves alone, for who sets them beside those of other predictions of the rows."""
    top, classes = _of_top_class(rows), rows.classes
    if len(classes) > MOST_CURVES or rows.size * len(classes) > _MOST_NUMBERS:
        return (top,)

    def of_class(index: int) -> CalibrationCurve:
        return _curve(rows, classes[index], _Ranked.of_class(rows, index))

    return (top, *by_class(rows, range(len(classes)), of_class))


def _of_top_class(rows: Sampled) -> CalibrationCurve:
    right = rows.correct if rows.labels is None else rows.correct > 0
    return _curve(rows, None, _Ranked.of(rows, rows.confidence, right))


def by_class(rows: Sampled, classes: Sequence[int], ask: Callable[[int], T]) -> list[T]:
    """What is asked of some classes, side by side where it is worth it."""
    workers = min(get_num_threads(), len(classes))
    if workers == 1 or rows.size * len(classes) < _FEW:
        return [ask(index) for index in classes]
    from concurrent.futures import ThreadPoolExecutor  # 5 ms of every import

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(ask, classes))


def equal_bins(ranked: Runs, weights: Values | None, count: int) -> NDArray[np.int64]:
    """Where, in the order, bins of about equal weight begin; rows of equal number are in one.

    Weights are in the order too.

    Examples
    --------
    >>> ranked = Runs.of(np.array([0.1, 0.2, 0.5, 0.5, 0.5, 0.9]))
    >>> equal_bins(ranked, None, 3).tolist()
    [0, 2, 5]
    """
    reached = np.cumsum(ranked.joined(weights))
    if len(reached) == 1:
        return np.zeros(1, dtype=np.int64)
    goals, ends = np.arange(1, count) / count * reached[-1], reached[:-1]
    after = np.minimum(np.searchsorted(ends, goals), len(ends) - 1)
    before = np.maximum(after - 1, 0)
    # Between distinct numbers, where it is nearest to the goal.
    nearest = np.where(goals - ends[before] < ends[after] - goals, before, after)
    begins = np.zeros(len(reached), dtype=np.bool_)
    begins[np.append(0, nearest + 1)] = True
    return ranked.starts[begins]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Predictions of a class in ascending order, and what is known of the rows in that order."""

    runs: Runs
    predicted: Values
    #: Whether the class happened, or its share of what did.
    observed: NDArray[Any]
    #: None where all are one.
    weights: Values | None
    #: The order of the rows, if anything else of them is to be known in it.
    order: NDArray[np.int64] | None

    @classmethod
    def of(cls, rows: Sampled, predicted: Values, observed: NDArray[Any]) -> _Ranked:
        """Rank the rows."""
        if rows.weights is None and rows.clusters is None and observed.dtype == np.bool_:
            # Nothing but whether it happened goes with a probability, and fits in beside it: the
            # sign has room. Such numbers are sorted in half the time of places.
            both = np.sort((predicted.view(np.uint64) << np.uint64(1)) | observed)
            predicted = (both >> np.uint64(1)).view(np.float64)
            observed = (both & np.uint64(1)).astype(np.bool_)
            return cls(Runs.of(predicted), predicted, observed, None, None)
        order = portable.argsort(predicted)
        weights = None if rows.weights is None else rows.weights[order]
        predicted = predicted[order]
        return cls(Runs.of(predicted), predicted, observed[order], weights, order)

    @classmethod
    def of_class(cls, rows: Sampled, index: int) -> _Ranked:
        """By the probability of a class."""
        return cls.of(rows, np.ascontiguousarray(rows.probs[:, index]), rows.happened(index))

    def weighted(self, values: Values) -> float:
        """The exact sum of values times weights."""
        return exact_sum(1.0 * values if self.weights is None else self.weights * values)


def _of_class(rows: Sampled, index: int) -> tuple[CalibrationCurve | None, _ClassBrier]:
    ranked = _Ranked.of_class(rows, index)
    curve = None
    if len(rows.classes) <= MOST_CURVES:
        curve = _curve(rows, rows.classes[index], ranked)
    happened = ranked.weighted(ranked.observed)
    frequency = happened / exact_sum(rows.weight())
    best = recalibrated_error(ranked.runs, ranked.observed, ranked.weights)
    # A single pool is that of the frequency; what rounding makes of the two is no gain.
    by_frequency = max(happened * (1 - frequency), best)
    return curve, _ClassBrier(by_frequency, best)


def _curve(rows: Sampled, name: str | None, ranked: _Ranked) -> CalibrationCurve:
    count = max(1, min(BINS, rows.size // _FEWEST_ROWS))
    predicted, weights = ranked.predicted, ranked.weights
    starts = equal_bins(ranked.runs, weights, count)
    ends = np.append(starts[1:], rows.size)
    which = np.repeat(np.arange(len(starts), dtype=np.int32), ends - starts)
    heaviest = np.ones(len(starts))
    noise = predicted * (1 - predicted)
    if weights is not None:
        # Beside the bin's heaviest row, for squares of small weights are no floats.
        heaviest = np.maximum.reduceat(weights, starts)
        noise = weights / heaviest[which] * predicted * (1 - predicted)
    columns = {
        "rows": None,
        "infinite": False,
        "weight": None,
        "predicted": predicted,
        "observed": ranked.observed,
        "noise": noise,
    }
    asked = ("observed", _ABOVE.numerator)
    found = rows.totals(which, len(starts), columns, 1, asked, order=ranked.order)
    parts = [part for part in found if part is not None]
    noises = [_noise(part, most) for part, most in zip(parts, heaviest.tolist(), strict=True)]
    low, high = predicted[starts].tolist(), predicted[ends - 1].tolist()
    bins = [
        _bin(*each, rows.weight_unit)
        for each in zip(parts, zip(low, high, strict=True), noises, strict=True)
    ]
    return CalibrationCurve(name, tuple(bins), *_errors(parts, np.array(noises)))


def _errors(parts: list[Totals], calibrated: Values) -> tuple[float, float, float]:
    """The expected calibration error: plain, debiased, and of a calibrated model."""
    share = np.array([part.totals["weight"] for part in parts])
    share /= share.sum()
    pairs = [part.with_spread(_ABOVE, "") for part in parts]
    distance = np.array([abs(found.value) for found, _ in pairs])
    noise = np.array([0.0 if spread is None else spread.error for _, spread in pairs])
    error = math.fsum(share * distance)
    return (
        error,
        error - math.fsum(share * (_folded(distance, noise) - distance)),
        math.fsum(share * _folded(np.zeros(len(parts)), calibrated)),
    )


def _bin(part: Totals, ends: tuple[float, float], noise: float, unit: float) -> CalibrationBin:
    weight = part.totals["weight"]
    predicted = part.totals["predicted"] / weight
    band_low, band_high = _band(predicted, noise)
    return CalibrationBin(
        low=ends[0],
        high=ends[1],
        rows=part.rows,
        weight=weight * unit,
        predicted=predicted,
        observed=part.share_of("observed"),
        band_low=band_low,
        band_high=band_high,
    )


def _noise(part: Totals, heaviest: float) -> float:
    """The spread of the observed frequency of a calibrated model: labels drawn from it."""
    weight = part.totals["weight"]
    return math.sqrt(part.totals["noise"] / weight) * math.sqrt(heaviest / weight)


def _band(predicted: float, noise: float) -> tuple[float, float]:
    """Where 95 % of the frequencies lie: of the binomial with this mean and spread."""
    # The square of a small noise is no float; of so many rows that none counts them, all agree.
    rows = predicted * (1 - predicted) / noise / noise if noise > 0 else math.inf
    if math.isinf(rows):
        return predicted, predicted
    rows = max(1, round(rows))
    first, last = rank_bounds(rows, predicted)
    return min(first / rows, predicted), max((last - 1) / rows, predicted)


def _folded(mean: Values, spread: Values) -> Values:
    """The mean of the absolute value of normal numbers."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(spread > 0, mean / spread, np.inf)
    folded: Values = spread * math.sqrt(2 / math.pi) * portable.exp(-(scale * scale) / 2)
    folded += mean * portable.erf(scale / math.sqrt(2))
    return folded


@dataclass(frozen=True, slots=True)
class _ClassBrier:
    """The sums of Brier's score for one class with other predictions in the place of a model's."""

    #: Of how often the class happens, and of the isotonic fit.
    by_frequency: float
    by_fit: float


def _brier(rows: Sampled, classes: list[_ClassBrier]) -> Brier:
    two = len(rows.classes) == 2
    chosen = classes[1:] if two else classes
    total = exact_sum(rows.weight())
    uncertainty = sum(each.by_frequency for each in chosen) / total
    best = sum(each.by_fit for each in chosen) / total
    scores = _brier_scores(rows)
    columns = {"rows": None, "infinite": False, "weight": None, "score": scores}
    (part,) = rows.totals(np.zeros(rows.size, dtype=np.int64), 1, columns, 1, ("score",))
    if part is None:
        raise ValueError("no rows")
    score = part.mean_of("score", "weight", "", most=1.0 if two else 2.0)
    return Brier(score, uncertainty, uncertainty - best, max(score.value - best, 0.0))


def _brier_scores(rows: Sampled) -> Values:
    """Brier's score of each row: of class 1 of two, else the sum of all."""
    chosen = slice(1 if len(rows.classes) == 2 else 0, None)
    scores, ones = np.empty(rows.size), np.ones(len(rows.classes))[chosen]
    step = max(1, _BLOCK // len(rows.classes))
    for start in range(0, rows.size, step):
        some = slice(start, start + step)
        truth = rows.truth(some)[:, chosen]
        error = squared_error(rows.probs[some, chosen], truth)
        scores[some] = portable.matmul(error, ones)
    return scores
