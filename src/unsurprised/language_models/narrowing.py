"""Rows cut to the tokens that both models have, and what is cut off."""

from __future__ import annotations

import math

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.errors import InputError, Place
from unsurprised.language_models.tokens import TokenScores
from unsurprised.language_models.top_lists import TopLists


def narrowed_alike(
    scores: TokenScores | TopLists, vocabulary: int, said: str, first: int
) -> tuple[TokenScores | TopLists, Values | None]:
    """Whole rows of one vocabulary; lists must hold no token beyond it."""
    if isinstance(scores, TokenScores):
        return narrowed(scores, vocabulary)
    beyond = scores.tokens >= vocabulary
    if beyond.any():
        at = int(np.argmax(beyond))
        raise InputError(
            f"found the token {int(scores.tokens[at])} in a list",
            expected=f"0 to {vocabulary - 1}, the tokens of the other model's rows",
            remedy="compare models of one vocabulary",
            place=Place(said, row=first + int(scores.rows[at])),
        )
    return scores, None


def narrowed(scores: TokenScores, vocabulary: int) -> tuple[TokenScores, Values | None]:
    """The first tokens of a vocabulary, and the mass of those that are cut off."""
    if scores.vocabulary == vocabulary:
        return scores, None
    return scores.cut_to(vocabulary), mass_beyond(scores, vocabulary)


@np.errstate(invalid="ignore")  # a NaN is told when the row is measured
def mass_beyond(scores: TokenScores, vocabulary: int) -> Values:
    """The probability of the tokens from ``vocabulary`` on, one number a row."""
    found = np.empty(len(scores))
    for number in range(len(found)):
        row = scores.row(number)
        top = row.max()
        shares = portable.exp(row - top) if math.isfinite(top) else np.zeros(len(row))
        total = float(shares.sum())
        found[number] = float(shares[vocabulary:].sum()) / total if total > 0 else 0.0
    return found
