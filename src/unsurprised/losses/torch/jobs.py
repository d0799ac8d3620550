"""Jobs on a chunk of logits: rows of a loss, and their gradient.

A job can be told by names, tensors and numbers alone, which is what an operator can be handed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from unsurprised.losses._divergence_options import Divergence
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch import divergences as pairs
from unsurprised.losses.torch import rows as ops
from unsurprised.losses.torch import ways
from unsurprised.losses.torch.kinds import sum_type

Rows = tuple[Tensor, ...]


class Told(NamedTuple):
    """A job as an operator is told of it."""

    name: str
    tensors: list[Tensor]
    numbers: list[float]


class Job(Protocol):
    """A loss by rows of logits."""

    @property
    def outputs(self) -> int:
        """How many numbers of each row have derivatives."""

    @property
    def arrays(self) -> int:
        """How many arrays of a chunk's size there are."""

    def rows(self, z: Tensor, part: slice) -> Rows:
        """The numbers of each row of a chunk, and what the gradient needs to know again."""

    def gradient(
        self, z: Tensor, part: slice, rows: Rows, by: Sequence[Tensor | None], *, out: Tensor
    ) -> None:
        """Write the derivative by a chunk into ``out``, which may be the chunk."""

    @property
    def live(self) -> bool:
        """Whether an option has a derivative, which the plain way alone gives."""

    def plain(self, z: Tensor) -> Rows:
        """The numbers of all rows by operations that PyTorch can differentiate."""

    def told(self) -> Told:
        """The job by names, tensors and numbers."""


@dataclass
class CrossEntropyJob:
    """C, L and H of each row."""

    target: Tensor
    weight: Tensor | None
    recipe: Recipe
    entropy: bool
    outputs: int = 3
    arrays: int = 1

    def rows(self, z: Tensor, part: slice) -> Rows:
        """C, L, H; and the parts of L."""
        found = ways.rows(z, self.target[part], self.weight, self.recipe, entropy=self.entropy)
        return found.loss, found.top + found.rest, found.entropy, found.top, found.rest

    def gradient(
        self, z: Tensor, part: slice, rows: Rows, by: Sequence[Tensor | None], *, out: Tensor
    ) -> None:
        """Write the derivative by a chunk into ``out``, which may be the chunk."""
        by_loss = torch.zeros_like(rows[0]) if by[0] is None else by[0]
        each = (by_loss, by[1], by[2])
        target = self.target[part]
        ways.gradient(z, target, self.weight, rows[3:], each, recipe=self.recipe, out=out)

    @property
    def live(self) -> bool:
        """Whether an option has a derivative."""
        return self.recipe.live

    def plain(self, z: Tensor) -> Rows:
        """C, L and H."""
        return ops.plain_rows(z, self.target, self.weight, self.recipe)

    def told(self) -> Told:
        """The job by names, tensors and numbers."""
        weights = [] if self.weight is None else [self.weight]
        numbers = [*self.recipe.numbers(), float(self.entropy)]
        return Told("cross_entropy", [self.target, *weights], numbers)


@dataclass
class DivergenceJob:
    """The divergence of each row from a teacher: its logits, the top k, or a head of its own."""

    teacher: tuple[Tensor, ...]
    #: "logits", "top_k" (with indices) or "linear" (hidden, weight and perhaps bias).
    form: str
    asked: Divergence
    outputs: int = 1

    @property
    def arrays(self) -> int:
        """The teacher's logits are made beside the student's."""
        return 2 if self.form == "linear" else 1

    def rows(self, z: Tensor, part: slice) -> Rows:
        """The divergence of each row."""
        teacher, indices = self._given(part)
        return (pairs.forward(z, teacher, indices, *self.asked),)

    def gradient(
        self, z: Tensor, part: slice, rows: Rows, by: Sequence[Tensor | None], *, out: Tensor
    ) -> None:
        """Write the derivative by a chunk into ``out``, which may be the chunk."""
        teacher, indices = self._given(part)
        assert by[0] is not None
        pairs.backward(z, teacher, indices, by[0], *self.asked, out=out)

    @property
    def live(self) -> bool:
        """Whether an option has a derivative."""
        return self.asked.live

    def plain(self, z: Tensor) -> Rows:
        """The divergence of each row."""
        teacher, indices = self._given(slice(None))
        kind, beta, temperature = self.asked
        return (
            pairs.block_divergence(z, teacher, indices, kind, beta=beta, temperature=temperature),
        )

    def _given(self, part: slice) -> tuple[Tensor, Tensor | None]:
        if self.form == "linear":
            hidden, weight, *bias = self.teacher
            return project(hidden[part], weight, bias[0] if bias else None), None
        if self.form == "top_k":
            return self.teacher[0][part], self.teacher[1][part]
        return self.teacher[0][part], None

    def told(self) -> Told:
        """The job by names, tensors and numbers."""
        kind, *numbers = self.asked
        return Told(f"divergence {self.form} {kind}", list(self.teacher), numbers)


def job_of(told: Told) -> Job:
    """The job that was told."""
    if told.name == "cross_entropy":
        *numbers, entropy = told.numbers
        recipe = Recipe.of_numbers(numbers)
        weight = told.tensors[1] if len(told.tensors) > 1 else None
        return CrossEntropyJob(told.tensors[0], weight, recipe, bool(entropy))
    _, form, kind = told.name.split()
    asked = Divergence(kind, *told.numbers)  # type: ignore[arg-type]
    return DivergenceJob(tuple(told.tensors), form, asked)


def project(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The logits of some rows, in the type that their sums are kept in."""
    kind = sum_type(hidden.dtype)
    logits = torch.nn.functional.linear(hidden, weight)
    logits = logits if logits.dtype == kind else logits.to(kind)
    return logits if bias is None else logits.add_(bias)
