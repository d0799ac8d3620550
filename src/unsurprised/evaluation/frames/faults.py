"""The wrong row of a partition: that of the smallest id, since rows in an engine have no order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from unsurprised.errors import InputError, SumsOffError

#: Numbers by value, names as text; what is of no row comes last.
Key = tuple[int, int, str]


@dataclass
class Faults:
    """The first fault by its id, and how many rows have sums that are off; it merges."""

    first: InputError | None = None
    #: By column.
    off: dict[str, int] = field(default_factory=dict)
    #: Whether there is any other fault, behind which sums are not counted.
    worse: bool = False

    def add(self, error: InputError) -> None:
        """Hear of a fault, whose row has its id."""
        self.worse = self.worse or not isinstance(error, SumsOffError)
        if self.first is None or _key(error) < _key(self.first):
            self.first = error

    def count(self, column: str, rows: int) -> None:
        """Hear of rows with sums that are off."""
        self.off[column] = self.off.get(column, 0) + rows

    def merge(self, other: Faults) -> Faults:
        """Add those of other partitions."""
        worse = self.worse or other.worse
        if other.first is not None:
            self.add(other.first)
        for column, rows in other.off.items():
            self.count(column, rows)
        self.worse = worse
        return self

    def error(self) -> InputError | None:
        """The first fault, with how many rows there are whose sums are off, as far as is known."""
        first = self.first
        if not isinstance(first, SumsOffError):
            return first
        rows = self.off.get(first.place.column or "", 0)
        return first.noted(SumsOffError.first if self.worse else SumsOffError.count(rows))

    def said(self) -> dict[str, Any]:
        """As values that are pickled."""
        return {"first": self.first, "off": self.off, "worse": self.worse}


def faults_of(told: Iterable[Mapping[str, Any]]) -> Faults:
    """Those that some partitions told."""
    found = Faults()
    for said in told:
        found.merge(Faults(**said))
    return found


def _key(error: InputError) -> Key:
    name = error.place.id
    if name is None:
        return (1, 0, str(error))
    return (0, name, "") if isinstance(name, int) else (0, 0, name)
