"""Where two language models part: by how sure the base is, by position, by slice, by document."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unsurprised.language_models.result import (
    DocumentFidelity,
    Fidelity,
    TokenRange,
    TokenSlice,
)
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    Row,
    bits_axis,
    distinct,
    inline,
    known,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.fidelity.sentences import (
    confidence_range,
    position_range,
    sentence,
    short_name,
)
from unsurprised.report.fidelity.words import slice_name
from unsurprised.report.numbers import ABSENT, interval, number, share
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

#: Rows of a table, and bars of a chart.
_MOST, _MOST_DRAWN = 500, 20

Part = TokenRange | TokenSlice


def finite(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Those whose KL a chart has a place for."""
    return {name: part for name, part in parts.items() if math.isfinite(part.kl_divergence.value)}


def confidences(found: Fidelity) -> dict[str, Part]:
    """The ranges of the probability of the base's top token, by their names."""
    return {confidence_range(part.low, part.high): part for part in found.by_confidence}


def positions(found: Fidelity) -> dict[str, Part]:
    """The ranges of positions, by their names."""
    return {position_range(part.low, part.high): part for part in found.by_position}


def slices(found: Fidelity) -> dict[str, Part]:
    """The slices, those that stand out first, by their names."""
    shown = sorted(found.slices, key=lambda one: not one.stands_out)
    return dict(zip(distinct([slice_name(one) for one in shown]), shown, strict=True))


def chart(parts: Mapping[str, Part], unit: str, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A bar for each part of the tokens: the KL of a token there, with its interval."""
    rows = [
        {
            "part": name,
            "KL": part.kl_divergence.value,
            "low": part.kl_divergence.low,
            "high": part.kl_divergence.high,
            "shown": number(part.kl_divergence.value),
            "95 % interval": interval(part.kl_divergence, "information"),
            "tokens": f"{part.tokens:,}",
            "same top token": share(part.top_agreement.value),
        }
        for name, part in parts.items()
    ]
    told = ("part", "shown", "95 % interval", "tokens", "same top token")
    return _bars(rows, told, unit, palette)


def document_chart(
    documents: Sequence[DocumentFidelity], mean: float, unit: str, palette: Palette = NOTEBOOK
) -> alt.LayerChart:
    """A bar for each document: the KL of its tokens; the line is the mean of all tokens."""
    names = distinct([short_name(one.name) for one in documents])
    rows = [
        {
            "part": name,
            "KL": one.kl_divergence,
            "low": math.nan,
            "high": math.nan,
            "shown": number(one.kl_divergence),
            "tokens": f"{one.tokens:,}",
            "same top token": share(one.top_agreement),
            "tops part at": _parting(one.first_parting).text,
        }
        for name, one in zip(names, documents, strict=True)
    ]
    told = ("part", "shown", "tokens", "same top token", "tops part at")
    return _bars(rows, told, unit, palette, mean=mean)


def _bars(
    rows: Sequence[Row], told: Sequence[str], unit: str, palette: Palette, mean: float = math.nan
) -> alt.LayerChart:
    import altair as alt

    names = [row["part"] for row in rows]
    place = alt.Y("part:N", sort=names, title=None, axis=names_axis())
    across = bits_axis("KL:Q", f"KL, {unit} a token", scale=room_behind(80))
    drawn = alt.Chart(inline(rows)).encode(y=place)
    bars = drawn.mark_bar(height=16, color=palette.plain).encode(x=across, tooltip=tooltips(*told))
    ends = alt.Chart(inline(known(rows, "low", "high")))
    rules = ends.mark_rule(color=palette.text, strokeWidth=1.5).encode(
        y=place, x="low:Q", x2="high:Q"
    )
    behind = [{**row, "behind": _end(row)} for row in rows]
    words = (
        alt.Chart(inline(behind))
        .mark_text(align="left", dx=5)
        .encode(y=place, x="behind:Q", text="shown:N")
    )
    means = [{"mean": mean}] if math.isfinite(mean) else []
    line = (
        alt.Chart(inline(means))
        .mark_rule(color=palette.muted, strokeDash=[4, 4])
        .encode(x="mean:Q")
    )
    return layered(bars, line, rules, words).properties(width=WIDTH, height=STEP * len(rows))


def _end(row: Row) -> float:
    """Where the number of a bar stands: behind its interval, or the bar itself."""
    value, high = float(row["KL"]), float(row["high"])
    return max(value, high) if math.isfinite(high) else value


def confidence(found: Fidelity) -> Section:
    """By how sure the base is of its top token."""
    noun = "probability of the base's top token"
    return _section("confidence", noun, confidences(found), found)


def position(found: Fidelity) -> Section:
    """By the place in the document."""
    return _section("position", "position in the document", positions(found), found)


def by_slice(found: Fidelity) -> Section | None:
    """By the columns that were asked for."""
    if not found.slices:
        return None
    standing = sum(one.stands_out for one in found.slices)
    count = "none differs" if not standing else f"{standing:,} differ{'s' * (standing == 1)}"
    said = f"Of {len(found.slices):,} slices {count} from all other tokens by more than chance."
    return _section("slice", "slice", slices(found), found, says=[said])


def _section(
    key: str,
    noun: str,
    parts: Mapping[str, Part],
    found: Fidelity,
    *,
    says: Sequence[str] = (),
) -> Section:
    title = f"Where is it: by {key}"
    rows = [
        [
            named(name),
            amount(part.kl_divergence.value),
            ranged(part.kl_divergence),
            percent(part.top_agreement.value),
            percent(part.part),
            amount(None if part.cross_entropy_difference is None
                   else part.cross_entropy_difference.value),
            counting(part.tokens),
            *([Cell("stands out" if part.stands_out else ABSENT)]
              if isinstance(part, TokenSlice) else []),
        ]
        for name, part in list(parts.items())[:_MOST]
    ]  # fmt: skip
    header = [noun, f"KL, {found.unit} a token", "95 % interval", "same top token", "of all KL",
              "other − base", "tokens", *(["verdict"] if key == "slice" else [])]  # fmt: skip
    is_slice = key == "slice"
    note = sentence(found.interval_notes.get("slices" if is_slice else f"by_{key}", ""))
    table = HtmlTable(title, header, rows, note, words=int(is_slice), keeps=2,
                      sortable=is_slice, searchable=len(rows) > _MOST_DRAWN)  # fmt: skip
    held = dict(list(finite(parts).items())[:_MOST_DRAWN])
    label = f"KL a token by the {noun}"
    if len(held) < len(parts):
        label += f": {len(held)} of {len(parts):,}"
    drawn = Chart(key, label, lambda: spec(chart(held, found.unit, PAGE)), table)
    return Section(
        key,
        title,
        says,
        [drawn] if held else [],
        [] if held and not is_slice else [table],
        terms=(*_TERMS[key], _OTHER_BASE),
    )


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
    return Section(
        "documents",
        "Which documents?",
        _parted(found),
        _drawn_documents(found),
        [table],
        terms=_DOCUMENTS,
    )


def drawn_documents(found: Fidelity) -> list[DocumentFidelity]:
    """The documents that differ most, as far as a chart has a place for them."""
    held = [one for one in found.by_document if math.isfinite(one.kl_divergence)]
    return held[:_MOST_DRAWN]


def _drawn_documents(found: Fidelity) -> list[Chart]:
    shown = drawn_documents(found)
    if len(shown) < 2:
        return []
    rows = [[named(one.name), amount(one.kl_divergence)] for one in shown]
    table = HtmlTable("Documents that differ most", ["document", f"KL, {found.unit}"], rows)
    which = f"the {len(shown)} documents of {len(found.by_document):,} that differ most"
    if len(shown) == len(found.by_document):
        which = "each document"
    label = f"KL a token of {which}; the line is the mean of all tokens"
    mean = found.kl_divergence.value
    return [
        Chart("by-document", label, lambda: spec(document_chart(shown, mean, found.unit, PAGE)),
              table)
    ]  # fmt: skip


def _parted(found: Fidelity) -> list[str]:
    """Where the tops first part, over the documents."""
    if math.isnan(found.top_agreement.value):
        return ["Which tokens are the likeliest isn't known, nor where they part."]
    parted = sorted(one.first_parting for one in found.by_document if one.first_parting is not None)
    never = len(found.by_document) - len(parted)
    if not parted:
        return ["The top tokens part in no document."]
    middle = parted[(len(parted) - 1) // 2]
    told = f"The top tokens part in {len(parted):,} of {len(found.by_document):,} documents"
    said = f"{told}, in half of these by position {middle:,}."
    return [f"{said} In {never:,} they never do." if never else said]


def _parting(place: int | None) -> Cell:
    return Cell(ABSENT, "Infinity") if place is None else counting(place)


_OTHER_BASE = (
    "other − base",
    "By how much the other is more surprised than the base at the tokens that came, a token.",
)
_TERMS = {
    "confidence": (
        (
            "probability of the base's top token",
            "How sure the base is. Where it is sure, a change costs little unless the top token "
            "changes; most of the KL is mostly where it is unsure.",
        ),
    ),
    "position": (
        (
            "position",
            "The place of the predicted token within its document, in octaves. A KL that grows "
            "along the document speaks for errors that add up, as those of a quantised cache of "
            "keys and values.",
        ),
    ),
    "slice": (
        (
            "stands out",
            "The mean KL of the slice is not that of all other tokens, at a false discovery rate "
            "of 5 % among all slices (Benjamini and Hochberg, 1995).",
        ),
    ),
}
_DOCUMENTS = (
    (
        "tops part at",
        "The first position at which the two hold different tokens most likely: up to there, both "
        "would have written the same text greedily.",
    ),
    _OTHER_BASE,
)
