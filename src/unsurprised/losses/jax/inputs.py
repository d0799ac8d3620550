"""Validated inputs of the JAX losses."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import checkify

from unsurprised.array_types import Array
from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import Inputs, check_dense, laid_out
from unsurprised.losses._pairs import Pairs, laid_out_pairs, sound_teacher
from unsurprised.losses.jax.kinds import is_traced


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


def prepared_pairs(
    student: Any,
    teacher: Any,
    sample_weight: Any,
    axis: int,
    check: bool | None,
    *,
    probabilities: bool = False,
) -> Pairs:
    """The rows of a call between two distributions, likewise."""
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
    if check and traced and given.indices is None and not probabilities:
        check_teacher(given.teacher, given.sample_weight)
    return given


def check_teacher(scores: Array, sample_weight: Array | None) -> None:
    """Ask ``checkify`` to say where a row of the teacher has no softmax."""
    sound = sound_teacher(jnp, scores, sample_weight)
    checkify.check(jnp.all(sound), "a row of the teacher is no distribution")
