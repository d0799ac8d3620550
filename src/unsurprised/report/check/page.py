"""The page of a check: whether the limits hold, and by how much."""

from __future__ import annotations

from unsurprised.comparison.check import Check, Finding
from unsurprised.report.check import findings, text
from unsurprised.report.numbers import interval, round_number, valued
from unsurprised.report.pages.parts import Card, Page

_MOST_CARDS = 4


def page(check: Check) -> Page:
    """What the page of a check says.

    Parameters
    ----------
    check : Check
        What :func:`unsurprised.check` returned.
    """
    first, *others = text.sentences(check)
    return Page(
        "Do the limits hold?",
        f"{check.outcome.upper()}: {first}",
        [f"T{line[1:]}" if line.startswith("the ") else line for line in others],
        [_card(finding) for finding in text.ordered(check)[:_MOST_CARDS]],
        [findings.section(check)],
        result="check",
    )


def _card(finding: Finding) -> Card:
    found = finding.estimate
    return Card(
        findings.name(finding),
        valued(found, "information"),
        interval(found, "information"),
        f"{finding.outcome}: at most {round_number(finding.limit)} is allowed",
    )
