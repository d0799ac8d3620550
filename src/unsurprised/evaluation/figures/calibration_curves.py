"""Calibration curves in bins of equal weight, their error, and Brier's score with its parts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.evaluation.figures.sample import Sampled, ends_of
from unsurprised.evaluation.records import Brier, CalibrationBin, CalibrationCurve
from unsurprised.states import exact_sum
from unsurprised.statistics.isotonic import recalibrated, squared_error
from unsurprised.statistics.order_statistics import rank_bounds
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.ties import Ties
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
#: Below so many probabilities threads take longer than one alone.
_FEW = 200_000


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """What the probabilities of each class, and of the top class, tell."""

    curves: tuple[CalibrationCurve, ...]
    brier: Brier


def calibration_of(rows: Sampled) -> CalibrationFigures:
    """Curves of the top class and of each class, and Brier's score."""
    classes = by_class(rows, lambda index: _of_class(rows, index))
    curves = [curve for curve, _ in classes if curve is not None]
    brier = _brier(rows, [brier for _, brier in classes])
    return CalibrationFigures((_of_top_class(rows), *curves), brier)


def curves_of(rows: Sampled) -> tuple[CalibrationCurve, ...]:
    """The curves alone, for who sets them beside those of other predictions of the rows."""
    top, classes = _of_top_class(rows), rows.classes
    if len(classes) > MOST_CURVES or rows.size * len(classes) > _MOST_NUMBERS:
        return (top,)

    def of_class(index: int) -> CalibrationCurve:
        predicted = np.ascontiguousarray(rows.probs[:, index])
        return _curve(rows, classes[index], predicted, rows.outcome(index), Ties.of(predicted))

    return (top, *by_class(rows, of_class))


def _of_top_class(rows: Sampled) -> CalibrationCurve:
    confidence = np.take_along_axis(rows.probs, rows.top[:, None], 1)[:, 0]
    return _curve(rows, None, confidence, rows.correct, Ties.of(confidence))


def by_class(rows: Sampled, ask: Callable[[int], T]) -> list[T]:
    """What is asked of each class, side by side where it is worth it."""
    count = len(rows.classes)
    workers = min(get_num_threads(), count)
    if workers == 1 or rows.size * count < _FEW:
        return [ask(index) for index in range(count)]
    from concurrent.futures import ThreadPoolExecutor  # 5 ms of every import

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(ask, range(count)))


def equal_bins(ranked: Ties, weights: Values, count: int) -> NDArray[np.int64]:
    """The bin of each row: about equally heavy, ascending, rows of equal number together.

    Examples
    --------
    >>> ranked = Ties.of(np.array([0.1, 0.9, 0.5, 0.5, 0.5, 0.2]))
    >>> equal_bins(ranked, np.ones(6), 3).tolist()
    [0, 2, 1, 1, 1, 0]
    """
    reached = np.cumsum(ranked.sums(weights))
    if len(reached) == 1:
        return np.zeros(len(weights), dtype=np.int64)
    goals, ends = np.arange(1, count) / count * reached[-1], reached[:-1]
    after = np.minimum(np.searchsorted(ends, goals), len(ends) - 1)
    before = np.maximum(after - 1, 0)
    # Between distinct numbers, where it is nearest to the goal.
    nearest = np.where(goals - ends[before] < ends[after] - goals, before, after)
    bins = np.zeros(len(reached), dtype=np.int64)
    bins[nearest + 1] = 1
    return ranked.spread(np.cumsum(bins)).astype(np.int64)


def _of_class(rows: Sampled, index: int) -> tuple[CalibrationCurve | None, _ClassBrier]:
    predicted = np.ascontiguousarray(rows.probs[:, index])
    observed, weights = rows.outcome(index), rows.weight()
    ranked = Ties.of(predicted)
    curve = None
    if len(rows.classes) <= MOST_CURVES:
        curve = _curve(rows, rows.classes[index], predicted, observed, ranked)
    fitted = recalibrated(ranked, observed, weights)
    frequency = np.full(rows.size, exact_sum(weights * observed) / exact_sum(weights))
    return curve, _ClassBrier(
        squared_error(predicted, observed),
        exact_sum(weights * squared_error(frequency, observed)),
        exact_sum(weights * squared_error(fitted, observed)),
    )


def _curve(
    rows: Sampled, name: str | None, predicted: Values, observed: Values, ranked: Ties
) -> CalibrationCurve:
    count = max(1, min(BINS, rows.size // _FEWEST_ROWS))
    weights = rows.weight()
    which = equal_bins(ranked, weights, count)
    held = int(which.max()) + 1
    low, high = ends_of(predicted, which, held)
    _, heaviest = ends_of(weights, which, held)
    columns = {
        "rows": None,
        "infinite": False,
        "weight": None,
        "predicted": predicted,
        "observed": observed,
        # Beside the bin's heaviest row, for squares of small weights are no floats.
        "noise": weights / heaviest[which] * predicted * (1 - predicted),
    }
    found = rows.totals(which, held, columns, 1, ("observed", _ABOVE.numerator))
    parts = [part for part in found if part is not None]
    noises = [_noise(part, most) for part, most in zip(parts, heaviest.tolist(), strict=True)]
    unit = rows.weight_unit
    ends = zip(low.tolist(), high.tolist(), strict=True)
    bins = [_bin(*each, unit) for each in zip(parts, ends, noises, strict=True)]
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
    """Brier's score of each row for one class, and its sums with other predictions in its place."""

    scores: Values
    #: Of how often the class happens, and of the isotonic fit.
    by_frequency: float
    by_fit: float


def _brier(rows: Sampled, classes: list[_ClassBrier]) -> Brier:
    chosen = classes[1:] if len(classes) == 2 else classes
    total = exact_sum(rows.weight())
    uncertainty = sum(each.by_frequency for each in chosen) / total
    best = sum(each.by_fit for each in chosen) / total
    scores = np.sum([each.scores for each in chosen], axis=0)
    columns = {"rows": None, "infinite": False, "weight": None, "score": scores}
    (part,) = rows.totals(np.zeros(rows.size, dtype=np.int64), 1, columns, 1, ("score",))
    if part is None:
        raise ValueError("no rows")
    score = part.mean_of("score", "weight", "", most=1.0 if len(classes) == 2 else 2.0)
    return Brier(score, uncertainty, uncertainty - best, score.value - best)
