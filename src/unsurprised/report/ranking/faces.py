"""How a ranking of columns is shown."""

from __future__ import annotations

from unsurprised.report.faces import Faces
from unsurprised.report.ranking import plain, text, words
from unsurprised.report.ranking.page import page
from unsurprised.report.ranking.plot import Plots

FACES = Faces(
    "ranking",
    headline=words.sentence,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=plain.flat,
)
