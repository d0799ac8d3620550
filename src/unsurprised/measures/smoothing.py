"""Giving everything some mass: the cure for infinite surprise, and what it costs.

Two things go by the name of smoothing. Here a *model's* answers are mixed with something that rules
nothing out, before they are used or measured. Smoothing the *targets* that a model is trained on
is another matter: that is ``Labels(y, smoothing=…)``, and it promises nothing about the model.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np

from unsurprised.array_types import Array, Values
from unsurprised.arrays.containers import taken_apart
from unsurprised.arrays.host import FLOATS, host_array
from unsurprised.arrays.libraries import is_traced, library_of
from unsurprised.arrays.row_order import refuse_keys, refuse_other_orders, rows_of_classes
from unsurprised.errors import CallError
from unsurprised.forms import Counts, DistributionForm, Form, Labels, Probs, as_form
from unsurprised.measures._alignment import aligned
from unsurprised.measures._array_engine import copied
from unsurprised.measures._dispatch import Answer, need_distribution
from unsurprised.measures._faults import BAD_ENTRY, fault_of
from unsurprised.measures._mixture import exact_shares, mixture
from unsurprised.measures._naming import as_given, named
from unsurprised.measures._numpy_engine import common_rows, is_log
from unsurprised.measures._row_valued import Site, check
from unsurprised.units import checked_base

#: Pseudocounts that have a name.
_NAMED = {"laplace": 1.0, "jeffreys": 0.5, "krichevsky-trofimov": 0.5}


def smooth(p: Any, epsilon: Any, *, towards: Any = None, axis: int = -1) -> Any:
    r"""Smooth a model: mix it with a little of another distribution, so that nothing is ruled out.

    .. math:: P' = (1 - \varepsilon)\, P + \varepsilon\, U

    U is uniform, or the prior ``towards``. Nothing that U holds possible surprises infinitely any
    more, and nothing at all surprises by more than :func:`smoothing_cost` more than before.

    This is for a *model*, where zeros make :func:`kl_divergence` infinite. To smooth the targets of
    a training, say ``Labels(y, smoothing=…)``; a model trained on those may still answer 0.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`. Of :class:`Labels` each is a row of one 1, which
        needs their number of classes.
    epsilon : float or array_like, shape (...)
        The share of the mass that comes from U, from 0 to 1; or one for each row, broadcasting
        against the rows.
    towards : array_like or form, shape (..., K, ...), optional
        The prior instead of the uniform distribution: a row or rows, broadcasting likewise.
    axis : int, default −1
        The classes' axis of ``p``, of ``towards`` and of the answer.

    Returns
    -------
    Probs, or what ``p`` is: a dictionary, a series, a data frame; shape (..., K, ...)
        Rows of sum 1; every entry is right to a relative 1e-15 (of float64), those of logits
        however far apart included. ``epsilon=0`` is P itself, ``epsilon=1`` is U. Classes and rows
        keep their names, so that what comes next binds by them; :class:`Probs` hold them too.

    Raises
    ------
    InputError
        A row that is not legal for its form.
    CallError
        An ``epsilon`` outside [0, 1], shapes that do not broadcast, different numbers or names of
        classes.

    References
    ----------
    Jelinek and Mercer, "Interpolated Estimation of Markov Source Parameters from Sparse Data"
    (1980).

    Examples
    --------
    >>> import unsurprised as us
    >>> model = [0.0, 0.25, 0.75]
    >>> us.kl_divergence([0.5, 0.5, 0.0], model)
    inf
    >>> smoothed = smooth(model, 0.03)
    >>> smoothed.array.values
    array([0.01  , 0.2525, 0.7375])
    >>> smooth({"cat": 1.0, "dog": 0.0}, 0.5)
    {'cat': 0.75, 'dog': 0.25}
    >>> round(us.kl_divergence([0.5, 0.5, 0.0], smoothed), 4)
    3.3148
    """
    forms = [as_form(p)]
    if towards is not None:
        forms.append(need_distribution(as_form(towards), "towards"))
    elif isinstance(forms[0], Labels) and forms[0].class_count is None:
        raise CallError("smooth(Labels(…), …) needs classes=…, the number of classes or names")
    refuse_keys(epsilon, "epsilon")
    site = Site(epsilon, *(form.given for form in forms))
    if forms[0].index is not None and len(forms[0].shape) == 2:
        refuse_other_orders({"p": rows_of_classes(forms[0], axis), "epsilon": epsilon})
    rows = site.rows(forms, axis, ("p", "towards"))
    share = site.numbers(epsilon, _checked_shares)
    _check_shapes("epsilon", share, "rows", common_rows(rows, axis), "row")
    sides = [site.values(row) for row in rows]
    for argument, row, side in zip(("p", "towards"), rows, sides, strict=False):
        check(row, side, site.xp, argument if len(rows) > 1 else None)

    def formula(epsilon: Array, *sides: Array) -> Array:
        shares = [
            exact_shares(site.xp, side, log=is_log(row))
            for side, row in zip(sides, rows, strict=True)
        ]
        return mixture(epsilon, *shares)

    mixed = site.by_row(formula, share[..., None], *sides)
    found = named(Probs(site.answer(site.with_last_at(axis, mixed))), forms, rows, axis)
    return as_given(p, forms[0], found)


def add_pseudocounts(counts: Any, pseudocount: Any) -> Counts:
    r"""Additive (Laplace) smoothing of counts: α added to every class.

    .. math:: n'_i = n_i + \alpha_i, \qquad
              P'_i = \frac{n_i + \alpha}{n + \alpha K}
                   = (1 - \varepsilon) \frac{n_i}{n} + \frac{\varepsilon}{K},
              \quad \varepsilon = \frac{\alpha K}{n + \alpha K}

    So it is :func:`smooth` with an ε that fades as counts come in, and costs at most
    :math:`\log(1 + \alpha K / n)` on anything that happens. It is also the mean of a Dirichlet
    belief with parameters α after these counts.

    Parameters
    ----------
    counts : array_like or Counts, shape (..., K)
        How often each class was seen. A row of nothing but zeros is welcome here.
    pseudocount : float, array_like or str
        α: a number of at least 0; one for each class, broadcasting against ``counts``, and by its
        name where both have names (a dictionary, a series, a data frame); or ``"laplace"`` (1),
        ``"jeffreys"`` or ``"krichevsky-trofimov"`` (both ½).

    Returns
    -------
    Counts, shape (..., K)
        The sums, in floating point, under the names of the classes and rows. Of a dictionary, too:
        as one, it would be taken for probabilities by what comes next.

    Raises
    ------
    InputError
        A negative, infinite or NaN count.
    CallError
        A pseudocount that is negative, not finite or of an unknown name; shapes that do not
        broadcast; different names of classes; a form other than :class:`Counts`.

    References
    ----------
    Laplace, "Mémoire sur la probabilité des causes par les évènements" (1774); Jeffreys, "An
    Invariant Form for the Prior Probability in Estimation Problems" (1946); Krichevsky and
    Trofimov, "The Performance of Universal Encoding", IEEE Trans. Information Theory 27 (1981).

    Examples
    --------
    >>> add_pseudocounts([3, 1, 0], "laplace").array.values
    array([4., 2., 1.])
    >>> import unsurprised as us
    >>> us.surprisal(add_pseudocounts([7, 0], "krichevsky-trofimov"), at=1)
    4.0
    """
    form = counts if isinstance(counts, Form) else Counts(counts)
    if not isinstance(form, Counts):
        raise CallError(
            f"counts is {form!r}; expected Counts: pseudocounts are added to counts, probabilities "
            "are mixed with others by smooth(p, epsilon)"
        )
    form, pseudocount, by_name = _by_name(form, pseudocount)
    site = Site(form.given, pseudocount)
    values, added = site.values(form), site.numbers(pseudocount, _checked_pseudocounts)
    _check_shapes("pseudocounts", added, "counts", form.shape, "class")
    if not is_traced(values):
        _check_counts(copied(form))
    return named(Counts(site.answer(values + added)), by_name, [form])


def smoothing_cost(epsilon: Any, *, base: float = 2) -> Answer:
    r"""Largest surprisal that :func:`smooth` can add to anything that happens.

    .. math:: -\log P'_y = -\log\big((1 - \varepsilon) P_y + \varepsilon U_y\big)
              \le -\log P_y - \log(1 - \varepsilon)

    It is paid in full where U gives nothing, and hardly where the model was unsure anyway; where
    the model had given 0, smoothing saves infinitely much.

    Parameters
    ----------
    epsilon : float or array_like
        The share of the mass that comes from elsewhere, from 0 to 1.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array of the shape of ``epsilon``
        :math:`-\log(1 - \varepsilon)`, at least 0 and ``inf`` at 1; accurate for the tiniest ε.

    Raises
    ------
    CallError
        An ``epsilon`` outside [0, 1].

    References
    ----------
    Cesa-Bianchi and Lugosi, *Prediction, Learning, and Games* (2006), chapter 9: what a mixture of
    forecasters loses to one that has the weight 1 − ε.

    Examples
    --------
    >>> smoothing_cost(0.5)
    1.0
    >>> round(smoothing_cost(0.03), 4)
    0.0439
    """
    checked_base(base)
    site = Site(epsilon)
    share = site.numbers(epsilon, _checked_shares)
    nats = site.by_row(lambda share: 0.0 - site.xp.log1p(0.0 - share), share[..., None])[..., 0]
    cost = site.answer(nats / math.log(base))
    return cost if library_of(epsilon) or cost.shape else float(cost)


def _by_name(counts: Counts, pseudocount: Any) -> tuple[Counts, Any, list[Form]]:
    """Counts and pseudocounts with their classes in one order; and the forms with the names."""
    parts = taken_apart(pseudocount, "pseudocount")
    if parts is None or parts.columns is None:
        return counts, pseudocount, [counts]
    own = [counts, Counts(pseudocount)]
    first, second = aligned(own, -1)
    assert isinstance(first, Counts)
    return first, second.array.values, [*own]


def _checked_shares(epsilon: Any) -> Values | float:
    numbers = _numbers(epsilon, "epsilon")
    _refuse_unless((numbers >= 0) & (numbers <= 1), numbers, "epsilon", "a share from 0 to 1")
    return numbers


def _checked_pseudocounts(pseudocount: Any) -> Values | float:
    if isinstance(pseudocount, str):
        if pseudocount not in _NAMED:
            raise CallError(
                f"pseudocount={pseudocount!r}; expected a number, or one of "
                f"{', '.join(map(repr, _NAMED))}"
            )
        pseudocount = _NAMED[pseudocount]
    numbers = _numbers(pseudocount, "pseudocount")
    legal = (numbers >= 0) & (numbers < math.inf)
    _refuse_unless(legal, numbers, "pseudocount", "a finite number of at least 0")
    return numbers


def _numbers(values: Any, argument: str) -> Values | float:
    if isinstance(values, (int, float)) and abs(values) <= sys.float_info.max:
        return float(values)
    host = host_array(values, argument)
    if host.dtype not in FLOATS and host.kind not in "iub":
        raise CallError(f"{argument} holds {host.dtype}; expected numbers")
    return host.as_float64()


def _refuse_unless(legal: Any, numbers: Values | float, argument: str, expected: str) -> None:
    if isinstance(numbers, float):
        if not legal:
            raise CallError(f"{argument}={numbers:.6g}; expected {expected}")
    elif not legal.all():
        first = tuple(int(i) for i in np.argwhere(~legal)[0])
        where = f"[{', '.join(map(str, first))}]" if first else ""
        raise CallError(f"{argument}{where}={numbers[first]:.6g}; expected {expected}")


def _check_shapes(
    argument: str, numbers: Array, among: str, shape: tuple[int, ...], each: str
) -> None:
    given = tuple(numbers.shape)
    try:
        np.broadcast_shapes(given, shape)
    except ValueError:
        raise CallError(
            f"{argument} of shape {given} and {among} of shape {shape} do not broadcast; "
            f"expected one number, or one for each {each}"
        ) from None


def _check_counts(counts: DistributionForm) -> None:
    numbers = counts.array.as_float64()
    bad = ~((numbers >= 0) & (numbers < math.inf)).all(axis=-1)
    if bad.any():
        raise fault_of(counts, counts.array.values, (int(bad.argmax()), BAD_ENTRY, 0, 0.0))
