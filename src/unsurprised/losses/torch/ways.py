"""Which way a call takes: of each table below, the first line that fits.

Nothing else looks at devices, types and options for it.

=========================  ==================================================================
What is wanted             Where it is found
=========================  ==================================================================
one number of labels       :data:`TOTALS`: main memory, a GPU; else it is made of rows
derivatives of rows        :func:`derivatives`: plain operations, an operator, a function
numbers of rows            :data:`ROWS`, of labels: a GPU, main memory; else the formula
the gradient of rows       :data:`GRADIENTS`, of labels: likewise, or PyTorch's operations on
                           what the kernels do not write; else the formula
a linear layer's gradient  :func:`is_found_forward`: with the loss; else with a second look
=========================  ==================================================================

A way for another device is a line of each table, and a folder beside ``cpu`` and ``gpu``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from unsurprised.arrays.libraries import has_tangent
from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe, Totalling
from unsurprised.losses.torch import blocks, line
from unsurprised.losses.torch.cpu import gradient as cpu_gradient
from unsurprised.losses.torch.cpu import rows as cpu_rows
from unsurprised.losses.torch.cpu import total as cpu_total
from unsurprised.losses.torch.kinds import is_traced
from unsurprised.losses.torch.total import Asked

Derivatives = Literal["plain", "operator", "function"]

#: What Triton's kernels read; a GPU's float64 is rare, and left to PyTorch.
_READ_BY_TRITON = (torch.float32, torch.float16, torch.bfloat16)


class Way(NamedTuple):
    """A line of a table: what a call must be, and what answers it (None: the next line does)."""

    fits: Callable[..., bool]
    take: Callable[..., Any]


def _on_gpu(logits: Tensor) -> bool:
    fits = logits.is_cuda and logits.dtype in _READ_BY_TRITON and len(logits)
    return bool(fits and logits.stride(1) == 1 and _has_triton())


def _in_memory(logits: Tensor) -> bool:
    return logits.device.type == "cpu" and logits.dtype in cpu_rows.READ and len(logits) > 0


def _is_total_on_gpu(asked: Asked) -> bool:
    return _on_gpu(asked.logits)


def _is_total_in_memory(asked: Asked) -> bool:
    logits, target = asked.logits, asked.target
    return (
        logits.is_cpu
        # A kind of tensor of its own may have no memory to look at.
        and type(logits) in (Tensor, torch.nn.Parameter)
        and type(target) is Tensor
        and logits.dtype in cpu_gradient.WRITTEN
        and target.dtype == torch.int64
        and logits.shape[0] > 0
        and (logits.stride(1) == 1 or logits.shape[1] == 1)
        and not logits.is_neg()
        and asked.recipe.label_smoothing == 0
        and asked.total.z_loss == 0
    )


def _is_written_on_gpu(logits: Tensor, out: Tensor) -> bool:
    return _on_gpu(logits) and out.stride(1) == 1


def _is_written_in_memory(logits: Tensor, out: Tensor) -> bool:
    fits = logits.dtype in cpu_gradient.WRITTEN and out.dtype == logits.dtype
    fits = fits and (logits.shape[1] == 1 or logits.stride(1) == 1)
    return logits.device.type == "cpu" and fits and out.is_contiguous()


@cache
def _has_triton() -> bool:
    return find_spec("triton") is not None


def _by_triton(module: str, name: str) -> Callable[..., Any]:
    """A function of Triton's kernels, which are imported when a call first takes it."""

    def take(*given: Any, **named: Any) -> Any:
        found = import_module(f"unsurprised.losses.torch.gpu.{module}")
        return getattr(found, name)(*given, **named)

    return take


#: Labels whose rows count alike and become one number.
TOTALS = (
    Way(_is_total_in_memory, cpu_total.total),
    Way(_is_total_on_gpu, _by_triton("total", "total")),
)
#: C, top, rest and H of rows with a label, perhaps smoothed.
ROWS = (
    Way(_on_gpu, _by_triton("rows", "rows")),
    Way(_in_memory, cpu_rows.rows),
)
#: The gradient of such rows, from the derivatives by C and L.
GRADIENTS = (
    Way(_is_written_on_gpu, _by_triton("gradient", "gradient")),
    Way(_is_written_in_memory, cpu_gradient.gradient),
    Way(lambda logits, out: True, line.gradient),
)


def total(
    asked: Asked,
    *,
    weight: Tensor | None,
    sample_weight: Tensor | None,
    axis: int | None,
    details: bool,
) -> Tensor | None:
    """The loss of the most common calls, or None where it is to be made of rows."""
    alike = weight is None and sample_weight is None and axis in (None, -1, 1) and not details
    if alike and _is_total(asked):
        for way in TOTALS:
            if way.fits(asked):
                loss: Tensor | None = way.take(asked)
                return loss
    return None


def _is_total(asked: Asked) -> bool:
    logits, target, total = asked.logits, asked.target, asked.total
    return (
        not torch.compiler.is_compiling()
        and logits.dim() == 2
        and target.dtype in (torch.int64, torch.int32)
        and target.shape == logits.shape[:1]
        and target.device == logits.device
        and target.is_contiguous()
        and asked.recipe.only_smooths
        and total.reduction != "none"
        and total.normalizer is None
        and not total.live
        and total.entropy_bonus == 0
        and derivatives(False, logits, target=target) == "function"
    )


def derivatives(live: bool, *tensors: Tensor, target: Tensor | None) -> Derivatives:
    """What finds the derivatives of rows; ``live`` says whether an option has one."""
    if live or _asks_more_than_backward(*tensors, target=target):
        return "plain"
    return "operator" if torch.compiler.is_compiling() else "function"


def _asks_more_than_backward(*tensors: Tensor, target: Tensor | None) -> bool:
    """Whether forward mode or ``torch.func`` is at work, or the target has a derivative too.

    Tensors without memory of their own ask for it too.
    """
    if target is not None and target.requires_grad and torch.is_grad_enabled():
        return True
    if torch.compiler.is_compiling():
        return False
    given = tensors if target is None else (*tensors, target)
    return is_traced(*given) or any(map(has_tangent, given))


def _is_line(target: Tensor, weight: Tensor | None, recipe: Recipe) -> bool:
    """Whether rows have a label, perhaps smoothed: their gradient is a line of their softmax."""
    by_class = weight is not None and recipe.smoothing_weights == "class"
    return (
        not target.is_floating_point()
        and recipe.only_smooths
        and not (recipe.label_smoothing and by_class)
    )


def rows(
    logits: Tensor, target: Tensor, weight: Tensor | None, recipe: Recipe, *, entropy: bool
) -> formula.Rows:
    """C, top, rest and H of each row; H is zeros unless asked for."""
    if _is_line(target, weight, recipe):
        for way in ROWS:
            if way.fits(logits):
                found: formula.Rows | None = way.take(
                    logits, target, weight, recipe, entropy=entropy
                )
                if found is not None:
                    return found
    return blocks.rows(logits, target, weight, recipe, entropy=entropy)


def gradient(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: blocks.By,
    *,
    recipe: Recipe,
    out: Tensor | None = None,
) -> Tensor:
    """The derivative by the logits, in their type; ``out`` may be the logits themselves."""
    if out is None:
        out = torch.empty(logits.shape, dtype=logits.dtype, device=logits.device)
    if by[2] is None and _is_line(target, weight, recipe):
        way = next(way for way in GRADIENTS if way.fits(logits, out))
        way.take(logits, target, weight, sums, by[:2], recipe=recipe, out=out)
    else:
        blocks.gradient(logits, target, weight, by, recipe, out=out)
    return out


def is_found_forward(
    total: Totalling,
    live: bool,
    *tensors: Tensor,
    target: Tensor | None,
    outside: tuple[Any, ...],
) -> bool:
    """Whether a linear layer's gradients are found with its loss, which is one number then.

    ``outside`` are what rows are weighted and divided by, of which none may have a derivative.
    """
    return (
        total.reduction != "none"
        and not total.live
        and derivatives(live, *tensors, target=target) == "function"
        and not any(isinstance(x, Tensor) and x.requires_grad for x in outside)
    )
