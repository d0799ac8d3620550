"""Where two language models part: by how sure the base is, by position, by document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.language_models.result import Fidelity, TokenRange
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    bits_axis,
    inline,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.fidelity.sentences import RangeName, confidence_range, position_range
from unsurprised.report.numbers import ABSENT, number, share
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

_MOST = 500


def chart(
    parts: Sequence[TokenRange], name: RangeName, unit: str, palette: Palette = NOTEBOOK
) -> alt.LayerChart:
    """A bar for each range: the KL of a token there."""
    import altair as alt

    rows = [
        {
            "range": name(part.low, part.high),
            "KL": part.kl_divergence.value,
            "shown": number(part.kl_divergence.value),
            "tokens": f"{part.tokens:,}",
            "same top token": share(part.top_agreement.value),
        }
        for part in parts
    ]
    names = [name(part.low, part.high) for part in parts]
    drawn = alt.Chart(inline(rows)).encode(
        y=alt.Y("range:N", sort=names, title=None, axis=names_axis())
    )
    bars = drawn.mark_bar(height=16, color=palette.plain).encode(
        x=bits_axis("KL:Q", f"KL, {unit} a token", scale=room_behind(80)),
        tooltip=tooltips("range", "shown", "tokens", "same top token"),
    )
    words = drawn.mark_text(align="left", dx=5).encode(x="KL:Q", text="shown:N")
    return layered(bars, words).properties(width=WIDTH, height=STEP * len(rows))


def confidence(found: Fidelity) -> Section:
    """By how sure the base is of its top token."""
    noun = "probability of the base's top token"
    return _section("confidence", noun, found.by_confidence, confidence_range, found.unit)


def position(found: Fidelity) -> Section:
    """By the place in the document."""
    noun = "position in the document"
    return _section("position", noun, found.by_position, position_range, found.unit)


def _section(
    key: str, noun: str, parts: Sequence[TokenRange], name: RangeName, unit: str
) -> Section:
    title = f"Where is it: by {key}"
    rows = [
        [
            named(name(part.low, part.high)),
            amount(part.kl_divergence.value),
            ranged(part.kl_divergence),
            percent(part.top_agreement.value),
            percent(part.part),
            counting(part.tokens),
        ]
        for part in parts
    ]
    header = [noun, f"KL, {unit} a token", "95 % interval", "same top token", "of all KL", "tokens"]
    table = HtmlTable(title, header, rows, keeps=2)
    finite = [part for part in parts if part.kl_divergence.value < float("inf")]
    drawn = Chart(key, f"KL a token by the {noun}", lambda: spec(chart(finite, name, unit, PAGE)),
                  table)  # fmt: skip
    return Section(key, title, charts=[drawn] if finite else [], tables=[] if finite else [table])


def documents(found: Fidelity) -> Section:
    """Each document, those that differ most first."""
    rows = [
        [
            named(one.name),
            amount(one.kl_divergence),
            percent(one.top_agreement),
            amount(one.cross_entropy_difference),
            _parting(one.first_parting),
            counting(one.tokens),
        ]
        for one in found.by_document[:_MOST]
    ]
    left = len(found.by_document) - len(rows)
    header = ["document", f"KL, {found.unit} a token", "same top token", "other − base",
              "tops part at", "tokens"]  # fmt: skip
    table = HtmlTable(
        "Documents, those that differ most first",
        header,
        rows,
        f"{left:,} more are in the JSON." if left > 0 else "",
        sortable=True,
        searchable=True,
        keeps=2,
    )
    return Section("documents", "Which documents?", tables=[table])


def worst(found: Fidelity) -> Section | None:
    """The tokens that differ most."""
    if not found.worst_tokens:
        return None
    rows = [
        [
            named(one.document),
            counting(one.position),
            amount(one.kl_divergence),
            named(one.base_top),
            named(one.other_top),
            named(one.target),
            amount(one.base_surprisal),
            amount(one.other_surprisal),
        ]
        for one in found.worst_tokens
    ]
    header = ["document", "position", f"KL, {found.unit}", "base's top", "other's top", "came",
              "base's surprisal", "other's surprisal"]  # fmt: skip
    table = HtmlTable("Tokens that differ most", header, rows, sortable=True, keeps=2)
    return Section("worst", "Which tokens?", tables=[table])


def _parting(position: int | None) -> Cell:
    return Cell(ABSENT, "Infinity") if position is None else counting(position)
