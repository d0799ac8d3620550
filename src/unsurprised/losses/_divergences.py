r"""The divergences of a student from a teacher, and their gradients by the student's scores.

With the teacher's shares p, the student's q and :math:`m = \beta p + (1 - \beta) q`,

.. math::

    \text{forward} = \sum p \log \frac{p}{q}, \qquad \text{reverse} = \sum q \log \frac{q}{p},
    \qquad \text{jsd} = \beta \sum p \log \frac{p}{m} + (1 - \beta) \sum q \log \frac{q}{m}, \\
    \frac{\partial}{\partial z_j}: \qquad q_j - p_j, \qquad
    q_j \Big( \log \frac{q_j}{p_j} - \text{reverse} \Big), \qquad
    (1 - \beta)\, q_j \Big( \log \frac{q_j}{m_j} - \sum_i q_i \log \frac{q_i}{m_i} \Big) .

Each is a sum of terms that cannot be negative: of masses p and q of the same sum,
:math:`\sum p \log(p / q) = \sum \big( p\, d + (q - p) \big)` with d = log p/q. So the sum keeps the
relative accuracy of d, however close the two are, if d is found from the difference of the scores
and the sums are really the same: what rounding makes of the second is taken off d.

``xp`` is NumPy, ``torch`` or ``jax.numpy``; classes are last; the teacher is a constant.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from unsurprised.array_types import Array
from unsurprised.losses._cross_entropy import shares, tempered
from unsurprised.losses._divergence_options import Kind
from unsurprised.measures._elementary import log1p_minus

Namespace = Any


class Between(NamedTuple):
    """Two rows of shares, p of the teacher and q of the student, and d = log p/q."""

    p: Array
    q: Array
    d: Array


def between(xp: Namespace, student: Array, teacher: Array, temperature: Any) -> Between:
    """Both rows' shares at the temperature."""
    by_student = shares(xp, tempered(xp, student, temperature))
    by_teacher = shares(xp, tempered(xp, teacher, temperature))
    p, q = xp.exp(by_teacher.log), xp.exp(by_student.log)
    neither = (p == 0) & (q == 0)
    gaps = xp.where(neither, 0.0, teacher) - xp.where(neither, 0.0, student)
    apart = tempered(xp, gaps, temperature)
    tops, rests = by_teacher.top - by_student.top, by_teacher.rest - by_student.rest
    d = xp.where(neither, 0.0, (apart - tops[..., None]) - rests[..., None])
    off = xp.sum(_excess(xp, p, q, d), axis=-1, keepdims=True)
    return Between(p, q, d + xp.log1p(off))


def untempered(xp: Namespace, logs: Array, temperature: Any) -> Array:
    """Scores whose softmax at the temperature has these logarithms."""
    if isinstance(temperature, (int, float)):
        return logs * temperature
    return tempered(xp, logs, 1 / temperature)


def _excess(xp: Namespace, p: Array, q: Array, d: Array) -> Array:
    """``q − p``, from d where the two are close."""
    close = d > -1
    return xp.where(close, p * xp.expm1(0.0 - xp.where(close, d, 0.0)), q - p)


def _terms(xp: Namespace, p: Array, excess: Array, d: Array) -> Array:
    """``p d + (q − p)`` for ``excess`` = q − p: never negative, and nothing cancels."""
    near = (d > -1) & (d < 1)  # beyond that neither part comes near the other
    x = xp.expm1(0.0 - xp.where(near, d, 0.0))
    product = xp.where(p == 0, 0.0, p * xp.where(p == 0, 0.0, d))
    return xp.where(near, p * (0.0 - log1p_minus(xp, x)), product + excess)


def _log_mixture(xp: Namespace, d: Array, beta: Any) -> tuple[Array, Array]:
    """``log m/p`` and ``log m/q`` for log p/q = d."""
    above = d > 0
    low, high = xp.where(above, 0.0, d), xp.where(above, d, 0.0)
    to_p = xp.log1p((1 - beta) * xp.expm1(0.0 - high))
    to_q = xp.log1p(beta * xp.expm1(low))
    return xp.where(above, to_p, to_q - low), xp.where(above, to_p + high, to_q)


def divergence(xp: Namespace, pair: Between, kind: Kind, beta: Any) -> Array:
    """One number for each row, at least 0."""
    p, q, d = pair
    if kind == "reverse":
        p, q, d = q, p, 0.0 - d
    excess = _excess(xp, p, q, d)
    if kind != "jsd":
        return xp.sum(_terms(xp, p, excess, d), axis=-1)
    to_p, to_q = _log_mixture(xp, d, beta)
    of_p = _terms(xp, p, (1 - beta) * excess, 0.0 - to_p)
    of_q = _terms(xp, q, (0.0 - beta) * excess, 0.0 - to_q)
    return xp.sum(beta * of_p + (1 - beta) * of_q, axis=-1)


def gradient(
    xp: Namespace, pair: Between, kind: Kind, beta: float, temperature: float, *, by: Array
) -> Array:
    """The derivative by the student's scores; ``by`` is that of the total by each row."""
    p, q, d = pair
    if kind == "forward":
        result = _excess(xp, p, q, d)
    else:
        log = 0.0 - d if kind == "reverse" else 0.0 - _log_mixture(xp, d, beta)[1]
        log = xp.where(q == 0, 0.0, log)
        result = q * (log - xp.sum(q * log, axis=-1, keepdims=True))
        result = result if kind == "reverse" else (1 - beta) * result
    by = by[..., None]
    return xp.where(by == 0, 0.0, by * result / temperature)


class TopK(NamedTuple):
    """A teacher of whom only the most likely classes are known; the others are one class.

    The student's other classes are then taken together too, so the divergence is a lower bound of
    that between the whole distributions (data processing).

    ``log_probs`` (..., k) are natural logarithms of the probabilities of k classes, at the
    temperature of the loss; ``indices`` (..., k) say which classes these are, each once.

    Examples
    --------
    >>> from unsurprised.losses.numpy import TopK, distill_loss
    >>> teacher = TopK(log_probs=[[-0.5]], indices=[[0]])
    >>> round(float(distill_loss([[0.0, 0.0, 0.0]], teacher, base=2).loss), 4)
    0.2245
    """

    log_probs: Any
    indices: Any


class LinearTeacher(NamedTuple):
    """A teacher by the layer that makes its logits, which are then made in chunks too.

    ``hidden`` of shape (..., D), ``weight`` (K, D) and ``bias`` (K,), which may be ``None``; K is
    that of the student, D may be another.

    Examples
    --------
    >>> from unsurprised.losses.numpy import LinearTeacher, linear_distill_loss
    >>> teacher = LinearTeacher(hidden=[[1.0, 1.0]], weight=[[1.0, 1.0], [-1.0, -1.0]])
    >>> round(float(linear_distill_loss([[2.0]], [[1.0], [-1.0]], teacher).loss), 12)
    0.0
    """

    hidden: Any
    weight: Any
    bias: Any = None


class Lumped(NamedTuple):
    """Rows of k classes and all the others as one more, as logarithms; where they come from."""

    student: Array
    teacher: Array
    indices: Array
    tail: Array


def lumped(xp: Namespace, student: Array, log_probs: Array, indices: Array) -> Lumped:
    """The student's scores and the teacher's logarithms of k + 1 classes."""
    others = without(xp, student, indices)
    tail = shares(xp, others)
    log_tail = (tail.top + tail.rest)[..., None]
    known = xp.sum(xp.exp(log_probs), axis=-1, keepdims=True)
    if indices.shape[-1] == student.shape[-1]:
        known = xp.ones_like(known)  # no class is left that rounding could give something to
    rest = xp.where(known < 1, xp.log1p(0.0 - xp.where(known < 1, known, 0.0)), -math.inf)
    first = taken(xp, student, indices)
    return Lumped(
        joined(xp, first, xp.where(xp.isnan(log_tail), -math.inf, log_tail)),
        joined(xp, log_probs, rest),
        indices,
        tail.log,
    )


def from_lumped(xp: Namespace, gradient_of_lumped: Array, rows: Lumped) -> Array:
    """The derivative by all scores from the one by those of k + 1 classes."""
    k = rows.indices.shape[-1]
    by_tail = gradient_of_lumped[..., k:]
    spread = by_tail * xp.where(xp.isnan(rows.tail), 0.0, xp.exp(rows.tail))
    if xp.__name__ == "torch":
        return spread.scatter(-1, rows.indices, gradient_of_lumped[..., :k])
    return _put(xp, spread, rows.indices, gradient_of_lumped[..., :k])


def taken(xp: Namespace, values: Array, indices: Array) -> Array:
    """The entries of some classes."""
    if xp.__name__ == "torch":
        return values.gather(-1, indices)
    return xp.take_along_axis(values, indices, axis=-1)


def without(xp: Namespace, values: Array, indices: Array) -> Array:
    """The scores with some classes impossible."""
    if xp.__name__ == "torch":
        return values.scatter(-1, indices, -math.inf)
    return _put(xp, values, indices, -math.inf)


def _put(xp: Namespace, values: Array, indices: Array, new: Any) -> Array:
    if xp.__name__ == "numpy":
        copy = values.copy()
        xp.put_along_axis(copy, indices, new, axis=-1)
        return copy
    return xp.put_along_axis(values, indices, new, axis=-1, inplace=False)


def joined(xp: Namespace, first: Array, last: Array) -> Array:
    """Both side by side along the classes."""
    return (
        xp.cat([first, last], -1) if xp.__name__ == "torch" else xp.concatenate([first, last], -1)
    )
