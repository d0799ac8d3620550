"""The divergences of rows as JAX's: functions with derivatives of their own."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.array_types import Array
from unsurprised.losses import _cross_entropy as cross_entropy
from unsurprised.losses import _divergences as formula
from unsurprised.losses._divergence_options import Divergence
from unsurprised.losses._numbers import is_array
from unsurprised.losses.jax.kinds import sum_type


def plain_divergence(
    student: Array, teacher: Array, kind: Any, beta: Any, temperature: Any
) -> Array:
    """The divergence of each row, by operations that JAX can differentiate."""
    pair = formula.between(jnp, student, teacher, temperature)
    return formula.divergence(jnp, pair, kind, beta)


#: No derivative reaches the teacher.
_divergence = partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))(plain_divergence)


def _forward_pairs(
    student: Array, teacher: Array, kind: Any, beta: float, temperature: float
) -> tuple[Array, Any]:
    return plain_divergence(student, teacher, kind, beta, temperature), (student, teacher)


def _backward_pairs(
    kind: Any, beta: float, temperature: float, saved: Any, by: Array
) -> tuple[Array, Array]:
    student, teacher = saved
    pair = formula.between(jnp, student, teacher, temperature)
    found = formula.gradient(jnp, pair, kind, beta, temperature, by=by)
    return found, jnp.zeros_like(teacher)


_divergence.defvjp(_forward_pairs, _backward_pairs)


def divergence_of(
    student: Array, teacher: Array, indices: Array | None, asked: Divergence, *, plain: bool
) -> Array:
    """The divergence of each row from a teacher, who comes without derivatives."""
    wide = jnp.promote_types(sum_type(student), sum_type(teacher))
    kind, *options = asked
    beta, temperature = (each.astype(wide) if is_array(each) else each for each in options)
    scores, other = student.astype(wide), teacher.astype(wide)
    if indices is not None:
        few = formula.lumped(jnp, cross_entropy.tempered(jnp, scores, temperature), other, indices)
        scores, other, temperature = few.student, few.teacher, 1.0
    by: Any = plain_divergence if plain else _divergence
    found: Array = by(scores, other, kind, beta, temperature)
    return found
