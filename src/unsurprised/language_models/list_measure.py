"""Two models of which only the likely tokens are known: a meter of bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unsurprised.errors import CallError
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.list_facts import in_terms_of, list_facts
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.placing import PlacedTokens
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.wording import Wording, of_lists

#: Tokens at a time; no result depends on it.
_ROWS = 1 << 14


def list_meter(
    base: TopLogProbs,
    other: TopLogProbs,
    beside: PlacedTokens,
    *,
    top: int = 10,
    rows: int | None = None,
    wording: Wording | None = None,
) -> FidelityMeter:
    """A meter that has read two artefacts of lists, which agree."""
    meter = FidelityMeter(top=top, bins=beside.bins)
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
        _add(meter, tokens if kept is None else tokens.taken(kept), base.vocabulary or 0)
    return meter


def _add(meter: FidelityMeter, tokens: PairedTokens, vocabulary: int) -> None:
    p, q = tokens.base, tokens.other
    assert isinstance(p, TopLists) and isinstance(q, TopLists)
    facts, cut = list_facts(p, q, tokens.targets)
    # The other's tokens as the base has them, so that a target is found in both.
    theirs = replace(q, tokens=in_terms_of(p, q))
    meter.add_facts(facts, replace(tokens, other=theirs, cut=cut), vocabulary)


def list_fidelity(
    meter: FidelityMeter,
    sides: tuple[TopLogProbs, TopLogProbs],
    names: tuple[str, str],
    unit: float,
) -> Fidelity:
    """All figures, those that are bounds said so, with what isn't known of either side."""
    found = fidelity_of(meter, names, unit)
    bounds, missing = dict(found.bounds), dict(found.missing)
    if "kl_divergence" in bounds:
        bounds |= {"base.entropy": "at least", "other.entropy": "at least"}
        missing["upper bounds"] = "of KL there is none: P's tail may lie where Q lists nothing"
    for name, side in zip(names, sides, strict=True):
        for number, note in enumerate(side.notes):
            missing[f"{name} ({number + 1})" if number else name] = note
    return of_lists(replace(found, bounds=bounds, missing=missing), *sides)


def both_lists(base: Any, other: Any) -> tuple[TopLogProbs, TopLogProbs] | None:
    """The two sides, if both are lists; an error where one alone is."""
    found = [side for side in (base, other) if isinstance(side, TopLogProbs)]
    if not found:
        return None
    if len(found) == 1:
        whole = other if found[0] is base else base
        raise CallError(
            f"{found[0].said} holds lists of likely tokens, and {whole.said} whole rows; expected "
            "the same of both: make TopLogProbs of the whole rows' likely tokens"
        )
    return found[0], found[1]
