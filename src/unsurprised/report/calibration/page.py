"""The page of a calibration: before, after, and what was tried."""

from __future__ import annotations

from unsurprised.calibration.result import Calibration
from unsurprised.report.calibration import classes, reliability, text, trials
from unsurprised.report.numbers import interval, valued
from unsurprised.report.pages.parts import Card, Page
from unsurprised.statistics.estimate import Estimate


def page(calibration: Calibration) -> Page:
    """What the page of a calibration says.

    Parameters
    ----------
    calibration : Calibration
        What :func:`unsurprised.calibrate` returned.
    """
    return Page(
        "How much surprise does calibration remove?",
        text.headline(calibration),
        [text.size(calibration), *text.notes(calibration)],
        [
            _card("before", calibration.cross_entropy, "cross-entropy of the model as it is"),
            _card("removable", calibration.removable, "what the calibrator removes"),
            _card("after", calibration.cross_entropy_after, "cross-entropy on unseen rows"),
        ],
        [
            section
            for part in (trials, reliability, classes)
            if (section := part.section(calibration)) is not None
        ],
        result="calibration",
    )


def _card(name: str, estimate: Estimate, definition: str) -> Card:
    return Card(
        name, valued(estimate, "information"), interval(estimate, "information"), definition
    )
