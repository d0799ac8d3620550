"""The account of an encoded file, as text."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.coding.account import Account
from unsurprised.report.numbers import number, share

WIDTH = 88
_BITS = 8


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One line of the account; its name begins with a sign where it is a part of a sum."""

    name: str
    bits: float
    symbols: int
    about: str

    @property
    def in_bits(self) -> str:
        """As people read it."""
        return f"{self.bits:,.1f}"

    @property
    def in_bytes(self) -> str:
        """The same in bytes."""
        return f"{self.bits / _BITS:,.1f}"

    @property
    def each(self) -> str:
        """Bits a symbol; nothing where there is no symbol."""
        return number(self.bits / self.symbols) if self.symbols else ""


def summary(account: Account, target: str = "the file") -> str:
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
    rows = [("", "bits", "bytes", "a symbol", "")]
    rows += [
        (line.name, line.in_bits, line.in_bytes, line.each, line.about) for line in lines(account)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = [
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  "
        f"{row[3]:>{widths[3]}}  {row[4]}".rstrip()
        for row in rows
    ]
    return "\n".join([symbols(account), headline(account), size(account, target), "", *table])


def symbols(account: Account) -> str:
    """What was encoded, and the model in words."""
    return f"{account.symbols:,} symbols, {account.different:,} different · model: {account.model}"


def headline(account: Account) -> str:
    """What the model says that the symbols cost, and what the code takes."""
    over = f"{account.overhead:,.1f} more"
    if account.cross_entropy:
        over += f" ({share(account.overhead / account.cross_entropy)})"
    return (
        f"The model's cross-entropy is {account.cross_entropy:,.1f} bits, the code takes "
        f"{account.coded:,}: {over}."
    )


def size(account: Account, target: str = "the file") -> str:
    """How large the file is, and what part of the input's size that is."""
    text = f"{target}: {account.file // _BITS:,} bytes"
    if not account.input:
        return text
    return f"{text}, {share(account.file / account.input)} of {account.input // _BITS:,}"


def lines(account: Account) -> list[AccountLine]:
    """From the entropy to the whole file."""
    found = [("entropy", account.entropy, "the least if all symbols are treated alike")]
    if account.kl is not None:
        found.append(("+ KL divergence", account.kl, "what the model's error costs"))
    else:
        known = account.entropy - account.cross_entropy
        if known >= 0:
            found.append(("− known beyond", known, "what the model knows of each symbol besides"))
        else:
            found.append(("+ lost", -known, "what the model's error costs, at least"))
    found += [
        ("= cross-entropy", account.cross_entropy, "the model's surprise, in total"),
        ("+ coder", account.overhead, "rounding, and a whole number of words"),
        ("+ model", account.table, "its description in the file"),
        ("+ header", account.header, "length, identity, checksums"),
        ("= file", account.file, ""),
    ]
    return [AccountLine(name, bits, account.symbols, about) for name, bits, about in found]
