"""The divergences of rows as JAX's: functions with derivatives of their own."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.losses import _cross_entropy as cross_entropy
from unsurprised.losses import _divergences as formula
from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import check_dense
from unsurprised.losses._options import Total, is_array
from unsurprised.losses._pairs import laid_out_pairs
from unsurprised.losses.jax.inputs import check_teacher
from unsurprised.losses.jax.kinds import in_forward_mode, is_traced, sum_type
from unsurprised.losses.jax.reduction import totalled_pairs

Array = Any

#: Of a divergence the kind, the share of the mixture and the temperature.
Asked = tuple[Any, Any, Any]


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


def is_live(asked: Asked) -> bool:
    """Whether an option has a derivative, or no value yet."""
    return is_array(asked[1]) or is_array(asked[2])


def divergence_of(
    student: Array, teacher: Array, indices: Array | None, asked: Asked, *, plain: bool = False
) -> Array:
    """The divergence of each row from a teacher, who comes without derivatives."""
    wide = jnp.promote_types(sum_type(student), sum_type(teacher))
    kind, *options = asked
    beta, temperature = (each.astype(wide) if is_array(each) else each for each in options)
    scores, other = student.astype(wide), teacher.astype(wide)
    if indices is not None:
        few = formula.lumped(jnp, cross_entropy.tempered(jnp, scores, temperature), other, indices)
        scores, other, temperature = few.student, few.teacher, 1.0
    plain = plain or is_array(beta) or is_array(temperature)
    by: Any = plain_divergence if plain else _divergence
    found: Array = by(scores, other, kind, beta, temperature)
    return found


def of_pairs(
    student: Any,
    teacher: Any,
    sample_weight: Any,
    axis: int,
    *,
    check: bool | None,
    total: Total,
    asked: Asked,
    probabilities: bool = False,
) -> Array:
    """A loss between two distributions."""
    check_dense(student=student, teacher=teacher, sample_weight=sample_weight)
    student = jnp.asarray(student)
    parts = [jnp.asarray(p) for p in (teacher if isinstance(teacher, TopK) else (teacher,))]
    sample_weight = None if sample_weight is None else jnp.asarray(sample_weight)
    traced = is_traced(student, sample_weight, *parts)
    given = laid_out_pairs(
        jnp,
        student,
        TopK(*parts) if isinstance(teacher, TopK) else parts[0],
        sample_weight=sample_weight,
        axis=axis,
        check=(check is None or check) and not traced,
        probabilities=probabilities,
    )
    told = jax.lax.stop_gradient(given.teacher)
    if probabilities:
        told = formula.untempered(jnp, jnp.log(told.astype(sum_type(told))), asked[2])
    elif check and traced and given.indices is None:
        check_teacher(told, given.sample_weight)
    scores = given.student
    plain = in_forward_mode(scores)
    if given.sample_weight is not None and (plain or is_live(asked)):
        dead = given.sample_weight == 0
        scores, told = (cross_entropy.shielded(jnp, each, dead) for each in (scores, told))
    found = divergence_of(scores, told, given.indices, asked, plain=plain)
    return totalled_pairs(given, found, total)
