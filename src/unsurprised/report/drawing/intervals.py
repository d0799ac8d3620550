"""Points with their intervals, a line for each name, colored and shaped by what is said of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unsurprised.report.drawing.palette import Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    Row,
    bits_axis,
    inline,
    known,
    layered,
    names_axis,
    room_behind,
    signed,
    tooltips,
)

if TYPE_CHECKING:
    import altair as alt

#: Room for the number behind an interval.
_NUMBER = 70
#: What is above, about and below: pointing to where it lies.
SHAPES = ("triangle-right", "circle", "triangle-left")


@dataclass(frozen=True)
class Intervals:
    """Which fields of the rows are the name, the point and the kind, and how kinds are drawn.

    Behind its interval each point has its number, so that a small one can be told from none.
    """

    name: str
    point: str
    kind: str
    #: The color and the shape of each kind, in the order of the legend.
    kinds: Mapping[str, tuple[str, str]]
    #: What the axis says.
    title: str
    tooltips: Sequence[str]
    #: How the number of a point is written.
    shown: Callable[[float], str] = signed

    def layers(self, rows: Sequence[Row]) -> tuple[alt.Chart, alt.Chart, alt.Chart, alt.Chart]:
        """What all layers encode; the intervals from ``low`` to ``high``; points; numbers."""
        import altair as alt

        legend = alt.Legend(title=None, orient="top")
        colors, shapes = (
            alt.Scale(domain=list(self.kinds), range=list(drawn))
            for drawn in zip(*self.kinds.values(), strict=True)
        )
        names = [row[self.name] for row in rows]
        encoded = alt.Chart().encode(
            y=alt.Y(f"{self.name}:N", sort=names, title=None, axis=names_axis()),
            color=alt.Color(f"{self.kind}:N", scale=colors, legend=legend),
        )
        ends = (
            encoded.properties(data=inline(known(rows, "low", "high")))
            .mark_rule(strokeWidth=2)
            .encode(x=bits_axis("low:Q", self.title, room_behind(_NUMBER)), x2="high:Q")
        )
        points = (
            encoded.properties(data=inline(known(rows, self.point)))
            .mark_point(filled=True, size=90, opacity=1)
            .encode(
                x=bits_axis(f"{self.point}:Q", self.title, room_behind(_NUMBER)),
                shape=alt.Shape(f"{self.kind}:N", scale=shapes, legend=legend),
                tooltip=tooltips(*self.tooltips),
            )
        )
        numbers = (
            alt.Chart(inline([self._number(row) for row in known(rows, self.point)]))
            .mark_text(align="left", dx=8)
            .encode(y=encoded.encoding.y, x="behind:Q", text="number:N")
        )
        return encoded, ends, points, numbers

    def _number(self, row: Row) -> Row:
        """The number of a point, and where it stands."""
        point, high = row[self.point], row["high"]
        behind = max(point, high) if math.isfinite(high) else point
        return {self.name: row[self.name], "behind": behind, "number": self.shown(point)}

    def from_zero(self, rows: Sequence[Row], palette: Palette) -> alt.LayerChart:
        """The chart with a line at zero."""
        import altair as alt

        _, ends, points, numbers = self.layers(rows)
        zero = alt.Chart(inline([{"at": 0.0}])).mark_rule(color=palette.muted).encode(x="at:Q")
        layers = layered(zero, ends, points, numbers)
        return layers.properties(width=WIDTH, height=STEP * len(rows))


def beside(kinds: Sequence[str], palette: Palette) -> dict[str, tuple[str, str]]:
    """How kinds are drawn that say on which side something lies: above, about, below."""
    colors = (palette.more, palette.plain, palette.less)
    return dict(zip(kinds, zip(colors, SHAPES, strict=True), strict=True))
