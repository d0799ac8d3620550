"""How comparisons are shown."""

from __future__ import annotations

from unsurprised.report.comparison import plain, text
from unsurprised.report.comparison.page import page
from unsurprised.report.comparison.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "comparison",
    headline=text.headline,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=plain.flat,
)
