"""Mutual information of what two columns were drawn from, whatever they hold."""

from __future__ import annotations

import math
from typing import Any

from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.errors import CallError
from unsurprised.estimate.methods import CONTINUOUS, METHODS
from unsurprised.estimate.mixed_estimate import mixed_estimate
from unsurprised.estimate.permutations import checked_count
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.settings import number_settings
from unsurprised.estimate.table_information import (
    table_estimate,
    table_of,
    table_of_columns,
    table_of_integers,
)
from unsurprised.estimate.variables import Columns, many_categories, variable_of
from unsurprised.units import checked_base, unit_of


def mutual_information(
    x: Any,
    y: Any = None,
    given: Any = None,
    *,
    method: str = "auto",
    k: int = 3,
    noise: float | None = None,
    scale: str | None = "auto",
    prior: str | float | None = None,
    permutations: int = 0,
    seed: int = 0,
    base: float = 2.0,
) -> SampleEstimate:
    r"""Mutual information of the distribution that two columns were drawn from.

    Of categories, with one estimator of :func:`~unsurprised.estimate.entropy` for all three,

    .. math:: \hat I = \hat H(X) + \hat H(Y) - \hat H(X, Y) .

    Of numbers, from the distance to the k-th neighbour in the maximum norm and the
    :math:`n_x, n_y` others that are closer than that in one column alone (KSG's first),

    .. math:: \hat I = \psi(k) + \psi(n) - \langle \psi(n_x + 1) + \psi(n_y + 1) \rangle ,

    and with :math:`\psi(n_z + 1)` in place of :math:`\psi(n)` and ``given`` beside either column
    (Frenzel and Pompe). Categories beside numbers are Ross' estimator, which is the same with rows
    of different categories infinitely far apart. A column with values that repeat among others that
    do not, such as many zeros, is both: the chain rule takes it apart.

    Parameters
    ----------
    x : array_like, Labels, text, bytes or iterator, shape (n,) or (n, d); or Counts, shape (K, L)
        A column. Floats are numbers, (n, d) of them numbers of d dimensions; integers, names and
        truth values are categories; nulls are a category of their own. Without ``y``: a table of
        counts, of which a row or column of zeros is a category that exists.
    y : as x, shape (n,) or (n, d)
        The other column of the same rows.
    given : as y, optional
        A column that is known: what x and y share beyond it.
    method : str, default "auto"
        Of numbers ``"ksg1"`` or ``"ksg2"`` (of all columns as numbers, without atoms), ``"ross"``
        (of categories and numbers). Of categories a method of
        :func:`~unsurprised.estimate.entropy`; ``"auto"`` is ``"miller_madow"`` where every pair
        that was seen was seen at least twice, or all that exist were, else ``"chao_wang_jost"``; of
        others it is what the kinds of the columns say.
    k : int, default 3
        Which neighbour: fewer have less bias, more vary less.
    noise : float, optional
        Uniform noise for every column of numbers, as a share of its spread; 0 for none. If not
        given: the rounding cell of rounded columns, 1e-10 where numbers are equal, else none. It
        comes from a fixed hash of the row's number and the seed.
    scale : {"auto", "spread", "sd", "rank"} or None, default "auto"
        What columns of numbers are centred and divided by, for the estimate hangs on it where n is
        finite: the interquartile range (the standard deviation where that is 0), the standard
        deviation, or the log odds of ranks r / (n + 1 − r) in their place. ``"auto"`` is
        ``"rank"`` for a column with a value more than ten interquartile ranges from its median,
        else ``"spread"``. None: numbers as they are.
    prior : {"jeffreys", "laplace", "perks", "minimax"} or float, default "jeffreys"
        Of ``"dirichlet_plugin"`` and ``"dirichlet_mean"``. There exist as many pairs as the table
        has cells.
    permutations : int, default 0
        How many shuffled columns the p-value rests on; 999 make it exact to 0.001.
    seed : int, default 0
        Which permutations and noise: the same ones for the same seed, everywhere.
    base : float, default 2
        Base of the logarithm: 2 for bits, e for nats.

    Returns
    -------
    SampleEstimate
        It may be negative, and is shown as it is: nothing was found. ``p_value`` is
        (1 + #{null ≥ observed}) / (1 + R) for R permutations of one column (within the categories
        of ``given``, or among eight neighbours by its numbers), of tables by the plug-in; None
        without permutations. A column that is constant shares exactly 0. ``low`` and ``high`` are a
        95 % interval, described in :doc:`the guide </guide/samples>`; NaN of numbers where half of
        the rows are no more than k + 1. Where the estimate grows with
        the number of rows, as it does if one column is a function of the other, it has no upper
        end, and a note says "at least".

    Raises
    ------
    CallError
        Columns of different lengths, empty, or of no more rows than k; a column with another
        category in each row, unless a method is named; a method that is not for such columns; the
        same rows of pandas in another order.
    InputError
        NaN, infinity or numbers beyond 2¹⁰⁰⁰; counts that are not whole; with the row.

    See Also
    --------
    unsurprised.mutual_information : of a joint distribution that is known.

    References
    ----------
    Miller, "Note on the Bias of Information Estimates" (1955); Kraskov, Stögbauer and Grassberger,
    "Estimating Mutual Information", Phys. Rev. E 69 (2004); Frenzel and Pompe, "Partial Mutual
    Information for Coupling Analysis of Multivariate Time Series", Phys. Rev. Lett. 99 (2007);
    Phipson and Smyth (2010); Ross, "Mutual Information between Discrete and Continuous Data Sets",
    PLoS ONE 9 (2014).

    Examples
    --------
    >>> from unsurprised import Counts
    >>> found = mutual_information(Counts([[30, 10], [10, 30]]), permutations=999)
    >>> found
    SampleEstimate(0.1797 bits, 0.01533 to 0.3787, 80 rows, miller_madow, p = 0.001)
    >>> round(found.plugin, 4)
    0.1887
    >>> heights = [1.52, 1.61, 1.58, 1.73, 1.79, 1.85, 1.67, 1.64, 1.91, 1.7]
    >>> weights = [48.5, 60.1, 55.2, 70.8, 82.3, 85.6, 69.9, 62.7, 97.4, 66.3]
    >>> mutual_information(heights, weights, method="ksg1").kinds
    ('continuous', 'continuous')
    """
    base = checked_base(base)
    permutations = checked_count(permutations, "permutations")
    seed = checked_count(seed, "seed")
    _refuse_unknown(method)
    settings = number_settings(method, k, noise, scale, seed)
    if y is None:
        found = table_estimate(table_of(x), method, prior, permutations, seed)
        return found.scaled(1 / math.log(base), unit_of(base))
    refuse_other_orders({"x": x, "y": y, "given": given})
    plain = None if given is not None or settings.all_numbers else table_of_integers(x, y)
    if plain is not None and method != "ross":
        found = table_estimate(plain, method, prior, permutations, seed)
        notes = [*many_categories("x", *plain.sizes[0]), *many_categories("y", *plain.sizes[1])]
        found = found.with_notes((*notes,))
        return found.scaled(1 / math.log(base), unit_of(base))
    first, second = variable_of(x, "x", settings), variable_of(y, "y", settings)
    condition = None if given is None else variable_of(given, "given", settings)
    columns = Columns(first, second, condition)
    _refuse_lengths(columns)
    _refuse_kinds(method, columns)
    if condition is None and first.is_discrete and second.is_discrete:
        table = table_of_columns(first, second)
        found = table_estimate(table, method, prior, permutations, seed)
        found = found.with_notes((*first.notes, *second.notes))
    else:
        if prior is not None:
            raise CallError(f"prior={prior!r} is of two columns of categories; expected none")
        found = mixed_estimate(columns, method, settings, permutations)
    return found.scaled(1 / math.log(base), unit_of(base))


def _refuse_unknown(method: str) -> None:
    if method not in ("auto", *CONTINUOUS, *METHODS):
        raise CallError(
            f"method={method!r}; expected 'auto', one of {', '.join(CONTINUOUS)} for numbers, or "
            f"one of {', '.join(METHODS)} for categories"
        )


def _refuse_lengths(of: Columns) -> None:
    for name, other in zip(("x", "y", "given"), of.all, strict=False):
        if other.rows != of.rows:
            raise CallError(
                f"x has {of.rows:,} rows, {name} has {other.rows:,}; expected columns of the same "
                "rows"
            )


def _refuse_kinds(method: str, of: Columns) -> None:
    """Columns that a named method is not for."""
    if method == "ross" and of.x.is_discrete == of.y.is_discrete:
        what = "categories" if of.x.is_discrete else "numbers"
        raise CallError(
            f"method='ross', and x and y both hold {what}; expected categories beside numbers: "
            "integers or names beside floats"
        )
    if method == "ksg2" and of.given is not None:
        raise CallError(
            "method='ksg2' with given=…; expected 'ksg1' or 'auto', which is Frenzel and Pompe's "
            "estimator there"
        )
