"""The plot of :mod:`benchmarks.growth`, from its record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import altair as alt
import vl_convert

WIDTH, HEIGHT = 330, 300
BYTES = 4  # of a float32


def plot(record: Mapping[str, Any]) -> str:
    """An SVG on white, so that it can be read on any page."""
    read = BYTES / record["read"]["median"]
    both = alt.hconcat(
        _panel(
            record["by_classes"],
            "classes",
            f"K, the classes of a row ({record['elements']:,} elements in all)",
            read,
        ),
        _panel(record["by_rows"], "rows", f"rows of {_classes(record)} classes", read),
    )
    spec = both.configure(background="white").configure_legend(orient="bottom", columns=3)
    return str(vl_convert.vegalite_to_svg(json.dumps(spec.to_dict()))) + "\n"


def _classes(record: Mapping[str, Any]) -> int:
    return int(record["by_rows"][0]["classes"])


def _panel(lines: list[dict[str, Any]], along: str, title: str, read: float) -> Any:
    values = [{"at": line[along], "work": line["work"], **line["ns"]} for line in lines]
    x = alt.X("at:Q").scale(type="log", nice=False, padding=8).axis(_ticks(title, 1))
    # Half of a bare read's time leaves room for what it is called.
    scale = alt.Scale(type="log", nice=False, domainMin=read / 2)
    y = alt.Y("median:Q", scale=scale).axis(_ticks("ns an element, one thread, float32", 1, 2, 5))
    color = alt.Color("work:N", sort=None).title(None)  # in the order of the record
    chart = alt.Chart(alt.Data(values=values))
    curves = chart.mark_line(point=alt.OverlayMarkDef(size=14), strokeWidth=1.5).encode(x, y, color)
    spread = chart.mark_rule(opacity=0.5).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), color)
    bare = alt.Chart(alt.Data(values=[{"read": read, "name": "a bare read from memory"}]))
    rule = bare.mark_rule(strokeDash=[4, 3], color="black").encode(alt.Y("read:Q"))
    text = bare.mark_text(align="right", dx=-4, dy=9).encode(
        alt.Y("read:Q"), alt.Text("name:N"), x=alt.value(WIDTH)
    )
    return alt.layer(spread, curves, rule, text).properties(width=WIDTH, height=HEIGHT)


def _ticks(title: str, *digits: int) -> alt.Axis:
    # Few of them: a line of the grid at each 2, 3, 4 … hides the curves.
    values = [digit * 10.0**power for power in range(-3, 9) for digit in digits]
    return alt.Axis(values=values, format="~s" if len(digits) == 1 else "~r", title=title)
