"""What all charts have in common."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unsurprised.report.numbers import number, printable

if TYPE_CHECKING:
    import altair as alt

#: Width in a notebook; a page stretches its charts.
WIDTH = 460
#: Height of a bar or of a line of points, with its room. Heights are numbers: of those in steps
#: Vega-Lite warns where the width is the page's.
STEP = 26
#: Width of the smallest bar: one of nothing is still to be seen.
THINNEST = 2
#: What is smaller is a difference by rounding alone; of what is smaller than the second, four
#: decimals say too little.
_ROUNDING, _FOUR_DECIMALS = 1e-12, 4.5e-4
#: Letters of a name that are shown; a page must stay small, whatever the data are called.
NAME = 40

Row = dict[str, Any]


def inline(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as data of a chart, within it; what is not finite is missing."""
    import altair as alt

    return alt.InlineData(values=[{key: _finite(row[key]) for key in row} for row in rows])


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        # Six digits are more than a screen can show; whole numbers of NumPy become Python's.
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


def layered(*charts: alt.Chart) -> alt.LayerChart:
    """One upon the other; Vega warns of scales of no data, so what has none is left out."""
    import altair as alt

    return alt.LayerChart(layer=[chart for chart in charts if chart.data.values])


def bits_axis(field: str, title: str, scale: alt.Scale | None = None) -> alt.X:
    """The horizontal axis of amounts, from zero, with no more numbers than there is room for."""
    import altair as alt

    return alt.X(
        field,
        title=title,
        scale=scale or alt.Scale(zero=True),
        axis=alt.Axis(tickCount=alt.ExprRef("ceil(width / 80)"), labelSeparation=8),
    )


def room_behind(pixels: int) -> alt.Scale:
    """A scale that leaves room for words behind the longest bar."""
    import altair as alt

    return alt.Scale(zero=True, rangeMax=alt.ExprRef(f"max(width - {pixels}, 40)"))


def names_axis() -> alt.Axis:
    """The vertical axis of names."""
    import altair as alt

    return alt.Axis(labelLimit=150, ticks=False, domain=False)


def known(rows: Sequence[Row], *fields: str) -> list[Row]:
    """The rows whose fields are finite numbers; a layer of none is left out of a chart."""
    return [row for row in rows if all(math.isfinite(row[field]) for field in fields)]


def short(name: object) -> str:
    """A name of the data, in a few letters."""
    return printable(name, NAME)


def distinct(names: Sequence[str]) -> list[str]:
    """Names that a scale can tell apart: equal ones, after they were cut, get their number."""
    seen = [short(name) for name in names]
    count = Counter(seen)
    return [name if count[name] == 1 else f"{i + 1}: {name}" for i, name in enumerate(seen)]


def signed(value: float) -> str:
    """A difference with its sign; a small one has its digits too, that it can be told from none.

    >>> signed(0.25), signed(-0.0005), signed(1e-17)
    ('+0.2500', '−0.0005', '0')
    """
    size = abs(value)
    if size < _ROUNDING:
        return "0"
    shown = f"{size:.4f}" if _FOUR_DECIMALS <= size < 1e-3 else number(size)
    return f"{'+' if value > 0 else '−'}{shown}"


def tooltips(*titles: str) -> list[alt.Tooltip]:
    """What is said of a mark, by fields that have the title as name."""
    import altair as alt

    return [alt.Tooltip(f"{title}:N") for title in titles]
