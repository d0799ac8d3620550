"""The arrays that everything is measured on; seeded, made once and looked at in several shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Rows:
    """Two arrays of rows (classes last) and a label a row; ``q`` is close to ``p``."""

    p: NDArray[Any]
    q: NDArray[Any]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.p)

    def first(self, count: int) -> Rows:
        """The first so many rows."""
        return Rows(self.p[:count], self.q[:count], self.y[:count])


def numpy_type(name: str) -> np.dtype[Any]:
    if name != "bfloat16":
        return np.dtype(name)
    import ml_dtypes

    kind: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return kind


def logits(elements: int, classes: int, type_name: str) -> Rows:
    """As a language model and a slightly different one make them."""
    rows = max(1, elements // classes)
    p, q = (side[: rows * classes].reshape(rows, classes) for side in _flat(elements, type_name))
    return Rows(p, q, _labels(rows, classes))


def probs(elements: int, classes: int, type_name: str = "float32") -> Rows:
    """What a softmax in single precision hands out."""
    given = logits(elements, classes, "float32")
    p, q = (_softmax(side).astype(type_name, copy=False) for side in (given.p, given.q))
    return Rows(p, q, given.y)


def doubles(elements: int) -> Rows:
    """Numbers to be summed, of very different sizes; as many bytes as the float32 arrays."""
    generator = np.random.default_rng(2)
    values = np.exp(6 * generator.standard_normal(elements // 2))
    values *= generator.choice([-1.0, 1.0], len(values))
    return Rows(values, values, np.zeros(0, np.int64))


@lru_cache(maxsize=1)
def _singles(elements: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    generator = np.random.default_rng(0)
    p = generator.standard_normal(elements, dtype=np.float32)
    q = generator.standard_normal(elements, dtype=np.float32)
    p *= 3
    q *= np.float32(0.3)
    q += p
    return p, q


@lru_cache(maxsize=1)
def _flat(elements: int, type_name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    p, q = _singles(elements)
    if type_name == "float32":
        return p, q
    kind = numpy_type(type_name)
    return p.astype(kind), q.astype(kind)


def _labels(rows: int, classes: int) -> NDArray[np.int64]:
    return np.random.default_rng(1).integers(0, classes, rows)


def _softmax(given: NDArray[np.float32]) -> NDArray[np.float32]:
    # In place: a first touch of fresh memory takes longer than the exponentials.
    shares = np.exp(given)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
