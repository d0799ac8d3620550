"""How one language model beside another is shown."""

from __future__ import annotations

from unsurprised.report.faces import Faces
from unsurprised.report.fidelity import plain, text
from unsurprised.report.fidelity.page import page
from unsurprised.report.fidelity.plot import Plots

FACES = Faces(
    "fidelity",
    headline=text.headline,
    text=text.lines,
    page=page,
    charts=Plots,
    flat=plain.flat,
)
