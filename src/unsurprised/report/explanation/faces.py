"""How explanations are shown."""

from __future__ import annotations

from functools import partial

from unsurprised.report.explanation import notebook, sentences, text
from unsurprised.report.explanation.page import page
from unsurprised.report.explanation.plot import Plots
from unsurprised.report.faces import Faces
from unsurprised.report.json import flat_fields

FACES = Faces(
    "explanation",
    headline=sentences.meaning,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=partial(flat_fields, without=("base", "happened")),
    in_notebook=notebook.page,
)
