"""Measures of a joint table of two variables (or of all of them together).

Whatever several variables share is summed from terms I(X; Y | Z), each of which is a KL divergence
and so never negative; what they do not share from entropies of rows. Nothing is found as a
difference of entropies, except where the measure itself is one.
"""

from __future__ import annotations

import math
from typing import Any, Never

import numpy as np

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import NUMPY, namespace_of
from unsurprised.errors import CallError
from unsurprised.forms import DistributionForm
from unsurprised.measures._contingency import contingency
from unsurprised.measures._dispatch import Answer, answer
from unsurprised.measures._distribution import Side
from unsurprised.measures._elementary import root
from unsurprised.measures._tables import (
    JointTable,
    Variables,
    axes_of,
    conditional,
    flattened,
    of_table,
    shared_information,
    shared_ratio,
    table_form,
    variables_of,
)
from unsurprised.measures.entropies import row_entropy
from unsurprised.measures.registry import measure
from unsurprised.units import refuse_base


@measure("joint", high="log K", kernel="entropy")
def joint_entropy(joint: Any, *, axis: Any = None, base: float = 2) -> Answer:
    r"""Joint entropy of several variables.

    .. math:: H(X, Y, \ldots) = -\sum_{x, y, \ldots} P(x, y, \ldots) \log P(x, y, \ldots)

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
        From 0 to the logarithm of the number of cells; one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., section 2.2.

    Examples
    --------
    >>> joint_entropy([[0.5, 0.25], [0.25, 0.0]])
    1.5
    """
    form = table_form(joint, "joint_entropy")
    flat, _ = flattened(form, variables_of(form, axis, "joint_entropy", least=1))
    return answer(lambda sides: row_entropy(sides[0]), [flat], base=base, kernel="entropy")


@measure("joint", high="log K")
def conditional_entropy(
    joint: Any, *, given: Any = -2, axis: Any = (-2, -1), base: float = 2
) -> Answer:
    r"""Conditional entropy: what is left of some variables' entropy once others are known.

    .. math:: H(Y | X) = -\sum_{x, y} P(x, y) \log \frac{P(x, y)}{P(x)}

    Parameters
    ----------
    joint : array_like or form
        The table of probabilities or counts; a plain array is :class:`Probs`. All its entries over
        the axes of the variables are one distribution; other axes are leading dimensions.
    given : int or tuple of int, default −2
        The axes of what is known: of a table with rows x and columns y, the rows.
    axis : sequence of int, default (−2, −1)
        The axes of the other variables; those of ``given`` may be among them.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        From 0 to the entropy of the other variables; one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., section 2.2.

    Examples
    --------
    >>> joint = [[0.5, 0.25], [0.25, 0.0]]
    >>> round(conditional_entropy(joint, given=0), 4)  # H(column | row)
    0.6887
    >>> conditional_entropy([[0.5, 0.0], [0.0, 0.5]], given=0)
    0.0
    """
    form = table_form(joint, "conditional_entropy")
    variables = variables_of(form, axis, "conditional_entropy", least=2)
    known = axes_of(form, given)
    others = tuple(one for variable in variables for one in variable if one not in known)
    if not others or not known:
        raise CallError(
            f"conditional_entropy with given={given!r} and axis={axis!r}; expected at least one "
            "axis that is given and one that is not"
        )
    return of_table(form, (known, others), lambda table: conditional(table, (1,), (0,)), base=base)


@measure("joint", high="log K", zero_iff_equal=True)
def mutual_information(
    joint: Any, other: Any = None, *, axis: Any = (-2, -1), base: float = 2
) -> Answer:
    r"""Mutual information: what one variable tells of the other.

    .. math:: I(X; Y) = \sum_{x, y} P(x, y) \log \frac{P(x, y)}{P(x) P(y)}

    It is the KL divergence of the table from that of independent variables with the same marginals,
    and is found as such: never negative, exactly 0 where they are independent, and accurate where
    they nearly are.

    Parameters
    ----------
    joint : array_like or form, or label vector
        The table of probabilities or counts (a plain array is :class:`Probs`); its entries over the
        two axes are one distribution, other axes are leading dimensions. With ``other``: labels.
    other : array_like or Labels, optional
        A second label vector: then it is the table :func:`contingency` of both that is measured.
    axis : pair of int, default (−2, −1)
        The axes of the two variables; an entry may itself be a tuple of axes, which make up one
        variable.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        From 0 to the smaller of both entropies; one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., section 2.3.

    Examples
    --------
    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]])
    1.0
    >>> mutual_information([[0.25, 0.25], [0.25, 0.25]])
    0.0
    >>> mutual_information(["a", "a", "b", "b"], [0, 0, 1, 1])
    1.0
    """
    form, variables = _two_variables(joint, other, axis, "mutual_information")
    return of_table(form, variables, _mutual_information, base=base)


def _mutual_information(table: JointTable) -> Array:
    return shared_information(table, (0,), (1,))


def _two_variables(
    joint: Any, other: Any, axis: Any, name: str
) -> tuple[DistributionForm, Variables]:
    form = table_form(joint if other is None else contingency(joint, other), name)
    return form, variables_of(form, axis, name, least=2, most=2)


@measure("joint", high="log K")
def variation_of_information(
    joint: Any, other: Any = None, *, axis: Any = (-2, -1), base: float = 2
) -> Answer:
    r"""Variation of information: the entropy that two variables do not share, a metric.

    .. math:: H(X | Y) + H(Y | X)

    Parameters
    ----------
    joint : array_like or form, or label vector
        The table of probabilities or counts (a plain array is :class:`Probs`); its entries over the
        two axes are one distribution, other axes are leading dimensions. With ``other``: labels.
    other : array_like or Labels, optional
        A second label vector: then it is the table :func:`contingency` of both that is measured.
    axis : pair of int, default (−2, −1)
        The axes of the two variables; an entry may itself be a tuple of axes, which make up one
        variable.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        From 0 (each tells the other) to H(X, Y) (independent); one number a table.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Meilă, "Comparing clusterings: an information based distance", Journal of Multivariate Analysis
    98 (2007).

    Examples
    --------
    >>> variation_of_information([0, 0, 1, 1], [5, 5, 7, 7])
    0.0
    >>> variation_of_information([0, 0, 1, 1], [0, 1, 0, 1])
    2.0
    """
    form, variables = _two_variables(joint, other, axis, "variation_of_information")
    return of_table(form, variables, _variation, base=base)


def _variation(table: JointTable) -> Array:
    return conditional(table, (0,), (1,)) + conditional(table, (1,), (0,))


_NORMALIZATIONS = ("min", "max", "arithmetic", "geometric", "joint")


@measure(
    "joint",
    unit=False,
    high=1.0,
    zero_iff_equal=True,
    parameters=tuple({"normalization": name} for name in _NORMALIZATIONS),
)
def normalized_mutual_information(
    joint: Any,
    other: Any = None,
    *,
    normalization: str = "arithmetic",
    axis: Any = (-2, -1),
    **unit: Never,
) -> Answer:
    r"""Normalised mutual information (NMI): as a share of what it could be.

    .. math:: I(X; Y) / N

    where N is the smaller entropy ("min"), the larger ("max"), their mean ("arithmetic", as in
    scikit-learn), the root of their product ("geometric"), or H(X, Y) ("joint").

    Parameters
    ----------
    joint : array_like or form, or label vector
        The table of probabilities or counts (a plain array is :class:`Probs`); its entries over the
        two axes are one distribution, other axes are leading dimensions. With ``other``: labels.
    other : array_like or Labels, optional
        A second label vector: then it is the table :func:`contingency` of both that is measured.
    normalization : {"arithmetic", "min", "max", "geometric", "joint"}
        What to divide by.
    axis : pair of int, default (−2, −1)
        The axes of the two variables; an entry may itself be a tuple of axes, which make up one
        variable.

    Returns
    -------
    float or array
        From 0 to 1; one number a table. 1 where both variables are constant, which says the same of
        every row; 0 where only one of them is. It has no unit.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.
        An unknown normalization.

    References
    ----------
    Strehl and Ghosh, "Cluster Ensembles", JMLR 3 (2002); Vinh, Epps and Bailey, "Information
    Theoretic Measures for Clusterings Comparison", JMLR 11 (2010), table 2.

    Examples
    --------
    >>> normalized_mutual_information([[0.5, 0.0], [0.0, 0.5]])
    1.0
    >>> round(normalized_mutual_information([[0.4, 0.1], [0.1, 0.4]], normalization="joint"), 4)
    0.1615
    """
    refuse_base(unit, "normalized_mutual_information")
    if normalization not in _NORMALIZATIONS:
        expected = ", ".join(map(repr, _NORMALIZATIONS))
        raise CallError(f"normalization={normalization!r}; expected one of {expected}")
    form, variables = _two_variables(joint, other, axis, "normalized_mutual_information")
    return of_table(form, variables, lambda table: _normalized(table, normalization))


def _normalized(table: JointTable, normalization: str) -> Array:
    xp, shared = table.xp, _mutual_information(table)
    x, y = (conditional(table, (one,), ()) for one in (0, 1))
    x_rest, y_rest = conditional(table, (0,), (1,)), conditional(table, (1,), (0,))

    def part(whole: Array, rest: Array) -> Array:
        """Shared / whole, from what is not shared where that is the smaller part."""
        divisor = xp.where(whole > 0, whole, 1.0)
        found = xp.where(rest < shared, 1.0 - rest / divisor, shared / divisor)
        return xp.where(whole > 0, found, 0.0)

    if normalization == "arithmetic":
        found = part(0.5 * (x + y), 0.5 * (x_rest + y_rest))
    elif normalization == "joint":
        found = part(x + y_rest, x_rest + y_rest)
    elif normalization == "geometric":
        found = root(xp, part(x, x_rest) * part(y, y_rest))
    else:
        x_decides = (x < y) if normalization == "min" else (x >= y)
        found = xp.where(x_decides, part(x, x_rest), part(y, y_rest))
    return xp.where((x > 0) | (y > 0), found, 1.0)


@measure("joint", low=-math.inf)
def pointwise_mutual_information(joint: Any, *, axis: Any = (-2, -1), base: float = 2) -> Answer:
    r"""Pointwise mutual information of each pair of outcomes: log P(x, y) / P(x) P(y).

    .. math:: \log \frac{P(x, y)}{P(x) P(y)}

    Parameters
    ----------
    joint : array_like or form
        The table of probabilities or counts; a plain array is :class:`Probs`. All its entries over
        the axes of the variables are one distribution; other axes are leading dimensions.
    axis : pair of int, default (−2, −1)
        The axes of the two variables.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    array of the table's shape
        Of either sign; ``−inf`` where both outcomes are possible and never meet, 0 where one of
        them is impossible.

    Raises
    ------
    InputError
        Cells that are not legal for the table's form.
    CallError
        Too few axes, or axes that the table does not have; empty label vectors.

    References
    ----------
    Church and Hanks, "Word Association Norms, Mutual Information, and Lexicography", Computational
    Linguistics 16 (1990); Fano, *Transmission of Information* (1961), section 2.2.

    Examples
    --------
    >>> pointwise_mutual_information([[0.5, 0.0], [0.0, 0.5]])
    array([[  1., -inf],
           [-inf,   1.]])
    """
    name = "pointwise_mutual_information"
    form = table_form(joint, name)
    variables = variables_of(form, axis, name, least=2, most=2)
    if any(len(variable) > 1 for variable in variables):
        raise CallError(f"{name} with axis={axis!r}; expected two single axes")
    flat, sizes = flattened(form, variables)

    def formula(sides: list[Side]) -> Array:
        found = _pointwise(JointTable.of(sides[0], sizes))
        return sides[0].xp.reshape(found, (*found.shape[:-2], math.prod(sizes)))

    found = answer(formula, [flat], base=base, each_class=True)
    return _unflattened(found, sizes, variables)


def _pointwise(table: JointTable) -> Array:
    xp, ratio = table.xp, shared_ratio(table.arranged((), (0,), (1,)))
    logs = xp.where(ratio.less, ratio.log, 0.0 - ratio.log)
    return xp.where(ratio.gone, -xp.inf, logs)[..., 0, :, :]


def _unflattened(found: Any, sizes: tuple[int, ...], variables: Variables) -> Any:
    """The table's own axes again."""
    xp = NUMPY if isinstance(found, np.ndarray) else namespace_of(found)
    table = xp.reshape(found, (*found.shape[:-1], *sizes))
    (first,), (second,) = variables
    order = list(range(len(table.shape) - 2))
    for place, own in sorted([(first, -2), (second, -1)]):
        order.insert(place, own % len(table.shape))
    return xp.permute_dims(table, tuple(order))
