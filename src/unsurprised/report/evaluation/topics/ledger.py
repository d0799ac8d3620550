"""Where the bits go: the account from knowing nothing to what the model paid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unsurprised.evaluation.records import Ledger
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    THINNEST,
    WIDTH,
    bits_axis,
    inline,
    layered,
    names_axis,
    room_behind,
    signed,
    tooltips,
)
from unsurprised.report.evaluation import definitions, sentences
from unsurprised.report.numbers import counted, interval, number
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, HtmlTable, Section, ranged
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    import altair as alt

_TITLE = "Where the bits go: the score decomposition"


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
    def drawn(self) -> float:
        """Where the bar ends; an infinite one is a word instead."""
        return self.end if math.isfinite(self.end) else self.start

    @property
    def shown(self) -> str:
        """The level, or the change with its sign, as people read it."""
        amount = self.end - self.start
        if math.isinf(amount):
            return "infinite"
        return number(amount) if self.is_level else signed(amount)


def steps(evaluation: Evaluation) -> list[Step]:
    """The bars, in order; none where classes are unknown, or all that is known is infinite."""
    classes, ledger = evaluation.classes, evaluation.ledger
    alone = evaluation.label_entropy if ledger is None else ledger.label_entropy
    if alone is None or not classes:
        return []
    parts = _gained(evaluation) if ledger is None else _parts(ledger)
    if not parts:
        return []
    nothing = math.log(len(classes)) / math.log(evaluation.base)
    return [
        Step("knowing nothing", 0.0, nothing, f"log of the {len(classes):,} classes"),
        Step("class frequencies", nothing, alone.value, "what they tell of any row"),
        Step("label entropy", 0.0, alone.value, "what knowing only those costs", alone),
        *parts,
    ]


def _parts(ledger: Ledger) -> list[Step]:
    """From the label entropy to what the model paid, by what recalibration makes of it."""
    alone, met, known = ledger.label_entropy, ledger.cross_entropy, ledger.discrimination
    best = alone.value - known.value
    return [
        Step("discrimination", alone.value, best, "what the model tells of each row",
             _turned(known)),
        Step("recalibrated", 0.0, best, f"the model after {ledger.family}, on unseen rows"),
        Step("miscalibration", best, met.value, "what its probabilities being off costs",
             ledger.miscalibration),
        Step("cross-entropy", 0.0, met.value, "what the model paid", met),
    ]  # fmt: skip


def _gained(evaluation: Evaluation) -> list[Step]:
    """The same, where nothing was recalibrated."""
    alone, met = evaluation.label_entropy, evaluation.cross_entropy
    gained = evaluation.information_gained
    if alone is None or gained is None or math.isinf(met.value):
        return []
    return [
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
            "end": step.drawn,
            "right": max(step.start, step.drawn),
            "kind": "level" if step.is_level else "adds" if step.end > step.start else "saves",
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
    bars = base.mark_bar(height=16, strokeWidth=THINNEST).encode(
        x=bits_axis("start:Q", f"{unit} a row", scale=room_behind(65)),
        x2="end:Q",
        color=alt.Color("kind:N", scale=colors, legend=None),
        stroke=alt.Stroke("kind:N", scale=colors, legend=None),
        tooltip=tooltips("step", "amount", "interval"),
    )
    words = base.mark_text(align="left", dx=5).encode(x="right:Q", text="amount:N")
    layers = layered(bars, words)
    return layers.properties(width=WIDTH, height=STEP * len(rows))


def section(evaluation: Evaluation) -> Section | None:
    """The waterfall; what it needs is not there for every input."""
    says = sentences.notes(evaluation)
    shown = steps(evaluation)
    if not shown and not says:
        return None
    found = evaluation.ledger
    if found is not None and found.rows < evaluation.rows:
        says.append(f"The decomposition is of a sample of {counted(found.rows, 'row')}.")
    return Section("ledger", _TITLE, says, _charts(evaluation, shown), terms=TERMS)


def _charts(evaluation: Evaluation, shown: list[Step]) -> list[Chart]:
    if not shown:
        return []
    rows = [
        [
            Cell(step.name, anchor=definitions.anchor_of(step.name.replace(" ", "_"))),
            Cell(step.shown),
            ranged(step.estimate),
            Cell(step.definition),
        ]
        for step in shown
    ]
    header = ["step", f"{evaluation.unit} a row", "95 % interval", "what it is"]
    return [
        Chart(
            "ledger",
            f"From knowing nothing to the model, in {evaluation.unit} a row",
            lambda: spec(chart(evaluation, PAGE)),
            HtmlTable("Score decomposition (ledger)", header, rows, words=1, keeps=2),
        )
    ]


TERMS = (
    ("knowing nothing", "log K: the surprisal of a uniform guess among K classes."),
    *definitions.terms("label_entropy", "discrimination", "miscalibration", "cross_entropy"),
)
