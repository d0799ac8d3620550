"""Information by nearest neighbours: KSG, Ross, Frenzel and Pompe as one estimator.

For categories and numbers alike: two rows of different categories are infinitely far from each
other. All that is counted is whole, so that no bit hangs on the order of threads or rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.estimate.gamma_functions import digamma_table
from unsurprised.estimate.groups import Codes, both_groups
from unsurprised.threads import get_num_threads


@dataclass(frozen=True)
class Coordinates:
    """Where rows stand: a group each (None: all in one), and numbers (None: nowhere in it)."""

    groups: Codes | None
    values: Values | None

    def beside(self, other: Coordinates) -> Coordinates:
        """The coordinates of both together."""
        return Coordinates(
            both_groups(self.groups, other.groups), _both_values(self.values, other.values)
        )

    @property
    def _group_count(self) -> int:
        return 0 if self.groups is None else int(self.groups.max()) + 1

    @property
    def is_nowhere(self) -> bool:
        """Whether all rows are at the same place."""
        return self.groups is None and self.values is None

    def sizes(self, rows: int) -> Codes:
        """How many rows each row's group has."""
        if self.groups is None:
            return np.full(rows, rows, dtype=np.int64)
        return np.bincount(self.groups)[self.groups]

    def distances(self, k: int) -> Values:
        """How far the k-th neighbour of each row is within its group, or the last of it."""
        assert self.values is not None
        found = np.empty(len(self.values))
        _kernels.kth_distances(
            self.values, self.groups, self._group_count, k, found, get_num_threads()
        )
        return found

    def within(self, radii: Values, closed: bool = False) -> Codes:
        """How many others of the group are closer than a radius (or at most so far)."""
        if self.values is None:
            return self.sizes(len(radii)) - 1
        found = np.empty(len(radii), dtype=np.int64)
        _kernels.count_within(
            self.values, self.groups, self._group_count, radii, closed, found, get_num_threads()
        )
        return found


NOWHERE = Coordinates(None, None)


def _both_values(first: Values | None, second: Values | None) -> Values | None:
    if first is None or second is None:
        return second if first is None else first
    return np.concatenate([first, second], axis=1)


@dataclass(frozen=True)
class NeighbourCounts:
    """What neighbours say: ⟨ψ(kᵢ)⟩ − c − ⟨ψ(n_xz + 1)⟩ − ⟨ψ(n_yz + 1)⟩ + ⟨ψ(n_z + 1)⟩, in nats.

    kᵢ is k, or one less than the rows of a smaller group; n are the others within the distance to
    the kᵢ-th neighbour, in x and z, in y and z, and in z; c is 0, or 1/k for KSG's second.
    """

    neighbours: Codes
    first: Codes
    second: Codes
    condition: Codes
    less: float = 0.0

    @property
    def local(self) -> Values:
        """What each row says."""
        psi = digamma_table(1 + self._most)
        found: Values = psi[self.neighbours - 1] - psi[self.first] - psi[self.second]
        return found + psi[self.condition] - self.less

    @property
    def value(self) -> float:
        """Their mean, which does not hang on the order of rows."""
        psi = digamma_table(1 + self._most)

        def mean(counts: Codes) -> float:
            times = np.bincount(counts)
            return float((times * psi[: len(times)]).sum()) / len(counts)

        # In this order a column that is known exactly shares 0 exactly.
        known = mean(self.condition) - mean(self.first)
        return known + (mean(self.neighbours - 1) - mean(self.second)) - self.less

    @property
    def _most(self) -> int:
        return int(self.condition.max())


def counted(
    x: Coordinates, y: Coordinates, z: Coordinates, k: int, second_kind: bool = False
) -> NeighbourCounts:
    """Neighbours of rows of which each has at least one other in its group.

    Kraskov, Stögbauer and Grassberger, Phys. Rev. E 69 (2004), both of theirs; Frenzel and Pompe,
    Phys. Rev. Lett. 99 (2007), where there is a condition; Ross, PLoS ONE 9 (2014), where x are
    groups.
    """
    joint = x.beside(y).beside(z)
    assert joint.values is not None
    rows = len(joint.values)
    if second_kind:
        return _second_kind(x, y, joint, k)
    neighbours = np.minimum(joint.sizes(rows) - 1, k)
    if joint.groups is None and z.values is None and joint.values.shape[1] == 2:
        return _of_pairs(joint.values, k, neighbours)
    radii = joint.distances(k)
    first, second = x.beside(z).within(radii), y.beside(z).within(radii)
    return NeighbourCounts(neighbours, first, second, z.within(radii))


def _of_pairs(values: Values, k: int, neighbours: Codes) -> NeighbourCounts:
    x, y = np.ascontiguousarray(values[:, 0]), np.ascontiguousarray(values[:, 1])
    first, second = np.empty(len(x), dtype=np.int64), np.empty(len(x), dtype=np.int64)
    _kernels.pair_counts(x, y, min(k, len(x) - 1), first, second, get_num_threads())
    return NeighbourCounts(neighbours, first, second, np.full(len(x), len(x) - 1, dtype=np.int64))


def _second_kind(x: Coordinates, y: Coordinates, joint: Coordinates, k: int) -> NeighbourCounts:
    """KSG's second: a radius of its own for either side, the furthest of all k neighbours."""
    assert x.values is not None
    assert joint.values is not None
    rows = len(joint.values)
    widths, heights = np.empty(rows), np.empty(rows)
    _kernels.extents(
        joint.values, joint.distances(k), x.values.shape[1], widths, heights, get_num_threads()
    )
    first, second = x.within(widths, True) - 1, y.within(heights, True) - 1
    everything = np.full(rows, rows - 1, dtype=np.int64)
    return NeighbourCounts(np.full(rows, k, dtype=np.int64), first, second, everything, 1 / k)
