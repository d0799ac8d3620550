"""How explanations are shown."""

from __future__ import annotations

from unsurprised.report.explanation import notebook, sentences, text
from unsurprised.report.explanation.page import page
from unsurprised.report.explanation.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "explanation",
    headline=sentences.meaning,
    text=text.summary,
    page=page,
    charts=Plots,
    in_notebook=notebook.page,
)
