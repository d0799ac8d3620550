"""The losses of JAX's arrays, under ``jit``, ``grad`` and ``vmap``, with float32 sums at least.

They are in nats, as trainers expect; ``base=2`` makes bits. Options mean what they mean in
:mod:`unsurprised.losses.torch`, where each is explained.
"""

from __future__ import annotations

import math
from typing import Any

import jax

from unsurprised.losses import _jax_rows as calls
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._jax_kinds import keep
from unsurprised.losses._jax_linear_loss import linear_cross_entropy_loss, linear_distill_loss
from unsurprised.losses._jax_rows import Details
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_temperature,
    checked_total,
)

__all__ = [
    "Details",
    "LinearTeacher",
    "TopK",
    "cross_entropy_loss",
    "distill_loss",
    "kl_loss",
    "linear_cross_entropy_loss",
    "linear_distill_loss",
]


def cross_entropy_loss(
    logits: jax.Array,
    target: jax.Array,
    *,
    weight: jax.Array | None = None,
    sample_weight: jax.Array | None = None,
    ignore_index: int = IGNORE,
    label_smoothing: float = 0.0,
    smoothing_weights: SmoothingWeights = "class",
    temperature: float = 1.0,
    softcap: float | None = None,
    z_loss: float = 0.0,
    entropy_bonus: float = 0.0,
    focal_gamma: float = 0.0,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int | None = None,
    base: float = math.e,
    check: bool | None = None,
    details: bool = False,
) -> Any:
    r"""Cross-entropy of logits with labels or distributions: every option with every other.

    .. math:: r = s \Big( \sum_k a_k f(\ell_k) + \zeta L^2 - \beta H \Big)

    Forward mode (``jvp``, ``jacfwd``) goes by JAX's plain operations, where it reaches the call
    itself: put ``jit`` around it, ``jit(jacfwd(loss))``, not within. Of ``jacfwd(jit(loss))`` JAX
    says that it cannot. ``grad``, ``jacrev``, ``hessian`` and forward over reverse mode work in any
    order.

    An option that JAX traces (``grad`` by a temperature, softcap, ζ, β, ε or γ) has its derivative,
    by plain operations too; one that is out of range makes NaN, of loss and derivative.

    Parameters
    ----------
    logits : Array of floats, shape (..., K)
        Scores, classes along ``axis``.
    target : Array, shape (...) or (..., K)
        Labels, or the probability of each class.
    weight, sample_weight, ignore_index, label_smoothing, smoothing_weights, temperature
        As in :func:`unsurprised.losses.torch.cross_entropy_loss`.
    softcap, z_loss, entropy_bonus, focal_gamma, reduction, normalizer, empty, axis, base, details
        As there.
    check : bool, optional
        Whether to look at the values of target and weights. By default they are looked at except
        in traced code, where a label out of range makes NaN; True asks ``checkify`` there.

    Returns
    -------
    Array or Details
        A number, or with ``reduction="none"`` one for each row; float32 or float64.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from unsurprised.losses.jax import cross_entropy_loss
    >>> labels = jnp.array([2, -100])
    >>> loss, gradient = jax.value_and_grad(cross_entropy_loss)(jnp.zeros((2, 4)), labels, base=2)
    >>> float(loss)
    2.0
    >>> gradient[1].tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    recipe = checked_recipe(
        label_smoothing,
        smoothing_weights,
        focal_gamma,
        checked_scores(temperature, softcap, keep),
        keep,
    )
    total = checked_total(
        reduction,
        normalizer,
        empty,
        z_loss=z_loss,
        entropy_bonus=entropy_bonus,
        base=base,
        keep=keep,
    )
    given = calls.prepared(
        logits,
        target,
        weight=weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        check=check,
    )
    found = calls.rows(given, recipe)
    return calls.totalled(given, found, total, details)


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
    return calls.of_pairs(
        student,
        teacher,
        sample_weight,
        axis,
        check=check,
        total=total,
        asked=(kind, beta, temperature),
    )


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
    return calls.of_pairs(
        logits,
        target,
        sample_weight,
        axis,
        check=check,
        total=total,
        asked=("forward", 0.5, temperature),
        probabilities=True,
    )
