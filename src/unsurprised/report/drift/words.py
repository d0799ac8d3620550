"""What is said of columns, in words."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.dataset_drift.result import CellShift, ColumnApart, ColumnDrift, Drift
from unsurprised.report.numbers import counted, printable, round_number

#: Letters of a name, and names of a list, that are shown.
_NAME, _NAMES = 24, 3
_REASONS = {
    "type changed": "another type",
    "only in base": "only in the base",
    "only in new": "only in the new data",
    "identifier": "identifier",
    "constant": "constant",
    "empty": "empty",
    "clock": "time went on",
    "nested": "not compared",
}


def headline(drift: Drift) -> str:
    """How many columns drifted.

    Examples
    --------
    >>> headline(Drift(10, 10, 0.05, (), ()))
    'no column could be compared'
    """
    if not drift.columns:
        return "no column could be compared"
    compared = counted(len(drift.columns), "column")
    return (
        f"{len(drift.drifted)} of {compared} drifted (false discovery rate "
        f"{round_number(100 * drift.fdr)} %)"
    )


def name_of(column: ColumnDrift | ColumnApart) -> str:
    """A column's name as it is shown."""
    return printable(column.name, 2 * _NAME)


def reason_of(column: ColumnApart) -> str:
    """Why a column is not compared, in short."""
    return _REASONS[column.reason]


def made_of(column: ColumnDrift) -> str:
    """What a column's drift is made of: nulls, what is new, what vanished, the rest.

    The part with the most bits comes first; a part that has next to none is left out.
    """
    parts = column.parts
    said = [
        (parts.nulls, f"nulls {_share(column.base_nulls)} → {_share(column.new_nulls)}"),
        (parts.new, f"new: {_values(column.new_values, base=False)}"),
        (parts.vanished, f"vanished: {_values(column.vanished_values, base=True)}"),
        (parts.rest, _rest(column)),
    ]
    least = 0.05 * column.plugin
    shown = [text for bits, text in sorted(said, key=lambda each: -each[0])
             if bits > least and bits > 0 and text]  # fmt: skip
    return "; ".join(shown)


def _share(value: float) -> str:
    return f"{100 * value:.3g} %"


def _values(values: Sequence[CellShift], *, base: bool) -> str:
    names = [printable(value.name, _NAME) for value in values[:_NAMES]]
    more = f" and {len(values) - _NAMES} more" if len(values) > _NAMES else ""
    rows = sum(value.base if base else value.new for value in values)
    return f"{', '.join(names)}{more} ({counted(rows, 'row')})"


def _rest(column: ColumnDrift) -> str:
    """The cells that moved most, among those that both have."""
    base, new = column.base_rows, column.new_rows
    both = [cell for cell in column.cells if cell.kind != "null" and cell.base and cell.new]
    if not both:
        return ""
    most = max(both, key=lambda cell: abs(cell.new / new - cell.base / base))
    if most.kind == "others":
        return "the other values"
    told = printable(most.name, 2 * _NAME)
    told = f"value {told}" if most.kind == "value" and column.kind == "number" else told
    return f"{told}: {_share(most.base / base)} → {_share(most.new / new)}"


def sizes(drift: Drift) -> str:
    """How many rows are compared."""
    more = "" if drift.nulls == "category" else "; nulls are left out"
    alike = drift.columns and not any(column.plugin for column in drift.columns)
    if alike and drift.base_rows == drift.new_rows:
        more += "; every column holds the same in both: is it the same data twice?"
    return f"{drift.base_rows:,} rows of the base, {drift.new_rows:,} new ones{more}"


def sentence(drift: Drift) -> str:
    """The headline as a sentence."""
    return f"{headline(drift)}."


__all__ = ["headline", "made_of", "name_of", "reason_of", "sentence", "sizes"]
