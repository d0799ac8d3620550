"""Text that is dates or times as ISO 8601 writes them, as CSV and JSON do: read as what it is."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

from unsurprised.dataset_drift.column_state import SIZE, ColumnState
from unsurprised.dataset_drift.number_counts import state_of

_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def as_times(state: ColumnState) -> ColumnState | None:
    """A column as times; None where it holds other text too, or both zones and none."""
    if state.kind != "category":
        return state if state.kind in ("time", "empty") else None
    micros: Counter[int] = Counter()
    clocks = set()
    for name, count in state.categories.result().items():
        found = _ISO.fullmatch(name)
        moment = None if found is None else _moment(name)
        if found is None or moment is None:
            return None
        clocks.add("UTC" if found["zone"] else "local")
        micros[moment] += count
    if len(clocks) != 1 or not state.categories.complete:
        return None
    moments = sorted(micros)
    numbers = state_of(moments, [micros[moment] for moment in moments], 0, [0, 0], SIZE)
    return ColumnState(
        state.name, "time", state.types, state.rows, state.nulls, 0, clocks.pop(), numbers
    )


def _moment(text: str) -> int | None:
    """Microseconds since 1970; None where there is no such day or hour."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    in_zone = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (in_zone - _EPOCH) // _MICROSECOND
