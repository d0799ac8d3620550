"""JAX on the CPU, every work compiled as a whole."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.nn import log_softmax
from jax.scipy.special import entr, logsumexp, rel_entr

from benchmarks.speed.peers import Peer
from benchmarks.speed.rows import Rows

Given = tuple[Any, Any, Any]


def _take(rows: Rows) -> Given:
    return jnp.asarray(rows.p), jnp.asarray(rows.q), jnp.asarray(rows.y)


def _at(p: Any, y: Any) -> Any:
    return jnp.take_along_axis(p, y[:, None], axis=-1)[:, 0]


def _surprisal(p: Any, q: Any, y: Any) -> Any:
    # What optax' softmax_cross_entropy_with_integer_labels does.
    return logsumexp(p, axis=-1) - _at(p, y)


def _entropy(p: Any, q: Any, y: Any) -> Any:
    logs = log_softmax(p)
    return -(jnp.exp(logs) * logs).sum(-1)


def _kl(p: Any, q: Any, y: Any) -> Any:
    p, q = log_softmax(p), log_softmax(q)
    return (jnp.exp(p) * (p - q)).sum(-1)


def _js(p: Any, q: Any, y: Any) -> Any:
    p, q = log_softmax(p), log_softmax(q)
    mixture = jnp.logaddexp(p, q) - math.log(2)
    terms = jnp.exp(p) * (p - mixture) + jnp.exp(q) * (q - mixture)
    return 0.5 * terms.sum(-1)


def _facts(p: Any, q: Any, y: Any) -> Any:
    logs = log_softmax(p)
    top = p.argmax(-1)
    return (
        -_at(logs, y),
        -(jnp.exp(logs) * logs).sum(-1),
        top,
        top == y,
        jnp.isfinite(p).all(-1),
    )


def _entropy_of_probabilities(p: Any, q: Any, y: Any) -> Any:
    return entr(p).sum(-1)


def _kl_of_probabilities(p: Any, q: Any, y: Any) -> Any:
    return rel_entr(p, q).sum(-1)


def peer(threads: int) -> Peer:
    """XLA takes its threads from the environment, see :mod:`benchmarks.speed.settings`."""
    works = {
        "surprisal": _surprisal,
        "entropy": _entropy,
        "kl": _kl,
        "js": _js,
        "facts": _facts,
        "entropy_probs": _entropy_of_probabilities,
        "kl_probs": _kl_of_probabilities,
    }
    calls = {name: _waited_for(jax.jit(work)) for name, work in works.items()}
    return Peer("JAX", _take, calls, aim=None, but={})


def _waited_for(call: Any) -> Any:
    return lambda given: jax.block_until_ready(call(*given))
