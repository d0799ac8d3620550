"""Contributions of each outcome to entropy, cross-entropy and KL."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.explanation.huffman import huffman_lengths
from unsurprised.forms import DistributionForm
from unsurprised.measures._dispatch import answer
from unsurprised.measures._distribution import Pair, Side
from unsurprised.measures._numpy_engine import is_log
from unsurprised.measures.entropies import surprisal
from unsurprised.measures.smoothing import smooth


@dataclass(frozen=True)
class Believed:
    """One row: what it gives to each outcome, and what its codes give them."""

    shares: Values
    #: −log of the shares, right where those are below the floats too.
    lengths: Values
    #: Huffman's lengths in bits, ``None`` for what is impossible; empty in other units than bits.
    huffman: tuple[int | None, ...]

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Which outcomes are not ruled out; a share may be too small for a float all the same."""
        return self.lengths < math.inf

    def mean_huffman_length(self, truth: Believed) -> float | None:
        """The mean length of this row's Huffman code where ``truth`` is true."""
        if not self.huffman:
            return None
        if (truth.possible & ~self.possible).any():
            return math.inf
        bits = np.array([0 if length is None else length for length in self.huffman])
        return math.fsum(truth.shares * bits)


def believed(row: DistributionForm, base: float) -> Believed:
    """What ``row``, of one dimension, states."""
    shares = smooth(row, 0.0).array.values
    lengths = 0.0 - answer(_log_shares, [row], base=base, each_class=True)
    # The logarithm of a share that is right to its last digits is too, if it is not close to 0:
    # powers of two cost whole bits.
    plain = (shares >= sys.float_info.min) & (shares <= 0.5)
    lengths = np.where(plain, surprisal(np.where(plain, shares, 0.5), base=base), lengths)
    return Believed(shares, lengths, _huffman(row, shares, lengths < math.inf) if base == 2 else ())


def _log_shares(sides: list[Side]) -> Any:
    return sides[0].log_share


def _huffman(
    row: DistributionForm, shares: Values, possible: NDArray[np.bool_]
) -> tuple[int | None, ...]:
    weights = shares if is_log(row) else row.array.as_float64()  # mass as it was given is exact
    lengths = iter(huffman_lengths(weights[possible].tolist()))
    return tuple(next(lengths) if some else None for some in possible)


def entropy_parts(truth: Believed) -> Values:
    """What each outcome adds to the entropy."""
    return _times(truth.shares, truth.lengths, truth.possible)


def cross_entropy_parts(truth: Believed, model: Believed) -> Values:
    """What each outcome adds to the cross-entropy; infinite where the model rules it out."""
    return _times(truth.shares, model.lengths, truth.possible)


def kl_parts(
    p: DistributionForm, q: DistributionForm, truth: Believed, model: Believed, base: float
) -> Values:
    """What each outcome adds to KL: ``p·log(p/q)``, the digits of ``log(p/q)`` kept for p ≈ q."""
    log_ratios = answer(_log_ratios, [p, q], base=base, each_class=True)
    log_ratios = np.where(model.possible, log_ratios, math.inf)  # however tiny the share of p
    return _times(truth.shares, log_ratios, truth.possible)


def _log_ratios(sides: list[Side]) -> Any:
    return Pair(*sides).log_ratio


def _times(shares: Values, values: Values, possible: NDArray[np.bool_]) -> Values:
    """Shares times values; nothing is added by what cannot happen, however bad it would be."""
    endless = np.isinf(values)
    product = np.where(endless, 0.0, values) * shares
    return np.where(possible & endless, values, product) + 0.0  # no -0.0
