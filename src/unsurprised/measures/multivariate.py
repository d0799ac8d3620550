"""Measures of a joint table of three variables and more.

All are summed from terms I(X; Y | Z), each of which is a KL divergence and so never negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import detached
from unsurprised.errors import CallError
from unsurprised.measures._dispatch import Answer
from unsurprised.measures._tables import (
    JointTable,
    axes_of,
    of_table,
    shared_information,
    table_form,
    variables_of,
)
from unsurprised.measures.registry import measure


@measure("joint", high="log K", parameters=({}, {"given": 0}))
def conditional_mutual_information(
    joint: Any, *, given: Any = -1, axis: Any = None, base: float = 2
) -> Answer:
    r"""Conditional mutual information: what two variables share once a third is known.

    .. math:: I(X; Y | Z) = \sum_{x, y, z} P(x, y, z)
        \log \frac{P(z) P(x, y, z)}{P(x, z) P(y, z)}

    Parameters
    ----------
    joint : array_like or form
        The table of probabilities or counts; a plain array is :class:`Probs`. All its entries over
        the axes of the variables are one distribution; other axes are leading dimensions.
    given : int or tuple of int, default −1
        The axes of what is known.
    axis : pair of int, optional
        The axes of the two variables; an entry may be a tuple of axes, which make up one variable.
        By default the last two axes besides ``given``.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        At least 0; one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., section 2.5.

    Examples
    --------
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> conditional_mutual_information(xor)  # nothing in common, until the third is known
    1.0
    """
    name = "conditional_mutual_information"
    form = table_form(joint, name)
    variables_of(form, None, name, least=3)
    known = axes_of(form, given)
    if axis is None:
        axis = [one for one in range(len(form.shape)) if one not in known][-2:]
    both = variables_of(form, axis, name, least=2, most=2)
    if not known or set(known) & {one for variable in both for one in variable}:
        raise CallError(
            f"{name} with given={given!r} and axis={axis!r}; expected two variables and other "
            "axes that are given"
        )
    return of_table(
        form,
        (known, *both),
        lambda table: shared_information(table, (1,), (2,), (0,)),
        base=base,
    )


@measure("joint", zero_iff_equal=True)
def total_correlation(joint: Any, *, axis: Any = None, base: float = 2) -> Answer:
    r"""Total correlation (multi-information) of several variables.

    .. math:: \sum_i H(X_i) - H(X_1, \ldots, X_n) = \sum_{i > 1} I(X_i; X_1, \ldots, X_{i - 1})

    Parameters
    ----------
    joint : array_like or form
        The table of probabilities or counts; a plain array is :class:`Probs`. All its entries over
        the axes of the variables are one distribution; other axes are leading dimensions.
    axis : sequence of int, optional
        The axes of the variables; an entry may itself be a tuple of axes, which make up one
        variable. All axes, each a variable, by default.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        At least 0, and 0 only where all variables are independent; one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Watanabe, "Information Theoretical Analysis of Multivariate Correlation", IBM Journal of
    Research and Development 4 (1960).

    Examples
    --------
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> total_correlation(xor)
    1.0
    """
    return _of_several(joint, axis, "total_correlation", _total_correlation, base)


def _of_several(
    joint: Any, axis: Any, name: str, formula: Callable[[JointTable], Array], base: float
) -> Answer:
    form = table_form(joint, name)
    return of_table(form, variables_of(form, axis, name, least=2), formula, base=base)


def _total_correlation(table: JointTable) -> Array:
    return _added([shared_information(table, (one,), range(one)) for one in range(1, table.count)])


def _added(terms: list[Array]) -> Array:
    found = terms[0]
    for term in terms[1:]:
        found = found + term
    return found


@measure("joint", zero_iff_equal=True)
def dual_total_correlation(joint: Any, *, axis: Any = None, base: float = 2) -> Answer:
    r"""Dual total correlation (binding information) of several variables.

    .. math:: H(X_1, \ldots, X_n) - \sum_i H(X_i | X_{j \ne i})
        = \sum_{i > 1} I(X_i; X_1, \ldots, X_{i - 1} | X_{i + 1}, \ldots, X_n)

    Parameters
    ----------
    joint : array_like or form
        The table of probabilities or counts; a plain array is :class:`Probs`. All its entries over
        the axes of the variables are one distribution; other axes are leading dimensions.
    axis : sequence of int, optional
        The axes of the variables; an entry may itself be a tuple of axes, which make up one
        variable. All axes, each a variable, by default.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        At least 0, and 0 only where all variables are independent; one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Han, "Nonnegative Entropy Measures of Multivariate Symmetric Correlations", Information and
    Control 36 (1978).

    Examples
    --------
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> dual_total_correlation(xor)
    2.0
    """
    return _of_several(joint, axis, "dual_total_correlation", _dual_total_correlation, base)


def _dual_total_correlation(table: JointTable) -> Array:
    return _added(
        [
            shared_information(table, (one,), range(one), range(one + 1, table.count))
            for one in range(1, table.count)
        ]
    )


def _without_opposed_slopes(table: JointTable) -> JointTable:
    """Derivatives by a cell of zero only where no marginal of it is zero too.

    There, terms of opposite sign would have infinite derivatives, and their sum none.
    """
    xp, share = table.xp, table.share
    lone = share >= 0
    for one in range(-table.count, 0):
        lone = lone & (xp.sum(share, axis=one, keepdims=True) > 0)
    return replace(table, share=xp.where((share > 0) | lone, share, detached(share)))


@measure("joint", low=-math.inf)
def interaction_information(joint: Any, *, axis: Any = None, base: float = 2) -> Answer:
    r"""Interaction information of several variables, with McGill's sign: synergy is positive.

    .. math:: I(X; Y; Z) = I(X; Y | Z) - I(X; Y), \qquad
        -\sum_{T} (-1)^{n - |T|} H(X_T) \text{ in general}

    The *co-information* is the same with the sign (−1)ⁿ.

    Parameters
    ----------
    joint : array_like or form
        The table of probabilities or counts; a plain array is :class:`Probs`. All its entries over
        the axes of the variables are one distribution; other axes are leading dimensions.
    axis : sequence of int, optional
        The axes of the variables; an entry may itself be a tuple of axes, which make up one
        variable. All axes, each a variable, by default.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        Of either sign for three variables and more; for two it is the mutual information.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    McGill, "Multivariate information transmission", Psychometrika 19 (1954).

    Examples
    --------
    >>> xor = [[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]]
    >>> interaction_information(xor)
    1.0
    """
    return _of_several(joint, axis, "interaction_information", _interaction, base)


def _interaction(table: JointTable) -> Array:
    if table.attached:
        table = _without_opposed_slopes(table)
    others = range(2, table.count)
    return _added(
        [
            (-1.0) ** (len(others) - size) * shared_information(table, (0,), (1,), known)
            for size in range(len(others) + 1)
            for known in combinations(others, size)
        ]
    )
