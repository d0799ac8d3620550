"""What is given to a loss of JAX's, as arrays that were looked at."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import checkify

from unsurprised.losses._inputs import Inputs, check_dense, laid_out
from unsurprised.losses._pairs import sound_teacher
from unsurprised.losses.jax.kinds import is_traced

Array = Any


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


def check_teacher(scores: Array, sample_weight: Array | None) -> None:
    """Ask ``checkify`` to say where a row of the teacher has no softmax."""
    sound = sound_teacher(jnp, scores, sample_weight)
    checkify.check(jnp.all(sound), "a row of the teacher is no distribution")
