"""Cross-entropy of JAX's logits."""

from __future__ import annotations

from typing import Any, Unpack

import jax

from unsurprised.losses._documented import with_options
from unsurprised.losses._options import (
    IGNORE,
    CrossEntropyOptions,
    cross_entropy_options,
)
from unsurprised.losses.jax.inputs import prepared
from unsurprised.losses.jax.kinds import keep
from unsurprised.losses.jax.reduction import totalled
from unsurprised.losses.jax.rows import rows


@with_options(cross_entropy_options)
def cross_entropy_loss(
    logits: jax.Array,
    target: jax.Array,
    *,
    weight: jax.Array | None = None,
    sample_weight: jax.Array | None = None,
    ignore_index: int = IGNORE,
    axis: int | None = None,
    check: bool | None = None,
    details: bool = False,
    **options: Unpack[CrossEntropyOptions],
) -> Any:
    r"""Cross-entropy of logits with labels or distributions; all options can be combined.

    .. math::

        z = \operatorname{cap}(x) / T, \quad L = \log \sum_k e^{z_k}, \quad \ell = z - L, \quad
        y' = (1 - \varepsilon) y + \varepsilon / K, \\
        r = s \Big( \sum_k w_k\, y'_k\, (1 - e^{\ell_k})^\gamma (-\ell_k)
        + \zeta L^2 - \beta H(e^\ell) \Big)

    Sums are float32 at least, and so is the loss; the gradient has the logits' type.

    Forward mode (``jvp``, ``jacfwd``) goes by JAX's plain operations, where it reaches the call
    itself: put ``jit`` around it, ``jit(jacfwd(loss))``, not within. Of ``jacfwd(jit(loss))`` JAX
    says that it cannot. ``grad``, ``jacrev``, ``hessian`` and forward over reverse mode work in any
    order.

    An option that JAX traces (``grad`` by a temperature, softcap, ζ, β, ε or γ) has its derivative,
    by plain operations too; one that is out of range makes NaN, of loss and derivative.

    Parameters
    ----------
    logits : Array of floats, shape (..., K)
        Scores x, classes along ``axis``. −inf stands for an impossible class, also under a softcap.
    target : Array, shape (...) or (..., K)
        Labels, or a probability for each class (then derivatives reach it too).
    weight : Array, shape (K,), optional
        The weight w of each class.
    sample_weight : Array, shape (...), optional
        The weight s of each row. A row of weight 0 (or False) is left out, whatever it holds.
    ignore_index : int, default -100
        Rows with this label are left out; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    axis : int, optional
        Where the classes are; by default the last axis. Logits of three dimensions or more must
        say it where the target's shape would fit classes along axis 1 too, where PyTorch has them:
        labels of as many columns as classes, and distributions.
    check : bool, optional
        Whether to validate the values of target and weights. By default they are validated except
        in traced code, where a label out of range makes NaN; True asks ``checkify`` there.
    details : bool, default False
        Return :class:`Details`.
    {options}

    Returns
    -------
    Array or Details
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; float32 or float64.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    References
    ----------
    - C. E. Shannon, "A mathematical theory of communication", 1948.
    - C. Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016.
    - T.-Y. Lin et al., "Focal loss for dense object detection", 2017.
    - A. Chowdhery et al., "PaLM: scaling language modeling with pathways", 2022, section 5.

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
    recipe, total = cross_entropy_options(keep, **options)
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
