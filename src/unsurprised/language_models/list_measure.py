"""Two models of which only the likely tokens are known, of one at least: a meter of bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unsurprised.array_types import Values
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.list_facts import in_terms_of, list_facts
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.pair_meters import PairMeters, Progress
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.scored_tokens import without_likely
from unsurprised.language_models.sides_said import SidesSaid
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.statistics.in_unit import InUnit

#: Tokens at a time; no result depends on it.
_ROWS = 1 << 14


def list_meters(
    lists: tuple[TopLogProbs, TopLogProbs],
    tokens: PlacedTokens,
    *,
    top: int = 10,
    rows: int | None = None,
    progress: Progress | None = None,
) -> PairMeters:
    """What is measured of some tokens of two artefacts of lists, which agree."""
    base, other = lists
    meters, size = PairMeters.empty(top, tokens.bins, bounded=True), rows or _ROWS
    for at in range(tokens.first, tokens.last, size):
        held = tokens.part(at, min(at + size, tokens.last))
        part = slice(held.first, held.last)
        pairs = PairedTokens(
            base.lists.part(part),
            other.lists.part(part),
            held.targets,
            held.names,
            held.which,
            held.positions,
            by=held.by,
        )
        kept, _, masked = tokens_that_count(None, held.mask, 0)
        meters.meter.leave_out(0, masked)
        counted = pairs if kept is None else pairs.taken(kept)
        upper = _add(meters.meter, counted, base.vocabulary or 0)
        meters.bounds.update(upper, counted.names, counted.documents)
        if progress is not None:
            progress(len(held))
    return meters


def _add(meter: FidelityMeter, tokens: PairedTokens, vocabulary: int) -> dict[str, Values]:
    """Add tokens; what comes back are their upper bounds."""
    p, q = tokens.base, tokens.other
    assert isinstance(p, TopLists) and isinstance(q, TopLists)
    facts, cut, most = list_facts(p, q, tokens.targets)
    # The other's tokens as the base has them, so that a target is found in both.
    theirs = replace(q, tokens=in_terms_of(p, q))
    meter.add_facts(facts, replace(tokens, other=theirs, cut=cut), vocabulary)
    return most


def with_bounds(found: Fidelity, most: MostMeter, said: SidesSaid, unit: float) -> Fidelity:
    """The figures of lists, those that are bounds said so, with what isn't known of either side."""
    bounds, missing = dict(found.bounds), dict(found.missing)
    lists = [side is not None for side in said.lists]
    if "kl_divergence" in bounds:
        told = zip(("base.entropy", "other.entropy"), lists, strict=True)
        bounds |= {name: "at least" for name, listed in told if listed}
        found = replace(found, at_most=most.result(InUnit(unit)))
        missing |= _no_upper(lists, found)
    for name, side in zip(said.names, said.lists, strict=True):
        for number, note in enumerate(() if side is None else side.notes):
            missing[f"{name} ({number + 1})" if number else name] = note
    found = replace(found, bounds=bounds, missing=missing)
    return without_likely(found, [side is not None and side.lacks_likely for side in said.lists])


def _no_upper(lists: list[bool], found: Fidelity) -> dict[str, str]:
    """Why KL has no upper bound, where it has none."""
    if "kl_divergence" in found.at_most:
        return {}
    why = "Q's list may leave out all that P holds possible elsewhere"
    if lists[0]:
        why = "P's tail may lie where Q " + ("lists nothing" if lists[1] else "has nothing")
    return {"upper bounds": f"of KL there is none: {why}"}


def both_lists(base: Any, other: Any) -> tuple[TopLogProbs, TopLogProbs] | None:
    """The two sides, if both are lists."""
    if isinstance(base, TopLogProbs) and isinstance(other, TopLogProbs):
        return base, other
    return None
