"""Divergences from a teacher, and from a distribution."""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from unsurprised.losses._divergence_options import (
    DivergenceOptions,
    KlOptions,
    divergence_options,
    kl_options,
)
from unsurprised.losses._divergences import TopK, untempered
from unsurprised.losses._documented import with_options
from unsurprised.losses.torch.divergences import divergences
from unsurprised.losses.torch.inputs import prepared_pairs
from unsurprised.losses.torch.kinds import keep, sum_type
from unsurprised.losses.torch.reduction import totalled_pairs


@with_options(divergence_options)
def distill_loss(
    student: Tensor,
    teacher: Tensor | TopK,
    *,
    sample_weight: Tensor | None = None,
    axis: int = -1,
    check: bool | None = None,
    **options: Unpack[DivergenceOptions],
) -> Tensor:
    r"""Divergence of a student from its teacher: forward or reverse KL, or Jensen–Shannon.

    .. math::

        \text{forward} = D(p \,\|\, q), \quad \text{reverse} = D(q \,\|\, p), \quad
        \text{jsd} = \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m), \quad
        m = \beta p + (1 - \beta) q

    with p the teacher's and q the student's softmax at the temperature. The value keeps its
    digits however close the student is, and a mean is one over rows (never over classes).

    As tensors that require a gradient, temperature and beta get it.

    Parameters
    ----------
    student : Tensor of floats, shape (..., K)
        Logits.
    teacher : Tensor of floats, shape (..., K), or TopK
        Logits or log-probabilities, which are logits too; or the k most likely classes. It is
        taken as a constant: no derivative reaches it.
    sample_weight : Tensor, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    axis : int, default -1
        Where the classes are.
    check : bool, optional
        Whether to validate the values of teacher and weights. By default they are validated except
        in traced code, where a row of a teacher that has no softmax makes NaN; True asserts there.
    {options}

    Returns
    -------
    Tensor
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; infinite where one rules out what the other holds possible.

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
    asked, total = divergence_options(keep, **options)
    given = prepared_pairs(student, teacher, sample_weight, axis, check)
    found = divergences(
        given.student,
        given.teacher.detach(),
        given.indices,
        asked,
        sample_weight=given.sample_weight,
    )
    return totalled_pairs(given, found, total)


@with_options(kl_options)
def kl_loss(
    logits: Tensor,
    target: Tensor,
    *,
    sample_weight: Tensor | None = None,
    axis: int = -1,
    check: bool | None = None,
    **options: Unpack[KlOptions],
) -> Tensor:
    r"""KL divergence of a target distribution from the softmax of logits.

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
    sample_weight : Tensor, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    axis : int, default -1
        Where the classes are.
    check : bool, optional
        Whether to validate the values of target and weights. By default they are validated except
        in traced code; True asserts there.
    {options}

    Returns
    -------
    Tensor
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each row.

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
    asked, total = kl_options(keep, **options)
    given = prepared_pairs(logits, target, sample_weight, axis, check, probabilities=True)
    logs = given.teacher.detach().to(sum_type(given.teacher.dtype)).log()
    scores = untempered(torch, logs, asked.temperature)
    found = divergences(
        given.student,
        scores,
        None,
        asked,
        sample_weight=given.sample_weight,
    )
    return totalled_pairs(given, found, total)
