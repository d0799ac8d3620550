"""The tokens that differ most on a page, in their text where it is known."""

from __future__ import annotations

from unsurprised.language_models.result import Fidelity, WorstToken
from unsurprised.report.fidelity.words import differing, in_context, ranks, token_name
from unsurprised.report.pages.parts import Cell, HtmlTable, Section, amount, counting, named

#: Letters of the text before and after a token.
_CONTEXT = (60, 30)


def worst(found: Fidelity) -> Section | None:
    """The tokens that differ most."""
    shown = differing(found)
    if not shown:
        return None
    has_text = any(one.text is not None for one in shown)
    rows = [_row(one, has_text=has_text) for one in shown]
    header = ["in its text" if has_text else "came", "base's top", "other's top",
              f"KL, {found.unit}", "base's surprisal", "other's surprisal", "rank", "position",
              "document"]  # fmt: skip
    table = HtmlTable(
        "Tokens that differ most",
        header,
        rows,
        "" if has_text else "With the tokens' own text (--text) each is shown in it.",
        names=3,
        words=1,
        sortable=True,
    )
    return Section("worst", "Which tokens?", tables=[table], terms=_TERMS)


def _row(one: WorstToken, *, has_text: bool) -> list[Cell]:
    came = in_context(one, *_CONTEXT) if has_text else token_name(one.target, None)
    return [
        Cell(came),
        Cell(token_name(one.base_top, one.base_top_text)),
        Cell(token_name(one.other_top, one.other_top_text)),
        amount(one.kl_divergence),
        amount(one.base_surprisal),
        amount(one.other_surprisal),
        Cell(ranks(one), "-Infinity" if one.base_rank is None else str(one.base_rank)),
        counting(one.position),
        named(one.document),
    ]


_TERMS = (
    ("surprisal", "−log of the probability of the token that came, under each of the two."),
    (
        "rank",
        "How many tokens are likelier than the one that came, and itself: under the base → under "
        "the other. ? where a file does not tell: at its floor, or outside of its list.",
    ),
    ("in its text", "The token that came stands in ⟦ ⟧; line ends are written as \\n."),
)
