"""An explanation as a small chart: the ideal code lengths of each outcome, side by side."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unsurprised.errors import CallError
from unsurprised.explanation.result import Explanation
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.sentences import figure, meaning
from unsurprised.report.pages.drawn import spec
from unsurprised.writing import anything, holds_json, write_file

if TYPE_CHECKING:
    import altair

ENDINGS = (".html", ".png", ".svg", ".json")
_WIDTH, _STEP = 420, 15
_COLORS = {"p": "#4c78a8", "q": "#f58518"}
_TITLE_LINE = 72
#: Stands for "<" until the page is written; names that hold it are spelt out before.
_ANGLE = "\ue000"


def chart(explanation: Explanation) -> altair.LayerChart:
    """The chart: a bar for −log p and one for −log q; an infinite one is a word.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.

    Returns
    -------
    altair.LayerChart
        Its data stand in it.
    """
    import altair as alt  # half a second

    shown = len(layout.chosen(explanation))
    title = alt.TitleParams(
        _folded(meaning(explanation)), subtitle=_subtitle(explanation, shown), anchor="start"
    )
    layers = drawn(explanation, _COLORS)
    return layers.properties(width=_WIDTH, height=alt.Step(_STEP), title=title)


def on_page(explanation: Explanation) -> dict[str, Any]:
    """The description of the chart for a page, which says the title and is as wide as there is."""
    height = _STEP * len(data(explanation))
    colors = {"p": PAGE.plain, "q": PAGE.more}
    return spec(drawn(explanation, colors).properties(height=height))


def drawn(explanation: Explanation, colors: Mapping[str, str]) -> altair.LayerChart:
    """The bars and their words, without a title."""
    import altair as alt

    bars = data(explanation)
    order = list(dict.fromkeys(bar["outcome"] for bar in bars))
    sides = list(dict.fromkeys(bar["code"] for bar in bars))
    base = alt.Chart(alt.InlineData(values=bars)).encode(
        y=alt.Y("outcome:N", sort=order, title=None, axis=alt.Axis(labelLimit=200)),
        yOffset=alt.YOffset("code:N", sort=sides),
        tooltip=[
            alt.Tooltip("outcome:N"),
            alt.Tooltip("code:N"),
            alt.Tooltip("probability:N"),
            alt.Tooltip("shown:N", title=explanation.unit),
        ],
    )
    length = alt.X(
        "length:Q",
        title=f"ideal code length in {explanation.unit}: −log of the probability",
        scale=alt.Scale(zero=True),
    )
    scale = alt.Scale(domain=sides, range=[colors[side[-1].lower()] for side in sides])
    legend = alt.Legend(title=None, orient="top") if len(sides) > 1 else None
    lengths = base.mark_bar().encode(
        x=length, color=alt.Color("code:N", scale=scale, legend=legend)
    )
    words = base.mark_text(align="left", dx=4, fontSize=10).encode(
        x=alt.X("length:Q"), text=alt.Text("shown:N")
    )
    layers: alt.LayerChart = lengths + words
    return layers


def data(explanation: Explanation) -> list[dict[str, Any]]:
    """The bars: outcome, code, probability, length (0 where it is infinite), and what is shown."""
    indices = layout.chosen(explanation)
    sides = {"entropy": "p", "divergence": "pq", "surprisal": "q"}[explanation.explains]
    bars = []
    for name, index in zip(layout.labels(explanation, indices), indices, strict=True):
        outcome = explanation.outcomes[index]
        for side in sides:
            length = getattr(outcome, f"{side}_length")
            endless = math.isinf(length)
            word = "infinite: ruled out" if endless else figure(length)
            if index == explanation.happened:
                word += f" {layout.MARK} what happened"
            elif outcome.denied and side == "q":
                word = "infinite: ruled out, and happens"
            bars.append(
                {
                    "outcome": name,
                    "code": f"code for {side.upper()}",
                    "probability": figure(getattr(outcome, side)),
                    "length": 0.0 if endless else length,
                    "shown": word,
                }
            )
    return bars


def _folded(text: str) -> list[str]:
    return textwrap.wrap(text, _TITLE_LINE, break_on_hyphens=False)


def _subtitle(explanation: Explanation, shown: int) -> list[str]:
    rest = len(explanation.outcomes) - shown
    return [f"the {shown} that matter most of {shown + rest:,} outcomes"] if rest else []


def save(explanation: Explanation, path: Any, option: str = "path") -> None:
    """Write the chart to a file whose ending says what is written.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.
    path : path
        Ends in ``.html``, ``.png``, ``.svg`` or ``.json``.
    option : str
        What named the path, for errors.
    """
    ending = ending_of(str(path), option)
    replaceable = holds_json if ending == ".json" else anything
    write_file(rendered(explanation, ending), str(path), option, replaceable)


def ending_of(target: str, option: str = "--chart") -> str:
    """The ending of a file that a chart can be written to."""
    ending = Path(target).suffix.lower()
    if ending not in ENDINGS:
        raise CallError(
            f"{option} {target}: expected a file that ends in {', '.join(ENDINGS[:-1])} or "
            f"{ENDINGS[-1]}"
        )
    return ending


def rendered(explanation: Explanation, ending: str) -> bytes:
    """The chart as the bytes of a file; nothing is fetched from anywhere."""
    import vl_convert

    text = json.dumps(chart(explanation).to_dict(), ensure_ascii=False)
    if ending == ".json":
        return f"{text}\n".encode()
    if ending == ".svg":
        return str(vl_convert.vegalite_to_svg(text)).encode()
    if ending == ".png":
        return bytes(vl_convert.vegalite_to_png(text, scale=2))
    # The page holds the chart as a script, which a class called "</script>" must not end.
    html = vl_convert.vegalite_to_html(text.replace("<", _ANGLE), bundle=True)
    return str(html).replace(_ANGLE, "\\u003c").encode()
