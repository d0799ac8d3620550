"""The page of one language model beside another."""

from __future__ import annotations

from dataclasses import replace

from unsurprised.language_models.result import Fidelity, ModelFigures
from unsurprised.report.fidelity import curves, sentences, where
from unsurprised.report.fidelity.sentences import bound_sign, level_name
from unsurprised.report.fidelity.unseen import is_bound, unseen
from unsurprised.report.fidelity.worst import worst
from unsurprised.report.numbers import Style, interval, valued
from unsurprised.report.pages.parts import (
    Card,
    Cell,
    HtmlTable,
    Page,
    Section,
    amount,
    named,
    percent,
    ranged,
)
from unsurprised.statistics.estimate import Estimate


def page(found: Fidelity) -> Page:
    """What the page says.

    Parameters
    ----------
    found : Fidelity
        What :func:`unsurprised.fidelity` returned.
    """
    told = sentences.verdict(found)
    says = [*([] if told is None else [told]), sentences.size(found)]
    if is_bound(found):
        says.append("Some figures are bounds: what was censored or cut is said below.")
    asked = [
        _figures(found),
        curves.survival(found),
        where.confidence(found),
        where.position(found),
        where.by_slice(found),
        where.documents(found),
        curves.shift(found),
        worst(found),
        unseen(found),
    ]
    return Page(
        "Is it still the same model?",
        sentences.headline(found),
        says,
        _cards(found),
        [section for section in asked if section is not None],
        result="fidelity",
    )


def _cards(found: Fidelity) -> list[Card]:
    figures: list[tuple[str, str, Estimate | None, Style, str]] = [
        ("KL from base to other", "kl_divergence", found.kl_divergence, "information",
         "bits that coding what the base writes by the other costs more, a token"),
        ("same top token", "top_agreement", found.top_agreement, "share", "share of the tokens"),
        ("other − base", "cross_entropy_difference", found.cross_entropy_difference,
         "information", "difference of the cross-entropies on the text"),
        ("perplexity ratio", "perplexity_ratio", found.perplexity_ratio, "number",
         "other's over base's"),
    ]  # fmt: skip
    return [
        Card(name, bound_sign(found, key) + valued(value, style), interval(value, style), about)
        for name, key, value, style, about in figures
        if value is not None
    ]


def _figures(found: Fidelity) -> Section:
    rows: list[tuple[str, str, str, Estimate | None, Style]] = [
        ("KL from base to other", "Mean KLD", "kl_divergence", found.kl_divergence,
         "information"),
        ("KL from other to base", "", "reverse_kl_divergence", found.reverse_kl_divergence,
         "information"),
        ("Jensen–Shannon divergence", "", "js_divergence", found.js_divergence, "information"),
        ("total variation", "", "total_variation", found.total_variation, "share"),
        ("same top token", "Same top p", "top_agreement", found.top_agreement, "share"),
        *_of_model("base", "base", found.base),
        *_of_model("other", "Q", found.other),
        ("other − base", "ln(PPL(Q)/PPL(base))", "cross_entropy_difference",
         found.cross_entropy_difference, "information"),
        ("perplexity ratio", "PPL(Q)/PPL(base)", "perplexity_ratio", found.perplexity_ratio,
         "number"),
        *(
            (f"KL that {level_name(one.level)} of the tokens do not exceed", _alias(one.level),
             "kl_divergence", one.value, "information")
            for one in found.kl_quantiles
        ),
    ]  # fmt: skip
    shown = [
        [named(name), named(also), _value(value, style, bound_sign(found, key)),
         ranged(value, style)]
        for name, also, key, value, style in rows
        if value is not None
    ]  # fmt: skip
    header = ["figure", "in llama.cpp", found.unit, "95 % interval"]
    table = HtmlTable("All figures", header, shown, names=2)
    return Section("figures", "How much is lost?", tables=[table], terms=_TERMS)


def _of_model(
    side: str, also: str, model: ModelFigures
) -> list[tuple[str, str, str, Estimate | None, Style]]:
    return [
        (f"cross-entropy of the {side}", f"ln PPL({also})", f"{side}.cross_entropy",
         model.cross_entropy, "information"),
        (f"perplexity of the {side}", f"PPL({also})", f"{side}.perplexity", model.perplexity,
         "number"),
    ]  # fmt: skip


def _value(value: Estimate, style: Style, sign: str) -> Cell:
    """A figure, with what it is where it is a bound."""
    cell = percent(value.value) if style == "share" else amount(value.value)
    return replace(cell, text=sign + cell.text)


def _alias(level: float) -> str:
    return "Median KLD" if level == 0.5 else f"{level_name(level)} KLD"


_TERMS = (
    (
        "KL from base to other",
        "What it costs more, a token, to code by the other what the base writes; 0 if and only if "
        "both say the same everywhere. It does not hang on the text's own tokens.",
    ),
    (
        "cross-entropy, perplexity",
        "How surprised a model is by the text: the mean surprisal of its tokens, and 2 to its "
        "power. A model can differ everywhere and be as good on a text, so these do not say "
        "whether it is the same.",
    ),
    (
        "95 % interval",
        "Of whole documents, whose tokens are alike: how the figure would differ with other "
        "documents of the same kind.",
    ),
)
