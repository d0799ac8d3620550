"""The page of one language model beside another."""

from __future__ import annotations

from unsurprised.language_models.result import Fidelity
from unsurprised.report.fidelity import sentences, where
from unsurprised.report.numbers import Style, interval, number, share, valued
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
    says = [*([] if told is None else [told]), sentences.size(found), *sentences.remarks(found)]
    last = where.worst(found)
    return Page(
        "Is it still the same model?",
        sentences.headline(found),
        says,
        _cards(found),
        [
            _figures(found),
            where.confidence(found),
            where.position(found),
            where.documents(found),
            *([] if last is None else [last]),
        ],
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
            (f"KL that {_level(one.level)} of the tokens do not exceed", _alias(one.level),
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
    note = f"Half of the KL is in {share(found.half_of_kl)} of the tokens." if (
        found.kl_divergence.value > 0) else ""  # fmt: skip
    return Section("figures", "How much is lost?", [note] if note else [], tables=[table])


def _level(level: float) -> str:
    return f"{number(100 * level).rstrip('0').rstrip('.')} %"


def _alias(level: float) -> str:
    return "median KLD" if level == 0.5 else f"{_level(level)} KLD"
