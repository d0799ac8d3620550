"""Divergences from a teacher, and from a distribution, of JAX's arrays."""

from __future__ import annotations

from typing import Unpack

import jax
import jax.numpy as jnp

from unsurprised.losses._cross_entropy import shielded
from unsurprised.losses._divergence_options import (
    Divergence,
    DivergenceOptions,
    KlOptions,
    divergence_options,
    kl_options,
)
from unsurprised.losses._divergences import TopK, untempered
from unsurprised.losses._documented import with_options
from unsurprised.losses._options import Totalling
from unsurprised.losses._pairs import Pairs
from unsurprised.losses.jax.divergences import divergence_of
from unsurprised.losses.jax.inputs import prepared_pairs
from unsurprised.losses.jax.kinds import keep, sum_type
from unsurprised.losses.jax.reduction import totalled_pairs
from unsurprised.losses.jax.ways import is_plain


@with_options(divergence_options)
def distill_loss(
    student: jax.Array,
    teacher: jax.Array | TopK,
    *,
    sample_weight: jax.Array | None = None,
    axis: int = -1,
    check: bool | None = None,
    **options: Unpack[DivergenceOptions],
) -> jax.Array:
    r"""Divergence of a student from its teacher: forward or reverse KL, or Jensen–Shannon.

    .. math::

        \text{forward} = D(p \,\|\, q), \quad \text{reverse} = D(q \,\|\, p), \quad
        \text{jsd} = \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m), \quad
        m = \beta p + (1 - \beta) q

    with p the teacher's and q the student's softmax at the temperature. The value keeps its
    digits however close the student is, and a mean is one over rows (never over classes).

    Derivatives are found as of :func:`cross_entropy_loss`; temperature and beta have theirs where
    JAX traces them.

    Parameters
    ----------
    student : Array of floats, shape (..., K)
        Logits.
    teacher : Array of floats, shape (..., K), or TopK
        Logits or log-probabilities, which are logits too; or the k most likely classes. It is
        taken as a constant: no derivative reaches it.
    sample_weight : Array, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    axis : int, default -1
        Where the classes are.
    check : bool, optional
        Whether to validate the values of teacher and weights. By default they are validated except
        in traced code, where a row of a teacher that has no softmax makes NaN; True asks
        ``checkify`` there.
    {options}

    Returns
    -------
    Array
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; infinite where one rules out what the other holds possible.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit.
    InputError
        A row of the teacher that is −inf only or holds NaN or inf; a ``TopK`` whose indices
        or probabilities cannot be.

    References
    ----------
    - G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    - R. Agarwal et al., "On-policy distillation of language models", ICLR 2024.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import distill_loss
    >>> float(distill_loss(jnp.array([[0.0, 0.0]]), jnp.array([[0.0, -jnp.inf]]), base=2))
    1.0
    """
    asked, total = divergence_options(keep, **options)
    given = prepared_pairs(student, teacher, sample_weight, axis, check)
    told = jax.lax.stop_gradient(given.teacher)
    return _total_of(given, told, asked, total)


@with_options(kl_options)
def kl_loss(
    logits: jax.Array,
    target: jax.Array,
    *,
    sample_weight: jax.Array | None = None,
    axis: int = -1,
    check: bool | None = None,
    **options: Unpack[KlOptions],
) -> jax.Array:
    r"""KL divergence of a target distribution from the softmax of logits.

    .. math:: D(y \,\|\, q) = \sum_k y_k \log \frac{y_k}{q_k} \ge 0,
        \qquad q = \operatorname{softmax}(x / T)

    It is the cross-entropy less the entropy of the target, and has its gradient; but it is 0 for
    the best model. A mean is one over rows, which ``torch.nn.functional.kl_div`` calls
    ``"batchmean"``.

    Parameters
    ----------
    logits : Array of floats, shape (..., K)
        Scores x.
    target : Array of floats, shape (..., K)
        Probabilities y; zeros are exact. It is taken as a constant.
    sample_weight : Array, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    axis : int, default -1
        Where the classes are.
    check : bool, optional
        Whether to validate the values of target and weights. By default they are validated except
        in traced code; True asks ``checkify`` there.
    {options}

    Returns
    -------
    Array
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each row.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit.
    InputError
        A row of the target that does not sum to one.

    References
    ----------
    - S. Kullback, R. A. Leibler, "On information and sufficiency", 1951.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import kl_loss
    >>> float(kl_loss(jnp.zeros((1, 4)), jnp.array([[1.0, 0.0, 0.0, 0.0]]), base=2))
    2.0
    """
    asked, total = kl_options(keep, **options)
    given = prepared_pairs(logits, target, sample_weight, axis, check, probabilities=True)
    told = jax.lax.stop_gradient(given.teacher)
    scores = untempered(jnp, jnp.log(told.astype(sum_type(told))), asked.temperature)
    return _total_of(given, scores, asked, total)


def _total_of(given: Pairs, teacher: jax.Array, asked: Divergence, total: Totalling) -> jax.Array:
    student, plain = given.student, is_plain(asked.live, given.student)
    if given.sample_weight is not None and plain:
        dead = given.sample_weight == 0
        student, teacher = (shielded(jnp, each, dead) for each in (student, teacher))
    found = divergence_of(student, teacher, given.indices, asked, plain=plain)
    return totalled_pairs(given, found, total)
