"""The account of the total: label entropy − discrimination + miscalibration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators import UniformMixing
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators.crossfit import FOLDS, folds_of
from unsurprised.evaluation.figures.frequencies import of_rows, surprised_by
from unsurprised.evaluation.figures.if_calibrated import OfScores, of_isotonic
from unsurprised.evaluation.figures.recalibration import (
    Recalibrations,
    fewer,
    fitting_rows_of,
    odds_of,
)
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.records import IfCalibrated, Ledger, Mixed, Recalibration
from unsurprised.forms import Counts
from unsurprised.measures import entropy
from unsurprised.states import ClassCounts
from unsurprised.states.sums import GROUPS
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread, estimated, plug_in, within
from unsurprised.statistics.means import mean_and_spread
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.ties import Ties
from unsurprised.statistics.totals import Totals

#: Of fewer rows no recalibration tells anything.
FEWEST_ROWS = 32

Scaled = Callable[[Estimate], Estimate]


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The ledger, or why there is none; and why a part of it is missing."""

    ledger: Ledger | None
    reasons: dict[str, str]


def ledger_of(
    rows: Sampled,
    scaled: Scaled,
    truth_entropy: Estimate | None = None,
    kl_divergence: Estimate | None = None,
) -> Decomposition:
    """The ledger of a sample, in the unit that ``scaled`` brings estimates to."""
    rows = fewer(rows)
    why = _unfit(rows)
    if why is not None:
        return Decomposition(None, {"ledger": why})
    fitting = fitting_rows_of(rows, rows.classes)
    folds = folds_of([fitting], FOLDS, rows.clusters)
    if not _several_outside(fitting, folds):
        why = f"needs two classes outside of each of {FOLDS} folds; all but one happen too rarely"
        return Decomposition(None, {"ledger": why})
    tried = Recalibrations.of(rows, fitting, folds)
    means = _Means(tried, scaled)
    if not means.known:
        return Decomposition(
            None, {"ledger": "recalibrated rows cost more bits than a float holds"}
        )
    no_test = _untested(rows)
    tests = [None] * len(tried.found) if no_test else _tests(rows, fitting, means)
    ledger = Ledger(
        rows=rows.size,
        folds=FOLDS,
        label_entropy=means.estimate("label entropy", most=float(portable.log2(len(rows.classes)))),
        cross_entropy=means.estimate("cross-entropy"),
        recalibrations=tuple(means.recalibration(*each) for each in enumerate(tests)),
        mixed=_mixed(rows, fitting, means.in_sample[-1], scaled) if means.infinite else None,
        truth_entropy=truth_entropy,
        kl_divergence=kl_divergence,
        left_out=tried.left_out,
        taken=tried.found[tried.taken].title,
    )
    return Decomposition(ledger, {"if_calibrated": no_test} if no_test else {})


def _unfit(rows: Sampled) -> str | None:
    """Why the rows are too few or too much alike for a ledger."""
    if len(rows.classes) < 2:
        return "needs at least two classes; the predictions have one"
    if rows.size < FEWEST_ROWS:
        return f"needs at least {FEWEST_ROWS} rows; found {rows.size}"
    happened = (
        np.unique(rows.labels)
        if rows.labels is not None
        else np.flatnonzero(np.asarray(rows.shares).sum(axis=0) > 0)
    )
    if len(happened) == 1:
        name = rows.classes[int(happened[0])]
        return f"needs at least two classes that happen; only {name!r} does"
    clusters = FOLDS if rows.clusters is None else len(np.unique(rows.clusters))
    if clusters < FOLDS:
        return f"needs rows of at least {FOLDS} clusters to leave some out; found {clusters}"
    return None


def _several_outside(rows: FittingRows, folds: NDArray[np.int64]) -> bool:
    """Whether the rows that are left when a fold is taken out never have the same class."""
    return all(np.count_nonzero(rows.of(folds != fold).frequencies()) > 1 for fold in range(FOLDS))


def _untested(rows: Sampled) -> str | None:
    """Why no labels are drawn to see how a calibrated model would look."""
    if rows.labels is None:
        return "needs one class a row; the truth is a distribution"
    if rows.clusters is not None:
        return "needs rows that are independent of each other; these belong to clusters"
    return None


def _tests(rows: Sampled, fitting: FittingRows, means: _Means) -> list[IfCalibrated]:
    if fitting.width == 2:
        ranked = Ties.of(odds_of(rows, fitting.log))
        bits = math.inf if means.infinite else means.value("cross-entropy") - means.least(0)
        return [means.in_unit(of_isotonic(rows, ranked, bits))]
    scores = OfScores(rows, fitting)
    tests = [scores.temperature()]
    if len(means.tried.found) > 1:
        tests.append(scores.vector())
    return [means.in_unit(test) for test in tests]


class _Means:
    """Mean bits of the rows by one prediction or another, and how they and differences spread."""

    def __init__(self, tried: Recalibrations, scaled: Scaled) -> None:
        rows = tried.rows
        self.tried, self.scaled, self.rows, self.sample = tried, scaled, rows.size, rows
        places = range(len(tried.found))
        self.in_sample = [tried.in_sample(place) for place in places]
        held_out = [tried.held_out(place) for place in places]
        self.known = bool(np.isfinite([self.in_sample, held_out]).all())
        if not self.known:
            return
        infinite = np.isinf(rows.surprisal)
        self.bits = {"cross-entropy": np.where(infinite, 0.0, rows.surprisal)}
        for place in places:
            self.bits |= {
                f"in sample {place}": self.in_sample[place],
                f"held out {place}": held_out[place],
                f"saved {place}": np.where(infinite, 0.0, tried.saved(place)),
            }
        columns = {
            "rows": None,
            "infinite_rows": infinite,
            "weight": None,
            "infinite": infinite,
            **self.bits,
        }
        # None is asked of the sums: means and differences of them have spreads row by row.
        (part,) = rows.totals(np.zeros(rows.size, dtype=np.int64), 1, columns, 2, asked=())
        if part is None:
            raise ValueError("no rows")
        self.part, self.infinite = part, part.infinite
        frequencies, self.label_entropies = _label_entropies(rows, part)
        self.classes = int(np.count_nonzero(frequencies))
        self.bits["label entropy"] = surprised_by(rows, frequencies)
        self.shortfall = of_rows(rows, frequencies).shortfall

    def value(self, name: str) -> float:
        """A mean, in bits."""
        if name == "label entropy":
            return float(self.label_entropies[0])
        return float(self.part.totals[name] / self.part.totals["weight"])

    def least(self, index: int) -> float:
        """The in-sample mean of the best recalibration; see :meth:`best`."""
        return self.value(self.best(index))

    def best(self, index: int) -> str:
        """The best recalibration in sample, among which are to do nothing and the frequencies.

        All families hold these in theory (or, the frequencies, as a limit); so no part of the
        ledger is below 0 for a rounding.
        """
        kept = [f"in sample {index}", "label entropy"]
        if not self.infinite:
            kept.append("cross-entropy")
        return min(kept, key=self.value)

    def differences(self, crossed: Estimate, fitted: Estimate) -> tuple[Estimate, Estimate]:
        """Less that is paid after recalibration, cross-fitted and in sample.

        The best recalibration of all rows there are lies between the two: held-out rows say too
        little of it, the rows that it was fitted to too much. So does its interval.
        """
        fitted = within(fitted, 0.0, math.inf)
        high = max(crossed.high, fitted.high)  # of NaN both are
        return self.scaled(replace(crossed, high=high)), self.scaled(fitted)

    def mean(self, name: str) -> Estimate:
        """A mean, in bits, with its interval."""
        value = self.value(name)
        return estimated(value, self.spread(value, name), "bits", self.rows)

    def difference(self, more: str, less: str) -> Estimate:
        """By how many bits one mean is above another."""
        value = self.value(more) - self.value(less)
        return estimated(value, self.spread(value, more, less), "bits", self.rows)

    def spread(self, value: float, more: str, less: str | None = None) -> Spread | None:
        """How a mean, or the difference of two, differs from one set of rows to another."""
        if self.sample.clusters is not None:
            without = self.without(more) - (0.0 if less is None else self.without(less))
            return Spread.of(value, without, self.part.sizes)
        bits = self.bits[more] if less is None else self.bits[more] - self.bits[less]
        return mean_and_spread(bits, None, self.sample.weights, refused=self.sample.refused)[1]

    def without(self, name: str) -> Values:
        """A mean without each group of clusters."""
        if name == "label entropy":
            return self.label_entropies[1:]
        without: Values = self.part.without[name] / self.part.without["weight"]
        return without

    def estimate(self, name: str, most: float = math.inf) -> Estimate:
        """The estimate of a mean."""
        if name == "cross-entropy" and self.infinite:
            return self.endless()
        if name == "label entropy":
            value = self.value(name)
            spread = self.spread(value, name)
            if spread is not None and self.sample.clusters is None:
                spread = replace(spread, shortfall=self.shortfall)
            found = plug_in(value, spread, "bits", self.rows, classes=self.classes)
        else:
            found = self.mean(name)
        return self.scaled(within(found, 0.0, most))

    def endless(self) -> Estimate:
        """Infinitely many bits."""
        return self.scaled(Estimate(math.inf, math.inf, math.inf, "bits", self.rows))

    def recalibration(self, place: int, test: IfCalibrated | None) -> Recalibration:
        """Both decompositions by a family."""
        best, alone = self.best(place), "label entropy"
        known, known_in_sample = self.differences(
            self.difference(alone, f"held out {place}"), self.difference(alone, best)
        )
        lost = lost_in_sample = self.endless()
        if not self.infinite:
            # What each row saves, as everywhere that it is told of.
            lost, lost_in_sample = self.differences(
                self.mean(f"saved {place}"), self.difference("cross-entropy", best)
            )
        return Recalibration(
            family=self.tried.found[place].title,
            parameters=self.tried.parameters(place),
            discrimination=known,
            miscalibration=lost,
            discrimination_in_sample=known_in_sample,
            miscalibration_in_sample=lost_in_sample,
            if_calibrated=test,
        )

    def in_unit(self, test: IfCalibrated) -> IfCalibrated:
        """The same in the unit asked for."""
        factor = self.scaled(Estimate(1.0, 1.0, 1.0, "bits", 0)).value
        return IfCalibrated(
            test.mean * factor, test.high * factor, test.p_value, test.exceeded, test.simulations
        )


def _label_entropies(rows: Sampled, part: Totals) -> tuple[Values, Values]:
    """The weight of each class; the entropy of all rows and, of clusters, without each group."""
    clusters = rows.places() if rows.clusters is None else rows.clusters
    counts = ClassCounts(len(rows.classes), 1 if rows.clusters is None else GROUPS)
    if rows.labels is not None:
        counts.update(clusters, rows.labels, rows.weights)
    else:
        shares = np.asarray(rows.shares)
        counts.update_shares(clusters, shares * rows.weight()[:, None])
    totals, without = counts.totals()
    kept = without[:0] if rows.clusters is None else without[part.groups]
    return totals, np.asarray(entropy(Counts(np.vstack([totals, kept]))))


def _mixed(rows: Sampled, fitting: FittingRows, best: Values, scaled: Scaled) -> Mixed:
    mixing = UniformMixing().fit_rows(fitting)
    costs = mixing.costs(fitting) / math.log(2)
    columns = {
        "rows": None,
        "infinite": False,
        "weight": None,
        "mixed": costs,
        "saved": costs - best,
    }
    asked = ("mixed", "saved")
    (part,) = rows.totals(np.zeros(rows.size, dtype=np.int64), 1, columns, 1, asked)
    if part is None:
        raise ValueError("no rows")
    saved = part.of(MeanRatio("saved"))
    return Mixed(
        mixing.epsilon_,
        scaled(part.mean_of("mixed", "weight", "bits")),
        scaled(within(saved, 0.0, math.inf)),
    )
