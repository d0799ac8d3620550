"""The page of a comparison: each model, and the new ones against the base."""

from __future__ import annotations

from unsurprised.comparison.result import ComparedModel, Comparison
from unsurprised.report.comparison import difference, rows, slices, text
from unsurprised.report.numbers import interval, printable, share, valued
from unsurprised.report.pages.parts import Card, Page

#: Cards and sections of more models would bury each other; the JSON has all.
_MOST_PAIRS = 12


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
        [
            section
            for number, pair in enumerate(pairs)
            for topic in (difference, slices, rows)
            if (section := topic.section(pair, comparison, number)) is not None
        ],
        result="comparison",
    )


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
