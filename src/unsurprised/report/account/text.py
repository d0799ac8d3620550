"""The account of an encoded file, as text."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.coding.account import Account
from unsurprised.report.numbers import number, share
from unsurprised.report.screen import Line, Screen, line, wrapped
from unsurprised.report.tables import TextTable, described, laid_out

_BITS = 8


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One line of the account; its name begins with a sign where it is a part of a sum."""

    name: str
    bits: float
    symbols: int
    about: str
    #: The same where a screen is narrow.
    brief: str

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


def written(account: Account, screen: Screen, target: str = "the file") -> list[Line]:
    """What was encoded, what the coder added, and where every bit of the file goes.

    Parameters
    ----------
    account : Account
        What :func:`unsurprised.coding.encode` made.
    screen : Screen
        Its width.
    target : str
        What the file is called.
    """
    width = screen.width
    made = [*screen.taken, line()] if screen.taken else []
    for text in (symbols(account), headline(account), size(account, target)):
        made += wrapped(text, width)
    each = lines(account)
    rows = [[one.name, one.in_bits, one.in_bytes, one.each] for one in each]
    table = TextTable("", ["", "bits", "bytes", "a symbol"], rows)
    whole = described(table, [(one.about, one.brief) for one in each], width)
    return [*made, line(), *laid_out(whole, width, ("", "bold", "", "", "dim"))]


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
    found = [
        ("entropy", account.entropy, "the least if all symbols are treated alike", "all alike")
    ]
    error, brief = "what the model's error costs", "the model's error"
    if account.kl is not None:
        found.append(("+ KL divergence", account.kl, error, brief))
    else:
        known = account.entropy - account.cross_entropy
        if known >= 0:
            about = "what the model knows of each symbol besides"
            found.append(("− known beyond", known, about, "known of each symbol"))
        else:
            found.append(("+ lost", -known, f"{error}, at least", brief))
    found += [
        ("= cross-entropy", account.cross_entropy, "the model's surprisal, in total",
         "surprisal, in total"),
        ("+ coder", account.overhead, "rounding, and a whole number of words", "rounding"),
        ("+ model", account.table, "its description in the file", "its description"),
        ("+ header", account.header, "length, identity, checksums", "length, checksums"),
        ("= file", account.file, "", ""),
    ]  # fmt: skip
    return [AccountLine(name, bits, account.symbols, *about) for name, bits, *about in found]
