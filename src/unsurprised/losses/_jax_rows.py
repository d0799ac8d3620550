"""The rows' formulas as JAX's: functions with derivatives of their own."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.experimental import checkify

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _divergences as divergences
from unsurprised.losses import _reduction
from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import Inputs, check_dense, laid_out
from unsurprised.losses._jax_kinds import in_forward_mode, is_traced
from unsurprised.losses._options import Recipe, Total, is_array
from unsurprised.losses._pairs import Pairs, laid_out_pairs, sound_teacher

Array = Any
#: Of a divergence the kind, the share of the mixture and the temperature.
Asked = tuple[Any, Any, Any]


class Details(NamedTuple):
    """A loss and what its one pass over the logits found; every part has derivatives."""

    loss: Array
    losses: Array
    log_sum_exp: Array
    entropy: Array


def sum_type(array: Array) -> Any:
    """The type that sums are kept in: at least float32."""
    return jnp.promote_types(array.dtype, jnp.float32)


def plain_rows(
    logits: Array, target: Array, weight: Array | None, recipe: Recipe, hard: bool
) -> tuple[Array, Array, Array]:
    """C, L and H of each row of a matrix of logits, by operations that JAX can differentiate."""
    kind = sum_type(logits)
    recipe = recipe.mapped(lambda option: option.astype(kind)) if recipe.live else recipe
    z = formula.scores(jnp, logits.astype(kind), recipe.scores)
    made = formula.rows(jnp, z, target, weight, recipe, hard=hard)
    return made.loss, made.top + made.rest, made.entropy


def rows(given: Inputs, recipe: Recipe) -> tuple[Array, Array, Array]:
    """C, L and H of each row, with every derivative that is asked for."""
    logits, target, weight, hard = given.logits, given.target, given.weight, given.hard
    if recipe.live or in_forward_mode(logits, target, weight):
        shielded = formula.shielded(jnp, logits, given.dead())
        return plain_rows(shielded, target, weight, recipe, hard)
    found: tuple[Array, Array, Array] = _rows(logits, target, weight, recipe, hard)
    return found


_rows = partial(jax.custom_vjp, nondiff_argnums=(3, 4))(plain_rows)


def _forward(
    logits: Array, target: Array, weight: Array | None, recipe: Recipe, hard: bool
) -> tuple[Any, Any]:
    # Not ``_rows``, so that forward mode can go over reverse mode, as in a Hessian.
    return plain_rows(logits, target, weight, recipe, hard), (logits, target, weight)


def _backward(recipe: Recipe, hard: bool, saved: Any, by: Any) -> tuple[Any, Any, Any]:
    logits, target, weight = saved
    return gradients(logits, target, weight, by, recipe=recipe, hard=hard)


def gradients(
    logits: Array, target: Array, weight: Array | None, by: Any, *, recipe: Recipe, hard: bool
) -> tuple[Array, Array | None, Array | None]:
    """The derivatives by the logits, by a target of distributions, and by weights of classes."""
    wide = logits.astype(sum_type(logits))
    z = formula.scores(jnp, wide, recipe.scores)
    dz = formula.gradient(jnp, z, target, weight, recipe, by=by, hard=hard)
    found = formula.through_scores(jnp, wide, dz, recipe.scores).astype(logits.dtype)
    if hard and weight is None:
        return found, None, None

    sound = jnp.where(by[0][..., None] == 0, 0.0, z)  # a row that is nothing may hold NaN

    def cost(shares: Array, weight: Array | None) -> Array:
        given = target if hard else shares
        return formula.rows(jnp, sound, given, weight, recipe, hard=hard, entropy=False).loss

    by_target, by_weight = jax.vjp(cost, None if hard else target, weight)[1](by[0])
    return found, by_target, by_weight


_rows.defvjp(_forward, _backward)


def plain_divergence(
    student: Array, teacher: Array, kind: Any, beta: Any, temperature: Any
) -> Array:
    """The divergence of each row, by operations that JAX can differentiate."""
    pair = divergences.between(jnp, student, teacher, temperature)
    return divergences.divergence(jnp, pair, kind, beta)


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
    pair = divergences.between(jnp, student, teacher, temperature)
    found = divergences.gradient(jnp, pair, kind, beta, temperature, by=by)
    return found, jnp.zeros_like(teacher)


_divergence.defvjp(_forward_pairs, _backward_pairs)


def prepared(logits: Any, target: Any, *, check: bool | None, **options: Any) -> Inputs:
    """The rows of a call, their values looked at as ``check`` says."""
    check_dense(logits=logits, target=target)
    check_dense(**{name: options[name] for name in ("weight", "sample_weight")})
    target = jnp.asarray(target)
    logits = logits if isinstance(logits, jax.ShapeDtypeStruct) else jnp.asarray(logits)
    weights = [options[name] for name in ("weight", "sample_weight")]
    traced = is_traced(logits, target, *weights)
    for name in ("weight", "sample_weight"):
        options[name] = None if options[name] is None else jnp.asarray(options[name])
    weight = options["weight"]
    if weight is not None and not jnp.issubdtype(weight.dtype, jnp.floating):
        options["weight"] = weight.astype(jnp.float32)  # integers have no derivative
    look = (check is None or check) and not traced
    given = laid_out(jnp, logits, target, check=look, **options)
    if given.invalid is not None and check:
        checkify.check(~jnp.any(given.invalid), "a label is out of range")
    return given


def totalled(given: Inputs, found: tuple[Array, Array, Array], total: Total, details: bool) -> Any:
    """Rows as what was asked for."""
    loss, log_sum, entropy = found
    if given.invalid is not None:
        loss = jnp.where(given.invalid, jnp.nan, loss)
    like = jax.lax.stop_gradient(loss)
    counts = _reduction.counted(jnp, given, like=like, total=total)
    share = _reduction.share_of_extras(jnp, counts, total)

    def values(share: Array | None) -> Array:
        parts = (loss, log_sum, entropy)
        return _reduction.row_values(jnp, *parts, rows=counts, total=total, share=share)

    shared = values(share)
    reduced = _reduction.reduced(jnp, shared, counts, total)
    reduced = reduced.reshape(given.shape) if total.reduction == "none" else reduced
    if not details:
        return reduced
    each = (shared if share is None else values(None), log_sum, entropy * total.unit)
    return Details(reduced, *(part.reshape(given.shape) for part in each))


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
        told = divergences.untempered(jnp, jnp.log(told.astype(sum_type(told))), asked[2])
    elif check and traced and given.indices is None:
        check_teacher(told, given.sample_weight)
    scores = given.student
    plain = in_forward_mode(scores)
    if given.sample_weight is not None and (plain or is_live(asked)):
        dead = given.sample_weight == 0
        scores, told = (formula.shielded(jnp, each, dead) for each in (scores, told))
    found = divergence_of(scores, told, given.indices, asked, plain=plain)
    return totalled_pairs(given, found, total)


def check_teacher(scores: Array, sample_weight: Array | None) -> None:
    """Ask ``checkify`` to say where a row of the teacher has no softmax."""
    sound = sound_teacher(jnp, scores, sample_weight)
    checkify.check(jnp.all(sound), "a row of the teacher is no distribution")


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
        few = divergences.lumped(jnp, formula.tempered(jnp, scores, temperature), other, indices)
        scores, other, temperature = few.student, few.teacher, 1.0
    plain = plain or is_array(beta) or is_array(temperature)
    by: Any = plain_divergence if plain else _divergence
    found: Array = by(scores, other, kind, beta, temperature)
    return found


def totalled_pairs(given: Pairs, found: Array, total: Total) -> Array:
    """Rows as what was asked for."""
    like = jax.lax.stop_gradient(found)
    counts = _reduction.counted_pairs(jnp, given.sample_weight, like=like, total=total)
    values = _reduction.row_values(jnp, found, found, found, rows=counts, total=total)
    reduced = _reduction.reduced(jnp, values, counts, total)
    return reduced.reshape(given.shape) if total.reduction == "none" else reduced
