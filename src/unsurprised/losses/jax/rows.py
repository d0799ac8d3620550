"""The rows' formula as JAX's: a function with derivatives of its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.array_types import Array
from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._options import Recipe
from unsurprised.losses.jax.kinds import sum_type
from unsurprised.losses.jax.ways import is_plain


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
    if is_plain(recipe.live, logits, target, weight):
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
