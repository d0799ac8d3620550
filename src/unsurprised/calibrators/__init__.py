"""Calibrators: a trained model's predictions, repaired by least cross-entropy."""

from typing import TYPE_CHECKING, Any

from unsurprised.calibrators import families
from unsurprised.calibrators.families import *  # noqa: F403 - the table has their names
from unsurprised.calibrators.saved import from_json, load

if TYPE_CHECKING:
    from unsurprised.adapters.scikit_learn import CalibratedModel, cross_entropy_scorer

__all__ = ["CalibratedModel", "cross_entropy_scorer", "from_json", "load"]
__all__ += families.__all__


def __getattr__(name: str) -> Any:
    """scikit-learn's adapter, which stands above evaluation, by the name that it had here first."""
    if name in ("CalibratedModel", "cross_entropy_scorer"):
        from unsurprised.adapters import scikit_learn

        return getattr(scikit_learn, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
