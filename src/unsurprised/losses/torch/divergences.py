"""Divergences of PyTorch's rows, block by block, and their derivatives by the student."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unsurprised.losses import _divergences as formula
from unsurprised.losses._cross_entropy import shielded, tempered
from unsurprised.losses._divergence_options import Divergence, Kind
from unsurprised.losses._numbers import is_array
from unsurprised.losses.torch import ways
from unsurprised.losses.torch.blocks import blocks_of
from unsurprised.losses.torch.kinds import check_whole_rows, sum_type

#: The formula makes about this many arrays of a block's size.
_ARRAYS = 8


def block_divergence(
    student: Tensor,
    teacher: Tensor,
    indices: Tensor | None,
    kind: Kind,
    *,
    beta: Any,
    temperature: Any,
) -> Tensor:
    """One number for each row, by operations that PyTorch can differentiate."""
    check_whole_rows(student, "student")
    check_whole_rows(teacher, "teacher")
    wide, given = _wide(student, teacher)
    temperature, beta = (
        option.to(wide) if is_array(option) else option for option in (temperature, beta)
    )
    if indices is not None:
        rows = formula.lumped(torch, tempered(torch, wide, temperature), given, indices)
        pair = formula.between(torch, rows.student, rows.teacher, 1.0)
    else:
        pair = formula.between(torch, wide, given, temperature)
    return formula.divergence(torch, pair, kind, beta)


def block_gradient(
    student: Tensor,
    teacher: Tensor,
    indices: Tensor | None,
    kind: Kind,
    *,
    beta: float,
    temperature: float,
    by: Tensor,
) -> Tensor:
    """The derivative by the student's scores, likewise."""
    wide, given = _wide(student, teacher)
    if indices is None:
        pair = formula.between(torch, wide, given, temperature)
        return formula.gradient(torch, pair, kind, beta, temperature, by=by)
    rows = formula.lumped(torch, wide / temperature, given, indices)
    pair = formula.between(torch, rows.student, rows.teacher, 1.0)
    few = formula.gradient(torch, pair, kind, beta, 1.0, by=by)
    return formula.from_lumped(torch, few, rows) / temperature


def _wide(student: Tensor, teacher: Tensor) -> tuple[Tensor, Tensor]:
    kind = torch.promote_types(sum_type(student.dtype), sum_type(teacher.dtype))
    return student.to(kind), teacher.to(kind)


def _rows_called(  # noqa: PLR0917 - an operator's schema
    student: Tensor,
    teacher: Tensor,
    indices: Tensor | None,
    kind: str,
    beta: float,
    temperature: float,
) -> Tensor:
    """One number for each row."""
    return forward(student, teacher, indices, kind, beta, temperature)


def _rows_fake(student: Tensor, teacher: Tensor, *_: Any) -> Tensor:
    kind = torch.promote_types(sum_type(student.dtype), sum_type(teacher.dtype))
    return student.new_empty((student.shape[0],), dtype=kind)


rows_op = torch.library.custom_op("unsurprised::divergence_rows", _rows_called, mutates_args=())
rows_op.register_fake(_rows_fake)


def _gradient_called(  # noqa: PLR0917 - an operator's schema
    student: Tensor,
    teacher: Tensor,
    indices: Tensor | None,
    by: Tensor,
    kind: str,
    beta: float,
    temperature: float,
) -> Tensor:
    """The derivative by the student's scores."""
    return backward(student, teacher, indices, by, kind, beta, temperature)


def _gradient_fake(student: Tensor, *_: Any) -> Tensor:
    return student.new_empty(student.shape)


gradient_op = torch.library.custom_op(
    "unsurprised::divergence_rows_gradient", _gradient_called, mutates_args=()
)
gradient_op.register_fake(_gradient_fake)


def forward(student: Tensor, teacher: Tensor, indices: Tensor | None, *numbers: Any) -> Tensor:
    """One number for each row."""
    kind, beta, temperature = numbers
    wide = torch.promote_types(sum_type(student.dtype), sum_type(teacher.dtype))
    result = torch.empty(len(student), dtype=wide, device=student.device)
    for part in blocks_of(student, _ARRAYS):
        result[part] = block_divergence(
            student[part],
            teacher[part],
            None if indices is None else indices[part],
            kind,
            beta=beta,
            temperature=temperature,
        )
    return result


def backward(
    student: Tensor,
    teacher: Tensor,
    indices: Tensor | None,
    by: Tensor,
    *numbers: Any,
    out: Tensor | None = None,
) -> Tensor:
    """The derivative by the student's scores; ``out`` may be the scores themselves."""
    kind, beta, temperature = numbers
    result = (
        torch.empty_like(student, memory_format=torch.contiguous_format) if out is None else out
    )
    for part in blocks_of(student, _ARRAYS):
        result[part] = block_gradient(
            student[part],
            teacher[part],
            None if indices is None else indices[part],
            kind,
            beta=beta,
            temperature=temperature,
            by=by[part],
        )
    return result


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    student, teacher, indices, *numbers = inputs
    ctx.save_for_backward(student, teacher, indices)
    ctx.numbers = numbers


def _compiled_backward(ctx: Any, by: Tensor) -> tuple[Tensor | None, ...]:
    return gradient_op(*ctx.saved_tensors, by, *ctx.numbers), *(None,) * 5


rows_op.register_autograd(_compiled_backward, setup_context=_save)


class _Rows(torch.autograd.Function):
    """The operator without what it costs to call one; it can be differentiated twice."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        found = forward(*inputs)
        _save(ctx, inputs, found)
        return found

    @staticmethod
    def backward(ctx: Any, by: Tensor) -> tuple[Tensor | None, ...]:
        student, teacher, indices = ctx.saved_tensors
        kind, beta, temperature = ctx.numbers
        if torch.is_grad_enabled():  # it is to be differentiated again
            options = {"beta": beta, "temperature": temperature, "by": by}
            found = block_gradient(student, teacher, indices, kind, **options)
            found = found.to(student.dtype)
        else:
            found = backward(student, teacher, indices, by, *ctx.numbers)
        return found, *(None,) * 5


def divergences(
    student: Tensor,
    teacher: Tensor,
    indices: Tensor | None,
    asked: Divergence,
    *,
    sample_weight: Tensor | None,
) -> Tensor:
    """One number for each row of a matrix of scores; the teacher comes detached."""
    kind, beta, temperature = asked
    way = ways.derivatives(asked.live, student, target=teacher)
    if way == "plain":
        if sample_weight is not None:
            student, teacher = (
                shielded(torch, scores, sample_weight == 0) for scores in (student, teacher)
            )
        return block_divergence(student, teacher, indices, kind, beta=beta, temperature=temperature)
    if way == "operator":
        return rows_op(student, teacher, indices, *asked)
    return _Rows.apply(student, teacher, indices, *asked)
