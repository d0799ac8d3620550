"""Tokens of which only the one that came has a log-probability: what that leaves unsaid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from unsurprised.language_models.result import Fidelity, ModelFigures, TokenRange
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.statistics.estimate import Estimate

_WHY = "which tokens are the likeliest isn't known: there is one log-probability a token"


def lacks_likely(side: object) -> bool:
    """Whether an artefact says of no token which are the likely ones."""
    ranked = side.lists.ranked if isinstance(side, TopLogProbs) else None
    return ranked is not None and not ranked.any()


def without_likely(found: Fidelity, lacking: Sequence[bool]) -> Fidelity:
    """Figures of the likeliest tokens are not known where a side, or both, lack them."""
    if not any(lacking):
        return found
    agreement = _unknown(found.top_agreement)
    return replace(
        found,
        base=_without_accuracy(found.base, lacking[0]),
        other=_without_accuracy(found.other, lacking[1]),
        top_agreement=agreement,
        by_confidence=() if lacking[0] else tuple(map(_of_range, found.by_confidence)),
        by_position=tuple(map(_of_range, found.by_position)),
        by_document=tuple(
            replace(one, top_agreement=math.nan, first_parting=None) for one in found.by_document
        ),
        worst_tokens=(),
        missing={**found.missing, "top_agreement": _WHY},
    )


def _without_accuracy(model: ModelFigures, lacking: bool) -> ModelFigures:
    return replace(model, accuracy=None) if lacking else model


def _of_range(part: TokenRange) -> TokenRange:
    return replace(part, top_agreement=_unknown(part.top_agreement))


def _unknown(estimate: Estimate) -> Estimate:
    return replace(estimate, value=math.nan, low=math.nan, high=math.nan)
