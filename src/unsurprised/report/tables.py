"""Tables as texts, terminals and notebooks show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with its title and, below it, what must be said of it."""

    title: str
    header: list[str]
    rows: list[list[str]]
    note: str = ""
    #: How many columns, from the first, are names.
    names: int = 1

    def aligned_right(self, index: int) -> bool:
        """Whether a column holds numbers: those behind the names, save for one without a title."""
        return index >= self.names and bool(self.header[index])
