"""What was taken from the input, for the top of any text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from unsurprised.report.numbers import printable

WIDTH = 100
_CHOICES = ("label", "pred", "logprob", "kind", "classes", "weight", "id")


def choices(taken: Mapping[str, str], width: int = WIDTH) -> str:
    """What was taken from the input, for the top of a report.

    Examples
    --------
    >>> choices({"label": "label", "pred": "probs (list of 10)"})
    'label: label · pred: probs (list of 10)'
    """
    known = [name for name in _CHOICES if name in taken]
    order = [*known, *(name for name in taken if name not in known)]
    parts = [f"{printable(name)}: {printable(taken[name])}" for name in order]
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(longer) > width and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = longer
    return "\n".join(textwrap.fill(line, width, break_on_hyphens=False) for line in lines)
