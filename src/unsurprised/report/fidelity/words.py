"""Tokens and the text around them, as people read them."""

from __future__ import annotations

from unsurprised.language_models.result import Fidelity, TokenSlice, WorstToken
from unsurprised.report.numbers import ABSENT, printable

_TOKEN = 24


def differing(found: Fidelity) -> list[WorstToken]:
    """The worst tokens, of which those of a KL of 0 do not differ."""
    return [one for one in found.worst_tokens if one.kl_divergence > 0]


def token_name(token: int | None, text: str | None) -> str:
    r"""A token by its text where that is known, else by its id.

    >>> token_name(7, None), token_name(7, " a\n"), token_name(None, None)
    ('7', '“ a\\n”', '–')
    """
    if text is not None:
        return f"“{printable(text, _TOKEN)}”"
    return ABSENT if token is None else f"{token}"


def ranks(one: WorstToken) -> str:
    """The rank of the token that came, under the base and under the other."""
    if one.base_rank is None and one.other_rank is None:
        return ABSENT
    first, last = ("?" if rank is None else f"{rank:,}" for rank in (one.base_rank, one.other_rank))
    return f"{first} → {last}"


def in_context(one: WorstToken, before: int, after: int) -> str:
    r"""The token that came in its text, of which at most so many letters are shown on each side.

    >>> one = WorstToken("d", 1, 2.0, 0, 1, 0.5, 0.5, text=" mat", before="The cat sat", after="\n")
    >>> in_context(one, 8, 8)
    '…cat sat⟦ mat⟧\\n'
    """
    if one.text is None:
        return ""
    left, right = printable(one.before or ""), printable(one.after or "", after)
    if len(left) > before:
        left = f"…{left[1 - before :]}"
    return f"{left}⟦{printable(one.text, _TOKEN)}⟧{right}"


def slice_name(one: TokenSlice) -> str:
    """A slice by its column and its value."""
    return f"{one.column} = {'(none)' if one.value is None else one.value}"
