"""Columns that bits would say nothing sensible about, and why."""

from __future__ import annotations

import re
from typing import Any

from unsurprised.dataset_drift.cells import shown_time
from unsurprised.dataset_drift.column_state import ColumnState
from unsurprised.dataset_drift.iso_times import as_times
from unsurprised.dataset_drift.number_counts import numbers_of
from unsurprised.dataset_drift.result import ColumnApart, Reason

#: Share of the rows of text whose value no other row has, from which on text names the rows.
_SINGLE = 0.9
#: Rows that fewer numbers than rows would have to share by chance, e⁻⁷ is one in a thousand.
_SURELY = 7.0
#: Words of names that say that a column names the rows.
_NAMING = {"id", "ids", "uuid", "guid", "key", "hash", "index", "idx", "rowid", "rownum", "row"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: Above, integers of a column of different ones are no measurements.
_HUGE = float(1 << 53)


def apart_of(base: ColumnState, new: ColumnState) -> ColumnApart | None:
    """Why a column of both data sets is not compared; None where it is."""
    for reason, told in _REASONS:
        said = told(base, new)
        if said is not None:
            return ColumnApart(base.name, reason, said)
    return None


def compared_as(base: ColumnState, new: ColumnState) -> tuple[ColumnState, ColumnState]:
    """The two as they are compared: texts that are all dates or times are times."""
    kinds = {base.kind, new.kind}
    if "category" in kinds and kinds <= {"category", "empty", "time"}:
        one, other = as_times(base), as_times(new)
        if one is None or other is None:
            return base, new
        if "empty" in kinds or one.clock == other.clock:
            return one, other
    return base, new


def only_in(state: ColumnState, *, base: bool) -> ColumnApart:
    """A column that one data set lacks."""
    return ColumnApart(state.name, "only in base" if base else "only in new", _type_of(state))


def _type_of(state: ColumnState) -> str:
    return " or ".join(state.types) or "no values"


def _nested(base: ColumnState, new: ColumnState) -> str | None:
    for state in (base, new):
        if state.kind == "nested":
            return f"{_type_of(state)}: lists, structs and bytes are not compared"
    return None


def _changed(base: ColumnState, new: ColumnState) -> str | None:
    kinds = {base.kind, new.kind} - {"empty"}
    if len(kinds) < 2 and ("empty" in (base.kind, new.kind) or base.clock == new.clock):
        return None
    return f"{_type_of(base)} → {_type_of(new)}"


def _empty(base: ColumnState, new: ColumnState) -> str | None:
    return None if base.values or new.values else "no value in either"


def _constant(base: ColumnState, new: ColumnState) -> str | None:
    found = [_only(state) for state in (base, new)]
    if found[0] is None or found[0] != found[1]:
        return None
    return f"always {found[0]}"


def _only(state: ColumnState) -> str | None:
    """The value of all rows."""
    if state.nulls or state.nans:
        return None
    if state.kind in ("number", "time"):
        keys, rest, _ = state.numbers.keys()
        below, above = state.numbers.infinite
        infinite = ["-inf"] * bool(below) + ["inf"] * bool(above)
        if len(keys) + len(infinite) != 1 or state.numbers.dropped:
            return None
        return infinite[0] if infinite else _shown(state, numbers_of(keys, rest)[0])
    counts = state.categories.result()
    return repr(next(iter(counts))) if len(counts) == 1 and state.categories.complete else None


def _shown(state: ColumnState, value: Any) -> str:
    return shown_time(state.clock)(value) if state.kind == "time" else str(value)


def _identifier(base: ColumnState, new: ColumnState) -> str | None:
    if base.kind != new.kind or base.kind not in ("category", "number"):
        return None
    if base.kind == "category":
        shares = [_single_share(state) for state in (base, new)]
        if min(shares) < _SINGLE:
            return None
        return "a value of its own in nearly every row"
    if base.numbers.fractions or new.numbers.fractions or not (_differ(base) and _differ(new)):
        return None
    if _by_design(base) or _by_design(new) or _is_naming(base.name):
        return "an integer of its own in every row"
    return None


def _single_share(state: ColumnState) -> float:
    counts = list(state.categories.result().values())
    rows = sum(counts)
    return sum(count == 1 for count in counts) / rows if rows else 0.0


def _differ(state: ColumnState) -> bool:
    """Whether every row has a number of its own, as far as the sample tells."""
    numbers = state.numbers
    if sum(numbers.infinite) or not state.values:
        return False
    if not numbers.dropped:
        return numbers.count() == state.values
    return numbers.sample.singletons() == len(numbers.sample.counts)


def _by_design(state: ColumnState) -> bool:
    """Whether chance would have made two rows alike, or the numbers are too large to measure.

    Of n numbers from a range of S, whatever their distribution, no two are equal with a
    probability of e^(−n (n − 1) / 2S) at most.
    """
    keys, rest, _ = state.numbers.keys()
    ends = numbers_of(keys[[0, -1]], rest[[0, -1]])
    if max(abs(end) for end in ends) >= _HUGE:
        return True
    span = float(ends[1] - ends[0] + 1)
    return state.values * (state.values - 1.0) / (2 * span) > _SURELY


def _is_naming(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(_NAMING & set(words)) or name.lower().startswith("unnamed:")


def _clock(base: ColumnState, new: ColumnState) -> str | None:
    """Times that went on: those of one data set lie behind all of the other."""
    if base.kind != "time" or new.kind != "time" or base.clock not in ("local", "UTC"):
        return None
    spans = []
    for state in (base, new):
        keys, rest, _ = state.numbers.keys()
        spans.append(numbers_of(keys[[0, -1]], rest[[0, -1]]))
    if not (spans[0][1] < spans[1][0] or spans[1][1] < spans[0][0]):
        return None
    show = shown_time(base.clock)
    told = [f"{show(low)} to {show(high)}" for low, high in spans]
    return f"{told[0]}, then {told[1]}"


_REASONS: tuple[tuple[Reason, Any], ...] = (
    ("nested", _nested),
    ("type changed", _changed),
    ("empty", _empty),
    ("constant", _constant),
    ("clock", _clock),
    ("identifier", _identifier),
)
