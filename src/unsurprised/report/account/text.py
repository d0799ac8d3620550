"""The account of an encoded file, as text."""

from __future__ import annotations

from unsurprised.coding.account import Account
from unsurprised.report.numbers import number, share

WIDTH = 88
_BITS = 8


def summary(account: Account, target: str) -> str:
    """What was encoded, what the coder added, and where every bit of the file goes.

    Parameters
    ----------
    account : Account
        What :func:`unsurprised.coding.encode` made.
    target : str
        What the file is called.

    Returns
    -------
    str
        Lines of at most 88 characters.
    """
    rows = [("", "bits", "bytes", "a symbol", ""), *_lines(account)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  "
        f"{row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    return "\n".join([*_headline(account, target), "", *table])


def _headline(account: Account, target: str) -> list[str]:
    first = f"{account.symbols:,} symbols, {account.different:,} different · model: {account.model}"
    over = f"{account.overhead:,.1f} more"
    if account.cross_entropy:
        over += f" ({share(account.overhead / account.cross_entropy)})"
    return [
        first,
        f"The model's cross-entropy is {account.cross_entropy:,.1f} bits, the code takes "
        f"{account.coded:,}: {over}.",
        _ratio(account, target),
    ]


def _ratio(account: Account, target: str) -> str:
    text = f"{target}: {account.file // _BITS:,} bytes"
    if not account.input:
        return text
    return f"{text}, {share(account.file / account.input)} of {account.input // _BITS:,}"


def _lines(account: Account) -> list[tuple[str, str, str, str, str]]:
    lines = [("entropy", account.entropy, "the least if all symbols are treated alike")]
    if account.kl is not None:
        lines.append(("+ KL divergence", account.kl, "what the model's error costs"))
    else:
        known = account.entropy - account.cross_entropy
        if known >= 0:
            lines.append(("− known beyond", known, "what the model knows of each symbol besides"))
        else:
            lines.append(("+ lost", -known, "what the model's error costs, at least"))
    lines += [
        ("= cross-entropy", account.cross_entropy, "the model's surprise, in total"),
        ("+ coder", account.overhead, "rounding, and a whole number of words"),
        ("+ model", account.table, "its description in the file"),
        ("+ header", account.header, "length, identity, checksums"),
        ("= file", account.file, ""),
    ]
    return [(name, *_amounts(bits, account.symbols), about) for name, bits, about in lines]


def _amounts(bits: float, symbols: int) -> tuple[str, str, str]:
    each = number(bits / symbols) if symbols else ""
    return f"{bits:,.1f}", f"{bits / _BITS:,.1f}", each
