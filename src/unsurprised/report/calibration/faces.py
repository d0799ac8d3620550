"""How calibrations are shown."""

from __future__ import annotations

from unsurprised.report.calibration import plain, text
from unsurprised.report.calibration.page import page
from unsurprised.report.calibration.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "calibration",
    headline=text.headline,
    text=text.lines,
    page=page,
    charts=Plots,
    fields=plain.fields,
    flat=plain.flat,
)
