"""Agreement of two labellings of the same rows, whatever the labels are called."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, Never

import numpy as np

from unsurprised.errors import CallError
from unsurprised.forms import Counts
from unsurprised.measures._chance import expected_mutual_information
from unsurprised.measures._contingency import Cells, Whole, cells_of, contingency
from unsurprised.measures.divergences import kl_divergence
from unsurprised.measures.entropies import entropy
from unsurprised.measures.registry import measure
from unsurprised.units import refuse_base

__all__ = [
    "adjusted_mutual_information",
    "completeness",
    "contingency",
    "homogeneity",
    "v_measure",
]

_MEANS: dict[str, Callable[[float, float], float]] = {
    "arithmetic": lambda first, second: (first + second) / 2,
    "geometric": lambda first, second: math.sqrt(first * second),
    "max": max,
    "min": min,
}


@measure(
    "labels",
    unit=False,
    low=-math.inf,
    high=1.0,
    symmetric=True,
    traceable=False,
    parameters=tuple({"normalization": name} for name in _MEANS),
)
def adjusted_mutual_information(
    a: Any,
    b: Any = None,
    *,
    normalization: Literal["arithmetic", "geometric", "max", "min"] = "arithmetic",
    **unit: Never,
) -> float:
    r"""Adjusted mutual information (AMI) of two labellings: corrected for chance.

    .. math:: \mathrm{AMI} = \frac{I(A; B) - E}{M(H(A), H(B)) - E}

    E is the mean of I(A; B) over all ways to shuffle one of the labellings (the hypergeometric
    model), and M a mean of the two entropies. Fine labellings share much by chance, so where the
    number of labels differs from case to case, this compares where plain mutual information does
    not. E is exact, summed from terms that are never negative.

    Parameters
    ----------
    a : array_like or Labels, shape (n,)
        One label for each row: integers, names or truth values. Without ``b``: a contingency
        table, :class:`Counts` or an array of counts, two-dimensional.
    b : array_like or Labels, shape (n,), optional
        The other labels of the same rows.
    normalization : {"arithmetic", "geometric", "max", "min"}, default "arithmetic"
        Which mean M is.

    Returns
    -------
    float
        At most 1, without a unit. Exactly 1.0 where the labellings are the same up to the labels'
        names, even if all rows have one label or each has its own; 0 on average for unrelated
        ones, so values below 0 occur. Where one labelling has a single label or one for each row,
        shuffling changes nothing and the answer, unless it is 1.0, is 0.0.

    Raises
    ------
    CallError
        Vectors of different lengths, empty or not one-dimensional; floats as labels; an unknown
        normalization.
    InputError
        A table with negative or fractional counts, or none at all.

    References
    ----------
    Vinh, Epps and Bailey, "Information Theoretic Measures for Clusterings Comparison", JMLR 11
    (2010), whose AMI this is; the default mean is scikit-learn's.

    Examples
    --------
    >>> adjusted_mutual_information([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    >>> truth, clusters = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]
    >>> round(adjusted_mutual_information(truth, clusters), 6)
    0.298792
    """
    refuse_base(unit, "adjusted_mutual_information")
    mean = _mean_called(normalization)
    cells = cells_of(a, b)
    if cells.first_tells_second and cells.second_tells_first:
        return 1.0
    if {len(cells.rows), len(cells.columns)} & {1.0, cells.total}:
        return 0.0
    first, second, shared = entropies_and_information(cells)
    expected = expected_mutual_information(cells.rows, cells.columns)
    return min((shared - expected) / (mean(first, second) - expected), 1.0)


@measure("labels", unit=False, high=1.0, traceable=False)
def homogeneity(a: Any, b: Any = None, **unit: Never) -> float:
    r"""Homogeneity of a clustering: how far each cluster holds rows of one class only.

    .. math:: h = 1 - \frac{H(A \mid B)}{H(A)} = \frac{I(A; B)}{H(A)}

    Parameters
    ----------
    a : array_like or Labels, shape (n,)
        The truth: the class of each row. Without ``b``: a contingency table, one row of it a class,
        :class:`Counts` or an array of counts, two-dimensional.
    b : array_like or Labels, shape (n,), optional
        The cluster of each row.

    Returns
    -------
    float
        From 0 to 1, without a unit: exactly 1.0 where no cluster mixes classes, which includes a
        single class; 0 where the clusters tell nothing about the classes. It can be had for the
        asking by many small clusters: read it with :func:`completeness`.

    Raises
    ------
    CallError
        Vectors of different lengths, empty or not one-dimensional; floats as labels.
    InputError
        A table with negative or fractional counts, or none at all.

    References
    ----------
    Rosenberg and Hirschberg, "V-Measure: A Conditional Entropy-Based External Cluster Evaluation
    Measure", EMNLP-CoNLL (2007).

    Examples
    --------
    >>> homogeneity([0, 0, 1, 1], [0, 1, 2, 2])
    1.0
    >>> homogeneity([0, 0, 1, 1], [7, 7, 7, 7])
    0.0
    """
    refuse_base(unit, "homogeneity")
    first, _, shared = entropies_and_information(cells_of(a, b))
    return _share(shared, first)


@measure("labels", unit=False, high=1.0, traceable=False)
def completeness(a: Any, b: Any = None, **unit: Never) -> float:
    r"""Completeness of a clustering: how far all rows of a class are in one cluster.

    .. math:: c = 1 - \frac{H(B \mid A)}{H(B)} = \frac{I(A; B)}{H(B)}

    Parameters
    ----------
    a : array_like or Labels, shape (n,)
        The truth: the class of each row. Without ``b``: a contingency table, one row of it a class,
        :class:`Counts` or an array of counts, two-dimensional.
    b : array_like or Labels, shape (n,), optional
        The cluster of each row.

    Returns
    -------
    float
        From 0 to 1, without a unit: exactly 1.0 where no class is split, which includes a single
        cluster; 0 where the classes tell nothing about the clusters.

    Raises
    ------
    CallError
        Vectors of different lengths, empty or not one-dimensional; floats as labels.
    InputError
        A table with negative or fractional counts, or none at all.

    References
    ----------
    Rosenberg and Hirschberg, "V-Measure: A Conditional Entropy-Based External Cluster Evaluation
    Measure", EMNLP-CoNLL (2007).

    Examples
    --------
    >>> round(completeness([0, 0, 1, 1], [0, 1, 2, 2]), 4)
    0.6667
    >>> completeness([0, 0, 1, 1], [7, 7, 7, 7])
    1.0
    """
    refuse_base(unit, "completeness")
    _, second, shared = entropies_and_information(cells_of(a, b))
    return _share(shared, second)


@measure("labels", unit=False, high=1.0, traceable=False, parameters=({}, {"beta": 0.25}))
def v_measure(a: Any, b: Any = None, *, beta: float = 1.0, **unit: Never) -> float:
    r"""V-measure: the weighted harmonic mean of homogeneity and completeness.

    .. math:: V_\beta = \frac{(1 + \beta)\, h\, c}{\beta h + c}

    With ``beta=1`` it is the mutual information over the arithmetic mean of the two entropies, and
    symmetric.

    Parameters
    ----------
    a : array_like or Labels, shape (n,)
        The truth: the class of each row. Without ``b``: a contingency table, one row of it a class,
        :class:`Counts` or an array of counts, two-dimensional.
    b : array_like or Labels, shape (n,), optional
        The cluster of each row.
    beta : float, default 1.0
        Above 1 completeness counts for more, below 1 homogeneity; finite and at least 0.

    Returns
    -------
    float
        From 0 to 1, without a unit: exactly 1.0 where the labellings are the same up to the labels'
        names, 0 where homogeneity or completeness is.

    Raises
    ------
    CallError
        Vectors of different lengths, empty or not one-dimensional; floats as labels; a ``beta``
        that is negative or not finite.
    InputError
        A table with negative or fractional counts, or none at all.

    References
    ----------
    Rosenberg and Hirschberg, "V-Measure: A Conditional Entropy-Based External Cluster Evaluation
    Measure", EMNLP-CoNLL (2007).

    Examples
    --------
    >>> round(v_measure([0, 0, 1, 1], [0, 1, 2, 2]), 6)
    0.8
    """
    refuse_base(unit, "v_measure")
    weight = _checked_beta(beta)
    first, second, shared = entropies_and_information(cells_of(a, b))
    h, c = _share(shared, first), _share(shared, second)
    if not h or not c:
        return 0.0
    return min((1.0 + weight) * h * c / (weight * h + c), 1.0)


def _share(shared: float, whole: float) -> float:
    return shared / whole if whole else 1.0


def entropies_and_information(cells: Cells) -> tuple[float, float, float]:
    """H(A), H(B) and I(A; B) in nats; I is never above H, and exactly H where one tells the other.

    The information is the KL divergence of the table from the product of its margins, in which all
    empty cells are one class: nothing cancels where the two are nearly independent.
    """
    first, second = _entropy(cells.rows), _entropy(cells.columns)
    if cells.first_tells_second:
        return first, second, second
    if cells.second_tells_first:
        return first, second, first
    # In an order of its own, so that neither names nor sides change a bit.
    order = np.lexsort((cells.products, cells.counts))
    joint = np.append(cells.counts[order], 0.0)
    product = np.append(cells.products[order], cells.product_of_empty)
    shared = kl_divergence(Counts(joint), Counts(product), base=math.e)
    return first, second, min(float(shared), first, second)


def _entropy(sizes: Whole) -> float:
    return float(entropy(Counts(np.sort(sizes)), base=math.e))


def _mean_called(normalization: Any) -> Callable[[float, float], float]:
    if not isinstance(normalization, str) or normalization not in _MEANS:
        raise CallError(
            f"normalization={normalization!r}; expected one of {', '.join(map(repr, _MEANS))}"
        )
    return _MEANS[normalization]


def _checked_beta(beta: Any) -> float:
    try:
        value = math.nan if isinstance(beta, str | bytes) else float(beta)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not 0 <= value < math.inf:
        raise CallError(f"beta={beta!r}; expected a finite number of at least 0")
    return value
