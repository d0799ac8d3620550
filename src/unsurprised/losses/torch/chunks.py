"""The logits of a linear layer, made a chunk of rows at a time, and what the chunks add up to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from unsurprised.losses.torch.jobs import Job, Rows
from unsurprised.losses.torch.kinds import sum_type

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
