"""What all losses of PyTorch do with what they are given, and with the rows that come out."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from unsurprised.losses import _reduction
from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import Inputs, laid_out
from unsurprised.losses._options import Total
from unsurprised.losses._pairs import Pairs, laid_out_pairs, sound_teacher
from unsurprised.losses._torch_kinds import check_alike, check_tensor, is_traced


class Details(NamedTuple):
    """A loss and what its one pass over the logits found; every part has derivatives.

    ``losses`` are the rows' own (what ``reduction="none"`` gives), ``log_sum_exp`` is that of the
    scores (nats), ``entropy`` that of the softmax in the unit asked for. Rows that are ignored have
    a loss of 0.
    """

    loss: Tensor
    losses: Tensor
    log_sum_exp: Tensor
    entropy: Tensor


def inputs(
    logits: Any,
    target: Any,
    *,
    weight: Any,
    sample_weight: Any,
    ignore_index: int,
    axis: int | None,
    check: bool | None,
) -> Inputs:
    """The rows of a call, their values looked at as ``check`` says."""
    for name, value in (("logits", logits), ("target", target)):
        check_tensor(name, value)
    for name, value in (("weight", weight), ("sample_weight", sample_weight)):
        check_tensor(name, value, optional=True)
    check_alike(logits=logits, target=target, weight=weight, sample_weight=sample_weight)
    traced = is_traced(logits, target)
    given = laid_out(
        torch,
        logits,
        target,
        weight=weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
        check=(check is None or check) and not traced,
    )
    if given.invalid is not None and check and traced:
        torch._assert_async(~given.invalid.any(), "a label is out of range")
    return given


def totalled(
    given: Inputs, found: tuple[Tensor, Tensor, Tensor], total: Total, details: bool
) -> Any:
    """Rows as what was asked for."""
    loss, log_sum, entropy = found
    if given.invalid is not None:
        loss = torch.where(given.invalid, math.nan, loss)
    rows = _reduction.counted(torch, given, like=loss.detach(), total=total)
    share = _reduction.share_of_extras(torch, rows, total)

    def values(share: Tensor | None) -> Tensor:
        parts = (loss, log_sum, entropy)
        return _reduction.row_values(torch, *parts, rows=rows, total=total, share=share)

    shared = values(share)
    reduced = _reduction.reduced(torch, shared, rows, total)
    reduced = reduced.reshape(given.shape) if total.reduction == "none" else reduced
    if not details:
        return reduced
    each = (shared if share is None else values(None), log_sum, entropy * total.unit)
    return Details(reduced, *(part.reshape(given.shape) for part in each))


def pairs(
    student: Tensor,
    teacher: Tensor | TopK,
    sample_weight: Tensor | None,
    axis: int,
    check: bool | None,
    *,
    probabilities: bool = False,
) -> Pairs:
    parts = tuple(teacher) if isinstance(teacher, TopK) else (teacher,)
    names = ("logits", "target") if probabilities else ("student", "teacher")
    for name, value in ((names[0], student), *((names[1], part) for part in parts)):
        check_tensor(name, value)
    check_tensor("sample_weight", sample_weight, optional=True)
    check_alike(**{names[0]: student, names[1]: parts[0], "sample_weight": sample_weight})
    traced = is_traced(student, *parts)
    given = laid_out_pairs(
        torch,
        student,
        teacher,
        sample_weight=sample_weight,
        axis=axis,
        check=(check is None or check) and not traced,
        probabilities=probabilities,
    )
    if check and traced and given.indices is None and not probabilities:
        assert_teacher(given)
    return given


def assert_teacher(given: Pairs) -> None:
    """An assertion, where values cannot be looked at, that each row of the teacher is one."""
    sound = sound_teacher(torch, given.teacher, given.sample_weight)
    torch._assert_async(sound.all(), "a row of the teacher is no distribution")


def totalled_pairs(given: Pairs, found: Tensor, total: Total) -> Any:
    """Rows as what was asked for."""
    rows = _reduction.counted_pairs(torch, given.sample_weight, like=found.detach(), total=total)
    values = _reduction.row_values(torch, found, found, found, rows=rows, total=total)
    reduced = _reduction.reduced(torch, values, rows, total)
    return reduced.reshape(given.shape) if total.reduction == "none" else reduced
