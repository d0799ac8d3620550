"""Calibrators: a trained model's predictions, repaired by least cross-entropy."""

from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators.binary import BetaCalibration, PlattScaling
from unsurprised.calibrators.chain import Chain
from unsurprised.calibrators.isotonic import IsotonicCalibration
from unsurprised.calibrators.matrix import MatrixScaling, StructuredScaling
from unsurprised.calibrators.mixing import UniformMixing
from unsurprised.calibrators.model import CalibratedModel, cross_entropy_scorer
from unsurprised.calibrators.prior import PriorShift
from unsurprised.calibrators.saved import from_json, load
from unsurprised.calibrators.temperature import TemperatureScaling
from unsurprised.calibrators.vector import VectorScaling

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
