"""The estimators by name, which one is taken by itself, and how sure an estimate is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.estimate import classical, dirichlet
from unsurprised.estimate.nsb import nsb
from unsurprised.estimate.tallies import Tally
from unsurprised.statistics.jackknife import NORMAL, student_t

Method = Callable[[Tally], float]

_CLASSICAL: dict[str, Method] = {
    "plugin": classical.plugin,
    "miller_madow": classical.miller_madow,
    "grassberger1988": classical.grassberger_1988,
    "grassberger2003": classical.grassberger_2003,
    "jackknife": classical.jackknife,
    "chao_shen": classical.chao_shen,
    "chao_wang_jost": classical.chao_wang_jost,
}
#: Those that need to know how many categories exist, and take those that were seen where none says.
_OF_CATEGORIES = ("shrinkage", "dirichlet_plugin", "dirichlet_mean", "nsb")
_WITH_PRIOR = ("dirichlet_plugin", "dirichlet_mean")
METHODS = (*_CLASSICAL, *_OF_CATEGORIES)
#: Methods for columns of numbers, which have mutual information alone.
CONTINUOUS = ("ksg1", "ksg2", "ross")


@dataclass(frozen=True)
class Chosen:
    """An estimator, its prior, and why it was taken where nobody asked for it."""

    name: str
    prior: str | float
    notes: tuple[str, ...] = ()

    def value(self, tally: Tally) -> float:
        """The estimate in nats."""
        return self.with_sd(tally)[0]

    def with_sd(self, tally: Tally) -> tuple[float, float | None]:
        """The estimate and the posterior's standard deviation, where there is a posterior."""
        if self.name in _CLASSICAL:
            return _CLASSICAL[self.name](tally), None
        if self.name == "shrinkage":
            return dirichlet.shrinkage(tally), None
        if self.name == "nsb":
            return nsb(tally)
        added = dirichlet.pseudocount(self.prior, tally)
        if self.name == "dirichlet_plugin":
            return dirichlet.dirichlet_plugin(tally, added), None
        mean, variance = dirichlet.posterior(tally, np.array([added]))
        return float(mean[0]), math.sqrt(float(variance[0]))


def chosen(method: str, prior: str | float | None, tally: Tally) -> Chosen:
    """The estimator of a name; of ``auto``, by whether any category was seen only once.

    Where none was, or all that exist were seen, nothing in the sample speaks of categories that it
    lacks, and Miller and Madow's correction is enough. Singletons do speak of them; of all
    estimators Chao, Wang and Jost's is then least biased where shares are uneven.
    """
    if method in CONTINUOUS:
        raise CallError(
            f"method={method!r} is for mutual information of columns of numbers; expected 'auto' "
            f"or one of {', '.join(METHODS)}"
        )
    if method not in ("auto", *METHODS):
        raise CallError(f"method={method!r}; expected 'auto' or one of {', '.join(METHODS)}")
    if prior is not None and method not in _WITH_PRIOR:
        raise CallError(
            f"prior={prior!r} with method={method!r}; expected no prior, or method="
            "'dirichlet_plugin' or 'dirichlet_mean', which have one"
        )
    if method != "auto":
        prior = "jeffreys" if prior is None else prior
        return Chosen(method, prior, tuple(_notes(method, tally)))
    singletons = tally.of_size(1)
    if tally.categories == tally.seen:
        why = "miller_madow: every category that exists was seen"
        return Chosen("miller_madow", "", (why,))
    if not singletons:
        why = "miller_madow: every category was seen at least twice"
        return Chosen("miller_madow", "", (why,))
    why = f"chao_wang_jost: {singletons} of {tally.seen} categories were seen only once"
    return Chosen("chao_wang_jost", "", (why, *_notes("chao_wang_jost", tally)))


def _notes(method: str, tally: Tally) -> list[str]:
    notes = []
    if method in _OF_CATEGORIES and tally.categories is None:
        notes.append(
            "how many categories exist was not said: those that were seen are taken for all"
        )
    if tally.all_once:
        said = {
            "chao_shen": "; the coverage is taken as 1/n, as R's entropy does",
            "chao_wang_jost": "; doubletons are estimated from the singletons",
        }
        notes.append(
            "no category was seen twice, which bounds nothing from above" + said.get(method, "")
        )
    return notes


def impossible(value: float, categories: int | None) -> tuple[str, ...]:
    """What to say of a value that no distribution's entropy has; it stays as it is."""
    if value < 0:
        return ("the value is below 0, as no entropy is: there are too few rows",)
    if categories is not None and value > float(portable.log(categories)):
        return ("the value is above log K, the most that K categories have",)
    return ()


def spread_of(tally: Tally) -> float:
    r"""Standard deviation of the plug-in over samples, in nats.

    .. math:: V = \frac{\sum p \ln^2 p - H^2}{n} + \frac{m - 1}{2 n^2}

    (Harris, *The Statistical Estimation of Entropy in the Non-Parametric Case*, 1975). Where more
    categories may exist than were seen, it is the larger one of two with another category of one
    row, or of three: as many as may be missed by the rule of three.
    """
    if tally.categories == tally.seen:
        return math.sqrt(_harris(tally.sizes, tally.times, tally))
    times = np.append(tally.times, 1.0)
    return math.sqrt(max(_harris(np.append(tally.sizes, more), times, tally) for more in (1, 3)))


def _harris(sizes: Values, times: Values, tally: Tally) -> float:
    with_more = Tally(sizes, times, None)
    entropy, surprisals = classical.plugin(with_more), with_more.surprisals
    first = with_more.mean(np.square(surprisals - entropy)) / tally.rows
    return first + (tally.seen - 1) / (2 * tally.rows**2)


def sampling_width(value: float, plugin: float, corrected: float, sd: float, rows: int) -> float:
    """Half the width of an interval: t standard deviations, and what the correction may be off by.

    A correction for what was not seen is trusted to its own size: that of Chao, Wang and Jost, and
    how far the value lies from their estimate.
    """
    if rows < 2:
        return math.nan
    return student_t(rows - 1) * sd + abs(corrected - plugin) + abs(value - corrected)


def least(low: float, beyond_chance: float, sd: float, rows: int) -> float:
    """The lower end of information where most pairs are new: it reaches what chance leaves over.

    Corrections for what was not seen tell columns that share nothing and have many categories,
    even or not, from columns that share much as little as the plug-in does; what shuffled columns
    share on average does. Of independent columns of 10,000 categories that fall like 1/k, 1,000
    rows, the corrections alone put the truth below the interval in 97 of 100 samples.
    """
    return min(low, max(beyond_chance - student_t(max(rows - 1, 1)) * sd, 0.0))


def interval_of(
    tally: Tally, value: float, plugin: float, posterior_sd: float | None
) -> tuple[float, float, float]:
    """Standard deviation and interval of an entropy in nats.

    A posterior is believed where it is wider than samples are: how even shares are is its prior's
    word, by which it held the truth in no sample of 10,000 categories that fall like 1/k.
    """
    if tally.rows < 2:
        return math.nan if posterior_sd is None else posterior_sd, math.nan, math.nan
    sd = spread_of(tally)
    width = sampling_width(value, plugin, classical.chao_wang_jost(tally), sd, tally.rows)
    if posterior_sd is not None:
        sd, width = posterior_sd, max(width, NORMAL * posterior_sd)
    most = math.inf if tally.categories is None else float(portable.log(tally.categories))
    return sd, *cut(tally, value, width, most, max(0.0, _with_unseen(tally) - value - width))


def _with_unseen(tally: Tally) -> float:
    """Entropy with another category of four rows, which is missed by one sample in forty."""
    if tally.categories == tally.seen:
        return 0.0
    return classical.plugin(Tally(np.append(tally.sizes, 4), np.append(tally.times, 1.0), None))


def cut(
    tally: Tally, value: float, width: float, most: float, above: float = 0.0
) -> tuple[float, float]:
    """The interval without what cannot be: below 0, or above ``most``; the value stays within.

    Its upper end may be further ``above``, and is ``most`` where no category was seen twice, which
    bounds nothing from above.
    """
    if math.isnan(width):
        return math.nan, math.nan
    low, high = max(value - width, 0.0), min(value + width + above, most)
    high = most if tally.all_once else high
    return min(low, value), max(high, value)
