"""Every exception of the library: one line that says where, what, what was expected, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace


class UnsurprisedError(ValueError):
    """Base of all errors that the library raises on purpose; a ``ValueError``."""


class CallError(UnsurprisedError):
    """A call that cannot be answered: an argument is missing, unknown, or fits no other."""


class StateError(UnsurprisedError):
    """A state that cannot be read or merged: altered bytes, another version, other settings."""


@dataclass(frozen=True)
class Place:
    """Where in the input something was found; what is unknown stays ``None``."""

    file: str | None = None
    row: int | tuple[int, ...] | None = None
    column: str | None = None

    def __str__(self) -> str:
        row = self.row[0] if isinstance(self.row, tuple) and len(self.row) == 1 else self.row
        parts = [
            self.file,
            None if row is None else f"row {row}",
            None if self.column is None else f"column {self.column!r}",
        ]
        return ", ".join(part for part in parts if part)


class InputError(UnsurprisedError):
    """Data that cannot mean what it is said to mean.

    The message reads ``place: found …; expected …; remedy``. Rows are counted from 0.
    """

    def __init__(
        self,
        found: str,
        *,
        expected: str | None = None,
        remedy: str | None = None,
        place: Place | None = None,
    ) -> None:
        self.found, self.expected, self.remedy = found, expected, remedy
        self.place = place or Place()
        super().__init__(self._message())

    def _message(self) -> str:
        where = str(self.place)
        text = f"{where}: {self.found}" if where else self.found
        if self.expected:
            text += f"; expected {self.expected}"
        if self.remedy:
            text += f"; {self.remedy}"
        return " ".join(text.split())

    def located(
        self,
        *,
        file: str | None = None,
        row: int | tuple[int, ...] | None = None,
        column: str | None = None,
    ) -> InputError:
        """The same error with what is known of its place filled in."""
        known = {
            name: value
            for name, value in (("file", file), ("row", row), ("column", column))
            if value is not None
        }
        return type(self)(
            self.found,
            expected=self.expected,
            remedy=self.remedy,
            place=replace(self.place, **known),
        )

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.found, self.expected, self.remedy, self.place)


def _rebuild(
    kind: type[InputError], found: str, expected: str | None, remedy: str | None, place: Place
) -> InputError:
    return kind(found, expected=expected, remedy=remedy, place=place)
