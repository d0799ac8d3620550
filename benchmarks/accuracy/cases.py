"""What a measure is tried on, and the numbers that it is made of: seeded, the same everywhere.

Every row of probabilities that a peer is asked about sums to exactly one, so that nobody is blamed
for how a sum is taken: its entries are whole multiples of 2^-52, or pieces of a power of two.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

SEED = 20261124
WHOLE = 2**52
NOISES = (1e-3, 1e-6, 1e-9, 1e-12)
MANY = 100_000
MASSES = ("probs", "counts")

Rng = np.random.Generator


@dataclass(frozen=True)
class Case:
    """Rows (or a table, labels, a number) of one condition, each with the name of its form."""

    condition: str
    kinds: tuple[str, ...]
    rows: tuple[Any, ...]
    #: What happened, where the surprisal of that is asked.
    outcome: int | None = None

    @cached_property
    def shares(self) -> tuple[Any, ...] | None:
        """The rows as probabilities that sum to exactly one; None where no floats do."""
        found = []
        for kind, row in zip(self.kinds, self.rows, strict=True):
            values = np.asarray(row)
            total = sum(map(Fraction, values.ravel().tolist())) if kind in MASSES else 0
            if not _is_power_of_two(Fraction(total)):
                return None
            found.append(values / float(total))
        return tuple(found)


def _is_power_of_two(total: Fraction) -> bool:
    whole = total.denominator == 1 and total > 0
    return whole and total.numerator & (total.numerator - 1) == 0


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    classes: tuple[int, ...]
    times: int

    @classmethod
    def of(cls, quick: bool) -> Size:
        return cls((2, 10), 1) if quick else cls((2, 3, 10, 100), 6)


def dealt(weights: Any) -> Any:
    """Weights as multiples of 2^-52 that sum to one: how many each."""
    units = np.floor(weights / weights.sum() * WHOLE).astype(np.int64)
    units.flat[units.argmax()] += WHOLE - units.sum()
    return units


def moved(rng: Rng, units: Any, noise: float) -> Any:
    """The same with a little of each entry carried elsewhere."""
    step = np.rint(noise * units * rng.normal(size=units.shape)).astype(np.int64)
    step.flat[units.argmax()] -= step.sum()
    return units + step


def some(rng: Rng, k: int) -> Any:
    return dealt(rng.dirichlet(np.full(k, rng.choice([0.3, 1.0, 10.0]))))


def certain(rng: Rng, k: int, at: int | None = None) -> Any:
    """Nearly all at one class; of the rest, a unit or more each."""
    units = rng.integers(0, 10 ** rng.integers(1, 7), size=k)
    at = int(rng.integers(k)) if at is None else at
    units[at - 1] += 1
    units[at] += WHOLE - units.sum()
    return units


def sparse(rng: Rng, k: int) -> Any:
    weights = np.where(rng.random(k) < 0.6, 0.0, rng.random(k))
    weights[rng.integers(k)] = 0.3
    return dealt(weights)


def pieces(count: int) -> Any:
    """1 − 2^-53, 2^-53 − 2^-106, … down to subnormal numbers: exactly one in all."""
    edges = [math.ldexp(1.0, -53 * i) for i in range(count)] + [0.0]
    return np.array([a - b for a, b in itertools.pairwise(edges)])


def halves() -> Any:
    """1/2, 1/4, … down to the smallest number of all, which comes twice."""
    return np.array([math.ldexp(1.0, -i) for i in range(1, 1075)] + [5e-324])


def peaked(rng: Rng, k: int) -> Any:
    row = 10.0 ** rng.uniform(-300, -17, size=k)
    row[rng.integers(k)] = 1.0
    return row


def subnormal(rng: Rng, k: int) -> Any:
    return rng.integers(1, 1000, k) * 5e-324


def few_of_many(rng: Rng) -> Any:
    """As many classes as a vocabulary has, of twenty different heights."""
    return dealt(rng.choice(rng.random(20), size=MANY))


def exchanged(rng: Rng, units: Any, noise: float) -> Any:
    """Of many classes, the same amount carried from each of some to another."""
    step = max(1, int(noise * units.min()))
    ways = rng.permutation(np.resize([step, -step], MANY))
    return units + ways


def seen(rng: Rng, k: int) -> Any:
    """Counts whose total is a power of two."""
    return rng.multinomial(2 ** int(rng.integers(4, 40)), rng.dirichlet(np.ones(k)))


def scores(rng: Rng, k: int) -> Any:
    return (rng.choice([1.0, 10.0, 60.0]) * rng.normal(size=k)).astype(np.float32)


def draws(family: str, names: tuple[str, ...], size: Size) -> Iterator[tuple[str, int, Rng]]:
    for name in names:
        rng = stream(family, name)
        for k in size.classes:
            for _ in range(size.times):
                yield name, k, rng


def stream(family: str, name: str) -> Rng:
    """Its own stream, so that another condition changes no row of this one."""
    return np.random.default_rng([SEED, zlib.crc32(f"{family}: {name}".encode())])
