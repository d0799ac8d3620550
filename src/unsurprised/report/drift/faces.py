"""How drift is shown."""

from __future__ import annotations

from unsurprised.report.drift import plain, text, words
from unsurprised.report.drift.page import page
from unsurprised.report.drift.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "drift",
    headline=words.sentence,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=plain.flat,
)
