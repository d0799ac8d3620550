"""Numbers and untrusted text, as people read them."""

from __future__ import annotations

import math
from typing import Literal

from unsurprised.errors import shortened
from unsurprised.statistics.estimate import Estimate

ABSENT = "–"

#: information: in the result's unit · nats · share: shown in percent · number: no unit ·
#: other: not one number.
Style = Literal["information", "nats", "share", "number", "other"]


def number(value: float) -> str:
    """A number with the four or five digits that matter.

    >>> number(0.370866), number(6.9e-35), number(-0.0), number(12345.67), number(math.inf)
    ('0.3709', '6.90e-35', '0', '12,345.7', 'inf')
    """
    if math.isnan(value):
        return ABSENT
    if value == 0 or math.isinf(value):
        return f"{value + 0.0:g}"
    size = abs(value)
    if size < 1e-3 or size >= 1e7:
        return f"{value:.2e}"
    decimals = 4 if size < 10 else 3 if size < 100 else 2 if size < 1000 else 1
    return f"{value:,.{decimals}f}"


def round_number(value: float) -> str:
    """A number that is likely round: at most four digits, no zeros after the last.

    >>> round_number(3.0), round_number(51.1), round_number(12345.678), round_number(0.5)
    ('3', '51.1', '12,346', '0.5')
    """
    if value == 0 or not 1e-3 <= abs(value) < 1000:
        return f"{value + 0.0:,.0f}" if 1000 <= abs(value) < 1e7 else f"{value + 0.0:.4g}"
    return f"{value:.4g}"


def share(value: float) -> str:
    """A share in percent; only all is 100 % and only nothing is 0 %.

    >>> share(0.9359), share(1.0), share(0.9999999), share(0.00001), share(-0.1)
    ('93.59 %', '100 %', '99.99999 %', '0.001 %', '-10.00 %')
    """
    if math.isnan(value):
        return ABSENT
    percent = 100 * value
    if math.isinf(percent) or percent in (0, 100):
        return f"{percent + 0.0:g} %"
    for decimals in range(2, 9):
        text = f"{percent:.{decimals}f}"
        if float(text) not in (0, 100):
            return f"{text} %"
    return f"{percent:.3g} %" if abs(percent) < 1 else "almost 100 %"


def p_value(value: float) -> str:
    """A p-value, or a q-value.

    >>> p_value(0.001), p_value(0.25), p_value(0.00004), p_value(1.0)
    ('0.001', '0.25', '4e-05', '1')
    """
    return f"{value:.2g}"


def valued(estimate: Estimate, style: Style) -> str:
    """The value with its unit.

    >>> valued(Estimate(0.3709, 0.3451, 0.3966, "bits", 10000), "information")
    '0.3709 bits'
    """
    if style == "share":
        return share(estimate.value)
    unit = estimate.unit if style in ("information", "nats") else ""
    return f"{number(estimate.value)} {unit}".rstrip()


def interval(estimate: Estimate, style: Style) -> str:
    """The interval in words; a dash where there is none.

    >>> interval(Estimate(0.3709, 0.3451, 0.3966, "bits", 10000), "information")
    '0.3451 to 0.3966'
    """
    low, high = estimate.low, estimate.high
    if math.isnan(low) or math.isnan(high) or not math.isfinite(estimate.value):
        return ABSENT
    if style == "share":
        return f"{share(low).removesuffix(' %')} to {share(high)}"
    return f"{number(low)} to {number(high)}"


def in_brackets(estimate: Estimate, style: Style) -> str:
    """The interval in brackets, with a space before; nothing where there is none.

    >>> in_brackets(Estimate(0.3709, 0.3451, 0.3966, "bits", 10000), "information")
    ' (0.3451 to 0.3966)'
    """
    shown = interval(estimate, style)
    return "" if shown == ABSENT else f" ({shown})"


def counted(count: int, noun: str) -> str:
    """A count and its noun.

    >>> counted(1, "row"), counted(10000, "row"), counted(2, "class")
    ('1 row', '10,000 rows', '2 classes')
    """
    plural = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{plural}"


def printable(text: object, width: int = 0, tail: int = 0) -> str:
    r"""Text from a file, safe to show: control characters are spelt out, long text is cut.

    Of what is cut the last ``tail`` letters stay.

    A class name may hold a newline or an escape sequence that would repaint the terminal.

    >>> printable("cat\n\x1b[2J"), printable("a long name", 7), printable("a long name", 7, 3)
    ('cat\\n\\x1b[2J', 'a long…', 'a l…ame')
    """
    shown = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))
    return shortened(shown, width, tail) if width else shown
