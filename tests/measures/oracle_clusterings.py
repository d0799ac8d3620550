"""Measures of two label vectors; the expected value of their information by exact counting."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from oracle_joint import normalizer
from oracle_rows import CONTEXT, ZERO, Number, entry, settled

Labels = Sequence[Hashable]


def contingency(a: Labels, b: Labels) -> Any:
    """How often each label of ``a`` meets each of ``b``, both in sorted order."""
    a, b = ([x.item() if hasattr(x, "item") else x for x in labels] for labels in (a, b))
    rows, columns = sorted(set(a)), sorted(set(b))
    met = Counter(zip(a, b, strict=True))
    return np.array([[met[x, y] for y in columns] for x in rows])


class _Clusters:
    """A contingency table of whole numbers: how many items lie in cluster i of one and j of two."""

    def __init__(self, a: Any, b: Any) -> None:
        table = contingency(a, b) if b is not None else np.asarray(a)
        self.met = {i: entry(count) for i, count in np.ndenumerate(table) if count}
        self.one = [int(size) for size in table.sum(axis=1) if size]
        self.two = [int(size) for size in table.sum(axis=0) if size]
        self.items = int(table.sum())

    def entropy(self, sizes: Iterable[int]) -> Number:
        """−Σ P log P of clusters of these sizes, in nats."""
        counted = Counter(sizes).items()
        return CONTEXT.fsum(-n * size * self._log(size, self.items) for size, n in counted) / (
            self.items
        )

    @staticmethod
    def _log(numerator: int, denominator: int) -> Number:
        return CONTEXT.log(CONTEXT.mpf(numerator) / denominator)

    def information(self) -> Number:
        """H(one) + H(two) − H(both), in nats."""
        both = self.entropy(self.met.values())
        return self.entropy(self.one) + self.entropy(self.two) - both

    @property
    def independent(self) -> bool:
        sizes = Counter(), Counter()
        for (i, j), count in self.met.items():
            sizes[0][i] += count
            sizes[1][j] += count
        return all(
            self.met.get((i, j), 0) * self.items == row * column
            for (i, row), (j, column) in itertools.product(sizes[0].items(), sizes[1].items())
        )

    def expected_information(self) -> Number:
        """Its mean over all ways to deal the items to clusters of the same sizes, in nats."""
        pairs = Counter(itertools.product(self.one, self.two))
        return CONTEXT.fsum(n * self._expected(a, b) for (a, b), n in pairs.items())

    def _expected(self, a: int, b: int) -> Number:
        """Of a cluster of ``a`` items and one of ``b``: hypergeometric chances, as fractions."""
        n, ways = self.items, math.comb(self.items, a)
        total = CONTEXT.mpf(0)
        for k in range(max(1, a + b - n), min(a, b) + 1):
            chance = Fraction(math.comb(b, k) * math.comb(n - b, a - k), ways)
            weight = CONTEXT.mpf(chance.numerator) / chance.denominator * k / n
            total += weight * self._log(n * k, a * b)
        return total


def adjusted_mutual_information(
    a: Any, b: Any = None, *, normalization: str = "arithmetic"
) -> Number:
    """(I − E[I]) / (mean of entropies − E[I]).

    Where one side is a single cluster, or nothing but single items, no dealing changes what is
    shared: 1 beside its like, 0 beside any other.
    """
    clusters = _Clusters(a, b)
    counts = len(clusters.one), len(clusters.two)
    if 1 in counts or clusters.items in counts:
        return CONTEXT.mpf(1) if counts in ((1, 1), (clusters.items, clusters.items)) else ZERO

    def formula() -> Number:
        both = clusters.entropy(clusters.met.values())
        sizes = clusters.entropy(clusters.one), clusters.entropy(clusters.two)
        expected = clusters.expected_information()
        mean = normalizer(normalization, *sizes, both)
        return (clusters.information() - expected) / (mean - expected)

    return settled(formula)


def homogeneity(a: Any, b: Any = None) -> Number:
    """I / H(one), the first being the truth; 1 where it has one class alone."""
    clusters = _Clusters(a, b)
    if len(clusters.one) == 1:
        return CONTEXT.mpf(1)
    if clusters.independent:
        return ZERO
    return settled(lambda: clusters.information() / clusters.entropy(clusters.one))


def completeness(a: Any, b: Any = None) -> Number:
    """I / H(two); 1 where there is one cluster alone."""
    table = contingency(a, b) if b is not None else np.asarray(a)
    return homogeneity(table.T)


def v_measure(a: Any, b: Any = None, *, beta: float = 1.0) -> Number:
    """(1 + beta) h c / (beta h + c) of homogeneity and completeness; 0 where both are 0."""
    h, c = homogeneity(a, b), completeness(a, b)
    if not h and not c:
        return ZERO
    weight = CONTEXT.mpf(entry(beta))
    return (1 + weight) * h * c / (weight * h + c)
