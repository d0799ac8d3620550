"""A comparison as text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from unsurprised.comparison.result import Comparison, Difference, RowDifference
from unsurprised.report.numbers import counted, interval, number, printable, share, valued
from unsurprised.statistics.estimate import Estimate

WIDTH = 100
_NAME, _MOST_SLICES = 28, 20


def summary(comparison: Comparison, width: int = WIDTH) -> str:
    """The whole comparison as text; the same comparison gives the same text.

    Parameters
    ----------
    comparison : Comparison
        What :func:`unsurprised.compare` returned.
    width : int
        The longest line.

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    parts = [
        *(_wrapped(of_pair(pair, comparison), width) for pair in comparison.differences),
        size(comparison),
        "",
        *_models(comparison),
    ]
    for pair in comparison.differences:
        parts += ["", *_pair(pair, comparison, width)]
    if comparison.missing:
        parts += ["", "Not reported"]
        parts += [f"  {name}: {why}" for name, why in comparison.missing.items()]
    return "\n".join(line.rstrip() for line in "\n".join(parts).splitlines())


def headline(comparison: Comparison) -> str:
    """The headline of the first pair, and how many there are besides."""
    first, *others = comparison.differences
    more = f" And {counted(len(others), 'model')} more." if others else ""
    return of_pair(first, comparison) + more


def of_pair(pair: Difference, comparison: Comparison) -> str:
    """Which is better, by how much, and how sure that is."""
    base, new = _name(pair.base), _name(pair.new)
    found, unit = pair.difference, comparison.unit
    if math.isnan(found.value):
        return f"{new} and {base} each give 0 to things that happened: neither is better."
    if math.isinf(found.value):
        better, worse = (base, new) if found.value > 0 else (new, base)
        return f"{worse} gives 0 to what happened where {better} does not: it is infinitely worse."
    if math.isnan(found.low):
        return f"{new} − {base}: {number(found.value)} {unit} a row; too few rows for an interval."
    is_worse = found.value > 0
    ends = (found.low, found.high) if is_worse else (-found.high, -found.low)
    sure = " to ".join(number(end) for end in ends)
    by = f"by {number(abs(found.value))} {unit} a row ({sure}{_p(pair)})"
    if found.low <= 0 <= found.high:
        return (
            f"{new} and {base} cannot be told apart on these rows: {new} is "
            f"{'worse' if is_worse else 'better'} {by}."
        )
    return f"{new} is {'worse' if is_worse else 'better'} than {base} {by}."


def _p(pair: Difference) -> str:
    if pair.p_value is None:
        return ""
    return "; p < 0.0001" if pair.p_value < 1e-4 else f"; p = {pair.p_value:.2g}"


def size(comparison: Comparison) -> str:
    """Rows, and what was left out."""
    rows = counted(comparison.rows, "row")
    if comparison.clusters is not None:
        rows += f" in {counted(comparison.clusters, 'cluster')}"
    parts = [rows]
    if comparison.unmatched_rows:
        parts.append(f"{comparison.unmatched_rows:,} rows that are not in all, left out")
    return " · ".join(parts)


def _models(comparison: Comparison) -> list[str]:
    rows = [["", "cross-entropy", "95 % interval", "accuracy", ""]]
    for model in comparison.models:
        infinite = f"{model.infinite_rows:,} infinite" if model.infinite_rows else ""
        accuracy = "" if model.accuracy is None else share(model.accuracy.value)
        cost = model.cross_entropy
        rows.append(
            [_name(model.name), valued(cost, "information"), interval(cost, "information"),
             accuracy, infinite]
        )  # fmt: skip
    return _table(rows)


def _pair(pair: Difference, comparison: Comparison, width: int) -> list[str]:
    lines = [_rule(f"{_name(pair.new)} − {_name(pair.base)}", width)]
    rows = [["", "", "95 % interval", ""]]
    rows.append(_figure("difference", pair.difference, "above 0: more surprised"))
    if pair.finite_difference is not None:
        rows.append(_figure("  finite rows", pair.finite_difference, "where both are finite"))
    if pair.miscalibration is not None and pair.discrimination is not None:
        rows.append(_figure("  miscalibration", pair.miscalibration, f"removable by {pair.family}"))
        rows.append(_figure("  discrimination", pair.discrimination, "above 0: it knows more"))
    if pair.accuracy is not None:
        rows.append(["accuracy", share(pair.accuracy.value), interval(pair.accuracy, "share"), ""])
    rows.append(["rows it is worse on", share(pair.worse_rows.value),
                 interval(pair.worse_rows, "share"), ""])  # fmt: skip
    lines += _table(rows)
    lines += _slices(pair, width)
    lines += _extremes("The rows on which it is most worse", pair.most_worse, comparison, width)
    lines += _extremes("The rows on which it is most better", pair.most_better, comparison, width)
    return lines


def _figure(name: str, found: Estimate, about: str) -> list[str]:
    return [name, valued(found, "information"), interval(found, "information"), about]


def _slices(pair: Difference, width: int) -> list[str]:
    if not pair.slices:
        return []
    shown = sorted(pair.slices, key=lambda part: (not part.stands_out, -abs(part.contribution)))
    rows = [["slice", "rows", "difference", "95 % interval", "adds", ""]]
    rows += [
        [
            printable(f"{part.column}={'(none)' if part.value is None else part.value}", 36),
            f"{part.rows:,}",
            number(part.difference.value),
            interval(part.difference, "information"),
            number(part.contribution),
            "← stands out" if part.stands_out else "",
        ]
        for part in shown[:_MOST_SLICES]
    ]
    lines = ["", _rule("Where they differ", width), *_table(rows)]
    if len(shown) > _MOST_SLICES:
        lines.append(f"and {len(shown) - _MOST_SLICES} more slices (--json has all)")
    return lines


def _extremes(
    title: str, found: Sequence[RowDifference], comparison: Comparison, width: int
) -> list[str]:
    if not found:
        return []
    rows = [["row", "label", "base", "new", f"difference in {comparison.unit}"]]
    rows += [
        [
            printable(row.id, 24),
            "" if row.label is None else printable(row.label, 16),
            number(row.base),
            number(row.new),
            number(row.difference),
        ]
        for row in found
    ]
    return ["", _rule(title, width), *_table(rows)]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _rule(title: str, width: int) -> str:
    return f"{title} {'─' * max(2, min(width, 88) - len(title) - 1)}"


def _name(name: str) -> str:
    return printable(name, _NAME)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)
