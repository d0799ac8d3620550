"""The page of the account of an encoded file."""

from __future__ import annotations

from unsurprised.coding.account import Account
from unsurprised.report.account import text, waterfall
from unsurprised.report.pages.parts import Card, Page

_CARDS = ("= cross-entropy", "+ coder", "+ model", "= file")


def page(account: Account) -> Page:
    """What the page of an account says.

    Parameters
    ----------
    account : Account
        What :func:`unsurprised.coding.encode` made.
    """
    return Page(
        "Where do the bits of the file go?",
        text.headline(account),
        [text.symbols(account), text.size(account)],
        [
            Card(line.name.lstrip("+= "), f"{line.in_bits} bits", "", line.about)
            for line in text.lines(account)
            if line.name in _CARDS
        ],
        [waterfall.section(account)],
        result="account",
    )
