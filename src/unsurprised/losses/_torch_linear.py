"""A linear layer and a loss of its logits, which are made a chunk of rows at a time.

Of a mean or a sum the gradients are found in the forward pass, while a chunk is at hand, and handed
out once. Whatever else is asked (rows of their own, a second backward pass) makes the chunks again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from unsurprised.losses._torch_jobs import Job, Rows, Told, job_of, project
from unsurprised.losses._torch_labels import sum_type

Gradients: TypeAlias = "tuple[Tensor | None, Tensor | None, Tensor | None]"
Needs = tuple[bool, bool, bool]


def parts_of(rows: int, step: int) -> list[slice]:
    """The chunks."""
    return [slice(start, start + step) for start in range(0, rows, step)]


def multiply(a: Tensor, b: Tensor, out: Tensor) -> None:
    """``a @ b`` into ``out``; a GPU's sums come unrounded where that is wider."""
    if out.dtype == a.dtype:
        torch.mm(a, b, out=out)
    elif out.is_cuda:
        torch.mm(a, b, out_dtype=out.dtype, out=out)
    else:
        out.copy_(torch.mm(a, b))


def add_product(a: Tensor, b: Tensor, out: Tensor) -> None:
    """``a @ b`` added to ``out``, likewise."""
    if out.dtype == a.dtype:
        out.addmm_(a, b)
    elif out.is_cuda:
        torch.addmm(out, a, b, out_dtype=out.dtype, out=out)
    else:
        out += torch.mm(a, b)


class Chunks:
    """The logits of a chunk, each in the memory of the one before."""

    def __init__(self, hidden: Tensor, weight: Tensor, bias: Tensor | None, step: int) -> None:
        self._hidden, self._weight, self._bias = hidden, weight, bias
        shape = (min(step, len(hidden)), len(weight))
        self._memory = hidden.new_empty(shape, dtype=sum_type(hidden.dtype))
        # The products with the gradient take it rounded; on a GPU it is written so at once.
        self._narrow: Tensor | None = None
        if hidden.is_cuda and self._memory.dtype != hidden.dtype:
            self._narrow = torch.empty_like(self._memory, dtype=hidden.dtype)

    def logits(self, part: slice) -> Tensor:
        """The logits of some rows, in float32 at least."""
        hidden = self._hidden[part]
        logits = self._memory[: len(hidden)]
        multiply(hidden, self._weight.t(), logits)
        return logits if self._bias is None else logits.add_(self._bias)

    def place_of_gradient(self, logits: Tensor) -> Tensor:
        """Where the derivative by a chunk of logits is to be written: often in its place."""
        # Without rounding where it is summed up for the bias.
        if self._narrow is None or self._bias is not None:
            return logits
        return self._narrow[: len(logits)]


class Collected:
    """The gradients of a layer, added up chunk by chunk in float32 at least."""

    def __init__(self, hidden: Tensor, weight: Tensor, bias: Tensor | None, needs: Needs) -> None:
        self._hidden, self._weight = hidden, weight
        kind = sum_type(weight.dtype)
        self._by_hidden = torch.empty_like(hidden) if needs[0] else None
        self._by_weight = torch.empty_like(weight, dtype=kind) if needs[1] else None
        self._sum = multiply  # the first product is written, not added
        self._by_bias = None
        if needs[2] and bias is not None:
            self._by_bias = torch.zeros_like(bias, dtype=kind)

    def add(self, dz: Tensor, part: slice) -> None:
        """Take in the derivative by a chunk of logits."""
        narrow = dz if dz.dtype == self._hidden.dtype else dz.to(self._hidden.dtype)
        if self._by_hidden is not None:
            torch.mm(narrow, self._weight, out=self._by_hidden[part])
        if self._by_weight is not None:
            self._sum(narrow.t(), self._hidden[part], self._by_weight)
            self._sum = add_product
        if self._by_bias is not None:
            self._by_bias += dz.sum(0)

    def result(self) -> Gradients:
        """The gradients, each of its parameter's type."""
        kind = self._weight.dtype
        by_weight, by_bias = self._by_weight, self._by_bias
        if by_weight is not None and self._sum is multiply:  # of no rows
            by_weight.zero_()
        return (
            self._by_hidden,
            None if by_weight is None else by_weight.to(kind),
            None if by_bias is None else by_bias.to(kind),
        )


def forward_rows(hidden: Tensor, weight: Tensor, bias: Tensor | None, job: Job, step: int) -> Rows:
    """The numbers of each row."""
    kind = sum_type(hidden.dtype)
    found = tuple(hidden.new_empty(len(hidden), dtype=kind) for _ in range(job.outputs))
    chunks = Chunks(hidden, weight, bias, step)
    for part in parts_of(len(hidden), step):
        rows = job.rows(chunks.logits(part), part)
        for whole, piece in zip(found, rows[: job.outputs], strict=True):
            whole[part] = piece
    return found


def gradients(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    job: Job,
    step: int,
    *,
    needs: Needs,
    by: Callable[[Rows, slice], Sequence[Tensor | None]],
    rows: Callable[[Rows, slice], None] | None = None,
) -> Gradients:
    """The gradients in one pass; ``rows`` is shown each chunk's numbers on the way."""
    collected = Collected(hidden, weight, bias, needs)
    chunks = Chunks(hidden, weight, bias, step)
    z = dz = None
    for part in parts_of(len(hidden), step):
        z = chunks.logits(part)
        found = job.rows(z, part)
        if rows is not None:
            rows(found, part)
        dz = chunks.place_of_gradient(z)
        job.gradient(z, part, found, by(found, part), out=dz)
        collected.add(dz, part)
    del chunks, z, dz  # their memory serves the result
    return collected.result()


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


def linear_rows(hidden: Tensor, weight: Tensor, bias: Tensor | None, job: Job, step: int) -> Rows:
    """The numbers of each row, with derivatives."""
    if torch.compiler.is_compiling():
        name, given, numbers = job.told()
        found = rows_op(hidden, weight, bias, name, given, numbers, step, job.outputs)
        return tuple(found)
    rows: Rows = _LinearRows.apply(hidden, weight, bias, job, step)
    return rows


class _LinearTotal(torch.autograd.Function):
    """One number; its gradients are found on the way, and given away the first time."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        hidden, weight, bias, job, step, total = arguments
        ctx.save_for_backward(hidden, weight, bias)
        ctx.job, ctx.step, ctx.total = job, step, total
        found, ctx.gradients = total.both(
            hidden, weight, bias, job, step, needs=ctx.needs_input_grad[:3]
        )
        return found

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Any, ...]:
        hidden, weight, bias = ctx.saved_tensors
        if torch.is_grad_enabled():  # it is to be differentiated again
            total = ctx.total.of_rows(ctx.job.plain(project(hidden, weight, bias)))
            found = again((total,), (hidden, weight, bias), (above,))
            return *found, None, None, None
        found, ctx.gradients = ctx.gradients, None
        if found is None:  # given away: nothing is written into what others hold
            needs = ctx.needs_input_grad[:3]
            _, found = ctx.total.both(hidden, weight, bias, ctx.job, ctx.step, needs=needs)
        for gradient in found:
            if gradient is not None and not (above.device.type == "cpu" and above == 1):
                gradient.mul_(above)
        return (*found, None, None, None)


def linear_total(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, job: Job, *, step: int, total: Any
) -> Tensor:
    """The total of the rows, with derivatives."""
    return _LinearTotal.apply(hidden, weight, bias, job, step, total)
