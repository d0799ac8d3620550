r"""The one formula of cross-entropy with all its options, and its gradient.

Of a row of logits x of K classes with the target y (one class, or a distribution over them):

.. math::

    z &= \operatorname{cap}(x) / T, \qquad
    \operatorname{cap}(x) = c \tanh(x / c) \text{ or } x \\
    \ell &= z - L, \qquad L = \log \sum_k e^{z_k}, \qquad p = e^{\ell}, \qquad
    H = - \sum_k p_k \ell_k \\
    y'_k &= (1 - \varepsilon)\, y_k + \varepsilon / K \\
    a_k &= w_k\, y'_k \text{ (weights of the class)} \quad \text{or} \quad
    a_k = y'_k \textstyle\sum_i w_i y_i \text{ (of the label)} \\
    C &= \sum_k a_k\, f(\ell_k), \qquad f(\ell) = -\ell\, (1 - e^{\ell})^{\gamma}

Everything else is made of the three numbers C, L and H of each row (:mod:`._reduction`). So with
:math:`g_C, g_L, g_H` the derivatives of the total by them and
:math:`b_k = -a_k f'(\ell_k) = a_k (1 - p_k)^\gamma \big[1 - \gamma\, p_k \ell_k / (1 - p_k)\big]`,

.. math::

    \frac{\partial}{\partial z_j} = g_C \Big( p_j \sum_k b_k - b_j \Big) + g_L\, p_j
    - g_H\, p_j (\ell_j + H),
    \qquad \frac{\partial}{\partial x_j} = \frac{1 - \tanh^2(x_j / c)}{T}
    \frac{\partial}{\partial z_j} .

``xp`` is NumPy, ``torch`` or ``jax.numpy``: only what they all have under one name is used, and all
of it can be differentiated again. Classes are last.

The log-sum-exp is kept as two numbers, the top score and ``rest`` = log1p of the sum over all
others: a certain answer keeps the digits of its loss and of its gradient, and scores of ±2²⁴ lose
nothing to the sum of both. A logit of −inf says "impossible" and stays so under a softcap.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from unsurprised.array_types import Array
from unsurprised.losses._numbers import is_number
from unsurprised.losses._options import Recipe, Scores

Namespace = Any


class Rows(NamedTuple):
    """What a row of logits comes to: C, L = top + rest, and H."""

    loss: Array
    top: Array
    rest: Array
    entropy: Array


class Shares(NamedTuple):
    """A softmax by its logarithms."""

    top: Array
    rest: Array
    log: Array


def scores(xp: Namespace, logits: Array, options: Scores) -> Array:
    """``cap(x) / T``."""
    if options.live:
        # Through −∞ no derivative of an option can be taken, and it stays −∞ whatever they are.
        impossible = logits == -math.inf
        return xp.where(impossible, logits, _scaled(xp, xp.where(impossible, 0.0, logits), options))
    z = _scaled(xp, logits, options)
    return z if options.softcap is None else xp.where(logits == -math.inf, logits, z)


def _scaled(xp: Namespace, z: Array, options: Scores) -> Array:
    if options.softcap is not None:
        z = options.softcap * xp.tanh(z / options.softcap)
    return z if is_number(options.temperature, 1.0) else z / options.temperature


def tempered(xp: Namespace, values: Array, temperature: Any) -> Array:
    """``values / T``; no derivative by T is taken through what is infinite."""
    if isinstance(temperature, (int, float)):
        return values / temperature
    infinite = abs(values) == math.inf
    return xp.where(infinite, values, xp.where(infinite, 0.0, values) / temperature)


def shielded(xp: Namespace, logits: Array, dead: Array) -> Array:
    """Logits with zeros for rows that are nothing and hold what has no derivative.

    Only plain operations need it: 0 times the derivative of NaN is NaN.
    """
    bad = dead & ~xp.isfinite(xp.amax(logits, axis=-1))
    return xp.where(bad[..., None], 0.0, logits)


def through_scores(xp: Namespace, logits: Array, gradient: Array, options: Scores) -> Array:
    """The derivative by the logits from the one by the scores."""
    if not is_number(options.temperature, 1.0):
        gradient = gradient / options.temperature
    if options.softcap is not None:
        slope = xp.tanh(logits / options.softcap)
        gradient = gradient * ((1 - slope) * (1 + slope))
    return gradient


def shares(xp: Namespace, z: Array) -> Shares:
    """The log-softmax, with the top score left out of the sum."""
    is_top = one_hot(xp, xp.argmax(z, axis=-1), z)
    # Not the maximum: of several equal ones the derivative must go to the one left out.
    top = xp.sum(xp.where(is_top, z, 0.0), axis=-1, keepdims=True)
    gaps = z - top
    others = xp.where(is_top, -math.inf, gaps)
    rest = xp.log1p(xp.sum(xp.exp(others), axis=-1, keepdims=True))
    return Shares(top[..., 0], rest[..., 0], gaps - rest)


def one_hot(xp: Namespace, labels: Array, like: Array) -> Array:
    """True where a class is the row's label."""
    if xp.__name__ != "torch":
        return xp.arange(like.shape[-1]) == labels[..., None]
    if type(like) in (xp.Tensor, xp.nn.Parameter):
        return xp.arange(like.shape[-1], device=like.device) == labels[..., None]
    # A kind of its own, which may not mix with plain tensors.
    return xp.ones_like(like, dtype=xp.int64).cumsum(-1) - 1 == labels[..., None]


def entropy_of(xp: Namespace, log: Array) -> Array:
    """``−Σ p log p``; a class that is impossible adds nothing, nor to the derivative."""
    finite = xp.where(log == -math.inf, 0.0, log)
    return 0.0 - xp.sum(xp.exp(log) * finite, axis=-1)


def rows(
    xp: Namespace,
    z: Array,
    target: Array,
    weight: Array | None,
    recipe: Recipe,
    *,
    hard: bool,
    entropy: bool = True,
) -> Rows:
    """C, L and H (where asked for, else zeros) of each row of scores; labels are within range."""
    top, rest, log = shares(xp, z)
    if hard and is_number(recipe.label_smoothing, 0.0):
        at = xp.sum(xp.where(one_hot(xp, target, z), log, 0.0), axis=-1)
        loss = _cost(xp, at, recipe)
        if weight is not None:
            loss = loss * weight[target]
    else:
        a = coefficients(xp, z, target, weight, recipe, hard=hard)
        # 0 · ∞ is nothing here, and no derivative is taken through it. Elsewhere a share of 0 keeps
        # the derivative by the share.
        costs = _cost(xp, xp.where((a == 0) & (log == -math.inf), 0.0, log), recipe)
        loss = xp.sum(a * costs, axis=-1)
    return Rows(loss, top, rest, entropy_of(xp, log) if entropy else xp.zeros_like(loss))


def coefficients(
    xp: Namespace, z: Array, target: Array, weight: Array | None, recipe: Recipe, *, hard: bool
) -> Array:
    """``a``: what each class's surprisal counts in its row."""
    smoothing, classes = recipe.label_smoothing, z.shape[-1]
    y = xp.where(one_hot(xp, target, z), xp.ones_like(z), 0.0) if hard else target
    none = is_number(smoothing, 0.0)
    smoothed = y if none else (1 - smoothing) * y + smoothing / classes
    if weight is None:
        return smoothed
    if recipe.smoothing_weights == "class":
        return smoothed * weight
    return smoothed * xp.sum(weight * y, axis=-1, keepdims=True)


def _cost(xp: Namespace, log: Array, recipe: Recipe) -> Array:
    """``f(ℓ)``."""
    if is_number(recipe.focal_gamma, 0.0):
        return 0.0 - log
    return (0.0 - log) * _missing(xp, log) ** recipe.focal_gamma


def _missing(xp: Namespace, log: Array) -> Array:
    """``1 − p``, never 0, so that every power has a derivative."""
    missing = 0.0 - xp.expm1(log)
    return xp.where(missing == 0, 1e-300 if str(log.dtype).endswith("64") else 1e-37, missing)


def _slope(xp: Namespace, log: Array, recipe: Recipe) -> Array:
    """``−f′(ℓ)``."""
    gamma = recipe.focal_gamma
    if is_number(gamma, 0.0):
        return xp.ones_like(log)
    missing = _missing(xp, log)
    finite = xp.where(log == -math.inf, 0.0, log)
    return missing**gamma * (1 - gamma * xp.exp(log) * finite / missing)


def gradient(
    xp: Namespace,
    z: Array,
    target: Array,
    weight: Array | None,
    recipe: Recipe,
    *,
    by: tuple[Array, Array | None, Array | None],
    hard: bool,
) -> Array:
    """The derivative by the scores; ``by`` are those of the total by C, L and H of each row.

    Rows of which nothing counts get zeros, whatever stands in them.
    """
    _, _, log = shares(xp, z)
    p = xp.exp(log)
    by_loss, by_sum, by_entropy = (None if g is None else g[..., None] for g in by)
    if hard and is_number(recipe.label_smoothing, 0.0):
        mask = one_hot(xp, target, z)
        b = _slope(xp, xp.sum(xp.where(mask, log, 0.0), axis=-1, keepdims=True), recipe)
        if weight is not None:
            b = b * weight[target][..., None]
        # p − 1 of a label that is all but certain is found as it is, not as a difference.
        result = by_loss * b * xp.where(mask, xp.expm1(log), p)
    else:
        a = coefficients(xp, z, target, weight, recipe, hard=hard)
        b = a * _slope(xp, xp.where(a == 0, 0.0, log), recipe)
        result = by_loss * (p * xp.sum(b, axis=-1, keepdims=True) - b)
    live = by_loss != 0
    if by_sum is not None:
        result, live = result + by_sum * p, live | (by_sum != 0)
    if by_entropy is not None:
        finite = xp.where(log == -math.inf, 0.0, log)
        entropy = 0.0 - xp.sum(p * finite, axis=-1, keepdims=True)
        result = result - by_entropy * p * (finite + entropy)
        live = live | (by_entropy != 0)
    return xp.where(live, result, 0.0)
