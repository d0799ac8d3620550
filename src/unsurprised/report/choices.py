"""What was taken from the input, for the top of any text."""

from __future__ import annotations

from collections.abc import Mapping

from unsurprised.report.numbers import printable
from unsurprised.report.screen import WIDTH, Line, joined, plain

_CHOICES = ("label", "pred", "logprob", "kind", "classes", "weight", "id")


def choices(taken: Mapping[str, str], width: int = WIDTH) -> str:
    """What was taken from the input, for the top of a report.

    Examples
    --------
    >>> choices({"label": "label", "pred": "probs (list of 10)"})
    'label: label · pred: probs (list of 10)'
    """
    return plain(choice_lines(taken, width))


def choice_lines(taken: Mapping[str, str], width: int) -> list[Line]:
    """The same in lines."""
    known = [name for name in _CHOICES if name in taken]
    order = [*known, *(name for name in taken if name not in known)]
    parts = [f"{printable(name)}: {printable(taken[name])}" for name in order]
    return joined(parts, width, "dim")
