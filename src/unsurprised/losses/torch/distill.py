"""Divergences from a teacher, and from a distribution."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from unsurprised.losses._divergences import Kind, TopK, checked_kind, untempered
from unsurprised.losses._options import (
    Empty,
    Reduction,
    checked_temperature,
    checked_total,
)
from unsurprised.losses.torch.divergences import divergences
from unsurprised.losses.torch.inputs import prepared_pairs
from unsurprised.losses.torch.kinds import keep, sum_type
from unsurprised.losses.torch.reduction import totalled_pairs


def distill_loss(
    student: Tensor,
    teacher: Tensor | TopK,
    *,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
    check: bool | None = None,
) -> Tensor:
    r"""How far a student's distribution is from its teacher's: never negative.

    .. math::

        \text{forward} = D(p \,\|\, q), \quad \text{reverse} = D(q \,\|\, p), \quad
        \text{jsd} = \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m), \quad
        m = \beta p + (1 - \beta) q

    with p the teacher's and q the student's softmax at the temperature. The value keeps its
    digits however close the student is, and a mean is one over rows (never over classes).

    Parameters
    ----------
    student : Tensor of floats, shape (..., K)
        Logits.
    teacher : Tensor of floats, shape (..., K), or TopK
        Logits or log-probabilities, which are logits too; or the k most likely classes. It is
        taken as a constant: no derivative reaches it.
    kind : {"forward", "reverse", "jsd"}
        Forward covers all that the teacher holds likely, reverse stays within it.
    beta : float, default 0.5
        The teacher's share of the mixture (Agarwal et al.).
    temperature : float, default 1
        Divides the logits of both; gradients shrink with its square (Hinton et al. multiply it
        back). A :class:`TopK` is at that temperature already. As a tensor that requires a gradient
        it gets it, and so does ``beta``.
    sample_weight, reduction, normalizer, empty, base
        As in :func:`cross_entropy_loss`; padding gets the weight 0.
    axis : int, default -1
        Where the classes are.
    check : bool, optional
        Whether to look at the values of teacher and weights. By default they are looked at except
        in traced code, where a row of a teacher that has no softmax makes NaN; True asserts there.

    Returns
    -------
    Tensor
        A number, or with ``reduction="none"`` one for each row; infinite where one rules out what
        the other holds possible.

    Raises
    ------
    CallError
        Shapes, types, devices or options that do not fit.
    InputError
        A row of the teacher that is −inf only or holds NaN or inf; a :class:`TopK` whose indices
        or probabilities cannot be.

    References
    ----------
    - G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    - R. Agarwal et al., "On-policy distillation of language models", ICLR 2024.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import distill_loss
    >>> teacher = torch.tensor([[2.0, 1.0, 0.0]])
    >>> distill_loss(teacher + 5, teacher)  # the same distribution
    tensor(0.)
    >>> near = teacher + torch.tensor([[1e-4, 0.0, 0.0]])
    >>> f"{distill_loss(near, teacher).item():.2e}"
    '1.11e-09'
    """
    kind, beta = checked_kind(kind, beta, keep)
    temperature = checked_temperature(temperature, keep)
    total = checked_total(reduction, normalizer, empty, base=base, keep=keep)
    given = prepared_pairs(student, teacher, sample_weight, axis, check)
    found = divergences(
        given.student,
        given.teacher.detach(),
        given.indices,
        kind,
        beta=beta,
        temperature=temperature,
        sample_weight=given.sample_weight,
    )
    return totalled_pairs(given, found, total)


def kl_loss(
    logits: Tensor,
    target: Tensor,
    *,
    temperature: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
    check: bool | None = None,
) -> Tensor:
    r"""The cost of a model beyond what its target is worth: KL from a distribution to logits.

    .. math:: D(y \,\|\, q) = \sum_k y_k \log \frac{y_k}{q_k} \ge 0,
        \qquad q = \operatorname{softmax}(x / T)

    It is the cross-entropy less the entropy of the target, and has its gradient; but it is 0 for
    the best model. A mean is one over rows, which ``torch.nn.functional.kl_div`` calls
    ``"batchmean"``.

    Parameters
    ----------
    logits : Tensor of floats, shape (..., K)
        Scores x.
    target : Tensor of floats, shape (..., K)
        Probabilities y; zeros are exact. It is taken as a constant.
    temperature : float, default 1
        T, of the logits alone; as a tensor that requires a gradient it gets it.
    sample_weight, reduction, normalizer, empty, base, check
        As in :func:`cross_entropy_loss`.
    axis : int, default -1
        Where the classes are.

    Returns
    -------
    Tensor
        A number, or with ``reduction="none"`` one for each row.

    Raises
    ------
    CallError
        Shapes, types, devices or options that do not fit.
    InputError
        A row of the target that does not sum to one.

    References
    ----------
    - S. Kullback, R. A. Leibler, "On information and sufficiency", 1951.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import kl_loss
    >>> kl_loss(torch.zeros(1, 4), torch.tensor([[1.0, 0.0, 0.0, 0.0]]), base=2).item()
    2.0
    """
    temperature = checked_temperature(temperature, keep)
    total = checked_total(reduction, normalizer, empty, base=base, keep=keep)
    given = prepared_pairs(logits, target, sample_weight, axis, check, probabilities=True)
    logs = given.teacher.detach().to(sum_type(given.teacher.dtype)).log()
    scores = untempered(torch, logs, temperature)
    found = divergences(
        given.student,
        scores,
        None,
        "forward",
        beta=0.5,
        temperature=temperature,
        sample_weight=given.sample_weight,
    )
    return totalled_pairs(given, found, total)
