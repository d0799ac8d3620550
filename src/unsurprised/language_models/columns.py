"""What is summed of each token, and by what tokens are told apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.language_models.pairs import PairFacts

#: Of all tokens. Values that are infinite are counted and left out of the sums.
TOKENS = (
    "rows", "weight", "kl", "reverse_kl", "js", "tv", "agree", "base_entropy", "other_entropy",
    "infinite", "reverse_infinite", "floored", "base_cut", "other_cut",
)  # fmt: skip
#: Of those where the token that came is known.
TARGETS = (
    "rows", "weight", "base_surprisal", "other_surprisal", "difference", "base_infinite",
    "other_infinite", "above", "below", "base_censored", "other_censored", "delta_p",
    "delta_p_squared", "base_right", "other_right",
)  # fmt: skip
#: Of the tokens of a range of confidence or of positions, or of a slice; those from "targets" on
#: of the ones among them whose target is known.
PARTS = ("rows", "weight", "kl", "agree", "infinite", "targets", "difference", "above", "below")

#: The base's probability of its top token: where ranges of confidence begin.
CONFIDENCES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999)
_SURPRISALS = -portable.log2(np.array(CONFIDENCES[:0:-1]))

_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
#: Where ranges of a change of probability begin, and where the last one ends.
SHIFTS = (*(-step for step in reversed(_STEPS)), *_STEPS)

Columns = dict[str, Any]


def token_columns(facts: PairFacts, cut: tuple[Values | None, Values | None]) -> Columns:
    """The columns of all tokens."""
    infinite, reverse = np.isinf(facts.kl), np.isinf(facts.reverse_kl)
    return {
        "rows": None,
        "weight": None,
        "kl": np.where(infinite, 0.0, facts.kl),
        "reverse_kl": np.where(reverse, 0.0, facts.reverse_kl),
        "js": facts.js,
        "tv": facts.tv,
        "agree": facts.base_top == facts.other_top,
        "base_entropy": facts.base_entropy,
        "other_entropy": facts.other_entropy,
        "infinite": infinite,
        "reverse_infinite": reverse,
        "floored": facts.floored,
        "base_cut": False if cut[0] is None else cut[0],
        "other_cut": False if cut[1] is None else cut[1],
    }


def target_columns(facts: PairFacts, targets: NDArray[np.int64]) -> tuple[Columns, Any]:
    """The columns of the tokens whose targets are known, and which these are."""
    known = np.flatnonzero(targets >= 0)
    base, other = facts.base_surprisal[known], facts.other_surprisal[known]
    censored = facts.base_censored[known], facts.other_censored[known]
    difference = paired_difference(base, other, *censored)
    delta_p = portable.exp2(-other) - portable.exp2(-base)
    infinite = np.isinf(base), np.isinf(other)
    finite = np.isfinite(difference)
    return {
        "rows": None,
        "weight": None,
        "base_surprisal": np.where(infinite[0], 0.0, base),
        "other_surprisal": np.where(infinite[1], 0.0, other),
        "difference": np.where(finite, difference, 0.0),
        "base_infinite": infinite[0],
        "other_infinite": infinite[1],
        "above": difference == np.inf,
        "below": difference == -np.inf,
        "base_censored": censored[0],
        "other_censored": censored[1],
        "delta_p": delta_p,
        "delta_p_squared": delta_p * delta_p,
        "base_right": facts.base_top[known] == targets[known],
        "other_right": facts.other_top[known] == targets[known],
    }, known


def paired_difference(
    base: Values, other: Values, base_censored: NDArray[np.bool_], other_censored: NDArray[np.bool_]
) -> Values:
    """Surprisal under the other less that under the base.

    Where a side keeps no value below its floor, both are counted at that floor at most: of a
    model beside itself the difference is 0. What is infinite for both is no difference.
    """
    most = np.where(base_censored, base, np.inf)
    most = np.minimum(most, np.where(other_censored, other, np.inf))
    base, other = np.minimum(base, most), np.minimum(other, most)
    with np.errstate(invalid="ignore"):
        found = other - base
    return np.where(np.isnan(found), 0.0, found)


def part_columns(columns: Columns, at_targets: Columns | None, known: Any) -> Columns:
    """The columns that parts have, of the columns of all tokens and of those of known targets."""
    found = {name: columns[name] for name in PARTS[:5]}
    if at_targets is None:
        return {**found, **dict.fromkeys(PARTS[5:], False)}
    for name in PARTS[5:]:
        values = np.ones(len(known), np.bool_) if name == "targets" else at_targets[name]
        found[name] = np.zeros(len(columns["kl"]), dtype=values.dtype)
        found[name][known] = values
    return found


def confidence_of(top_surprisal: Values) -> NDArray[np.int32]:
    """Which of the ranges of confidence each token is in, by the surprisal of the top token."""
    found = len(CONFIDENCES) - 1 - np.searchsorted(_SURPRISALS, top_surprisal, side="left")
    return found.astype(np.int32)


def distance_of(positions: NDArray[np.int64]) -> NDArray[np.int32]:
    """Which range of positions each is in: 0, 1, 2–3, 4–7, and so on by powers of two."""
    exponents = np.frexp(np.maximum(positions, 0).astype(np.float64))[1]
    return exponents.astype(np.int32)


def shift_of(delta_p: Values) -> NDArray[np.int64]:
    """Which range of a change of probability each is in, from its lower end on.

    The smallest changes of both signs are one range, and the last one has its upper end.

    Examples
    --------
    >>> shift_of(np.array([-1.0, 0.0, 0.0015, 1.0])).tolist()
    [0, 9, 10, 18]
    """
    found = np.searchsorted(np.array(SHIFTS), delta_p, side="right") - 1
    return np.clip(found, 0, len(SHIFTS) - 2)
