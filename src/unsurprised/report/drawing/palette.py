"""Colours by what they mean, and the look of text and axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours, in any notation of CSS.

    No chart lets a colour alone say something: signs, words or places say it too.
    """

    #: What most marks have, and what fills a hollow one.
    plain: str
    hollow: str
    #: Costs bits, saves bits, and what others are held against.
    more: str
    less: str
    muted: str
    text: str
    line: str

    def config(self) -> dict[str, Any]:
        """Vega-Lite's configuration for a page that has its own colours of text and lines."""
        words = {"labelColor": self.text, "titleColor": self.text, "labelFontSize": 12}
        lines = {"gridColor": self.line, "domainColor": self.muted, "tickColor": self.muted}
        rooms = {"titleFontWeight": "normal", "titleFontSize": 12, "titlePadding": 10}
        return {
            "background": None,
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": words | lines | rooms | {"labelPadding": 6},
            "legend": words | {"orient": "top", "title": None},
            "text": {"color": self.text, "fontSize": 12},
        }


#: For notebooks, whose theme has the rest; marks of 3:1 contrast on white.
NOTEBOOK = Palette("#4c78a8", "#ffffff", "#c2570c", "#2a8a76", "#858585", "#000000", "#dddddd")

#: The page's own variables: the same drawing is then light, dark or in print.
PAGE = Palette(
    "var(--plain)",
    "var(--hollow)",
    "var(--more)",
    "var(--less)",
    "var(--muted)",
    "var(--text)",
    "var(--line)",
)
