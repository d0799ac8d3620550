"""The rows' formulas as JAX's: functions with derivatives of their own."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _divergences as divergences
from unsurprised.losses import _reduction
from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import Inputs, laid_out
from unsurprised.losses._options import Recipe, Total
from unsurprised.losses._pairs import Pairs, laid_out_pairs

Array = Any


class Details(NamedTuple):
    """A loss and what its one pass over the logits found; every part has derivatives."""

    loss: Array
    losses: Array
    log_sum_exp: Array
    entropy: Array


def sum_type(array: Array) -> Any:
    """The type that sums are kept in: at least float32."""
    return jnp.promote_types(array.dtype, jnp.float32)


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def rows(
    logits: Array, target: Array, weight: Array | None, recipe: Recipe, hard: bool
) -> tuple[Array, Array, Array]:
    """C, L and H of each row of a matrix of logits."""
    z = formula.scores(jnp, logits.astype(sum_type(logits)), recipe.scores)
    made = formula.rows(jnp, z, target, weight, recipe, hard=hard)
    return made.loss, made.top + made.rest, made.entropy


def _forward(
    logits: Array, target: Array, weight: Array | None, recipe: Recipe, hard: bool
) -> tuple[Any, Any]:
    return rows(logits, target, weight, recipe, hard), (logits, target, weight)


def _backward(recipe: Recipe, hard: bool, saved: Any, by: Any) -> tuple[Any, Any, Any]:
    logits, target, weight = saved
    return *gradients(logits, target, weight, by, recipe=recipe, hard=hard), None


def gradients(
    logits: Array, target: Array, weight: Array | None, by: Any, *, recipe: Recipe, hard: bool
) -> tuple[Array, Array | None]:
    """The derivatives by the logits, and by the target where that is distributions."""
    wide = logits.astype(sum_type(logits))
    z = formula.scores(jnp, wide, recipe.scores)
    dz = formula.gradient(jnp, z, target, weight, recipe, by=by, hard=hard)
    found = formula.through_scores(jnp, wide, dz, recipe.scores).astype(logits.dtype)
    if hard:
        return found, None

    def cost(shares: Array) -> Array:
        return formula.rows(jnp, z, shares, weight, recipe, hard=False).loss

    return found, jax.vjp(cost, target)[1](by[0])[0]


rows.defvjp(_forward, _backward)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def divergence_rows(
    student: Array, teacher: Array, kind: Any, beta: float, temperature: float
) -> Array:
    """The divergence of each row; no derivative reaches the teacher."""
    pair = divergences.between(jnp, student, teacher, temperature)
    return divergences.divergence(jnp, pair, kind, beta)


def _forward_pairs(
    student: Array, teacher: Array, kind: Any, beta: float, temperature: float
) -> tuple[Array, Any]:
    return divergence_rows(student, teacher, kind, beta, temperature), (student, teacher)


def _backward_pairs(
    kind: Any, beta: float, temperature: float, saved: Any, by: Array
) -> tuple[Array, Array]:
    student, teacher = saved
    pair = divergences.between(jnp, student, teacher, temperature)
    found = divergences.gradient(jnp, pair, kind, beta, temperature, by=by)
    return found, jnp.zeros_like(teacher)


divergence_rows.defvjp(_forward_pairs, _backward_pairs)


def is_traced(*arrays: Any) -> bool:
    """Whether values cannot be looked at."""
    # Inside of jit even what is made of constants has no value yet.
    return any(isinstance(array, jax.core.Tracer) for array in (*arrays, jnp.add(1, 1)))


def prepared(logits: Any, target: Any, *, check: bool | None, **options: Any) -> Inputs:
    """The rows of a call, their values looked at as ``check`` says."""
    target = jnp.asarray(target)
    weights = [options[name] for name in ("weight", "sample_weight")]
    traced = is_traced(logits, target, *weights)
    for name in ("weight", "sample_weight"):
        options[name] = None if options[name] is None else jnp.asarray(options[name])
    look = (check is None or check) and not traced
    given = laid_out(jnp, logits, target, check=look, **options)
    if given.invalid is not None and check:
        from jax.experimental import checkify

        checkify.check(~jnp.any(given.invalid), "a label is out of range")
    return given


def totalled(given: Inputs, found: tuple[Array, Array, Array], total: Total, details: bool) -> Any:
    """Rows as what was asked for."""
    loss, log_sum, entropy = found
    if given.invalid is not None:
        loss = jnp.where(given.invalid, jnp.nan, loss)
    like = jax.lax.stop_gradient(loss)
    counts = _reduction.counted(jnp, given, like=like, total=total)
    values = _reduction.row_values(jnp, loss, log_sum, entropy, rows=counts, total=total)
    reduced = _reduction.reduced(jnp, values, counts, total)
    reduced = reduced.reshape(given.shape) if total.reduction == "none" else reduced
    if not details:
        return reduced
    each = (values, log_sum, entropy * total.unit)
    return Details(reduced, *(part.reshape(given.shape) for part in each))


def of_pairs(
    student: Any,
    teacher: Any,
    sample_weight: Any,
    axis: int,
    *,
    check: bool | None,
    total: Total,
    asked: tuple[Any, float, float],
    probabilities: bool = False,
) -> Array:
    """A loss between two distributions."""
    student = jnp.asarray(student)
    parts = [jnp.asarray(p) for p in (teacher if isinstance(teacher, TopK) else (teacher,))]
    sample_weight = None if sample_weight is None else jnp.asarray(sample_weight)
    given = laid_out_pairs(
        jnp,
        student,
        TopK(*parts) if isinstance(teacher, TopK) else parts[0],
        sample_weight=sample_weight,
        axis=axis,
        check=(check is None or check) and not is_traced(student, sample_weight, *parts),
        probabilities=probabilities,
    )
    told = given.teacher
    if probabilities:
        told = jnp.log(told.astype(sum_type(told))) * asked[2]
    found = divergence_of(given.student, told, given.indices, asked)
    return totalled_pairs(given, found, total)


def divergence_of(
    student: Array, teacher: Array, indices: Array | None, asked: tuple[Any, float, float]
) -> Array:
    """The divergence of each row from a teacher, who is a constant."""
    kind, beta, temperature = asked
    wide = jnp.promote_types(sum_type(student), sum_type(teacher))
    scores, other = student.astype(wide), jax.lax.stop_gradient(teacher.astype(wide))
    if indices is not None:
        few = divergences.lumped(jnp, scores / temperature, other, indices)
        scores, other, temperature = few.student, few.teacher, 1.0
    found: Array = divergence_rows(scores, other, kind, beta, temperature)
    return found


def totalled_pairs(given: Pairs, found: Array, total: Total) -> Array:
    """Rows as what was asked for."""
    like = jax.lax.stop_gradient(found)
    counts = _reduction.counted_pairs(jnp, given.sample_weight, like=like, total=total)
    values = _reduction.row_values(jnp, found, found, found, rows=counts, total=total)
    reduced = _reduction.reduced(jnp, values, counts, total)
    return reduced.reshape(given.shape) if total.reduction == "none" else reduced
