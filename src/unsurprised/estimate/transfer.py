"""Transfer entropy between time series, and active information storage within one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError
from unsurprised.estimate.embedding import Past, Windows, beside, embedded, refuse_lengths
from unsurprised.estimate.histories import AskedPast, past_of
from unsurprised.estimate.methods import METHODS
from unsurprised.estimate.mixed import Estimators, Information, information
from unsurprised.estimate.permutations import checked_count
from unsurprised.estimate.series import Series, refuse_other_times, series_of
from unsurprised.estimate.series_estimate import (
    SeriesEstimate,
    estimators_of,
    refuse_no_windows,
    series_estimate,
    series_notes,
    trial_starts,
)
from unsurprised.estimate.settings import number_settings
from unsurprised.estimate.strata import Strata, p_value_of_orders
from unsurprised.estimate.surrogates import Surrogates, stream_of
from unsurprised.estimate.variables import Columns
from unsurprised.units import as_integer, checked_base, unit_of

Embedded = tuple[Series, Past]
_OF_SOURCE = ("source_history", "source_step")


def transfer_entropy(
    source: Any,
    target: Any,
    *,
    history: int | str = 1,
    source_history: int | str = 1,
    delay: int = 1,
    step: int | str = 1,
    source_step: int | str | None = None,
    given: Any = None,
    given_history: int = 1,
    method: str = "auto",
    k: int = 3,
    noise: float | None = None,
    scale: str | None = "auto",
    permutations: int = 0,
    surrogates: str = "shift",
    seed: int = 0,
    base: float = 2.0,
) -> SeriesEstimate:
    r"""Transfer entropy: what a series' past tells of another's present, beyond its own past.

    .. math:: T_{X \to Y} = I\bigl(Y_t ; X_{t-u}^{(l)} \,\big|\, Y_{t-1}^{(k)}\bigr), \qquad
        X_t^{(l)} = (X_t, X_{t - \tau}, \dots, X_{t - (l - 1) \tau})

    with histories k and l, delay u and step τ, by the estimators of
    :func:`~unsurprised.estimate.mutual_information` with a condition. The net direction is the
    difference of two calls.

    Parameters
    ----------
    source, target : array_like, shape (t,) or (t, d); or a list of them, one for each trial
        Series of the same times. Floats are numbers, (t, d) of them of d dimensions; integers and
        names are categories. A list whose items are series is a list of trials: no window crosses
        from one into another, nor a null or masked value.
    history, source_history : int or "auto", default 1
        How many values of the target's past are known, and how many of the source's are looked at;
        without any of the target's (0) it is the mutual information with a delay. ``"auto"``: of
        1 to 5 the shortest that stores as much as any, up to a standard error: by the active
        information storage of the series itself, freed of its bias, as JIDT's MAX_CORR_AIS.
    delay : int, default 1
        How long ago the latest value of the source is.
    step, source_step : int or "auto", default 1
        How far apart the values of a past are; the source's is the target's if it is not said.
        ``"auto"``: of 1 to 5, beside the histories.
    given : as source, optional
        A third series, whose ``given_history`` latest values, from one time ago on, are known too.
    method : str, default "auto"
        Of numbers ``"ksg1"`` (of all series as numbers), of categories a method of
        :func:`~unsurprised.estimate.entropy`, here of words of categories. ``"auto"`` is what the
        series hold: Frenzel and Pompe's estimator where any holds numbers, else
        ``"miller_madow"`` where every combination was seen at least twice and
        ``"chao_wang_jost"`` where not.
    k, noise, scale, base
        As of :func:`~unsurprised.estimate.mutual_information`. Each series is put on its scale,
        with its noise, before windows are cut.
    permutations : int, default 0
        How many surrogates the p-value rests on.
    surrogates : {"shift", "blocks"}, default "shift"
        What is done to the source in each: its rows are turned around within their trial by a
        random number of places, or are also cut into ten blocks that are shuffled. What it says
        of itself stays.
    seed : int, default 0
        Which surrogates and noise.

    Returns
    -------
    SeriesEstimate
        ``rows`` are windows. It may be negative, and is shown as it is: nothing was found.
        ``p_value`` is (1 + #{surrogate ≥ observed}) / (1 + R). The interval takes the means of
        ten parts of the time for independent, with the margins of
        :func:`~unsurprised.estimate.mutual_information` for what corrections add and for bias.

    Raises
    ------
    CallError
        Series of other lengths or trials; no windows, or no more than k; words of which none comes
        twice; a mixture of numbers and values that repeat, with more than one value of its past;
        the same times of pandas in another order.
    InputError
        NaN or infinity, with the time.

    See Also
    --------
    active_information_storage : what a series' own past tells.
    mutual_information : of columns without an order of time.

    References
    ----------
    Schreiber, "Measuring Information Transfer", Phys. Rev. Lett. 85 (2000); Frenzel and Pompe,
    Phys. Rev. Lett. 99 (2007); Wibral and others, "Measuring Information-Transfer Delays", PLoS ONE
    8 (2013); Lizier, "JIDT", Front. Robot. AI 1 (2014).

    Examples
    --------
    >>> import random
    >>> draw = random.Random(1)
    >>> leader = [draw.randrange(2) for _ in range(500)]
    >>> follower = [0, *leader[:-1]]
    >>> transfer_entropy(leader, follower, permutations=99)
    SeriesEstimate(1 bits, 0.989 to 1.012, 499 rows, miller_madow, p = 0.01)
    >>> abs(transfer_entropy(follower, leader).value) < 0.01
    True
    """
    base = checked_base(base)
    permutations, seed = checked_count(permutations, "permutations"), checked_count(seed, "seed")
    _refuse_unknown(method, ("ksg1",))
    settings = number_settings(method, k, noise, scale, seed)
    refuse_other_times({"source": source, "target": target, "given": given})
    x, y = series_of(source, "source", "x", settings), series_of(target, "target", "y", settings)
    z = None if given is None else series_of(given, "given", "given", settings)
    refuse_lengths(x, [y] if z is None else [y, z])
    way = estimators_of(method, settings.k)
    own, told = past_of(y, AskedPast(history, step), way)
    source_step = step if source_step is None else source_step
    asked = AskedPast(source_history, source_step, _positive(delay, "delay"), _OF_SOURCE)
    of_source, more = past_of(x, asked, way)
    known = Past(_positive(given_history, "given_history"), own.step)
    coupling = _Coupling.of((x, of_source), (y, own), None if z is None else (z, known))
    turned = coupling.surrogates(surrogates, seed)

    def p_value(found: Information, way: Estimators) -> float:
        def statistic(order: NDArray[np.int64]) -> float:
            return information(coupling.columns.with_x_at(order), way).plugin

        return p_value_of_orders(turned.order, statistic, found.plugin, permutations)

    windows, columns = coupling.windows, coupling.columns
    found = series_estimate(columns, windows, method, way, p_value if permutations else None)
    series = (x, y) if z is None else (x, y, z)
    notes = (*series_notes(series, windows), *told, *more, *found.notes)
    if turned.distinct < permutations:
        notes = (*notes, f"there are {turned.distinct:,} shifts: more permutations tell no more")
    return SeriesEstimate.of(
        replace(found, notes=notes).scaled(1 / math.log(base), unit_of(base)),
        history=own.history, step=own.step, source_history=of_source.history,
        source_step=of_source.step, delay=of_source.first, trials=len(windows.sizes),
    )  # fmt: skip


@dataclass(frozen=True)
class _Coupling:
    """Windows of the series that may be coupled, as columns."""

    windows: Windows
    columns: Columns

    @classmethod
    def of(cls, source: Embedded, target: Embedded, given: Embedded | None) -> _Coupling:
        pasts = [source, target] if given is None else [source, target, given]
        windows = Windows.of(pasts, target[0])
        refuse_no_windows(windows, target[0])
        times = windows.times
        x, own = (embedded(*part, times) for part in (source, target))
        other = None if given is None else embedded(*given, times)
        assert x is not None  # which has a history of one at least
        return cls(windows, beside(x, target[0].at(times), own, other))

    def surrogates(self, kind: str, seed: int) -> Surrogates:
        x = self.columns.x
        return Surrogates.of(kind, self.windows.starts, seed, x.codes, x.numbers)


def active_information_storage(
    series: Any,
    *,
    history: int | str = 1,
    step: int | str = 1,
    method: str = "auto",
    k: int = 3,
    noise: float | None = None,
    scale: str | None = "auto",
    permutations: int = 0,
    seed: int = 0,
    base: float = 2.0,
) -> SeriesEstimate:
    r"""Active information storage: what a series' past tells of its present.

    .. math:: A_Y = I\bigl(Y_t ; Y_{t-1}^{(k)}\bigr), \qquad
        Y_t^{(k)} = (Y_t, Y_{t - \tau}, \dots, Y_{t - (k - 1) \tau})

    with history k and step τ, by the estimators of
    :func:`~unsurprised.estimate.mutual_information`.

    Parameters
    ----------
    series : array_like, shape (t,) or (t, d); or a list of them, one for each trial
        As the target of :func:`transfer_entropy`.
    history, step : int or "auto", default 1
        How many values of its past are looked at, and how far apart; ``"auto"`` as of
        :func:`transfer_entropy`.
    method : str, default "auto"
        As of :func:`transfer_entropy`; of numbers also ``"ksg2"``.
    k, noise, scale, seed, base
        As of :func:`transfer_entropy`.
    permutations : int, default 0
        How many series the p-value rests on, with the values of each trial in a random order.

    Returns
    -------
    SeriesEstimate
        As of :func:`transfer_entropy`; ``p_value`` is of the hypothesis that no time tells of
        another.

    Raises
    ------
    CallError, InputError
        As of :func:`transfer_entropy`.

    See Also
    --------
    transfer_entropy : what another series' past tells beyond that.

    References
    ----------
    Lizier, Prokopenko and Zomaya, "Local Measures of Information Storage in Complex Distributed
    Computation", Information Sciences 208 (2012).

    Examples
    --------
    >>> active_information_storage([0, 1, 1, 0] * 50, history=2)
    SeriesEstimate(1.004 bits, 1 to 1.007, 198 rows, miller_madow)
    """
    base = checked_base(base)
    permutations, seed = checked_count(permutations, "permutations"), checked_count(seed, "seed")
    _refuse_unknown(method, ("ksg1", "ksg2"))
    settings = number_settings(method, k, noise, scale, seed)
    y = series_of(series, "series", "y", settings)
    way = estimators_of(method, settings.k)
    own, told = past_of(y, AskedPast(history, step), way)
    if not own.history:
        raise CallError("history=0; expected 'auto' or an integer from 1 on")
    windows = Windows.of([(y, own)], y)
    refuse_no_windows(windows, y)

    def columns(of: Series) -> Columns:
        past = embedded(of, own, windows.times)
        assert past is not None
        return Columns(past, of.at(windows.times), None)

    def p_value(found: Information, way: Estimators) -> float:
        shuffles = Strata(
            np.arange(y.values.rows),
            trial_starts(y),
            stream_of(seed, y.values.codes, y.values.numbers),
        )

        def statistic(order: NDArray[np.int64]) -> float:
            return information(columns(replace(y, values=y.values.at(order))), way).plugin

        return p_value_of_orders(shuffles.order, statistic, found.plugin, permutations)

    found = series_estimate(columns(y), windows, method, way, p_value if permutations else None)
    notes = (*series_notes((y,), windows), *told, *found.notes)
    return SeriesEstimate.of(
        replace(found, notes=notes).scaled(1 / math.log(base), unit_of(base)),
        history=own.history, step=own.step, trials=len(windows.sizes),
    )  # fmt: skip


def _refuse_unknown(method: str, of_numbers: tuple[str, ...]) -> None:
    if method not in ("auto", *of_numbers, *METHODS):
        raise CallError(
            f"method={method!r}; expected 'auto', {' or '.join(map(repr, of_numbers))} for "
            f"numbers, or one of {', '.join(METHODS)} for categories"
        )


def _positive(value: Any, name: str) -> int:
    number = as_integer(value)
    if not 1 <= number <= 1 << 20:
        raise CallError(f"{name}={value!r}; expected an integer from 1 on")
    return number
