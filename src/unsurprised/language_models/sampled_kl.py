"""KL from the log-probabilities that two models gave to sampled tokens."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.copies import Record
from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN
from unsurprised.language_models.list_facts import refuse_other_tokens
from unsurprised.language_models.meter import hashes_of_names
from unsurprised.language_models.sampled import k1, k3, listed_and_k3
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.totals import NOTHING, TOKENS, Grounds, meter_totals
from unsurprised.states import KeyedSums, Moments, Sums
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import share_interval, within
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.units import units_per_bit

#: How far from 1 the ratio of two probabilities may be to be within a band.
BANDS = (0.001, 0.01, 0.05)
_BITS = 1 / units_per_bit(math.e)


@dataclass(frozen=True, slots=True)
class SampledKL(Record):
    """Estimates of KL(base‖other) from tokens that the base has sampled; each by documents.

    They hold for tokens drawn at temperature 1, neither truncated (top-k, top-p) nor penalised.
    """

    tokens: int
    documents: int
    #: The mean log-ratio: unbiased, of either sign.
    k1: Estimate
    #: The mean of q/p − 1 + log p/q: never below 0; unbiased where the base holds possible whatever
    #: the other one does.
    k3: Estimate
    #: Of lists: what both list exactly, and k3 of tokens outside; as k3, with less noise.
    listed_and_k3: Estimate | None
    #: The share of the tokens whose ratio q/p is within so much of 1.
    ratios_within: Mapping[float, Estimate]
    #: Tokens without a log-probability under one of the two, or with one above 0.
    unknown_tokens: int
    above_zero: int
    missing: Mapping[str, str] = field(default_factory=dict)


@own_float_errors
def sampled_kl(
    base: Any,
    other: Any,
    *,
    document: Any = None,
    unknown: float = DEFAULT_UNKNOWN,
    unit: float = 2,
) -> SampledKL:
    """Estimate KL(base‖other) from tokens that the base has sampled.

    Parameters
    ----------
    base, other : array of floats, shape (n,), or TopLogProbs
        The natural logarithm of the probability that each gave to the sampled tokens, such as a
        rollout engine's and a trainer's; or lists, whose targets are the sampled tokens.
    document : sequence, optional
        Which document each token belongs to; without, all are of one, and taken for independent.
    unknown : float, default −9999
        The value that means "not known", beside NaN.
    unit : float, default 2
        The base of the logarithm: 2 for bits, ``math.e`` for nats.

    Examples
    --------
    >>> import numpy as np
    >>> found = sampled_kl(np.log([0.5, 0.25, 0.25]), np.log([0.4, 0.3, 0.25]))
    >>> round(found.k1.value, 4), round(found.k3.value, 4)
    (0.0196, 0.0196)
    >>> found.ratios_within[0.05].value
    0.3333333333333333
    """
    lists = isinstance(base, TopLogProbs), isinstance(other, TopLogProbs)
    if any(lists) and not all(lists):
        raise CallError("sampled_kl(base, other) of lists and an array; expected the same of both")
    if all(lists):
        if document is not None:
            raise CallError("document=… beside lists, which say it: TopLogProbs(…, document=…)")
        refuse_other_tokens(base, other)
        names, which = base.names, base.documents
        sides = base.target_logprobs, other.target_logprobs
        above = max(base.left.above_zero_targets, other.left.above_zero_targets)
    else:
        sides = _numbers(base, "base"), _numbers(other, "other")
        names, which = _documents(document, len(sides[0]))
        above = int(((sides[0] > 0) | (sides[1] > 0)).sum())
    if len(sides[0]) != len(sides[1]):
        raise CallError(f"found {len(sides[0])} and {len(sides[1])} tokens; expected as many")
    known = _known(*sides, unknown)
    if not known.any():
        raise CallError("no token has a log-probability under both; expected at least one")
    columns = _columns(sides[0][known], sides[1][known])
    if all(lists):
        both = listed_and_k3(base.lists, other.lists, base.targets, *sides)[known]
        columns["listed"] = np.where(np.isfinite(both), both * _BITS, 0.0)
    columns["rows"] = columns["weight"] = None
    left = int((~known).sum()), above
    return _told(names, which[known], columns, left, InUnit(unit))


def _numbers(values: Any, name: str) -> Values:
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise CallError(f"sampled_kl({name}=…) holds what are no numbers") from None
    if found.ndim != 1:
        raise CallError(f"sampled_kl({name}=…) has shape {found.shape}; expected one axis")
    return found


def _documents(document: Any, size: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if document is None:
        return ("0",), np.zeros(size, dtype=np.int64)
    values = document.tolist() if hasattr(document, "tolist") else list(document)
    if len(values) != size:
        raise CallError(f"document has {len(values)} entries for {size} tokens; expected as many")
    places: dict[str, int] = {}
    which = [places.setdefault(str(value), len(places)) for value in values]
    return tuple(places), np.array(which, dtype=np.int64)


def _known(base: Values, other: Values, unknown: float) -> NDArray[np.bool_]:
    """Tokens that both give a log-probability, and the base a probability."""
    found = np.ones(len(base), dtype=np.bool_)
    for side in (base, other):
        found &= (side <= 0) & (side != unknown)
    found &= base > -np.inf
    return found


def _columns(base: Values, other: Values) -> dict[str, Any]:
    """What is summed of each token; infinite where the other rules it out."""
    infinite = other == -np.inf
    safe = np.where(infinite, base, other)
    gap = np.abs(portable.expm1(safe - base))
    found: dict[str, Any] = {
        "infinite": infinite,
        "k1": k1(base, safe) * _BITS,
        "k3": k3(base, safe) * _BITS,
    }
    for number, band in enumerate(BANDS):
        found[f"within {number}"] = (gap <= band) & ~infinite
    return found


def _told(
    names: tuple[str, ...],
    which: NDArray[np.int64],
    columns: dict[str, Any],
    left: tuple[int, int],
    unit: InUnit,
) -> SampledKL:
    order = ["rows", "weight", *(name for name in columns if name not in ("rows", "weight"))]
    groups = np.ascontiguousarray(hashes_of_names(names)[which])
    sums = Sums(order).update(groups, columns)
    moments = Moments(order[2:])
    moments.update({name: columns[name] for name in order[2:]}, rows=len(which))
    keyed = KeyedSums(order).update(names, which, columns)
    grounds = Grounds.of(keyed.count())
    totals = meter_totals(sums, moments, keyed, grounds)
    infinite = totals.totals["infinite"] > 0

    def mean(column: str, least: float) -> Estimate:
        if infinite:
            return Estimate(np.inf, np.inf, np.inf, unit.unit, totals.rows)
        return unit(within(totals.of(MeanRatio(column)), least, np.inf))

    bands = {
        band: share_interval(*totals.with_spread(MeanRatio(f"within {number}"), ""))
        for number, band in enumerate(BANDS)
    }
    missing = {}
    if grounds.kind in (TOKENS, NOTHING) and grounds.reason:
        name = "intervals" if grounds.kind == NOTHING else "intervals by document"
        missing[name] = grounds.reason
    listed = mean("listed", 0.0) if "listed" in columns else None
    return SampledKL(
        len(which), grounds.documents, mean("k1", -np.inf), mean("k3", 0.0), listed, bands,
        *left, missing,
    )  # fmt: skip
