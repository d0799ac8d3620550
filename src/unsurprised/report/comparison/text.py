"""A comparison as text: the first screen, or all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from unsurprised.comparison.result import Comparison, Difference, RowDifference
from unsurprised.report.next_steps import glossary, in_python, next_steps
from unsurprised.report.numbers import (
    ABSENT,
    counted,
    interval,
    number,
    p_value,
    printable,
    share,
    valued,
)
from unsurprised.report.screen import Line, Screen, line, sized_for, titled, wrapped
from unsurprised.report.tables import TextTable, described, laid_out
from unsurprised.statistics.estimate import Estimate

_NAME = 28
_STYLES = ("", "bold", "cyan", "dim")
#: Slices and rows of each pair, and whether it is said at length what next steps are for: in the
#: full report, and on the first screen from the most to the least.
_FULL = (20, 1000, True)
_SIZES = ((6, 3, True), (4, 2, True), (4, 2, False), (3, 1, False), (3, 0, False), (2, 0, False))


def lines(comparison: Comparison, screen: Screen) -> list[Line]:
    """The report; the same comparison gives the same text.

    Parameters
    ----------
    comparison : Comparison
        What :func:`unsurprised.compare` returned.
    screen : Screen
        Its width, whether all is to be said, and what can be done next.
    """
    return sized_for(screen, partial(_sized, comparison, screen), _FULL, _SIZES)


def _sized(
    comparison: Comparison, screen: Screen, most_slices: int, most_rows: int, at_length: bool
) -> list[Line]:
    width = screen.width
    made = [*screen.taken, line()] if screen.taken else []
    made += _verdicts(comparison, width)
    made += [*wrapped(size(comparison), width), line(), *laid_out(_models(comparison), width)]
    as_one = len(comparison.differences) > 1 and not screen.full
    if as_one:
        made += laid_out(_differences(comparison), width, ("", "bold", "cyan"))
    most_rows = most_rows if screen.worst is None else screen.worst
    for pair in comparison.differences:
        title = f"{_name(pair.new)} − {_name(pair.base)}"
        if not as_one:
            made += titled(title, _figures(pair, width), width)
        where = f"Where they differ: {title}" if as_one else "Where they differ"
        made += laid_out(_slices(pair, most_slices, where), width)
        if not as_one or screen.worst:
            for table in _extremes(pair, most_rows, comparison, full=screen.full):
                made += laid_out(table, width)
    reasons = [f"{name}: {why}" for name, why in comparison.missing.items()]
    body = [part for text in reasons for part in wrapped(text, width, first="  ", rest="  ")]
    return [
        *made,
        *titled("Not reported", body, width),
        *_closing(comparison, screen, at_length),
    ]


def _verdicts(comparison: Comparison, width: int) -> list[Line]:
    """Which of each pair is better; that both can be true is explained once."""
    pairs = comparison.differences
    made: list[Line] = []
    for pair in pairs:
        made += wrapped(of_pair(pair, comparison), width, _mood(pair))
        reason = why_both(pair)
        if reason and len(pairs) == 1:
            made += wrapped(reason, width)
        elif reason:
            made += wrapped(
                f"Yet {_name(pair.new)} is worse on {share(pair.worse_rows.value)} of the rows.",
                width,
            )
    if len(pairs) > 1 and any(map(why_both, pairs)):
        made += wrapped(f"Both are true: {_DECIDED}.", width)
    return made


def _closing(comparison: Comparison, screen: Screen, at_length: bool) -> list[Line]:
    steps = []
    best = comparison.differences[best_of_new(comparison)]
    if best.miscalibration is not None and best.miscalibration.low > 0:
        steps.append(("calibrate", "repair what only calibration has lost"))
    several = len(comparison.differences) > 1
    steps += [
        ("evaluate", f"the {'best ' * several}new model by itself"),
        ("by", "where they differ"),
        ("html", "with charts"),
        ("full", "all rows and slices"),
    ]
    said = next_steps(steps, screen, brief=not at_length) or in_python("comparison", screen)
    return [*(said or [line()]), *glossary(screen)]


def best_of_new(comparison: Comparison) -> int:
    """The place, among the new models, of the one of least cross-entropy: to be gone on with."""
    costs = [model.cross_entropy.value for model in comparison.models[1:]]
    return costs.index(min(costs))


def _mood(pair: Difference) -> str:
    found = pair.difference
    if not (found.low > 0 or found.high < 0):
        return "bold yellow"
    return "bold red" if found.value > 0 else "bold green"


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
    return "; p < 0.0001" if pair.p_value < 1e-4 else f"; p = {p_value(pair.p_value)}"


def size(comparison: Comparison) -> str:
    """Rows, and what was left out."""
    rows = counted(comparison.rows, "row")
    if comparison.clusters is not None:
        rows += f" in {counted(comparison.clusters, 'cluster')}"
    parts = [rows]
    if comparison.unmatched_rows:
        parts.append(f"{comparison.unmatched_rows:,} rows that are not in all, left out")
    return " · ".join(parts)


def why_both(pair: Difference) -> str:
    """Why a model is better though it is worse on most rows, or worse though better on most."""
    found, worse = pair.difference, pair.worse_rows
    if found.high < 0 and worse.low > 0.5:
        lost, gained = "little", "much"
    elif found.low > 0 and worse.high < 0.5:
        lost, gained = "much", "little"
    else:
        return ""
    return (
        f"Yet {_name(pair.new)} is worse on {share(worse.value)} of the rows. Both are true: on "
        f"those it loses {lost}, on the others it gains {gained}; {_DECIDED}."
    )


_DECIDED = "the mean counts bits, not rows, and the few rows that cost many bits decide it"


def _models(comparison: Comparison) -> TextTable:
    unit = comparison.unit
    header = ["", f"cross-entropy, {unit}", "95 % interval", "accuracy", "infinite rows"]
    rows = [
        [
            _name(model.name),
            number(model.cross_entropy.value),
            interval(model.cross_entropy, "information"),
            "" if model.accuracy is None else share(model.accuracy.value),
            f"{model.infinite_rows:,}" if model.infinite_rows else "",
        ]
        for model in comparison.models
    ]
    kept = [index for index in range(len(header)) if any(row[index] for row in rows)]
    rows = [[row[k] for k in kept] for row in rows]
    return TextTable("", [header[k] for k in kept], rows, least=(3,) * (3 in kept))


def _differences(comparison: Comparison) -> TextTable:
    """All pairs in one table."""
    rows = [
        [
            _name(pair.new),
            number(pair.difference.value),
            interval(pair.difference, "information"),
            *(
                ABSENT if part is None else number(part.value)
                for part in (pair.miscalibration, pair.discrimination)
            ),
            share(pair.worse_rows.value),
        ]
        for pair in comparison.differences
    ]
    base = _name(comparison.differences[0].base)
    return TextTable(
        f"New − {base}, in {comparison.unit}; above 0: higher surprisal",
        ["new", "difference", "95 % interval", "miscalibration", "discrimination", "worse on"],
        rows,
        least=(4, 3),
    )


def _figures(pair: Difference, width: int) -> list[Line]:
    rows = [_figure("difference", pair.difference, "above 0: higher surprisal")]
    if pair.finite_difference is not None:
        rows.append(_figure("  finite rows", pair.finite_difference, "where both are finite"))
    if pair.miscalibration is not None and pair.discrimination is not None:
        rows.append(
            _figure(
                "  miscalibration", pair.miscalibration, f"removable by {pair.family}", "removable"
            )
        )
        rows.append(_figure("  discrimination", pair.discrimination, "above 0: it knows more"))
    if pair.accuracy is not None:
        rows.append(["accuracy", share(pair.accuracy.value), interval(pair.accuracy, "share"), ""])
    rows.append(["rows it is worse on", share(pair.worse_rows.value),
                 interval(pair.worse_rows, "share"), "higher surprisal"])  # fmt: skip
    table = TextTable("", ["", "value", "95 % interval"], [row[:3] for row in rows], names=0)
    return laid_out(described(table, [row[3:] for row in rows], width), width, _STYLES)


def _figure(name: str, found: Estimate, *about: str) -> list[str]:
    return [name, valued(found, "information"), interval(found, "information"), *about]


def _slices(pair: Difference, most: int, title: str) -> TextTable:
    shown = sorted(pair.slices, key=lambda part: (not part.stands_out, -abs(part.contribution)))
    rows = [
        [
            printable(f"{part.column}={'(none)' if part.value is None else part.value}", 36),
            f"{part.rows:,}",
            number(part.difference.value),
            interval(part.difference, "information"),
            number(part.contribution),
            "stands out" if part.stands_out else "",
        ]
        for part in shown[:most]
    ]
    if len(shown) > len(rows):
        title += f": {len(rows)} of {len(shown):,} slices"
    header = ["slice", "rows", "difference", "95 % interval", "adds", ""]
    return TextTable(title, header, rows, least=(4, 1))


def _extremes(
    pair: Difference, most: int, comparison: Comparison, *, full: bool
) -> list[TextTable]:
    """The rows on which two models disagree most: a table on the first screen, else two."""
    worse, better = pair.most_worse[:most], pair.most_better[:most]
    unit = comparison.unit
    if not full:
        return [_rows(f"The rows on which they differ most, in {unit}", (*worse, *better))]
    sides = (("loses", worse), ("gains", better))
    return [_rows(f"The rows on which it {word} most, in {unit}", rows) for word, rows in sides]


def _rows(title: str, found: Sequence[RowDifference]) -> TextTable:
    rows = [
        [
            printable(row.id, 24, tail=12),
            "" if row.label is None else printable(row.label, 16),
            number(row.base),
            number(row.new),
            number(row.difference),
        ]
        for row in found
    ]
    header = ["row", "label", "base", "new", "difference"]
    if any(row[1] for row in rows):
        return TextTable(title, header, rows, names=2)
    return TextTable(title, [header[0], *header[2:]], [[row[0], *row[2:]] for row in rows])


def _name(name: str) -> str:
    return printable(name, _NAME)
