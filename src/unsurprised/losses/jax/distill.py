"""Divergences from a teacher, and from a distribution, of JAX's arrays."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.losses._cross_entropy import shielded
from unsurprised.losses._divergences import Kind, TopK, checked_kind, untempered
from unsurprised.losses._options import (
    Empty,
    Reduction,
    Total,
    checked_temperature,
    checked_total,
)
from unsurprised.losses._pairs import Pairs
from unsurprised.losses.jax.divergences import Asked, divergence_of, is_live
from unsurprised.losses.jax.inputs import prepared_pairs
from unsurprised.losses.jax.kinds import keep, sum_type
from unsurprised.losses.jax.reduction import totalled_pairs
from unsurprised.losses.jax.ways import is_plain


def distill_loss(
    student: jax.Array,
    teacher: jax.Array | TopK,
    *,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: jax.Array | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
    check: bool | None = None,
) -> jax.Array:
    r"""How far a student's distribution is from its teacher's: never negative.

    .. math::

        D(p \,\|\, q), \quad D(q \,\|\, p), \quad \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m)

    Parameters
    ----------
    student : Array of floats, shape (..., K)
        Logits.
    teacher : Array of floats, shape (..., K), or TopK
        Logits or log-probabilities, or the k most likely classes; a constant.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, axis, base, check
        As in :func:`unsurprised.losses.torch.distill_loss`; derivatives as of
        :func:`cross_entropy_loss`.

    Returns
    -------
    Array
        A number, or with ``reduction="none"`` one for each row.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import distill_loss
    >>> float(distill_loss(jnp.array([[0.0, 0.0]]), jnp.array([[0.0, -jnp.inf]]), base=2))
    1.0
    """
    kind, beta = checked_kind(kind, beta, keep)
    temperature = checked_temperature(temperature, keep)
    total = checked_total(reduction, normalizer, empty, base=base, keep=keep)
    given = prepared_pairs(student, teacher, sample_weight, axis, check)
    told = jax.lax.stop_gradient(given.teacher)
    return _total_of(given, told, (kind, beta, temperature), total)


def kl_loss(
    logits: jax.Array,
    target: jax.Array,
    *,
    temperature: float = 1.0,
    sample_weight: jax.Array | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
    check: bool | None = None,
) -> jax.Array:
    r"""KL from a distribution to the softmax of logits.

    .. math:: D(y \,\|\, \operatorname{softmax}(x / T))

    Parameters
    ----------
    logits : Array of floats, shape (..., K)
        Scores.
    target : Array of floats, shape (..., K)
        Probabilities, a constant; zeros are exact.
    temperature, sample_weight, reduction, normalizer, empty, axis, base, check
        As in :func:`unsurprised.losses.torch.kl_loss`.

    Returns
    -------
    Array
        A number, or with ``reduction="none"`` one for each row.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import kl_loss
    >>> float(kl_loss(jnp.zeros((1, 4)), jnp.array([[1.0, 0.0, 0.0, 0.0]]), base=2))
    2.0
    """
    temperature = checked_temperature(temperature, keep)
    total = checked_total(reduction, normalizer, empty, base=base, keep=keep)
    given = prepared_pairs(logits, target, sample_weight, axis, check, probabilities=True)
    told = jax.lax.stop_gradient(given.teacher)
    scores = untempered(jnp, jnp.log(told.astype(sum_type(told))), temperature)
    return _total_of(given, scores, ("forward", 0.5, temperature), total)


def _total_of(given: Pairs, teacher: jax.Array, asked: Asked, total: Total) -> jax.Array:
    student, plain = given.student, is_plain(is_live(asked), given.student)
    if given.sample_weight is not None and plain:
        dead = given.sample_weight == 0
        student, teacher = (shielded(jnp, each, dead) for each in (student, teacher))
    found = divergence_of(student, teacher, given.indices, asked, plain=plain)
    return totalled_pairs(given, found, total)
