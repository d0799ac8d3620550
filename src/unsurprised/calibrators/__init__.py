"""Calibrators: a trained model's predictions, repaired by least cross-entropy."""

from typing import TYPE_CHECKING, Any

from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators.binary import BetaCalibration, PlattScaling
from unsurprised.calibrators.chain import Chain
from unsurprised.calibrators.isotonic import IsotonicCalibration
from unsurprised.calibrators.matrix import MatrixScaling, StructuredScaling
from unsurprised.calibrators.mixing import UniformMixing
from unsurprised.calibrators.prior import PriorShift
from unsurprised.calibrators.saved import from_json, load
from unsurprised.calibrators.temperature import TemperatureScaling
from unsurprised.calibrators.vector import VectorScaling

if TYPE_CHECKING:
    from unsurprised.adapters.scikit_learn import CalibratedModel, cross_entropy_scorer

#: Every calibrator that can be fitted by itself.
KINDS: tuple[type[Calibrator], ...] = (
    TemperatureScaling,
    VectorScaling,
    MatrixScaling,
    StructuredScaling,
    PlattScaling,
    BetaCalibration,
    IsotonicCalibration,
    PriorShift,
    UniformMixing,
)

__all__ = [
    "KINDS",
    "BetaCalibration",
    "CalibratedModel",
    "Calibrator",
    "Chain",
    "IsotonicCalibration",
    "MatrixScaling",
    "PlattScaling",
    "PriorShift",
    "StructuredScaling",
    "TemperatureScaling",
    "UniformMixing",
    "VectorScaling",
    "cross_entropy_scorer",
    "from_json",
    "load",
]


def __getattr__(name: str) -> Any:
    """scikit-learn's adapter, which stands above evaluation, by the name that it had here first."""
    if name in ("CalibratedModel", "cross_entropy_scorer"):
        from unsurprised.adapters import scikit_learn

        return getattr(scikit_learn, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
