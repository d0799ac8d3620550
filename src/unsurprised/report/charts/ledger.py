"""The ledger as a waterfall: from knowing nothing to what the model paid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unsurprised.evaluation.estimate import Estimate
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.charts.drawing import (
    STEP,
    WIDTH,
    bits_axis,
    inline,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.charts.palette import NOTEBOOK, Palette
from unsurprised.report.numbers import interval, number

if TYPE_CHECKING:
    import altair as alt


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of the waterfall: a level that is reached, or what takes one level to the next."""

    name: str
    start: float
    end: float
    definition: str
    #: Interval of what is shown, where there is one.
    estimate: Estimate | None = None

    @property
    def is_level(self) -> bool:
        """Whether it stands on zero."""
        return self.start == 0

    @property
    def amount(self) -> float:
        """The level, or the change with its sign."""
        return self.end - self.start

    @property
    def shown(self) -> str:
        """The amount as people read it; a change has its sign."""
        size = abs(self.amount)
        text = number(size) if size >= 1e-3 else f"{size:.4f}"  # beside the others it is nothing
        sign = "" if self.is_level else "+" if self.amount >= 0 else "−"
        return f"{sign}{text}"


def steps(evaluation: Evaluation) -> list[Step]:
    """The bars, in order; none where the cross-entropy is infinite or the classes are unknown."""
    alone, met = evaluation.label_entropy, evaluation.cross_entropy
    gained, classes = evaluation.information_gained, evaluation.classes
    if alone is None or gained is None or not classes or not math.isfinite(met.value):
        return []
    nothing = math.log(len(classes)) / math.log(evaluation.base)
    return [
        Step("knowing nothing", 0.0, nothing, f"log of the {len(classes):,} classes"),
        Step("class frequencies", nothing, alone.value, "label entropy − that"),
        Step("label entropy", 0.0, alone.value, "what knowing only those costs", alone),
        Step("model's information", alone.value, met.value, "cross-entropy − label entropy",
             _turned(gained)),
        Step("cross-entropy", 0.0, met.value, "what the model paid", met),
    ]  # fmt: skip


def _turned(gain: Estimate) -> Estimate:
    """What is gained is taken from the surprise."""
    return Estimate(-gain.value, -gain.high, -gain.low, gain.unit, gain.rows)


def chart(evaluation: Evaluation, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """The waterfall."""
    import altair as alt

    drawn = steps(evaluation)
    unit = evaluation.unit
    rows = [
        {
            "step": step.name,
            "start": step.start,
            "end": step.end,
            "right": max(step.start, step.end),
            "kind": "level" if step.is_level else "adds" if step.amount > 0 else "saves",
            "amount": step.shown,
            "interval": "" if step.estimate is None else interval(step.estimate, "information"),
        }
        for step in drawn
    ]
    colors = alt.Scale(
        domain=["level", "saves", "adds"], range=[palette.plain, palette.less, palette.more]
    )
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("step:N", sort=[step.name for step in drawn], title=None, axis=names_axis())
    )
    bars = base.mark_bar(height=16).encode(
        x=bits_axis("start:Q", f"{unit} a row", scale=room_behind(65)),
        x2="end:Q",
        color=alt.Color("kind:N", scale=colors, legend=None),
        tooltip=tooltips("step", "amount", "interval"),
    )
    words = base.mark_text(align="left", dx=5).encode(x="right:Q", text="amount:N")
    layers = layered(bars, words)
    return layers.properties(width=WIDTH, height=STEP * len(rows))
