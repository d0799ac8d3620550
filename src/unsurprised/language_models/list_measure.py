"""Two models of which only the likely tokens are known: a meter of bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unsurprised.errors import CallError
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.list_facts import list_facts, refuse_other_tokens
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_logprobs import TopLogProbs

#: Tokens at a time; no result depends on it.
_ROWS = 1 << 14


def list_meter(
    base: TopLogProbs, other: TopLogProbs, *, top: int = 10, rows: int | None = None
) -> FidelityMeter:
    """A meter that has read two artefacts of lists, which must agree."""
    refuse_other_tokens(base, other)
    # Texts have no ids by which the worst tokens could be told.
    meter = FidelityMeter(top=top if base.lists.texts is None else 0)
    size = rows or _ROWS
    for at in range(0, base.tokens, size):
        part = slice(at, at + size)
        p, q = base.lists.part(part), other.lists.part(part)
        targets = None if base.targets is None else base.targets[part]
        facts, cut = list_facts(p, q, targets)
        which, places = base.documents[part], base.positions[part]
        tokens = PairedTokens(p, q, targets, base.names, which, places, cut)
        meter.add_facts(facts, tokens, base.vocabulary or 0)
    return meter


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
    if sides[0].lists.texts is not None:
        missing["worst_tokens"] = "tokens are known by their texts alone"
    for name, side in zip(names, sides, strict=True):
        for number, note in enumerate(side.notes):
            missing[f"{name} ({number + 1})" if number else name] = note
    return replace(found, bounds=bounds, missing=missing)


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
