"""The numbers of a fidelity for experiment trackers."""

from __future__ import annotations

from unsurprised.language_models.result import Fidelity
from unsurprised.report.json import flat_fields


def flat(found: Fidelity) -> dict[str, float]:
    """All numbers that are no rows of a table, the two models' own among them."""
    return flat_fields(found, without=("bounds", "at_most", "missing", "interval_notes"))
