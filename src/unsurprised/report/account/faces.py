"""How accounts of encoded files are shown."""

from __future__ import annotations

from unsurprised.report.account import text
from unsurprised.report.account.page import page
from unsurprised.report.account.plot import Plots
from unsurprised.report.faces import Faces

FACES = Faces(
    "account",
    headline=text.headline,
    text=text.written,
    page=page,
    charts=Plots,
)
