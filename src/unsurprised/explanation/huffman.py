"""Huffman's code: how long whole-bit codes are, beside the ideal −log₂ p."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence


def huffman_lengths(weights: Sequence[float]) -> list[int]:
    r"""The code lengths of a prefix code of least mean length.

    .. math:: H(P) \le \sum_i P_i\, l_i < H(P) + 1, \qquad P = w / {\textstyle\sum w}

    Nothing is rounded: weights are compared and added as exact integers, so that powers of two get
    their ideal lengths. Ties are decided in one way: of equal weights the outcome that is
    listed first never has the longer code, and the longest code is as short as can be.

    Parameters
    ----------
    weights : sequence of float
        Finite numbers of at least 0, one for each outcome that can happen; not normalised.

    Returns
    -------
    list of int
        Bits for each outcome. A single outcome costs 0 bits: there is nothing to tell.

    References
    ----------
    Huffman, "A Method for the Construction of Minimum-Redundancy Codes", Proceedings of the IRE 40
    (1952); the two queues are van Leeuwen's, "On the Construction of Huffman Trees" (1976).

    Examples
    --------
    >>> huffman_lengths([0.5, 0.25, 0.125, 0.125])
    [1, 2, 3, 3]
    >>> huffman_lengths([0.99, 0.01]), huffman_lengths([1.0])
    ([1, 1], [0])
    """
    exact = _as_integers(weights)
    # Ascending, and of equals the last one first: what is merged early gets a long code.
    order = sorted(range(len(exact)), key=lambda index: (exact[index], -index))
    depths = _depths([exact[index] for index in order])
    lengths = [0] * len(exact)
    for index, depth in zip(order, depths, strict=True):
        lengths[index] = depth
    return lengths


def _as_integers(weights: Iterable[float]) -> list[int]:
    """The weights times one power of two that makes all of them whole."""
    parts = [math.frexp(weight) for weight in weights]
    least = min((exponent for fraction, exponent in parts if fraction), default=0)
    return [
        int(fraction * 2**53) << (exponent - least if fraction else 0)
        for fraction, exponent in parts
    ]


def _depths(ascending: list[int]) -> list[int]:
    """The depth of each leaf of Huffman's tree, for leaves in ascending order of weight."""
    count = len(ascending)
    leaves = deque(enumerate(ascending))
    merged: deque[tuple[int, int]] = deque()  # made in ascending order, so this is a queue too
    parents = [0] * max(2 * count - 1, 0)
    for node in range(count, 2 * count - 1):
        total = 0
        for _ in range(2):
            # Of equal weights a leaf goes first, which keeps the tree as low as can be.
            from_leaves = leaves and not (merged and merged[0][1] < leaves[0][1])
            child, weight = (leaves if from_leaves else merged).popleft()
            parents[child] = node
            total += weight
        merged.append((node, total))
    depths = [0] * len(parents)
    for node in range(len(parents) - 2, -1, -1):
        depths[node] = depths[parents[node]] + 1
    return depths[:count]
