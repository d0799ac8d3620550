"""Joint tables, and pairs of labellings."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.accuracy.cases import (
    NOISES,
    WHOLE,
    Case,
    Rng,
    Size,
    certain,
    draws,
    moved,
    pieces,
    scores,
    some,
    sparse,
)

_SHAPES = ((2, 2), (3, 4), (10, 10), (2, 3, 2), (3, 3, 3))
_TABLES = (
    "random",
    *(f"nearly independent, {noise:g}" for noise in NOISES[:3]),
    "independent",
    "nearly certain",
    "telling",
    "sparse",
    "subnormal",
    "counts",
    "logits",
)


def tables(size: Size) -> Iterator[Case]:
    """A joint table of two variables or of three."""
    shapes = _SHAPES[:: 3 if size.times == 1 else 1]
    for name, at, rng in draws("joint", _TABLES, Size(tuple(range(len(shapes))), size.times)):
        shape = shapes[at]
        for kind, table in _tables_of(name, shape, rng):
            yield Case(name.partition(",")[0], (kind,), (np.asarray(table).reshape(shape),))


def _tables_of(name: str, shape: tuple[int, ...], rng: Rng) -> Iterator[tuple[str, Any]]:
    kind, _, noise = name.partition(", ")
    cells = math.prod(shape)
    if kind == "nearly independent":
        yield "probs", moved(rng, _product(rng, shape), float(noise)) / WHOLE
    elif kind == "independent":
        yield "probs", _product(rng, shape) / WHOLE
    elif kind == "telling":  # each variable tells the others
        table = np.zeros(shape, np.int64)
        where = np.arange(min(shape))
        table[tuple(rng.permutation(where) for _ in shape)] = some(rng, len(where))
        yield "probs", table / WHOLE
    elif kind == "subnormal":
        yield "probs", np.pad(rng.permutation(pieces(min(cells, 20))), (0, cells - min(cells, 20)))
    elif kind == "counts":
        yield "counts", seen_together(rng, cells)
    elif kind == "logits":
        yield "logits", scores(rng, cells)
    else:
        make = {"random": some, "nearly certain": certain, "sparse": sparse}[kind]
        yield "probs", make(rng, cells) / WHOLE


def seen_together(rng: Rng, cells: int) -> Any:
    """Counts few enough to be given as labels."""
    return rng.multinomial(2 ** int(rng.integers(5, 12)), rng.dirichlet(np.ones(cells)))


def _product(rng: Rng, shape: tuple[int, ...]) -> Any:
    """Of independent variables, exactly: multiples of 2^-52 again."""
    bits = 52 // len(shape)
    table = np.array([2 ** (52 - bits * len(shape))])
    for length in shape:
        units = rng.multinomial(2**bits, rng.dirichlet(np.full(length, 3.0)))
        table = np.multiply.outer(table, units)
    return table[0]


_LABELS = ("random", "alike", "nearly the same", "the same", "independent", "all apart", "one")


def labels(size: Size) -> Iterator[Case]:
    """Two labellings of the same rows, the truth first."""
    for name, k, rng in draws("labels", _LABELS, Size((2, 5, 20), size.times)):
        a = rng.permutation(np.arange(120) % k)
        yield Case(name, ("labels", "labels"), (a, _other_labels(name, a, k, rng)))


def _other_labels(name: str, a: Any, k: int, rng: Rng) -> Any:
    other = rng.integers(k + 2, size=len(a))
    if name == "alike":
        return np.where(rng.random(len(a)) < 0.5, a, other)
    if name in ("the same", "nearly the same"):
        b = rng.permutation(k)[a]
        b[0] = k if name == "nearly the same" else b[0]
        return b
    if name == "independent":
        b = np.empty_like(a)
        for value in range(k):
            b[a == value] = np.arange((a == value).sum()) % 3
        return b
    if name == "all apart":
        return np.arange(len(a))
    return np.zeros_like(a) if name == "one" else other
