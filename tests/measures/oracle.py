"""The definitions once more, in mpmath, on the exact values that the arrays hold.

Nothing here comes from the library: a row states ``row / Σrow``, and that is what is summed. Equal
entries are taken together, so that a row of a million classes costs what its distinct entries do.
"""

from __future__ import annotations

import functools
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

import mpmath

CONTEXT = mpmath.MPContext()

#: Beyond the span of a row's entries: 106 where P and Q differ in their last bits, 64 to spare.
_BITS = 170
#: What is smaller than 2^-1100 is below every double.
_WIDEST = 1100
#: No double is changed by a weight of e^-2000 beside one of 1.
_NO_WEIGHT = 2000

Weighted = dict[float, int]


def is_log(kind: str) -> bool:
    return kind in ("logits", "logprobs")


def _exact(value: float) -> mpmath.mpf:
    return CONTEXT.mpf(float(value))


def _span(kind: str, entries: Iterable[float]) -> int:
    """How many bits lie between the largest and the smallest share."""
    if is_log(kind):
        finite = [x for x in entries if x > -math.inf]
        width = (max(finite) - min(finite)) / math.log(2)
    else:
        exponents = [math.frexp(x)[1] for x in entries if x > 0]
        width = max(exponents) - min(exponents)
    return int(min(width, _WIDEST))


def _set_precision(*sides: tuple[str, Sequence[float]]) -> None:
    classes = len(sides[0][1])
    spans = [_span(kind, row) for kind, row in sides]
    CONTEXT.prec = _BITS + max(spans) + classes.bit_length()


class _Stated:
    """The distribution that a row states: the share of an entry, and its surprisal in nats."""

    def __init__(self, kind: str, row: Sequence[float]) -> None:
        self.log = is_log(kind)
        self.top = _exact(max(row))
        counted = Counter(row)
        self.total = CONTEXT.fsum(self.weight(x) * n for x, n in counted.items())
        self.log_total = CONTEXT.log(self.total)

    def weight(self, x: float) -> mpmath.mpf:
        if not self.log:
            return _exact(x)
        if x == -math.inf:
            return CONTEXT.mpf(0)
        gap = _exact(x) - self.top
        return CONTEXT.exp(gap) if gap > -_NO_WEIGHT else CONTEXT.mpf(0)

    def possible(self, x: float) -> bool:
        return x > -math.inf if self.log else x > 0

    def share(self, x: float) -> mpmath.mpf:
        return self.weight(x) / self.total

    def surprisal(self, x: float) -> mpmath.mpf:
        if not self.possible(x):
            return CONTEXT.inf
        if self.log:
            return self.log_total + (self.top - _exact(x))
        return CONTEXT.log(self.total / _exact(x))


def bits(nats: mpmath.mpf) -> mpmath.mpf:
    return nats / CONTEXT.log(2)


def shares(kind: str, row: Sequence[float]) -> list[mpmath.mpf]:
    """The distribution that a row states."""
    row = [float(x) for x in row]
    _set_precision((kind, row))
    stated = _Stated(kind, row)
    return [stated.share(x) for x in row]


def surprisal(kind: str, row: Sequence[float], label: int) -> mpmath.mpf:
    row = [float(x) for x in row]
    _set_precision((kind, row))
    return bits(_Stated(kind, row).surprisal(row[label]))


def entropy(kind: str, row: Sequence[float]) -> mpmath.mpf:
    row = [float(x) for x in row]
    _set_precision((kind, row))
    stated = _Stated(kind, row)
    terms = (
        n * stated.share(x) * stated.surprisal(x)
        for x, n in Counter(row).items()
        if stated.possible(x)
    )
    return bits(CONTEXT.fsum(terms))


class _Pair:
    """Two rows, equal pairs of entries taken together."""

    def __init__(
        self, kinds: tuple[str, str], p_row: Sequence[float], q_row: Sequence[float]
    ) -> None:
        p_row, q_row = [float(x) for x in p_row], [float(y) for y in q_row]
        _set_precision((kinds[0], p_row), (kinds[1], q_row))
        self.kinds = kinds
        self.p, self.q = _Stated(kinds[0], p_row), _Stated(kinds[1], q_row)
        self.counted = Counter(zip(p_row, q_row, strict=True))

    @property
    def denied(self) -> bool:
        return any(self.p.possible(x) and not self.q.possible(y) for x, y in self.counted)

    @property
    def equal(self) -> bool:
        """Whether both rows state the same distribution, in rational arithmetic."""
        alike = is_log(self.kinds[0]) == is_log(self.kinds[1])
        both = [(x, y) for x, y in self.counted if self.p.possible(x) or self.q.possible(y)]
        if not alike or not all(self.p.possible(x) and self.q.possible(y) for x, y in both):
            return False
        pairs = [(Fraction(x), Fraction(y)) for x, y in both]
        (x0, y0), others = pairs[0], pairs[1:]
        if is_log(self.kinds[0]):
            return all(x - y == x0 - y0 for x, y in others)
        return all(x * y0 == x0 * y for x, y in others)

    def possible(self) -> list[tuple[float, float, int]]:
        return [(x, y, n) for (x, y), n in self.counted.items() if self.p.possible(x)]


def cross_entropy(
    kinds: tuple[str, str], p_row: Sequence[float], q_row: Sequence[float]
) -> mpmath.mpf:
    pair = _Pair(kinds, p_row, q_row)
    if pair.denied:
        return CONTEXT.inf
    return bits(
        CONTEXT.fsum(n * pair.p.share(x) * pair.q.surprisal(y) for x, y, n in pair.possible())
    )


def kl_divergence(
    kinds: tuple[str, str], p_row: Sequence[float], q_row: Sequence[float]
) -> mpmath.mpf:
    pair = _Pair(kinds, p_row, q_row)
    if pair.denied:
        return CONTEXT.inf
    if pair.equal:
        return CONTEXT.mpf(0)
    return bits(
        CONTEXT.fsum(
            n * pair.p.share(x) * (pair.q.surprisal(y) - pair.p.surprisal(x))
            for x, y, n in pair.possible()
        )
    )


def difference(
    kinds: tuple[str, str], p_row: Sequence[float], q_row: Sequence[float]
) -> mpmath.mpf:
    """``Σ |P − Q| (1 + |log P|)``, which the bound for two unlike forms is stated by."""
    pair = _Pair(kinds, p_row, q_row)
    return bits(
        CONTEXT.fsum(
            n * abs(pair.p.share(x) - pair.q.share(y)) * (1 + pair.p.surprisal(x))
            for x, y, n in pair.possible()
        )
        + CONTEXT.fsum(
            n * pair.q.share(y) for (x, y), n in pair.counted.items() if not pair.p.possible(x)
        )
    )


@functools.cache
def log2_of(classes: int) -> mpmath.mpf:
    CONTEXT.prec = _BITS
    return bits(CONTEXT.log(classes))


def relative_error(found: float, true: mpmath.mpf, absolute: float = 0.0) -> float:
    """|found − true| / |true|, where an error of ``absolute`` is forgiven.

    Zeros and infinities are either met exactly (error 0) or missed (infinite error).
    """
    if math.isnan(found):
        return math.inf
    if CONTEXT.isinf(true) or abs(true) > sys.float_info.max:
        return 0.0 if math.isinf(found) and (found > 0) == (true > 0) else math.inf
    if math.isinf(found):
        return math.inf
    if true == 0:
        return 0.0 if abs(found) <= absolute else math.inf
    excess = abs(_exact(found) - true) - absolute
    return float(excess / abs(true)) if excess > 0 else 0.0
