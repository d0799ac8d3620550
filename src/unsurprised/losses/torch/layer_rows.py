"""The rows of a linear layer, with derivatives: an operator and a function of PyTorch's.

The backward pass makes the chunks of logits again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from unsurprised.losses.torch.chunks import Gradients, forward_rows, gradients
from unsurprised.losses.torch.jobs import Job, Rows, Told, job_of, project
from unsurprised.losses.torch.kinds import sum_type


def _rows_called(  # noqa: PLR0917 - an operator's schema
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    name: str,
    given: Sequence[Tensor],
    numbers: Sequence[float],
    step: int,
    outputs: int,
) -> list[Tensor]:
    """The numbers of each row."""
    job = job_of(Told(name, list(given), list(numbers)))
    return list(forward_rows(hidden, weight, bias, job, step))


def _rows_fake(hidden: Tensor, *more: Any) -> list[Tensor]:
    kind, outputs = sum_type(hidden.dtype), more[-1]
    return [hidden.new_empty((hidden.shape[0],), dtype=kind) for _ in range(outputs)]


rows_op = torch.library.custom_op("unsurprised::linear_rows", _rows_called, mutates_args=())
rows_op.register_fake(_rows_fake)


def _gradient_called(  # noqa: PLR0917 - an operator's schema
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    name: str,
    given: Sequence[Tensor],
    numbers: Sequence[float],
    step: int,
    by: Sequence[Tensor],
) -> list[Tensor]:
    """The gradients of hidden, weight and (where there is one) bias."""
    job = job_of(Told(name, list(given), list(numbers)))
    needs = (True, True, bias is not None)
    each = _rows_of(list(by))
    found = gradients(hidden, weight, bias, job, step, needs=needs, by=each)
    return [gradient for gradient in found if gradient is not None]


def _gradient_fake(hidden: Tensor, weight: Tensor, bias: Tensor | None, *_: Any) -> list[Tensor]:
    like = [hidden, weight] if bias is None else [hidden, weight, bias]
    return [each.new_empty(each.shape) for each in like]


gradient_op = torch.library.custom_op(
    "unsurprised::linear_rows_gradient", _gradient_called, mutates_args=()
)
gradient_op.register_fake(_gradient_fake)


def _rows_of(by: Sequence[Tensor | None]) -> Callable[[Rows, slice], list[Tensor | None]]:
    return lambda _, part: [None if each is None else each[part] for each in by]


def _save_compiled(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    hidden, weight, bias, name, given, numbers, step, _ = inputs
    ctx.save_for_backward(hidden, weight, bias, *given)
    ctx.told = (name, numbers, step)


def _compiled_backward(ctx: Any, by: list[Tensor]) -> tuple[Any, ...]:
    hidden, weight, bias, *given = ctx.saved_tensors
    name, numbers, step = ctx.told
    found = gradient_op(hidden, weight, bias, name, given, numbers, step, by)
    by_bias = found[2] if bias is not None else None
    return found[0], found[1], by_bias, None, [None] * len(given), None, None, None


rows_op.register_autograd(_compiled_backward, setup_context=_save_compiled)


class _LinearRows(torch.autograd.Function):
    """Rows of their own; the backward pass makes the chunks again."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Rows:
        hidden, weight, bias, job, step = arguments
        ctx.save_for_backward(hidden, weight, bias)
        ctx.set_materialize_grads(False)
        ctx.job, ctx.step = job, step
        return forward_rows(hidden, weight, bias, job, step)

    @staticmethod
    def backward(ctx: Any, *by: Tensor | None) -> tuple[Any, ...]:
        hidden, weight, bias = ctx.saved_tensors
        job: Job = ctx.job
        if torch.is_grad_enabled():  # it is to be differentiated again
            rows = job.plain(project(hidden, weight, bias))
            found = again(rows, (hidden, weight, bias), by)
        else:
            needs = ctx.needs_input_grad[:3]
            each = _rows_of(by)
            found = gradients(hidden, weight, bias, job, ctx.step, needs=needs, by=each)
        return *found, None, None


def again(rows: Rows, inputs: Sequence[Tensor | None], by: Sequence[Tensor | None]) -> Gradients:
    """The derivatives of rows by the inputs, with a graph of their own."""
    wanted = [x for x in inputs if x is not None and x.requires_grad]
    asked = [(row, above) for row, above in zip(rows, by, strict=True) if above is not None]
    found = torch.autograd.grad(
        [row for row, _ in asked], wanted, [above for _, above in asked], create_graph=True
    )
    known = iter(found)
    first, second, third = (
        next(known) if x is not None and x.requires_grad else None for x in inputs
    )
    return first, second, third


def rows_by_operator(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, job: Job, step: int
) -> Rows:
    """The numbers of each row, in compiled code."""
    name, given, numbers = job.told()
    return tuple(rows_op(hidden, weight, bias, name, given, numbers, step, job.outputs))


def rows_by_function(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, job: Job, step: int
) -> Rows:
    """The numbers of each row, without what it costs to call an operator."""
    rows: Rows = _LinearRows.apply(hidden, weight, bias, job, step)
    return rows
