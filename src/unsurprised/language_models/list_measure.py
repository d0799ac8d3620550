"""Two models of which only the likely tokens are known, of one at least: a meter of bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unsurprised.language_models.agreement import Side
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.list_facts import list_facts, refuse_other_tokens
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.scored_tokens import lacks_likely, without_likely
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.statistics.in_unit import InUnit

#: Tokens at a time; no result depends on it.
_ROWS = 1 << 14


def list_meter(
    base: TopLogProbs, other: TopLogProbs, *, top: int = 10, rows: int | None = None
) -> tuple[FidelityMeter, MostMeter]:
    """A meter that has read two artefacts of lists, which must agree, and upper bounds."""
    refuse_other_tokens(base, other)
    # Texts have no ids by which the worst tokens could be told.
    meter, most = FidelityMeter(top=top if base.lists.texts is None else 0), MostMeter()
    size = rows or _ROWS
    for at in range(0, base.tokens, size):
        part = slice(at, at + size)
        p, q = base.lists.part(part), other.lists.part(part)
        targets = None if base.targets is None else base.targets[part]
        facts, cut, upper = list_facts(p, q, targets)
        which, places = base.documents[part], base.positions[part]
        tokens = PairedTokens(p, q, targets, base.names, which, places, cut)
        meter.add_facts(facts, tokens, base.vocabulary or 0)
        most.update(upper, base.names, which)
    return meter, most


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
    base = sides[0]
    if isinstance(base, TopLogProbs) and base.lists.texts is not None:
        missing["worst_tokens"] = "tokens are known by their texts alone"
    for name, side in zip(names, sides, strict=True):
        notes = side.notes if isinstance(side, TopLogProbs) else ()
        for number, note in enumerate(notes):
            missing[f"{name} ({number + 1})" if number else name] = note
    found = replace(found, bounds=bounds, missing=missing)
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
