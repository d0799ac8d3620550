"""What a row states, exactly, and how an oracle's answer is computed until its digits are sure."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

CONTEXT = mpmath.MPContext()

Number = Any  # an mpf of CONTEXT: mpmath has no types
Kinds = tuple[str, ...]
Row = Sequence[Any]

#: Zero by proof, and not because nothing was left of something.
ZERO = CONTEXT.mpf(0)

#: Working precisions in bits, tried one after another.
_PRECISIONS = (256, 512, 1024, 2048, 4096)
#: Rounding moves an answer by less than 2^(30 − precision), however many terms were summed, so that
#: one of at least 2^(130 − precision) has 100 bits that are right. (It moves a quotient by more, if
#: what it divides by is small: that is then settled by itself.)
_SURE = 130


def settled(compute: Callable[[], Number], spare: int = 0) -> Number:
    """The answer of ``compute``, at a precision that leaves it 100 bits whatever cancelled.

    What is still below 2^-3900 at the highest precision is zero, or as good as that: it is below
    the square of the smallest double.
    """
    for precision in _PRECISIONS:
        CONTEXT.prec = precision + spare
        value = compute()
        if _is_sure(value, precision):
            return value
    return ZERO


def settled_each(compute: Callable[[], Any], spare: int = 0) -> Any:
    """The same for an array of answers."""
    for precision in _PRECISIONS:
        CONTEXT.prec = precision + spare
        values = compute()
        unsure = [i for i, value in np.ndenumerate(values) if not _is_sure(value, precision)]
        if not unsure:
            break
    for i in unsure:
        values[i] = ZERO
    return values


def _is_sure(value: Number, precision: int) -> bool:
    if value is ZERO or not CONTEXT.isfinite(value):
        return True
    return bool(abs(value) >= CONTEXT.ldexp(1, _SURE - precision))


def bits(nats: Number) -> Number:
    return nats if nats is ZERO else nats / CONTEXT.log(2)


def is_log(kind: str) -> bool:
    return kind in ("logits", "logprobs")


def entry(value: Any) -> float | int:
    """An array's entry as Python's number, exactly."""
    number = value.item() if hasattr(value, "item") else value
    return int(number) if isinstance(number, int) else float(number)


def exact(value: float) -> Number:
    return CONTEXT.mpf(value)


class Stated:
    """The distribution that entries state: the share of an entry, and its surprisal in nats.

    Equal entries are taken together: ``counted`` says how often each one comes.
    """

    def __init__(self, kind: str, entries: Iterable[float]) -> None:
        self.log = is_log(kind)
        self.counted = Counter(entries)
        self.top = max(self.counted)
        self.weights = {x: self.weight(x) for x in self.counted}
        self.total = CONTEXT.fsum(self.weights[x] * n for x, n in self.counted.items())
        self.log_total = CONTEXT.log(self.total)
        self.surprisals: dict[float, Number] = {}

    def weight(self, x: float) -> Number:
        if not self.log:
            return exact(x)
        if x == -math.inf:
            return CONTEXT.mpf(0)
        return CONTEXT.exp(exact(x) - exact(self.top))

    def possible(self, x: float) -> bool:
        return x > -math.inf if self.log else x > 0

    def share(self, x: float) -> Number:
        return self.weights[x] / self.total

    def surprisal(self, x: float) -> Number:
        """In nats; asked for again, it is not computed again."""
        if x not in self.surprisals:
            self.surprisals[x] = self._surprisal(x)
        return self.surprisals[x]

    def _surprisal(self, x: float) -> Number:
        if not self.possible(x):
            return CONTEXT.inf
        if self.log:
            return self.log_total + (exact(self.top) - exact(x))
        return CONTEXT.log(self.total / exact(x))

    def support(self) -> list[tuple[float, int]]:
        """The possible entries, and how often each comes."""
        return [(x, n) for x, n in self.counted.items() if self.possible(x)]


def stated(kind: str, entries: Iterable[float]) -> Stated:
    """What they state; once at each precision for all measures that are asked about one row."""
    row = tuple(entries)
    return (_of_short if len(row) <= 300 else _of_long)(kind, row, CONTEXT.prec)


def _stated(kind: str, row: tuple[float, ...], precision: int) -> Stated:
    assert precision == CONTEXT.prec
    return Stated(kind, row)


#: The rows of a table of tests, one measure after the other; of long ones those at hand.
_of_short = functools.lru_cache(maxsize=2048)(_stated)
_of_long = functools.lru_cache(maxsize=8)(_stated)


def _proportional(kinds: tuple[str, str], both: Iterable[tuple[float, float]]) -> bool:
    """Whether both sides state the same distribution, in rational arithmetic."""
    others = ((Fraction(x), Fraction(y)) for x, y in both)
    x0, y0 = next(others)
    if is_log(kinds[0]):
        return all(x - y == x0 - y0 for x, y in others)
    return all(x * y0 == x0 * y for x, y in others)


class Pair:
    """Two rows, equal pairs of entries taken together."""

    def __init__(self, kinds: Kinds, p_row: Iterable[float], q_row: Iterable[float]) -> None:
        p_row, q_row = list(p_row), list(q_row)
        self.kinds = (kinds[0], kinds[1])
        self.p, self.q = stated(kinds[0], p_row), stated(kinds[1], q_row)
        self.counted = Counter(zip(p_row, q_row, strict=True))

    def terms(self) -> Iterable[tuple[Number, Number, int]]:
        """P and Q of every pair of entries of which one at least is possible, and how often."""
        for (x, y), n in self.counted.items():
            if self.p.possible(x) or self.q.possible(y):
                yield self.p.share(x), self.q.share(y), n

    def possible(self) -> list[tuple[float, float, int]]:
        """The pairs of entries of which the first is possible."""
        return [(x, y, n) for (x, y), n in self.counted.items() if self.p.possible(x)]

    def common(self) -> list[tuple[float, float, int]]:
        """The pairs of entries of which both are possible."""
        return [(x, y, n) for x, y, n in self.possible() if self.q.possible(y)]

    @property
    def denied(self) -> bool:
        """Whether something possible under P is impossible under Q."""
        return any(not self.q.possible(y) for _, y, _ in self.possible())

    @property
    def unexpected(self) -> bool:
        """Whether something possible under Q is impossible under P."""
        return any(self.q.possible(y) and not self.p.possible(x) for x, y in self.counted)

    @property
    def equal(self) -> bool:
        """Whether both rows surely state the same distribution; unlike forms are never sure."""
        if is_log(self.kinds[0]) != is_log(self.kinds[1]) or self.denied or self.unexpected:
            return False
        return _proportional(self.kinds, [(x, y) for x, y, _ in self.common()])


def of_one(formula: Callable[..., Number]) -> Callable[..., Number]:
    """An oracle ``f(kind, row, **parameters)`` from a formula over what the row states."""

    @functools.wraps(formula)
    def oracle(kind: str, row: Row, **parameters: Any) -> Number:
        entries = [entry(x) for x in row]
        spare = order_bits(parameters) + width_bits(kind, entries)
        return settled(lambda: formula(stated(kind, entries), **parameters), spare)

    return oracle


def of_two(formula: Callable[..., Number]) -> Callable[..., Number]:
    """An oracle ``f(kinds, p_row, q_row, **parameters)`` from a formula over what both state."""

    @functools.wraps(formula)
    def oracle(kinds: Kinds, p_row: Row, q_row: Row, **parameters: Any) -> Number:
        rows = [[entry(x) for x in row] for row in (p_row, q_row)]
        spare = order_bits(parameters) + max(map(width_bits, kinds, rows))
        return settled(lambda: formula(Pair(kinds, *rows), **parameters), spare)

    return oracle


def order_bits(parameters: dict[str, Any]) -> int:
    """The bits lost where a formula divides by its order, by what it lacks to 1, or by both."""
    order = float(parameters.get("order", parameters.get("alpha", 1)))
    near = [order, order - 1] if math.isfinite(order) else []
    return sum(abs(math.frexp(x)[1]) for x in near)


def width_bits(kind: str, entries: Iterable[float]) -> int:
    """The bits that a surprisal has before its binary point."""
    if not is_log(kind):
        return 12
    finite = [x for x in entries if x > -math.inf]
    return (int(max(finite)) - int(min(finite)) + 1).bit_length()
