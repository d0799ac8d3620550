"""One language model beside another, as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from unsurprised.language_models.result import (
    DocumentFidelity,
    Fidelity,
    TokenRange,
    TokenSlice,
    WorstToken,
)
from unsurprised.report.fidelity import sentences
from unsurprised.report.fidelity.sentences import headline, of_lists, short_name
from unsurprised.report.fidelity.words import differing, in_context, ranks, slice_name, token_name
from unsurprised.report.next_steps import glossary, in_python, next_steps
from unsurprised.report.numbers import ABSENT, Style, interval, number, printable, share
from unsurprised.report.screen import Line, Screen, line, sized_for, titled, wrapped
from unsurprised.report.tables import TextTable, laid_out
from unsurprised.statistics.estimate import Estimate

__all__ = ["headline", "lines", "table"]

_STYLES = ("", "bold", "cyan", "dim")
#: Letters of the text before and after a token.
_CONTEXT = (20, 10)
_SHOWN_LEVELS = (0.5, 0.9, 0.99, 0.999)
#: Documents, worst tokens, slices, and whether positions and confidences are shown: in all, and on
#: the first screen from the most to the least.
_FULL = (1000, 1000, 1000, True, True)
_SIZES = (
    (3, 5, 8, False, True),
    (3, 3, 5, False, True),
    (2, 2, 3, False, True),
    (0, 2, 3, False, True),
    (0, 2, 3, False, False),
    (0, 0, 2, False, False),
)


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
    found: Fidelity,
    screen: Screen,
    documents: int,
    worst: int,
    slices: int,
    *ranges: bool,
) -> list[Line]:
    width = screen.width
    has_text = any(one.text is not None for one in found.worst_tokens)
    worst = max(worst, 2 * has_text) if screen.worst is None else screen.worst
    made = wrapped(headline(found), width, _mood(found))
    told = sentences.verdict(found)
    if told is not None:
        made += wrapped(told, width, "bold")
    made += [*wrapped(sentences.size(found), width), line()]
    made += laid_out(_figures(found), width, _STYLES)
    made += wrapped(_quantiles(found), width, first="  ", rest="  ")
    positions, confidences = ranges
    if confidences or not (found.slices or has_text):
        title = "Where: by how sure the base is"
        made += laid_out(_ranges(found.by_confidence, title, found), width)
    if positions:
        made += laid_out(_ranges(found.by_position, "Where: by position", found), width)
    made += laid_out(_slices(found, slices), width)
    made += laid_out(_documents(found, documents), width)
    made += laid_out(_worst(differing(found)[:worst]), width)
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
        shown = share(value.value) if style == "share" else number(value.value)
        rows.append([name, sentences.bound_sign(found, key) + shown, interval(value, style), also])
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
        f"{number(values[level])} of {sentences.level_name(level)}"
        for level in _SHOWN_LEVELS
        if level in values
    )
    what = "The least KL" if of_lists(found) else "KL"
    return f"{what} of single tokens is at most: {told}." if told else ""


def _ranges(parts: Sequence[TokenRange], title: str, found: Fidelity) -> TextTable:
    sure = parts is found.by_confidence
    named = sentences.confidence_range if sure else sentences.position_range
    rows = [[named(part.low, part.high), *_of_part(part)] for part in parts]
    header = ["", "tokens", "KL", "95 % interval", "same top", "of the KL"]
    note = found.interval_notes.get("by_confidence" if sure else "by_position", "")
    return TextTable(title, header, rows, sentences.sentence(note), least=(3, 1))


def _of_part(part: TokenRange | TokenSlice) -> list[str]:
    return [
        f"{part.tokens:,}",
        number(part.kl_divergence.value),
        interval(part.kl_divergence, "information"),
        share(part.top_agreement.value),
        ABSENT if math.isnan(part.part) else share(part.part),
    ]


def _slices(found: Fidelity, most: int) -> TextTable:
    """Those that stand out first, then those of the most KL."""
    shown = sorted(found.slices, key=lambda one: not one.stands_out)[:most]
    rows = [
        [
            printable(slice_name(one), 36),
            *_of_part(one),
            "stands out" if one.stands_out else "",
        ]
        for one in shown
    ]
    title = "Where: by slice"
    if len(rows) < len(found.slices):
        title += f": {len(rows)} of {len(found.slices):,} slices"
    header = ["slice", "tokens", "KL", "95 % interval", "same top", "of the KL", ""]
    note = printable(found.interval_notes.get("slices", ""))
    return TextTable(title, header, rows, sentences.sentence(note), least=(3, 1, 5))


def _parting(document: DocumentFidelity) -> str:
    """Where the tops first part; where these aren't known it isn't either."""
    if document.first_parting is not None:
        return f"{document.first_parting:,}"
    return "–" if math.isnan(document.top_agreement) else "never"


def _documents(found: Fidelity, most: int) -> TextTable:
    rows = [
        [
            short_name(one.name),
            f"{one.tokens:,}",
            number(one.kl_divergence),
            share(one.top_agreement),
            _parting(one),
        ]
        for one in found.by_document[:most]
    ]
    title = "Documents that differ most" if len(rows) < len(found.by_document) else "Documents"
    if found.documents == 1:
        title = "The document"
    header = ["", "tokens", "KL", "same top", "tops part at"]
    return TextTable(title, header, rows)


def _worst(tokens: Sequence[WorstToken]) -> TextTable:
    title = "Tokens that differ most"
    rows = [
        [
            short_name(one.document),
            f"{one.position:,}",
            number(one.kl_divergence),
            token_name(one.base_top, one.base_top_text),
            token_name(one.other_top, one.other_top_text),
            ranks(one),
        ]
        for one in tokens
    ]
    header = ["document", "position", "KL", "base's top", "other's top", "rank of what came"]
    if any(one.text is not None for one in tokens):
        texts = [in_context(one, *_CONTEXT) for one in tokens]
        rows = [[*row[:-1], text] for row, text in zip(rows, texts, strict=True)]
        return TextTable(title, [*header[:-1], ""], rows, least=(1, 4, 3))
    came = [token_name(one.target, None) for one in tokens]
    rows = [[*row[:-1], own, row[-1]] for row, own in zip(rows, came, strict=True)]
    return TextTable(title, [*header[:-1], "came", header[-1]], rows, least=(6, 5))


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
