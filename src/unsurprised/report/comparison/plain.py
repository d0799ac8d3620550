"""The numbers of a comparison for experiment trackers."""

from __future__ import annotations

from unsurprised.comparison.result import Comparison
from unsurprised.report.json import flat_fields, flatten, tracked


def flat(comparison: Comparison) -> dict[str, float]:
    """The figures of each model, and of each new one against the base."""
    found = flat_fields(comparison)
    names = tracked(model.name for model in comparison.models)
    for name, model in zip(names, comparison.models, strict=True):
        flatten(found, f"models/{name}", model)
    for name, pair in zip(names[1:], comparison.differences, strict=True):
        flatten(found, f"differences/{name}", pair)
    return found
