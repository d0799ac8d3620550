"""``explain``: the measures of one row or two, taken apart outcome by outcome."""

from __future__ import annotations

import itertools
from typing import Any

from unsurprised.errors import CallError, InputError
from unsurprised.explanation.arguments import Subject, subject_of
from unsurprised.explanation.contributions import (
    Believed,
    believed,
    cross_entropy_parts,
    entropy_parts,
    kl_parts,
)
from unsurprised.explanation.result import Explanation, Outcome, Smoothing
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DistributionForm, Labels
from unsurprised.measures.divergences import cross_entropy, kl_divergence
from unsurprised.measures.entropies import entropy
from unsurprised.measures.smoothing import smooth, smoothing_cost
from unsurprised.units import as_number, checked_base, unit_of


@own_float_errors
def explain(
    p: Any,
    q: Any = None,
    *,
    names: Any = None,
    epsilon: float = 0.01,
    base: float = 2,
) -> Explanation:
    r"""Explain an entropy, a divergence or a surprisal, outcome by outcome.

    ``explain(p)`` takes the entropy of a row apart, ``explain(p, q)`` the cross-entropy and the KL
    divergence of two; with what happened in place of ``p``, ``explain(1, row)`` or
    ``explain("cat", row, names=…)``, the observed surprisal. Beside the ideal code
    lengths :math:`-\log p` and :math:`-\log q` stand those of Huffman's codes, whole bits, whose
    mean is at least the entropy and less than one bit above it.

    Parameters
    ----------
    p : array_like, form, int or str
        The truth, one row; a plain array is :class:`Probs`. :class:`Labels`, an integer or a name
        is what happened.
    q : array_like or form, optional
        The model's row. It may be of another form and another library than ``p``. Outcomes that
        have names in both (a dictionary, pandas' series, a row of a frame) meet by them, in the
        order of ``p``.
    names : sequence of str, optional
        What the outcomes are called, in their order; by default as the rows call them, else by
        their numbers. Of rows that have names it is the order wanted.
    epsilon : float, default 0.01
        The share of the uniform distribution with which ``q`` is smoothed, to say what that
        would cost and buy.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys. Huffman lengths
        are bits and come with ``base=2`` only.

    Returns
    -------
    Explanation
        Its text, HTML, JSON and chart; every number as an attribute.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label or name outside the classes.
    CallError
        More rows than one, rows of different lengths, names that do not fit or of which one is
        there twice, an ``epsilon`` outside [0, 1].

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., sections 2.3 and 5.3 to 5.8.

    Examples
    --------
    >>> coin = explain([0.5, 0.5], [0.1, 0.9], names=["heads", "tails"])
    >>> round(coin.kl_divergence, 4), round(coin.outcomes[0].kl_divergence, 4)
    (0.737, 1.161)
    >>> print(coin.meaning)
    Believing Q where P is true costs 0.7370 bits more than the 1 bit that is needed.
    >>> print(explain(1, [0.99, 0.01], names=["cat", "dog"]).meaning)
    The model gave 1 % to what happened, 'dog': 6.6439 bits of surprise.
    >>> [one.q for one in explain({"a": 0.9, "b": 0.1}, {"b": 0.2, "a": 0.8}).outcomes]
    [0.8, 0.2]
    """
    base, share = checked_base(base), _checked_epsilon(epsilon)
    subject = subject_of(p, q, names)
    p, q, happened = subject.p, subject.q, subject.happened
    entropy_p = _entropy(p, base, None if q is None else "p")
    model_entropy = None if q is None else _entropy(q, base, "q")
    truth = believed(p, base)
    model = None if q is None else believed(q, base)
    met = None if q is None else _totals(p, q, happened, base)
    return Explanation(
        explains="entropy" if q is None else "divergence" if happened is None else "surprisal",
        unit=unit_of(base),
        base=base,
        happened=happened,
        entropy=entropy_p,
        cross_entropy=None if met is None else met[0],
        kl_divergence=None if met is None else met[1],
        reverse_kl_divergence=(
            None if q is None or happened is not None else kl_divergence(q, p, base=base)
        ),
        model_entropy=model_entropy,
        huffman_length=truth.mean_huffman_length(truth),
        model_huffman_length=None if model is None else model.mean_huffman_length(truth),
        smoothing=None if q is None else _smoothing(p, q, happened, share, base),
        outcomes=_outcomes(subject, truth, model, base),
    )


def _entropy(row: DistributionForm, base: float, argument: str | None) -> float:
    """Also the first look at a row: an error says in which argument it is."""
    try:
        return float(entropy(row, base=base))
    except InputError as error:
        # That it is the first of so many such rows goes without saying.
        raise error.located(file=argument).noted("") from None


def _checked_epsilon(epsilon: Any) -> float:
    share = as_number(epsilon)
    if not 0 <= share <= 1:
        raise CallError(f"epsilon={epsilon!r}; expected a share from 0 to 1 (--smooth)")
    return share


def _totals(
    p: DistributionForm, q: DistributionForm, happened: int | None, base: float
) -> tuple[float, float]:
    """Cross-entropy and KL, as the measures say."""
    truth = p if happened is None else Labels(happened)
    return cross_entropy(truth, q, base=base), kl_divergence(truth, q, base=base)


def _smoothing(
    p: DistributionForm, q: DistributionForm, happened: int | None, epsilon: float, base: float
) -> Smoothing:
    before, _ = _totals(p, q, happened, base)
    after, kl = _totals(p, smooth(q, epsilon), happened, base)
    saved = 0.0 if before == after else before - after  # of two infinities too
    return Smoothing(epsilon, smoothing_cost(epsilon, base=base), after, kl, saved)


def _outcomes(
    subject: Subject, truth: Believed, model: Believed | None, base: float
) -> tuple[Outcome, ...]:
    nothing = itertools.repeat(None)
    columns: list[Any] = [subject.names, truth.shares.tolist()]
    entropies = entropy_parts(truth).tolist()
    if model is None or subject.q is None:
        columns += [nothing, truth.lengths.tolist(), nothing, truth.huffman or nothing, nothing]
        columns += [entropies, nothing, nothing, itertools.repeat(False)]
    else:
        columns += [model.shares.tolist(), truth.lengths.tolist(), model.lengths.tolist()]
        columns += [truth.huffman or nothing, model.huffman or nothing, entropies]
        columns.append(cross_entropy_parts(truth, model).tolist())
        columns.append(kl_parts(subject.p, subject.q, truth, model, base).tolist())
        columns.append((truth.possible & ~model.possible).tolist())
    return tuple(Outcome(*line) for line in zip(*columns, strict=False))
