"""One language model beside another, as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from unsurprised.language_models.result import Fidelity, TokenRange, WorstToken
from unsurprised.report.fidelity import sentences
from unsurprised.report.fidelity.sentences import headline, of_lists, short_name
from unsurprised.report.next_steps import glossary, in_python, next_steps
from unsurprised.report.numbers import ABSENT, Style, interval, number, share
from unsurprised.report.screen import Line, Screen, line, sized_for, titled, wrapped
from unsurprised.report.tables import TextTable, laid_out
from unsurprised.statistics.estimate import Estimate

__all__ = ["headline", "lines", "table"]

_STYLES = ("", "bold", "cyan", "dim")
_SHOWN_LEVELS = (0.5, 0.9, 0.99, 0.999)
#: Documents, worst tokens, and whether positions are shown: in all, and on the first screen from
#: the most to the least.
_FULL = (1000, 1000, True)
_SIZES = ((3, 5, False), (3, 3, False), (2, 2, False), (0, 2, False), (0, 0, False))


def lines(found: Fidelity, screen: Screen) -> list[Line]:
    """The report; the same result gives the same text.

    Parameters
    ----------
    found : Fidelity
        What :func:`unsurprised.fidelity` returned.
    screen : Screen
        Its width, whether all is to be said, and what can be done next.
    """
    return sized_for(screen, partial(_sized, found, screen), _FULL, _SIZES)


def _sized(
    found: Fidelity, screen: Screen, documents: int, worst: int, positions: bool
) -> list[Line]:
    width = screen.width
    worst = worst if screen.worst is None else screen.worst
    made = wrapped(headline(found), width, _mood(found))
    told = sentences.verdict(found)
    if told is not None:
        made += wrapped(told, width, "bold")
    made += [*wrapped(sentences.size(found), width), line()]
    made += laid_out(_figures(found), width, _STYLES)
    made += wrapped(_quantiles(found), width, first="  ", rest="  ")
    title = "Where: by how sure the base is"
    made += laid_out(_ranges(found.by_confidence, title, sentences.confidence_range), width)
    if positions:
        title = "Where: by position"
        made += laid_out(_ranges(found.by_position, title, sentences.position_range), width)
    made += laid_out(_documents(found, documents), width)
    made += laid_out(_worst(found.worst_tokens[:worst], found), width)
    body = [
        part for text in sentences.remarks(found) for part in wrapped(text, width, first="  ",
                                                                      rest="  ")
    ]  # fmt: skip
    steps = [("full", "all documents, positions and worst tokens"), ("html", "with charts")]
    said = next_steps(steps, screen) or in_python("fidelity", screen)
    return [*made, *titled("To know", body, width), *said, *_words(screen, said)]


def _words(screen: Screen, said: Sequence[Line]) -> list[Line]:
    """Where the words are explained, after an empty line of its own if need be."""
    told = glossary(screen)
    return told if said or not told else [line(), *told]


def _mood(found: Fidelity) -> str:
    if found.noise is not None:
        return "bold yellow" if found.noise.above else "bold green"
    return "bold"


def _figures(found: Fidelity) -> TextTable:
    base, other = short_name(found.base.name), short_name(found.other.name)
    rows: list[list[str]] = []

    def add(name: str, value: Estimate | None, style: Style, key: str, also: str = "") -> None:
        if value is None:
            return
        bound = {"at least": "≥ ", "at most": "≤ "}.get(found.bounds.get(key, ""), "")
        shown = share(value.value) if style == "share" else number(value.value)
        rows.append([name, bound + shown, interval(value, style), also])
        if key in found.at_most:
            add("  at most", found.at_most[key], style, "")

    add("KL from base to other", found.kl_divergence, "information", "kl_divergence", "mean KLD")
    add("KL from other to base", found.reverse_kl_divergence, "information",
        "reverse_kl_divergence")  # fmt: skip
    add("Jensen–Shannon", found.js_divergence, "information", "js_divergence")
    add("total variation", found.total_variation, "share", "total_variation")
    add("same top token", found.top_agreement, "share", "top_agreement", "same top p")
    add(f"cross-entropy of {base}", found.base.cross_entropy, "information", "base.cross_entropy",
        "ln PPL(base)")  # fmt: skip
    add(f"cross-entropy of {other}", found.other.cross_entropy, "information",
        "other.cross_entropy", "ln PPL(Q)")  # fmt: skip
    add("other − base", found.cross_entropy_difference, "information", "cross_entropy_difference",
        "ln of the ratio")  # fmt: skip
    add("perplexity ratio", found.perplexity_ratio, "number", "perplexity_ratio",
        "PPL(Q)/PPL(base)")  # fmt: skip
    if found.target_shift is not None:
        add("Δp of the target", found.target_shift.mean, "share", "", "mean Δp")
        add("its root mean square", found.target_shift.rms, "share", "", "RMS Δp")
    header = ["", found.unit, "95 % interval", "in llama.cpp"]
    return TextTable("", header, rows, least=(3,))


def _quantiles(found: Fidelity) -> str:
    values = {one.level: one.value.value for one in found.kl_quantiles}
    told = ", ".join(
        f"{number(values[level])} of {round_number_of(level)}"
        for level in _SHOWN_LEVELS
        if level in values
    )
    what = "The least KL" if of_lists(found) else "KL"
    return f"{what} of single tokens is at most: {told}." if told else ""


def round_number_of(level: float) -> str:
    """A level in percent.

    >>> round_number_of(0.999)
    '99.9 %'
    """
    return f"{100 * level:.4g} %"


def _ranges(parts: Sequence[TokenRange], title: str, named: sentences.RangeName) -> TextTable:
    rows = [
        [
            named(part.low, part.high),
            f"{part.tokens:,}",
            number(part.kl_divergence.value),
            interval(part.kl_divergence, "information"),
            share(part.top_agreement.value),
            ABSENT if math.isnan(part.part) else share(part.part),
        ]
        for part in parts
    ]
    header = ["", "tokens", "KL", "95 % interval", "same top", "of the KL"]
    return TextTable(title, header, rows, least=(3, 1))


def _documents(found: Fidelity, most: int) -> TextTable:
    rows = [
        [
            short_name(one.name),
            f"{one.tokens:,}",
            number(one.kl_divergence),
            share(one.top_agreement),
            "never" if one.first_parting is None else f"{one.first_parting:,}",
        ]
        for one in found.by_document[:most]
    ]
    title = "Documents that differ most" if len(rows) < len(found.by_document) else "Documents"
    if found.documents == 1:
        title = "The document"
    header = ["", "tokens", "KL", "same top", "tops part at"]
    return TextTable(title, header, rows)


def _worst(tokens: Sequence[WorstToken], found: Fidelity) -> TextTable:
    rows = [
        [
            short_name(one.document),
            f"{one.position:,}",
            number(one.kl_divergence),
            f"{one.base_top}",
            f"{one.other_top}",
            ABSENT if one.target is None else f"{one.target}",
        ]
        for one in tokens
    ]
    header = ["document", "position", "KL", "base's top", "other's top", "came"]
    return TextTable("Tokens that differ most", header, rows, least=(5,))


def table(found: Sequence[Fidelity], screen: Screen) -> list[Line]:
    """Several others beside one base."""
    width = screen.width
    made: list[Line] = []
    for one in found:
        made += wrapped(headline(one), width, _mood(one))
        told = sentences.verdict(one)
        if told is not None:
            made += wrapped(told, width, "bold")
    made += [*wrapped(sentences.size(found[0]), width), line()]
    rows = [
        [
            short_name(one.other.name),
            number(one.kl_divergence.value),
            interval(one.kl_divergence, "information"),
            share(one.top_agreement.value),
            ABSENT
            if one.cross_entropy_difference is None
            else number(one.cross_entropy_difference.value),
            ABSENT if one.perplexity_ratio is None else number(one.perplexity_ratio.value),
        ]
        for one in found
    ]
    header = ["", f"KL, {found[0].unit}", "95 % interval", "same top", "other − base", "PPL ratio"]
    made += laid_out(TextTable("", header, rows, least=(5, 2)), width, _STYLES)
    notes = dict.fromkeys(text for one in found for text in sentences.remarks(one))
    body = [part for text in notes for part in wrapped(text, width, first="  ", rest="  ")]
    steps = [("first", "the first of them by itself"), ("json", "all figures of all")]
    said = next_steps(steps, screen)
    return [*made, *titled("To know", body, width), *said, *_words(screen, said)]
