"""The rows' formula as PyTorch's: operators that a compiler can look past, and their derivatives.

A value is found block by block without a graph; its derivative likewise, except where it is to be
differentiated again, which is left to the plain formula.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch import ways
from unsurprised.losses.torch.blocks import By
from unsurprised.losses.torch.kinds import check_whole_rows, sum_type


def _rows_called(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None,
    numbers: Sequence[float],
    entropy: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """C, L, H, and the two parts of L."""
    found = _found(logits, target, weight, Recipe.of_numbers(numbers), entropy)
    # Kernels may have put them side by side; what an operator returns shares no memory.
    loss, log_sum, entropies, top, rest = (part.clone() for part in found)
    return loss, log_sum, entropies, top, rest


def _found(
    logits: Tensor, target: Tensor, weight: Tensor | None, recipe: Recipe, entropy: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    loss, top, rest, entropies = ways.rows(logits, target, weight, recipe, entropy=entropy)
    return loss, top + rest, entropies, top, rest


def _rows_fake(
    logits: Tensor, target: Tensor, weight: Tensor | None, *_: Any
) -> tuple[Tensor, ...]:
    kind = sum_type(logits.dtype)
    return tuple(logits.new_empty((logits.shape[0],), dtype=kind) for _ in range(5))


rows_op = torch.library.custom_op("unsurprised::cross_entropy_rows", _rows_called, mutates_args=())
rows_op.register_fake(_rows_fake)


def _gradient_called(  # noqa: PLR0917 - an operator's schema
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None,
    top: Tensor,
    rest: Tensor,
    by_loss: Tensor,
    by_sum: Tensor | None,
    by_entropy: Tensor | None,
    numbers: Sequence[float],
) -> Tensor:
    """The derivative by the logits."""
    recipe = Recipe.of_numbers(numbers)
    return ways.gradient(
        logits, target, weight, (top, rest), (by_loss, by_sum, by_entropy), recipe=recipe
    )


def _gradient_fake(logits: Tensor, *_: Any) -> Tensor:
    return logits.new_empty(logits.shape)


gradient_op = torch.library.custom_op(
    "unsurprised::cross_entropy_rows_gradient", _gradient_called, mutates_args=()
)
gradient_op.register_fake(_gradient_fake)


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    logits, target, weight, numbers, _ = inputs
    _, _, _, top, rest = output
    ctx.mark_non_differentiable(top, rest)
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(logits, target, weight, top, rest)
    ctx.numbers = numbers


def _compiled_backward(ctx: Any, *by: Tensor | None) -> tuple[Tensor | None, ...]:
    logits, target, weight, top, rest = ctx.saved_tensors
    by_loss = torch.zeros_like(rest) if by[0] is None else by[0]
    found = gradient_op(logits, target, weight, top, rest, by_loss, *by[1:3], ctx.numbers)
    return found, *(None,) * 4


rows_op.register_autograd(_compiled_backward, setup_context=_save)


class _Rows(torch.autograd.Function):
    """The operator without what it costs to call one; it can be differentiated twice."""

    # Not with ``setup_context``, at each call of which PyTorch inspects the signature: 0.1 ms.
    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, ...]:
        found = _found(*inputs)
        _save(ctx, inputs, found)
        return found

    @staticmethod
    def backward(ctx: Any, *by: Tensor | None) -> tuple[Tensor | None, ...]:
        logits, target, weight, top, rest = ctx.saved_tensors
        by_loss = torch.zeros_like(rest) if by[0] is None else by[0]
        each: By = (by_loss, by[1], by[2])
        recipe: Recipe = ctx.numbers
        if torch.is_grad_enabled():  # it is to be differentiated again
            found = plain_gradient(logits, target, weight, each, recipe)
        else:
            found = ways.gradient(logits, target, weight, (top, rest), each, recipe=recipe)
        return found, None, None, None, None


def plain_gradient(
    logits: Tensor, target: Tensor, weight: Tensor | None, by: By, recipe: Recipe
) -> Tensor:
    """The gradient by operations that PyTorch can differentiate."""
    wide = logits.to(sum_type(logits.dtype))
    z = formula.scores(torch, wide, recipe.scores)
    hard = not target.is_floating_point()
    dz = formula.gradient(torch, z, target, weight, recipe, by=by, hard=hard)
    return formula.through_scores(torch, wide, dz, recipe.scores).to(logits.dtype)


def plain_rows(
    logits: Tensor, target: Tensor, weight: Tensor | None, recipe: Recipe
) -> tuple[Tensor, Tensor, Tensor]:
    """C, L and H by operations that PyTorch can differentiate in every way that it knows."""
    check_whole_rows(logits)
    kind, device = sum_type(logits.dtype), logits.device
    recipe = recipe.mapped(lambda option: option.to(device, kind)) if recipe.live else recipe
    z = formula.scores(torch, logits.to(kind), recipe.scores)
    made = formula.rows(torch, z, target, weight, recipe, hard=not target.is_floating_point())
    return made.loss, made.top + made.rest, made.entropy


def rows(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None,
    recipe: Recipe,
    *,
    entropy: bool,
    dead: Callable[[], Tensor],
) -> tuple[Tensor, Tensor, Tensor]:
    """C, L and H of each row of a matrix of logits; ``dead`` says which rows are nothing."""
    way = ways.derivatives(recipe.live, logits, target=target)
    if way == "plain":
        return plain_rows(formula.shielded(torch, logits, dead()), target, weight, recipe)
    if way == "operator":
        found = rows_op(logits, target, weight, recipe.numbers(), entropy)
    else:
        found = _Rows.apply(logits, target, weight, recipe, entropy)
    loss, log_sum, entropies, _, _ = found
    return loss, log_sum, entropies
