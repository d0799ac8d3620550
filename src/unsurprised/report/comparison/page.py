"""The page of a comparison: each model, and the new ones against the base."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.comparison.result import ComparedModel, Comparison, Difference
from unsurprised.report.comparison import difference, reliability, rows, slices, text
from unsurprised.report.numbers import interval, printable, share, valued
from unsurprised.report.pages.parts import Card, Page, Section

#: Cards and sections of more models would bury each other; the JSON has all.
_MOST_PAIRS = 10


def page(comparison: Comparison) -> Page:
    """What the page of a comparison says.

    Parameters
    ----------
    comparison : Comparison
        What :func:`unsurprised.compare` returned.
    """
    pairs = comparison.differences[:_MOST_PAIRS]
    left = len(comparison.differences) - len(pairs)
    says = [text.size(comparison), *(f"{k}: {why}." for k, why in comparison.missing.items())]
    if left:
        says.append(f"{left} models more are in the JSON.")
    return Page(
        "Is the new model better?" if len(pairs) == 1 else "Which model is better?",
        text.of_pair(pairs[0], comparison),
        says,
        [_card(model, comparison) for model in comparison.models[: _MOST_PAIRS + 1]],
        _sections(comparison, pairs),
        result="comparison",
    )


def _sections(comparison: Comparison, pairs: Sequence[Difference]) -> list[Section]:
    """The reliability of all behind the first pair's difference, which is what was asked for."""
    topics = (difference.section, slices.classes, slices.section, rows.section)
    made = [
        section
        for number, pair in enumerate(pairs)
        for topic in topics
        if (section := topic(pair, comparison, number)) is not None
    ]
    shared = reliability.section(comparison)
    return made if shared is None else [made[0], shared, *made[1:]]


def _card(model: ComparedModel, comparison: Comparison) -> Card:
    definition = "cross-entropy"
    if model.accuracy is not None:
        definition += f"; accuracy {share(model.accuracy.value)}"
    if model.infinite_rows:
        definition += f"; {model.infinite_rows:,} rows infinite"
    if model is comparison.models[0]:
        definition += " (the base)"
    cost = model.cross_entropy
    return Card(
        printable(model.name, 40),
        valued(cost, "information"),
        interval(cost, "information"),
        definition,
    )
