"""The page of one language model beside another."""

from __future__ import annotations

from unsurprised.language_models.result import Fidelity
from unsurprised.report.fidelity import curves, sentences, where
from unsurprised.report.fidelity.sentences import level_name
from unsurprised.report.fidelity.unseen import is_bound, unseen
from unsurprised.report.fidelity.worst import worst
from unsurprised.report.numbers import Style, interval, valued
from unsurprised.report.pages.parts import Card, HtmlTable, Page, Section, amount, named, ranged
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
    cards = [
        _card("KL from base to other", found.kl_divergence, "information", "bits that coding what "
              "the base writes by the other costs more, a token"),
        _card("same top token", found.top_agreement, "share", "share of the tokens"),
    ]  # fmt: skip
    if found.cross_entropy_difference is not None and found.perplexity_ratio is not None:
        cards += [
            _card("other − base", found.cross_entropy_difference, "information",
                  "difference of the cross-entropies on the text"),
            _card("perplexity ratio", found.perplexity_ratio, "number", "other's over base's"),
        ]  # fmt: skip
    return cards


def _card(name: str, value: Estimate, style: Style, about: str) -> Card:
    return Card(name, valued(value, style), interval(value, style), about)


def _figures(found: Fidelity) -> Section:
    rows: list[tuple[str, str, Estimate | None, Style]] = [
        ("KL from base to other", "mean KLD", found.kl_divergence, "information"),
        ("KL from other to base", "", found.reverse_kl_divergence, "information"),
        ("Jensen–Shannon divergence", "", found.js_divergence, "information"),
        ("total variation", "", found.total_variation, "number"),
        ("same top token", "same top p", found.top_agreement, "number"),
        ("cross-entropy of the base", "ln PPL(base)", found.base.cross_entropy, "information"),
        ("cross-entropy of the other", "ln PPL(Q)", found.other.cross_entropy, "information"),
        ("other − base", "ln PPL(Q)/PPL(base)", found.cross_entropy_difference, "information"),
        ("perplexity ratio", "PPL(Q)/PPL(base)", found.perplexity_ratio, "number"),
        *(
            (f"KL that {level_name(one.level)} of the tokens do not exceed", _alias(one.level),
             one.value, "information")
            for one in found.kl_quantiles
        ),
    ]  # fmt: skip
    shown = [
        [named(name), named(also), amount(value.value), ranged(value, style)]
        for name, also, value, style in rows
        if value is not None
    ]
    header = ["figure", "in llama.cpp", found.unit, "95 % interval"]
    table = HtmlTable("All figures", header, shown, names=2)
    return Section("figures", "How much is lost?", tables=[table], terms=_TERMS)


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
