"""Rows of one distribution, of two, and single events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.accuracy.cases import (
    NOISES,
    WHOLE,
    Case,
    Rng,
    Size,
    certain,
    dealt,
    draws,
    exchanged,
    few_of_many,
    halves,
    moved,
    peaked,
    pieces,
    scores,
    seen,
    some,
    sparse,
    stream,
    subnormal,
)

_PROBS: dict[str, Callable[[Rng, int], Any]] = {
    "random": some,
    "nearly even": lambda rng, k: moved(rng, dealt(np.ones(k)), 1e-12),
    "nearly certain": certain,
    "sparse": sparse,
}


def rows(size: Size) -> Iterator[Case]:
    """One distribution."""
    for name, k, rng in draws("one", (*_PROBS, "peaked", "subnormal", "counts", "logits"), size):
        if name in _PROBS:
            yield Case(name, ("probs",), (_PROBS[name](rng, k) / WHOLE,))
        elif name == "peaked":
            yield Case(name, ("probs",), (peaked(rng, k),))
        elif name == "subnormal":
            yield Case(name, ("probs",), (rng.permutation(pieces(min(2 * k, 20))),))
            yield Case(name, ("probs",), (subnormal(rng, k),))
        elif name == "counts":
            yield Case(name, ("counts",), (seen(rng, k),))
            yield Case(name, ("counts",), (rng.integers(1, 2**53, k),))
        else:
            yield Case(name, ("logits",), (scores(rng, k),))
    rng = stream("one", "many classes")
    yield Case("certain", ("probs",), (np.array([0.0, 1.0, 0.0]),))
    yield Case("one class", ("probs",), (np.array([1.0]),))
    yield Case("subnormal", ("probs",), (halves(),))
    yield Case("many classes", ("probs",), (few_of_many(rng) / WHOLE,))


_PAIRS = (
    "random",
    *(f"nearly equal, {noise:g}" for noise in NOISES),
    *(f"rounded, {noise:g}" for noise in NOISES),
    "equal",
    "nearly certain",
    "sparse",
    "disjoint",
    "subnormal",
    "peaked",
    "counts",
    "logits",
)


def pairs(size: Size) -> Iterator[Case]:
    """Two distributions, the truth first."""
    for name, k, rng in draws("two", _PAIRS, size):
        for kind, p, q in _pairs_of(name, k, rng):
            yield Case(name.partition(",")[0], (kind, kind), (p, q))
    rng = stream("two", "many classes")
    p = few_of_many(rng)
    for q in (few_of_many(rng), exchanged(rng, p, 1e-9)):
        yield Case("many classes", ("probs", "probs"), (p / WHOLE, q / WHOLE))


def _pairs_of(name: str, k: int, rng: Rng) -> Iterator[tuple[str, Any, Any]]:
    kind, _, noise = name.partition(", ")
    if kind == "nearly equal":
        for p in (some(rng, k), sparse(rng, k)):
            yield "probs", p / WHOLE, moved(rng, p, float(noise)) / WHOLE
    elif kind == "rounded":
        p = rng.dirichlet(np.ones(k))
        q = p * (1 + float(noise) * rng.normal(size=k))
        yield "probs", p, q / q.sum()
    elif kind == "counts":
        n = seen(rng, k)
        yield "counts", n, seen(rng, k)
        yield "counts", n, rng.permutation(n)
        many = rng.integers(2**40, 2**42, k)
        yield "counts", many, many + rng.integers(-1, 2, k)
    elif kind == "logits":
        z = scores(rng, k)
        yield "logits", z, scores(rng, k)
        for step in (1e-2, 1e-4):
            yield "logits", z, (z + step * rng.normal(size=k) + rng.choice([0, 7])).astype(z.dtype)
    elif kind == "subnormal":
        p = pieces(min(2 * k, 20))
        yield "probs", p, rng.permutation(p)
        yield "probs", subnormal(rng, k), subnormal(rng, k)
    elif kind == "peaked":
        p = peaked(rng, k)
        yield "probs", p, p * np.where(p < 1, rng.uniform(0.5, 2, k), 1)
        yield "probs", p, peaked(rng, k)
    else:
        for p, q in _masses(kind, k, rng):
            yield "probs", p / WHOLE, q / WHOLE


def _masses(name: str, k: int, rng: Rng) -> Iterator[tuple[Any, Any]]:
    if name == "random":
        yield some(rng, k), some(rng, k)
    elif name == "equal":
        p = some(rng, k)
        yield p, p.copy()
    elif name == "nearly certain":
        at = int(rng.integers(k))
        yield certain(rng, k, at), certain(rng, k, at)
        yield certain(rng, k, at), certain(rng, k, at - 1)
        yield some(rng, k), certain(rng, k)
    elif name == "sparse":
        yield sparse(rng, k), sparse(rng, k)
        yield sparse(rng, k), some(rng, k)
        yield some(rng, k), sparse(rng, k)
    else:
        side = rng.permutation(np.arange(k) % 2).astype(bool)
        yield tuple(dealt(np.where(own, rng.random(k), 0.0)) for own in (side, ~side))


_EVENTS = ("random", "nearly certain", "subnormal")


def events(size: Size) -> Iterator[Case]:
    """Probabilities of single events."""
    for name, _, rng in draws("events", _EVENTS, Size((1,) * 8, size.times)):
        value = {
            "random": rng.random(),
            "nearly certain": 1.0 - int(rng.integers(1, 10 ** rng.integers(1, 9))) / 2**53,
            "subnormal": 10.0 ** rng.uniform(-323, -16),
        }[name]
        yield Case(name, ("events",), (float(value),))
    for value in (0.0, 0.5, 1.0):
        yield Case("certain" if value != 0.5 else "random", ("events",), (value,))


def outcomes(size: Size) -> Iterator[Case]:
    """What happened to rows: each class of a few, the top class of many."""
    for name, k, rng in draws("outcomes", ("probs", "logits", "confident"), size):
        if name == "probs":
            row = some(rng, k) / WHOLE
            yield Case("random", (name,), (row,), int(rng.integers(k)))
        elif name == "logits":
            z = scores(rng, k)
            for at in (int(rng.integers(k)), int(z.argmax())):
                yield Case("logits", ("logits",), (z,), at)
        else:
            z = rng.normal(size=k).astype(np.float32)
            z[0] = np.float32(rng.uniform(10, 90))
            yield Case("confident and right", ("logits",), (z,), 0)
