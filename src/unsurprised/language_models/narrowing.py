"""Rows cut to the tokens that both models have, and what is cut off."""

from __future__ import annotations

import math

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.language_models.tokens import TokenScores


def narrowed(scores: TokenScores, vocabulary: int) -> tuple[TokenScores, Values | None]:
    """The first tokens of a vocabulary, and the mass of those that are cut off."""
    if scores.vocabulary == vocabulary:
        return scores, None
    array = scores.values
    kept = HostArray(array.values[:, :vocabulary], array.dtype)
    return TokenScores(kept), mass_beyond(array, vocabulary)


@np.errstate(invalid="ignore")  # a NaN is told when the row is measured
def mass_beyond(array: HostArray, vocabulary: int) -> Values:
    """The probability of the tokens from ``vocabulary`` on, one number a row."""
    found = np.empty(array.shape[0])
    for row in range(len(found)):
        scores = array[row : row + 1].as_float64()[0]
        top = scores.max()
        shares = portable.exp(scores - top) if math.isfinite(top) else np.zeros(len(scores))
        total = float(shares.sum())
        found[row] = float(shares[vocabulary:].sum()) / total if total > 0 else 0.0
    return found
