"""The table of an explanation, the same for plain text, terminals and notebooks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unsurprised.explanation.result import Explanation
from unsurprised.report.explanation.sentences import figure, others
from unsurprised.report.numbers import ABSENT, printable
from unsurprised.report.screen import cut, wide

#: How many outcomes are shown; the others are one line with their sums.
MOST = 20
MARK = "←"
_NAME, _NARROW_NAME = 24, 10
_GAP = 2

Value = float | int | None


@dataclass(frozen=True)
class LengthColumn:
    """A column of numbers: one for each outcome shown, their sum over the others, the total."""

    group: str
    name: str
    cells: tuple[str, ...]
    others: str
    total: str
    #: Columns of the largest rank are left out first where a screen is narrow.
    rank: int

    @property
    def width(self) -> int:
        """In letters."""
        return max(map(len, (self.name, self.others, self.total, *self.cells)))


@dataclass(frozen=True)
class Shown:
    """The table: a name, a mark and cells for each outcome shown, and what is left out."""

    names: tuple[str, ...]
    marked: tuple[bool, ...]
    columns: tuple[LengthColumn, ...]
    #: What the line of the other outcomes is called, "" where there is none.
    others: str
    #: Groups of columns that did not fit.
    left_out: tuple[str, ...] = ()


def chosen(explanation: Explanation, most: int = MOST) -> list[int]:
    """The outcomes to show: all in their order, or the ``most`` that matter most, largest first."""
    outcomes = explanation.outcomes
    if len(outcomes) <= most:
        return list(range(len(outcomes)))

    def importance(index: int) -> tuple[float, ...]:
        one = outcomes[index]
        if explanation.explains == "entropy":
            return (-one.entropy, -one.p)
        if explanation.explains == "surprisal":
            return (-float(index == explanation.happened), -(one.q or 0.0))
        return (-float(one.denied), -one.p * one.denied, -abs(one.kl_divergence or 0.0), -one.p)

    return sorted(range(len(outcomes)), key=importance)[:most]


def shown(explanation: Explanation, most: int = MOST) -> Shown:
    """The whole table; see :func:`fitting` for a narrow screen."""
    indices = chosen(explanation, most)
    rest = len(explanation.outcomes) - len(indices)
    marked = tuple(
        index == explanation.happened or (outcome.denied and explanation.happened is None)
        for index in indices
        for outcome in [explanation.outcomes[index]]
    )
    return Shown(
        names=labels(explanation, indices),
        marked=marked,
        columns=tuple(_columns(explanation, indices)),
        others=others(rest) if rest else "",
    )


def labels(explanation: Explanation, indices: Sequence[int], width: int = _NAME) -> tuple[str, ...]:
    """Names that are safe to show, of a limited width and still distinct."""
    names = [cut(printable(explanation.outcomes[index].name), width) for index in indices]
    twice = {name for name, count in Counter(names).items() if count > 1}
    return tuple(
        f"{cut(name, width - len(f' #{index}'))} #{index}" if name in twice else name
        for name, index in zip(names, indices, strict=True)
    )


def _columns(explanation: Explanation, indices: Sequence[int]) -> list[LengthColumn]:
    made = _Maker(explanation, indices)
    kind, unit = explanation.explains, explanation.unit
    sides = {"entropy": "p", "divergence": "pq", "surprisal": "q"}[kind]
    log, ideal, adds = logarithm(explanation.base), f"ideal code, {unit}", f"what it adds, {unit}"
    columns = [made.column("probability", s.upper(), s, rank=0, sums=True) for s in sides]
    columns += [made.column(ideal, f"−{log} {s.upper()}", f"{s}_length", rank=2) for s in sides]
    if explanation.base == 2:
        columns += [made.column("Huffman", s.upper(), f"{s}_huffman", rank=4) for s in sides]
    if kind != "surprisal":
        columns.append(made.column(adds, "H(P)", "entropy", rank=3, sums=True))
    if kind == "divergence":
        columns.append(made.column(adds, "cross-ent.", "cross_entropy", rank=3, sums=True))
        columns.append(made.column(adds, "KL(P‖Q)", "kl_divergence", rank=1, sums=True))
    return columns


def logarithm(base: float) -> str:
    """How the logarithm to a base is written.

    >>> logarithm(2), logarithm(math.e), logarithm(3)
    ('log₂', 'ln', 'log')
    """
    return {2.0: "log₂", math.e: "ln", 10.0: "log₁₀"}.get(base, "log")


class _Maker:
    """Makes columns of one explanation."""

    def __init__(self, explanation: Explanation, indices: Sequence[int]) -> None:
        self._explanation, self._indices = explanation, indices
        apart = set(indices)
        self._others = [i for i in range(len(explanation.outcomes)) if i not in apart]

    def column(
        self, group: str, name: str, field: str, *, rank: int, sums: bool = False
    ) -> LengthColumn:
        """The column of one field of the outcomes, with sums where it has any."""
        outcomes = self._explanation.outcomes
        values: list[Value] = [getattr(outcomes[index], field) for index in self._indices]
        if not sums:
            texts = aligned(values)
            return LengthColumn(group, name, tuple(texts), "", "", rank)
        rest = [getattr(outcomes[index], field) for index in self._others]
        total = 1.0 if field in ("p", "q") else getattr(self._explanation, field)
        values += [_sum(rest), total]
        *cells, others, total_text = aligned(values)
        return LengthColumn(group, name, tuple(cells), others if rest else "", total_text, rank)


def _sum(values: list[float]) -> float:
    return math.inf if math.inf in values else math.fsum(values)


def aligned(values: Sequence[Value]) -> list[str]:
    """Numbers with their points below each other; the ends of very small and large ones.

    >>> aligned([0.5, 12.25, 0.0, math.inf]), aligned([3, None])
    ([' 0.5000', '12.2500', ' 0     ', '    inf'], ['3', '–'])
    """
    texts = [_cell(value) for value in values]
    if any("." in text and "e" not in text for text in texts):
        texts = [f"{text}     " if text == "0" else text for text in texts]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def _cell(value: Value) -> str:
    if value is None:
        return ABSENT
    if isinstance(value, int):
        return str(value)
    return figure(value)


def grouped(columns: Sequence[LengthColumn]) -> list[tuple[str, list[LengthColumn]]]:
    """Neighbours of one group together."""
    groups: list[tuple[str, list[LengthColumn]]] = []
    for column in columns:
        if not groups or groups[-1][0] != column.group:
            groups.append((column.group, []))
        groups[-1][1].append(column)
    return groups


def group_width(name: str, columns: Sequence[LengthColumn]) -> int:
    """How wide a group is; its name may be wider than its columns."""
    return max(len(name), sum(column.width for column in columns) + _GAP * (len(columns) - 1))


def fitting(table: Shown, width: int) -> Shown:
    """The table with names cut, and columns left out, until it fits."""
    names = max(map(wide, (*table.names, table.others, "outcome")))
    marks = _GAP if any(table.marked) else 0
    while True:
        groups = grouped(table.columns)
        numbers = sum(_GAP + group_width(name, columns) for name, columns in groups)
        room = width - numbers - marks
        if room >= min(names, _NARROW_NAME) or len(table.columns) == 1:
            break
        worst = max(column.rank for column in table.columns)
        gone = [column for column in table.columns if column.rank == worst]
        if len(gone) == len(table.columns):
            gone = gone[1:]
        table = replace(
            table,
            columns=tuple(column for column in table.columns if column not in gone),
            left_out=(*table.left_out, gone[0].group),
        )
    room = max(room, 3)
    return replace(
        table,
        names=tuple(cut(name, room) for name in table.names),
        others=cut(table.others, room),
    )
