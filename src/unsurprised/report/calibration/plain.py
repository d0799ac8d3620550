"""A calibration as plain dictionaries, and its numbers for experiment trackers."""

from __future__ import annotations

from typing import Any

from unsurprised.calibration.result import Calibration
from unsurprised.calibrators.saved import as_plain
from unsurprised.report.json import flat_fields, flatten, plain_fields, tracked


def fields(calibration: Calibration) -> dict[str, Any]:
    """The fields by name; the calibrator, last, is what its file would hold."""
    held = calibration.calibrator
    return {
        **plain_fields(calibration, without=("calibrator",)),
        "calibrator": None if held is None else as_plain(held),
    }


def flat(calibration: Calibration) -> dict[str, float]:
    """The figures, and what each trial saves."""
    found = flat_fields(calibration, without=("base", "calibrator"))
    names = tracked(trial.method for trial in calibration.trials)
    for name, trial in zip(names, calibration.trials, strict=True):
        flatten(found, f"trials/{name}", trial)
    return found
