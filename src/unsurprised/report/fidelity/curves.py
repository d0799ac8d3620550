"""How the KL and the target's probability are spread over the tokens: two charts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.language_models.result import Fidelity, KlExceedance, ShiftRange, TargetShift
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    Row,
    inline,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.fidelity.sentences import level_name
from unsurprised.report.numbers import interval, number, round_number, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    HtmlTable,
    Section,
    amount,
    counting,
    named,
    percent,
    ranged,
)

if TYPE_CHECKING:
    import altair as alt

_HEIGHT, _MOST_TICKS = 260, 10
#: So many tokens, or fewer, are a share that the curve need not be drawn below.
_LEAST_TOKENS = 0.5


def survival_chart(
    points: Sequence[KlExceedance], unit: str, palette: Palette = NOTEBOOK
) -> alt.LayerChart:
    """The share of the tokens whose KL is as large or larger, both axes logarithmic."""
    import altair as alt

    least = _LEAST_TOKENS / points[0].share.rows
    rows: list[Row] = [
        {
            "at": one.kl_divergence,
            "share": one.share.value,
            "low": max(one.share.low, least),
            "high": one.share.high,
            "KL": f"{number(one.kl_divergence)} or more",
            "tokens": share(one.share.value),
            "95 % interval": interval(one.share, "share"),
        }
        for one in points
    ]
    across = alt.X(
        "at:Q",
        title=f"KL of a token, {unit}",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(
            labelExpr="format(datum.value, datum.value < 0.001 ? '.0e' : '~g')",
            values=_powers(rows[0]["at"], rows[-1]["at"]),
        ),
    )
    up = alt.Y(
        "share:Q",
        title="share of the tokens",
        scale=alt.Scale(type="log", domainMax=1),
        axis=alt.Axis(format="~%", values=_powers(least, 1.0)),
    )
    drawn = alt.Chart(inline(rows)).encode(x=across)
    held = alt.Chart(inline([row for row in rows if math.isfinite(row["high"])])).encode(x=across)
    band = held.mark_area(color=palette.muted, opacity=0.3).encode(y=alt.Y("low:Q"), y2="high:Q")
    line = drawn.mark_line(color=palette.plain).encode(y=up)
    dots = drawn.mark_circle(color=palette.plain, size=40, opacity=1).encode(
        y=up, tooltip=tooltips("KL", "tokens", "95 % interval")
    )
    return layered(band, line, dots).properties(width=WIDTH, height=_HEIGHT)


def _powers(least: float, most: float) -> list[float]:
    """Powers of ten from one number to another, as many as an axis has places for.

    >>> _powers(0.0009, 2.0)
    [0.001, 0.01, 0.1, 1.0]
    """
    first, last = math.ceil(math.log10(least)), math.floor(math.log10(most))
    step = max(1, -(-(last - first + 1) // _MOST_TICKS))
    return [float(f"1e{power}") for power in range(first, last + 1, step)]


def survival(found: Fidelity) -> Section | None:
    """How many tokens the KL is spread over."""
    points = found.kl_survival
    if len(points) < 2:
        return None
    rows = [
        [amount(one.kl_divergence), percent(one.share.value), ranged(one.share, "share")]
        for one in points
    ]
    header = [f"KL, {found.unit}, or more", "share of the tokens", "95 % interval"]
    table = HtmlTable("Share of the tokens of each KL or more", header, rows, names=0, keeps=2)
    label = "Share of the tokens whose KL is as large or larger; both axes are logarithmic"
    chart = Chart("survival", label, lambda: spec(survival_chart(points, found.unit, PAGE)), table)
    says = (
        [f"Half of the KL is in {share(found.half_of_kl)} of the tokens."]
        if math.isfinite(found.half_of_kl)
        else []
    )
    return Section("survival", "Is it a few tokens or all?", says, [chart], terms=_SURVIVAL)


def shift_name(low: float, high: float) -> str:
    """A range of changes of probability, in percentage points.

    >>> shift_name(-0.05, -0.02), shift_name(-0.001, 0.001), shift_name(0.5, 1.0)
    ('−5 to −2', '−0.1 to 0.1', '50 to 100')
    """
    ends = (round_number(100 * end).replace("-", "−") for end in (low, high))
    return " to ".join(ends)


def met(ranges: Sequence[ShiftRange]) -> list[ShiftRange]:
    """The ranges from the first to the last that has tokens."""
    held = [place for place, one in enumerate(ranges) if one.tokens]
    return list(ranges[held[0] : held[-1] + 1]) if held else []


def shift_chart(ranges: Sequence[ShiftRange], palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """How many targets became likelier or less likely, by how much."""
    import altair as alt

    names = [shift_name(one.low, one.high) for one in ranges]
    rows: list[Row] = [
        {
            "Δp": name,
            "share": one.share.value,
            "low": one.share.low,
            "high": one.share.high,
            "behind": one.share.high if math.isfinite(one.share.high) else one.share.value,
            "shown": share(one.share.value),
            "tokens": f"{one.tokens:,}",
            "95 % interval": interval(one.share, "share"),
            "color": palette.more
            if one.high <= 0
            else palette.less
            if one.low > 0
            else palette.plain,
        }
        for name, one in zip(names, ranges, strict=True)
    ]
    drawn = alt.Chart(inline(rows)).encode(
        y=alt.Y("Δp:N", sort=names, title="Δp, percentage points", axis=names_axis())
    )
    bars = drawn.mark_bar(height=16).encode(
        x=alt.X(
            "share:Q",
            title="share of the targets",
            scale=room_behind(80),
            axis=alt.Axis(format="~%", tickCount=alt.ExprRef("ceil(width / 80)")),
        ),
        color=alt.Color("color:N", scale=None),
        tooltip=tooltips("Δp", "shown", "95 % interval", "tokens"),
    )
    ends = alt.Chart(inline([row for row in rows if math.isfinite(row["high"])]))
    rules = ends.mark_rule(color=palette.text).encode(y=drawn.encoding.y, x="low:Q", x2="high:Q")
    words = drawn.mark_text(align="left", dx=5).encode(x="behind:Q", text="shown:N")
    return layered(bars, rules, words).properties(width=WIDTH, height=STEP * len(rows))


def shift(found: Fidelity) -> Section | None:
    """By how much the probability of the token that came differs."""
    shifted = found.target_shift
    if shifted is None or not shifted.histogram:
        return None
    ranges = met(shifted.histogram)
    rows = [
        [
            named(shift_name(one.low, one.high)),
            percent(one.share.value),
            ranged(one.share, "share"),
            counting(one.tokens),
        ]
        for one in ranges
    ]
    header = ["Δp, percentage points", "share of the targets", "95 % interval", "tokens"]
    table = HtmlTable("Δp of the target", header, rows, keeps=2)
    label = "Change of the probability of the token that came, other − base"
    chart = Chart("shift", label, lambda: spec(shift_chart(ranges, PAGE)), table)
    return Section(
        "shift",
        "How does the text's own token fare?",
        _shifted(shifted),
        [chart],
        [_aliases(shifted)],
        terms=_SHIFT,
    )


def _shifted(shifted: TargetShift) -> list[str]:
    lost = sum(one.tokens for one in shifted.histogram if one.high <= 0)
    won = sum(one.tokens for one in shifted.histogram if one.low > 0)
    least = round_number(100 * shifted.histogram[len(shifted.histogram) // 2].high)
    return [
        f"The token that came lost {least} percentage points or more of its probability at "
        f"{lost:,} tokens, and won as much at {won:,}."
    ]


def _aliases(shifted: TargetShift) -> HtmlTable:
    """The figures that llama.cpp prints, by its names."""
    rows = [
        [named("mean"), named("Mean Δp"), percent(shifted.mean.value),
         ranged(shifted.mean, "share")],
        [named("root mean square"), named("RMS Δp"), percent(shifted.rms.value),
         ranged(shifted.rms, "share")],
        *(
            [
                named(f"not above it: {level_name(one.level)} of the targets"),
                named("Median Δp" if one.level == 0.5 else f"{level_name(one.level)} Δp"),
                percent(one.value.value),
                Cell(interval(one.value, "share")),
            ]
            for one in reversed(shifted.quantiles)
        ),
    ]  # fmt: skip
    header = ["figure", "in llama.cpp", "Δp", "95 % interval"]
    return HtmlTable("Δp in figures", header, rows, names=2, keeps=3)


_SURVIVAL = (
    (
        "share of the tokens of each KL or more",
        "The survival function of the KL of single tokens. Where the line falls early and steeply, "
        "all tokens differ by about as much; a long tail to the right is a few tokens that differ "
        "much. Tokens of a KL of 0 are left of all of it.",
    ),
    ("grey band", "95 % intervals, each of a point by itself."),
)
_SHIFT = (
    (
        "Δp of the target",
        "Probability of the token that came under the other model less that under the base. "
        "Ranges include their lower end.",
    ),
)
