"""Cross-entropy of JAX's logits."""

from __future__ import annotations

import math
from typing import Any

import jax

from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_total,
)
from unsurprised.losses.jax.inputs import prepared
from unsurprised.losses.jax.kinds import keep
from unsurprised.losses.jax.reduction import totalled
from unsurprised.losses.jax.rows import rows


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
    given = prepared(
        logits,
        target,
        weight=weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        check=check,
    )
    found = rows(given, recipe)
    return totalled(given, found, total, details)
