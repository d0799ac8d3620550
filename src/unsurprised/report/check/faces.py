"""How checks are shown."""

from __future__ import annotations

from unsurprised.report.check import plain, text
from unsurprised.report.check.page import page
from unsurprised.report.check.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "check",
    headline=text.headline,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=plain.flat,
)
