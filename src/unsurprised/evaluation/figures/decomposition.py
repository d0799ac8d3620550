"""The account of the total: label entropy − discrimination + miscalibration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.calibrators import UniformMixing
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators.crossfit import FOLDS, folds_of
from unsurprised.evaluation.figures.calibration_test import OfScores, of_isotonic
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
from unsurprised.statistics.jackknife import jackknife, jackknife_of_plug_in, within
from unsurprised.statistics.ties import Ties
from unsurprised.statistics.totals import Totals, Values

Scaled = Callable[[Estimate], Estimate]
#: A mean on all groups, and those without each.
Mean = tuple[float, Values]


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger, or why there is none; and why a part of it is missing."""

    ledger: Ledger | None
    reasons: dict[str, str]


def ledger_of(
    rows: Sampled,
    scaled: Scaled,
    truth_entropy: Estimate | None = None,
    kl_divergence: Estimate | None = None,
) -> Account:
    """The ledger of a sample, in the unit that ``scaled`` brings estimates to."""
    rows = fewer(rows)
    why = _unfit(rows)
    if why is not None:
        return Account(None, {"ledger": why})
    fitting = fitting_rows_of(rows, rows.classes)
    folds = folds_of(rows.groups, FOLDS)
    if not _several_outside(fitting, folds):
        why = f"needs two classes outside of each of {FOLDS} folds; all but one happen too rarely"
        return Account(None, {"ledger": why})
    tried = Recalibrations.of(rows, fitting, folds)
    means = _Means(tried, scaled)
    if not means.known:
        return Account(None, {"ledger": "recalibrated rows cost more bits than a float holds"})
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
    return Account(ledger, {"if_calibrated": no_test} if no_test else {})


def _unfit(rows: Sampled) -> str | None:
    """Why the rows are too few or too much alike for a ledger."""
    if len(rows.classes) < 2:
        return "needs at least two classes; the predictions have one"
    if rows.size < GROUPS:
        return (
            f"needs at least {GROUPS} rows, one for each group of the jackknife; found {rows.size}"
        )
    happened = (
        np.unique(rows.labels)
        if rows.labels is not None
        else np.flatnonzero(np.asarray(rows.shares).sum(axis=0) > 0)
    )
    if len(happened) == 1:
        name = rows.classes[int(happened[0])]
        return f"needs at least two classes that happen; only {name!r} does"
    groups = len(np.unique(rows.groups))
    if groups < FOLDS:
        return f"needs rows of at least {FOLDS} clusters to leave some out; found {groups}"
    return None


def _several_outside(rows: FittingRows, folds: NDArray[np.int64]) -> bool:
    """Whether the rows that are left when a fold is taken out never have the same class."""
    return all(np.count_nonzero(rows.of(folds != fold).frequencies()) > 1 for fold in range(FOLDS))


def _untested(rows: Sampled) -> str | None:
    """Why no labels are drawn to see how a calibrated model would look."""
    if rows.labels is None:
        return "needs one class a row; the truth is a distribution"
    if rows.clustered:
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
    """Mean bits of the rows by one prediction or another, on all groups and without each."""

    def __init__(self, tried: Recalibrations, scaled: Scaled) -> None:
        rows = tried.rows
        self.tried, self.scaled, self.rows = tried, scaled, rows.size
        places = range(len(tried.found))
        self.in_sample = [tried.in_sample(place) for place in places]
        held_out = [tried.held_out(place) for place in places]
        self.known = bool(np.isfinite([self.in_sample, held_out]).all())
        if not self.known:
            return
        infinite = np.isinf(rows.surprisal)
        columns = {
            "rows": None,
            "infinite_rows": infinite,
            "weight": None,
            "infinite": infinite,
            "cross-entropy": np.where(infinite, 0.0, rows.surprisal),
        }
        for place in places:
            columns |= {
                f"in sample {place}": self.in_sample[place],
                f"held out {place}": held_out[place],
                f"saved {place}": np.where(infinite, 0.0, tried.saved(place)),
            }
        (part,) = rows.totals(np.zeros(rows.size, dtype=np.int64), 1, columns, unweighted=2)
        if part is None:
            raise ValueError("no rows")
        self.part, self.infinite = part, part.infinite
        self.label_entropy, self.classes = _label_entropy(rows, part)

    def value(self, name: str) -> float:
        """A mean, in bits."""
        return self.both(name)[0]

    def both(self, name: str) -> Mean:
        """A mean and those without each group, in bits."""
        if name == "label entropy":
            return self.label_entropy
        sums, without = self.part.totals, self.part.without
        return sums[name] / sums["weight"], without[name] / without["weight"]

    def least(self, index: int) -> float:
        """The in-sample mean of the best recalibration; see :meth:`best`."""
        return self.best(index)[0]

    def best(self, index: int) -> Mean:
        """The best recalibration in sample, among which are to do nothing and the frequencies.

        All families hold these in theory (or, the frequencies, as a limit); so no part of the
        ledger is below 0 for a rounding.
        """
        kept = [self.both(f"in sample {index}"), self.both("label entropy")]
        if not self.infinite:
            kept.append(self.both("cross-entropy"))
        return min(kept, key=lambda pair: pair[0])

    def differences(self, held_out: Mean, best: Mean) -> tuple[Estimate, Estimate]:
        """Less that is paid after recalibration, cross-fitted and in sample.

        The best recalibration of all rows there are lies between the two: held-out rows say too
        little of it, the rows that it was fitted to too much. So does its interval.
        """
        crossed = jackknife(*held_out, "bits", self.rows, self.part.sizes)
        fitted = jackknife(*best, "bits", self.rows, self.part.sizes)
        fitted = within(fitted, 0.0, math.inf)
        high = max(crossed.high, fitted.high)  # of NaN both are
        return self.scaled(replace(crossed, high=high)), self.scaled(fitted)

    def estimate(self, name: str, most: float = math.inf) -> Estimate:
        """The estimate of a mean."""
        if name == "cross-entropy" and self.infinite:
            return self.endless()
        if name == "label entropy":
            found = jackknife_of_plug_in(
                *self.both(name), "bits", self.rows, classes=self.classes, sizes=self.part.sizes
            )
        else:
            found = jackknife(*self.both(name), "bits", self.rows, self.part.sizes)
        return self.scaled(within(found, 0.0, most))

    def endless(self) -> Estimate:
        """Infinitely many bits."""
        return self.scaled(Estimate(math.inf, math.inf, math.inf, "bits", self.rows))

    def recalibration(self, place: int, test: IfCalibrated | None) -> Recalibration:
        """Both decompositions by a family."""
        held_out, best = self.both(f"held out {place}"), self.best(place)
        alone, paid = self.both("label entropy"), self.both("cross-entropy")
        known, known_in_sample = self.differences(_less(alone, held_out), _less(alone, best))
        lost = lost_in_sample = self.endless()
        if not self.infinite:
            # What each row saves, as everywhere that it is told of.
            lost, lost_in_sample = self.differences(self.both(f"saved {place}"), _less(paid, best))
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


def _less(more: Mean, less: Mean) -> Mean:
    """By how much one mean is above another."""
    return more[0] - less[0], more[1] - less[1]


def _label_entropy(rows: Sampled, part: Totals) -> tuple[Mean, int]:
    """Of all rows and without each group; and of how many classes."""
    counts = ClassCounts(len(rows.classes))
    if rows.labels is not None:
        counts.update(rows.groups, rows.labels, rows.weights)
    else:
        shares = np.asarray(rows.shares)
        counts.update_shares(rows.groups, shares * rows.weight()[:, None])
    totals, without = counts.totals()
    bits = np.asarray(entropy(Counts(np.vstack([totals, without[part.groups]]))))
    return (float(bits[0]), bits[1:]), int(np.count_nonzero(totals))


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
    (part,) = rows.totals(np.zeros(rows.size, dtype=np.int64), 1, columns, unweighted=1)
    if part is None:
        raise ValueError("no rows")
    saved = part.of(lambda sums: sums["saved"] / sums["weight"])
    return Mixed(
        mixing.epsilon_,
        scaled(part.mean_of("mixed", "weight", "bits")),
        scaled(within(saved, 0.0, math.inf)),
    )
