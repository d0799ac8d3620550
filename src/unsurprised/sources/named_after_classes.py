"""Columns that are named after the classes, as the labels' values tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.class_names.columns import SeenLabels
from unsurprised.class_names.names import are_positions, integer_of, key_of, listed, no_and_yes
from unsurprised.errors import InputError, Place
from unsurprised.sources.look import first_rows, shares_in, sums_to_one
from unsurprised.sources.options import Options
from unsurprised.sources.table import Table
from unsurprised.sources.usual_names import (
    NO_CLASS,
    NUMBERS,
    Prediction,
    class_columns,
    number_kind,
)


def by_labels(
    table: Table, options: Options, labels: SeenLabels, label: str | None, taken: set[str]
) -> list[Prediction]:
    """Columns that are named after the classes, as the labels' values tell."""
    if not labels.keys or label is None:
        return []
    keys = labels.keys | set(map(key_of, options.classes or ()))
    kinds = {
        field.name: number_kind(field)
        for field in table.schema
        if field.name not in taken and field.name not in NO_CLASS
    }
    numbers = [name for name, kind in kinds.items() if kind in NUMBERS]
    if labels.kind == "bool":
        pairs = [pair for pair in combinations(numbers[:50], 2) if no_and_yes(pair) is not None]
        if pairs:
            return [Prediction(pair, "columns") for pair in pairs[:2]]
    exact = [name for name in numbers if key_of(name) in keys]
    floats = [name for name in numbers if kinds[name] == "float"]
    logs = options.kind in ("logits", "logprobs")
    # Beside floats, integers count something else, unless they are so named.
    if table.typed and floats and not logs:
        kept = {*floats, *exact}
        numbers = [name for name in numbers if name in kept]
    counted = tuple(name for name in numbers if integer_of(name) is not None)
    if not exact and options.classes is not None and are_positions(sorted(counted, key=float)):
        return [Prediction(counted, "columns")] if len(counted) == len(options.classes) else []
    if len(exact) > 1 or (exact and labels.kind == "text"):
        columns = _completed(table, options, exact, numbers)
        if len(columns) > 1:
            return [Prediction(columns, "columns")]
    found = []
    for prefix, suffix in _stems(numbers, labels, label):
        columns = class_columns(table, prefix, taken, suffix)
        rows = first_rows(table, dict.fromkeys(columns, "pred")) if len(columns) > 1 else None
        if rows is not None and (
            options.kind in ("logits", "logprobs")
            or sums_to_one(rows, columns, options.tolerance) > _MOST
        ):
            found.append(Prediction(columns, "columns", prefix))
    return found


def _completed(
    table: Table, options: Options, exact: Sequence[str], numbers: Sequence[str]
) -> tuple[str, ...]:
    """Columns named after labels, and those of classes that are not among the labels seen."""
    if len(exact) == len(numbers):
        return tuple(exact)
    rows = first_rows(table, dict.fromkeys(numbers, "pred"))
    if rows is None:
        return tuple(exact)
    known = set(exact)
    places = [place for place, name in enumerate(numbers) if name in known]
    tried = [
        (sums_to_one(rows, columns, options.tolerance), columns) for columns in (exact, numbers)
    ]
    tried += _runs_around(rows, numbers, (min(places), max(places)), options.tolerance)
    best, columns = max(tried, key=lambda one: one[0])  # the first of the best
    if best > _MOST and options.kind != "logits":
        return tuple(columns)
    others = [name for name in numbers if name not in known]
    raise InputError(
        f"the columns {listed(exact, 4)} are named after labels, and {listed(others, 4)} may be "
        "those of classes too: nothing in the rows tells",
        expected="the columns of all classes",
        remedy=f"name them: pred=[…] (--pred {','.join([*exact, others[0]][:4])},…, or --pred "
        f"{','.join(exact[:4])} if these are all)",
        place=Place(table.file),
    )


#: Columns are taken for probabilities if more than this share of the rows looked at sum to one.
_MOST = 0.5


#: So many columns before and after those named after labels are tried with them.
_NEIGHBOURS = 31


def _runs_around(
    rows: pa.RecordBatch, numbers: Sequence[str], run: tuple[int, int], tolerance: float
) -> list[tuple[float, Sequence[str]]]:
    """The share of rows that sum to one over runs of neighbours, the shortest run first.

    Every column is read once, however many runs it is part of.
    """
    first, last = run
    middle = np.zeros(rows.num_rows)
    for name in numbers[first : last + 1]:
        middle = middle + shares_in(rows, name, tolerance)
    before, after = [middle], [np.zeros(rows.num_rows)]
    for name in numbers[max(0, first - _NEIGHBOURS) : first][::-1]:
        before.append(before[-1] + shares_in(rows, name, tolerance))
    for name in numbers[last + 1 : last + 1 + _NEIGHBOURS]:
        after.append(after[-1] + shares_in(rows, name, tolerance))
    pairs = sorted(np.ndindex(len(before), len(after)), key=sum)
    return [
        (_share_of_ones(before[a] + after[b], tolerance), numbers[first - a : last + 1 + b])
        for a, b in pairs
    ]


def _share_of_ones(sums: NDArray[np.float64], tolerance: float) -> float:
    return 0.0 if np.isnan(sums).any() else float((np.abs(sums - 1) <= tolerance).mean())


def _stems(numbers: Sequence[str], labels: SeenLabels, label: str) -> list[tuple[str, str]]:
    """What stands before and after every label in some columns."""
    covered: dict[tuple[str, str], set[str]] = {}
    for key in sorted(labels.keys, key=len, reverse=True)[:50]:
        for name in numbers:
            for stem in _stems_of(name, key, label):
                covered.setdefault(stem, set()).add(key)
        if not covered:
            return []
    wanted = set(sorted(labels.keys, key=len, reverse=True)[:50])
    return [stem for stem, keys in covered.items() if keys >= wanted and stem != ("", "")]


def _stems_of(name: str, key: str, label: str) -> Iterator[tuple[str, str]]:
    """Where a class stands in a name, with marks or the ends of words around it."""
    at = name.find(key)
    while at >= 0:
        end = at + len(key)
        tail = name[end:]
        before = name[at - 1] if at else ""
        apart = not before.isalnum() or (before.isalpha() and key[:1].isdigit())
        apart = apart or name[:at].endswith(label)  # as SAS names them: P_TargetClass
        if before == "-" and key[:1].isdigit() and at > 1 and not name[at - 2].isalnum():
            apart = False
        if apart and (not tail or not tail[0].isalnum()):
            yield name[:at], "" if tail == ".0" else tail
        at = name.find(key, at + 1)
