"""Calibration: which calibrator to take, whether it helps, and predictions files through it."""

from unsurprised.calibration.calibrate import calibrate
from unsurprised.calibration.result import Calibration, ClassSaving, Trial

__all__ = ["Calibration", "ClassSaving", "Trial", "calibrate"]
