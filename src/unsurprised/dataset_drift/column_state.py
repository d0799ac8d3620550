"""What is kept of one column: its kind, its nulls, and how often each value was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from unsurprised.arrow.decoded import decoded
from unsurprised.arrow.encodings import as_numpy
from unsurprised.dataset_drift.number_counts import NumberCounts, sample_of, state_of
from unsurprised.errors import StateError
from unsurprised.states.categories import CategoryCounts

Kind = Literal["number", "category", "boolean", "time", "empty", "nested"]
KINDS = ("number", "category", "boolean", "time", "empty", "nested")

#: How many different values are kept of a column.
SIZE = 65536
#: Letters of a type that are kept.
_MOST_TYPE = 80


@dataclass
class ColumnState:
    """The counts of a column, mergeable in any order.

    Examples
    --------
    >>> state = ColumnState("a").update(pa.array([1, None, 1]))
    >>> state.kind, state.nulls, state.numbers.result()
    ('number', 1, ([1], [2]))
    """

    name: str
    kind: Kind = "empty"
    #: Names of the types that the column had: of several files there may be some.
    types: tuple[str, ...] = ()
    rows: int = 0
    nulls: int = 0
    #: Rows that hold NaN, which are missing as those that hold a null are.
    nans: int = 0
    #: Which times can be compared: "local", "UTC", "of day", "duration"; "" for all else.
    clock: str = ""
    numbers: NumberCounts = field(default_factory=lambda: NumberCounts(SIZE))
    categories: CategoryCounts = field(default_factory=lambda: CategoryCounts(SIZE))

    @property
    def values(self) -> int:
        """How many rows hold a value."""
        return self.rows - self.nulls - self.nans

    @property
    def counts(self) -> NumberCounts | CategoryCounts:
        """The counts of what the column holds."""
        return self.numbers if self.kind in ("number", "time") else self.categories

    @property
    def whole(self) -> bool:
        """Whether the column is of integers by its types."""
        return bool(self.types) and all("int" in name for name in self.types)

    def update(self, column: pa.Array) -> ColumnState:
        """Add rows; an error where they are of another kind than those before."""
        column = decoded(column)
        kind, clock = _kind_of(column.type)
        # Of nested types the outermost: what entries are called hangs on who wrote the file.
        told = str(column.type).partition("<" if kind == "nested" else "\0")[0][:_MOST_TYPE]
        self._agree(kind, clock, () if kind == "empty" else (told,))
        self.rows += len(column)
        if kind == "nested":
            return self
        self.nulls += column.null_count
        present = column.drop_null() if column.null_count else column
        if kind in ("category", "boolean"):
            self._count_names(present)
        elif kind == "time":
            self.numbers.update(_microseconds(present))
        elif kind == "number":
            self._count_numbers(present)
        return self

    def _agree(self, kind: Kind, clock: str, names: tuple[str, ...]) -> None:
        """Take the kind of rows that are added; rows without any value have none."""
        if kind != "empty":
            if self.kind not in ("empty", kind) or (self.kind == kind and self.clock != clock):
                raise StateError(
                    f"column {self.name!r} holds {self._said()} in one part and "
                    f"{_said(kind, clock)} in another; expected one kind in all parts of a data set"
                )
            self.kind, self.clock = kind, clock
        self.types = tuple(sorted({*self.types, *names}))

    def _said(self) -> str:
        return _said(self.kind, self.clock)

    def _count_names(self, present: pa.Array) -> None:
        if types.is_boolean(present.type):
            present = present.cast(pa.string())
        found = pc.value_counts(present)
        names, counts = found.field("values").to_pylist(), found.field("counts").to_pylist()
        self.categories.add(dict(zip(names, counts, strict=True)))

    def _count_numbers(self, present: pa.Array) -> None:
        if types.is_decimal(present.type):
            present = present.cast(pa.string()).cast(pa.float64())
        values = as_numpy(present) if len(present) else np.empty(0)
        if values.dtype.kind == "f":
            values = values.astype(np.float64, copy=False)
            missing = np.isnan(values)
            self.nans += int(missing.sum())
            values = values[~missing]
        self.numbers.update(values)

    def merge(self, other: ColumnState) -> ColumnState:
        """Add another part's rows."""
        self._agree(other.kind, other.clock, other.types)
        self.rows += other.rows
        self.nulls += other.nulls
        self.nans += other.nans
        self.numbers.merge(other.numbers)
        self.categories.merge(other.categories)
        return self

    def said(self) -> dict[str, Any]:
        """The state as a dictionary that JSON holds."""
        told: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "types": list(self.types),
            "rows": self.rows,
            "nulls": self.nulls,
            "nans": self.nans,
        }
        if self.clock:
            told["clock"] = self.clock
        if self.kind in ("category", "boolean"):
            counts = self.categories.result()
            told |= {"values": list(counts), "counts": list(counts.values())}
            told["counted"] = self.categories.rows
        elif self.kind in ("number", "time"):
            values, often = self.numbers.result()
            told |= {"values": values, "counts": often}
            told |= {"dropped": self.numbers.dropped, "infinite": list(self.numbers.infinite)}
            told["fractions"] = self.numbers.fractions
            if self.numbers.dropped:
                sample = self.numbers.sample
                told["sample"] = {
                    "hashes": sample.hashes.tolist(), "counts": sample.counts.tolist()
                }  # fmt: skip
        return told

    @classmethod
    def of_said(cls, told: dict[str, Any]) -> ColumnState:
        """The state that :meth:`said` told."""
        kind = told["kind"]
        if kind not in KINDS or not isinstance(told["name"], str):
            raise StateError(f"the base holds a column of the kind {kind!r}")
        rows, nulls, nans = (whole(told[key], key) for key in ("rows", "nulls", "nans"))
        state = cls(
            told["name"], kind, tuple(map(str, told["types"])), rows, nulls, nans,
            str(told.get("clock", "")),
        )  # fmt: skip
        held = 0
        if kind in ("number", "time"):
            dropped = whole(told["dropped"], "dropped", 52)
            infinite = [whole(count, "infinite") for count in told["infinite"]]
            counts = [whole(count, "counts") for count in told["counts"]]
            state.numbers = state_of(told["values"], counts, dropped, infinite, SIZE)
            state.numbers.fractions = told["fractions"] is True
            if dropped:
                state.numbers.sample = sample_of(**told["sample"])
            held = state.numbers.rows
        elif kind in ("category", "boolean"):
            names = told["values"]
            counts = [whole(count, "counts") for count in told["counts"]]
            held = whole(told["counted"], "counted")
            if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
                raise StateError(f"the base's column {state.name!r} names a category twice")
            unkept = held - sum(counts)
            if min(counts, default=1) < 1 or unkept < 0 or (unkept and len(names) < SIZE):
                raise StateError(f"the base's column {state.name!r} holds counts that no rows have")
            state.categories.add(dict(zip(names, counts, strict=True)), held)
        if kind != "nested" and held != state.values:
            raise StateError(
                f"the base's column {state.name!r} holds {held:,} values and {nulls + nans:,} "
                f"missing ones; expected {rows:,} rows in all"
            )
        return state


def whole(value: Any, name: str, most: int = 1 << 50) -> int:
    """A whole number that a saved base states, within its bounds."""
    if type(value) is not int or not 0 <= value <= most:
        raise StateError(f"the base holds {name} = {value!r}; expected a whole number")
    return value


def _said(kind: Kind, clock: str) -> str:
    return f"times ({clock})" if clock else {"category": "text"}.get(kind, f"{kind}s")


#: What values of a type are, and which times go with each other.
_KINDS: tuple[tuple[Callable[[Any], bool], Kind, str], ...] = (
    (types.is_null, "empty", ""),
    (types.is_boolean, "boolean", ""),
    (types.is_integer, "number", ""),
    (types.is_floating, "number", ""),
    (types.is_decimal, "number", ""),
    (types.is_string, "category", ""),
    (types.is_large_string, "category", ""),
    (lambda kind: types.is_timestamp(kind) and kind.tz is not None, "time", "UTC"),
    (types.is_timestamp, "time", "local"),
    (types.is_date, "time", "local"),
    (types.is_time, "time", "of day"),
    (types.is_duration, "time", "duration"),
)


def _kind_of(given: pa.DataType) -> tuple[Kind, str]:
    for matches, kind, clock in _KINDS:
        if matches(given):
            return kind, clock
    return "nested", ""


def _microseconds(present: pa.Array) -> Any:
    """Times as whole microseconds; finer ones lose what is below."""
    kind = present.type
    if types.is_date32(kind):
        return as_numpy(present.cast(pa.int32())).astype(np.int64) * 86_400_000_000
    ticks = as_numpy(present.cast(pa.int32() if types.is_time32(kind) else pa.int64()))
    unit = "ms" if types.is_date64(kind) else kind.unit
    ticks = ticks.astype(np.int64)
    if unit == "ns":
        return ticks // 1000
    factor = {"s": 1_000_000, "ms": 1000, "us": 1}[unit]
    # Beyond the years that microseconds hold, all are one far time.
    most = np.iinfo(np.int64).max // factor
    return np.clip(ticks, -most, most) * factor
