"""How evaluations are shown."""

from __future__ import annotations

from unsurprised.report.evaluation import notebook, plain, sentences, text
from unsurprised.report.evaluation.page import page
from unsurprised.report.evaluation.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "evaluation",
    headline=sentences.headline,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=plain.flat,
    in_notebook=notebook.table,
)
