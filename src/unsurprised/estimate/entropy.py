"""Entropy of what a sample was drawn from."""

from __future__ import annotations

import math
from typing import Any

from unsurprised.estimate import classical
from unsurprised.estimate.columns import tally_of
from unsurprised.estimate.methods import chosen, impossible, interval_of
from unsurprised.estimate.result import SampleEstimate
from unsurprised.units import checked_base, unit_of


def entropy(
    x: Any,
    *,
    method: str = "auto",
    categories: int | None = None,
    prior: str | float | None = None,
    base: float = 2.0,
) -> SampleEstimate:
    r"""Entropy of the distribution that a sample of categories was drawn from.

    The entropy of the sample's own shares :math:`p = c / n`, the plug-in

    .. math:: \hat H = -\sum_i p_i \log p_i ,

    is too low by about (m − 1) / 2n nats for m categories that were seen, and by more where many
    were not. Each method corrects that in its way; which does when, says
    :doc:`the guide </guide/samples>`.

    Parameters
    ----------
    x : array_like, Labels, text, bytes, iterator, Counts or states.CategoryCounts, shape (n,)
        A column: integers, names or truth values, one category for each row; the characters of a
        text; what an iterator yields, of which counts alone are held.
        :class:`~unsurprised.Counts`, shape (K,), says how often each category was seen; a zero
        among them is a category that exists. :class:`~unsurprised.states.CategoryCounts` are
        those of columns in parts, merged.
    method : str, default "auto"
        ``"plugin"``, ``"miller_madow"``, ``"grassberger1988"``, ``"grassberger2003"``,
        ``"jackknife"``, ``"chao_shen"``, ``"chao_wang_jost"``, ``"shrinkage"``,
        ``"dirichlet_plugin"`` (entropy of smoothed shares), ``"dirichlet_mean"`` (mean of the
        entropy over the posterior) or ``"nsb"``. ``"auto"`` is ``"miller_madow"`` where every
        category was seen at least twice, or all that exist were seen, else
        ``"chao_wang_jost"``; the notes say so.
    categories : int, optional
        How many categories exist, K. Counts and Labels with classes say so themselves. The last
        four methods need it, and take those that were seen where nothing says.
    prior : {"jeffreys", "laplace", "perks", "minimax"} or float, default "jeffreys"
        Of the two Dirichlet methods: ½, 1, 1/K, √n/K, or a number, for each category.
    base : float, default 2
        Base of the logarithm: 2 for bits, e for nats.

    Returns
    -------
    SampleEstimate
        ``low`` and ``high`` are a 95 % interval, cut to 0 … log K: Student's t times Harris'
        standard deviation, and as much as Chao, Wang and Jost's correction adds, for what was not
        seen is known to about that; at least 1.96 standard deviations of the posterior, where there
        is one, and the entropy with another category of four rows. In simulations of
        17 distributions, 15 to 3,000 rows of each, it held the truth in 96 % of samples or more.
        NaN where there is one row; no upper end where no category was seen twice.

    Raises
    ------
    CallError
        An unknown method, a prior for a method without one, fewer categories than were seen; a
        column that is empty, has nulls, or holds numbers that are no integers.
    InputError
        Counts that are not whole, NaN or infinity in a column, with the row.

    See Also
    --------
    unsurprised.entropy : of probabilities that are known.

    References
    ----------
    Miller (1955); Zahl (1977); Grassberger (1988, 2003); Wolpert and Wolf (1995); Nemenman, Shafee
    and Bialek (2002); Chao and Shen (2003); Hausser and Strimmer (2009); Chao, Wang and Jost
    (2013).

    Examples
    --------
    >>> from unsurprised import Counts
    >>> import math
    >>> counts = Counts([4, 2, 3, 0, 2, 4, 0, 0, 2, 1, 1])
    >>> entropy(counts, method="nsb", base=math.e)
    SampleEstimate(2.188 nats, 1.638 to 2.398, 19 rows, nsb)
    >>> found = entropy(["cat", "dog", "cat", "cat", "dog"])
    >>> found
    SampleEstimate(1.115 bits, 0.03717 to 2.193, 5 rows, miller_madow)
    >>> found.notes
    ('miller_madow: every category was seen at least twice',)
    """
    base = checked_base(base)
    tally = tally_of(x, "x", categories)
    estimator = chosen(method, prior, tally)
    plugin = classical.plugin(tally)
    value, posterior_sd = estimator.with_sd(tally)
    sd, low, high = interval_of(tally, value, plugin, posterior_sd)
    notes = (*estimator.notes, *impossible(value, tally.categories))
    found = SampleEstimate(
        value, low, high, "nats", tally.rows, estimator.name, plugin, sd, notes=notes
    )
    return found.scaled(1 / math.log(base), unit_of(base))
