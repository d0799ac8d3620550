"""Two models of which only the likely tokens are known, of one at least: a meter of bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unsurprised.array_types import Values
from unsurprised.language_models.agreement import Side
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.id_wording import IdWording
from unsurprised.language_models.list_facts import in_terms_of, list_facts
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.placing import PlacedTokens
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.scored_tokens import lacks_likely, without_likely
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.wording import Wording, of_lists
from unsurprised.statistics.in_unit import InUnit

#: Tokens at a time; no result depends on it.
_ROWS = 1 << 14


def list_meter(
    base: TopLogProbs,
    other: TopLogProbs,
    beside: PlacedTokens,
    *,
    top: int = 10,
    rows: int | None = None,
    wording: Wording | IdWording | None = None,
) -> tuple[FidelityMeter, MostMeter]:
    """A meter that has read two artefacts of lists, which agree, and upper bounds."""
    meter, most = FidelityMeter(top=top, bins=beside.bins), MostMeter()
    size = rows or _ROWS
    for at in range(0, base.tokens, size):
        part = slice(at, at + size)
        targets = None if base.targets is None else base.targets[part]
        tokens = PairedTokens(
            base.lists.part(part),
            other.lists.part(part),
            targets,
            base.names,
            base.documents[part],
            base.positions[part],
            by=beside.slices(part),
        )
        if wording is not None:
            wording.note(tokens)
        kept, _, masked = tokens_that_count(None, beside.counts(part), 0)
        meter.leave_out(0, masked)
        counted = tokens if kept is None else tokens.taken(kept)
        most.update(_add(meter, counted, base.vocabulary or 0), counted.names, counted.documents)
    return meter, most


def _add(meter: FidelityMeter, tokens: PairedTokens, vocabulary: int) -> dict[str, Values]:
    """Add tokens; what comes back are their upper bounds."""
    p, q = tokens.base, tokens.other
    assert isinstance(p, TopLists) and isinstance(q, TopLists)
    facts, cut, most = list_facts(p, q, tokens.targets)
    # The other's tokens as the base has them, so that a target is found in both.
    theirs = replace(q, tokens=in_terms_of(p, q))
    meter.add_facts(facts, replace(tokens, other=theirs, cut=cut), vocabulary)
    return most


def list_fidelity(
    meter: FidelityMeter,
    most: MostMeter,
    sides: tuple[Side, Side],
    names: tuple[str, str],
    unit: float,
) -> Fidelity:
    """All figures, those that are bounds said so, with what isn't known of either side."""
    found = fidelity_of(meter, names, unit)
    bounds, missing = dict(found.bounds), dict(found.missing)
    lists = [isinstance(side, TopLogProbs) for side in sides]
    if "kl_divergence" in bounds:
        told = zip(("base.entropy", "other.entropy"), lists, strict=True)
        bounds |= {name: "at least" for name, listed in told if listed}
        found = replace(found, at_most=most.result(InUnit(unit)))
        missing |= _no_upper(lists, found)
    for name, side in zip(names, sides, strict=True):
        notes = side.notes if isinstance(side, TopLogProbs) else ()
        for number, note in enumerate(notes):
            missing[f"{name} ({number + 1})" if number else name] = note
    found = replace(found, bounds=bounds, missing=missing)
    base, other = sides
    if isinstance(base, TopLogProbs) and isinstance(other, TopLogProbs):
        found = of_lists(found, base, other)
    return without_likely(found, [lacks_likely(side) for side in sides])


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
