"""Every exception of the library: one line that says where, what, what was expected, what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

#: What stands for standard input in the place of a file, as in most commands.
STANDARD_INPUT = "-"

#: Characters of a message's parts: types, rows and lists of names can be of any length.
_MOST_FOUND, _MOST_EXPECTED, _MOST_REMEDY, _MOST_NAME, _MOST_CALL = 160, 240, 400, 80, 500
#: And of an id, of which a message may tell several.
_MOST_ID = 60


def shortened(text: str, most: int, tail: int = 0) -> str:
    """A text of at most ``most`` characters, with its beginning and the last ``tail`` ones.

    Examples
    --------
    >>> shortened("struct<a: double, b: double>", 12)
    'struct<a: d…'
    >>> shortened("pass one of a, b, c, d", 12, tail=4)
    'pass on…c, d'
    """
    if len(text) <= most:
        return text
    return text[: most - tail - 1] + "…" + (text[-tail:] if tail else "")


def told_id(name: object) -> str:
    """An id as messages tell it: of a long one both ends, since long ones begin alike.

    Examples
    --------
    >>> told_id("s3://bucket/predictions/of/2026-11-30/part-00007.parquet:119")
    's3://bucket/predictions/of/2026-11-30/part-00007.parquet:119'
    >>> told_id("s3://bucket/predictions/of/the/year/2026-11-30/part-00007.parquet:119")
    's3://bucket/predictions/of/th…6-11-30/part-00007.parquet:119'
    """
    return shortened(str(name), _MOST_ID, tail=_MOST_ID // 2)


def quoted_id(name: object) -> str:
    """The same as a value is written: a name in quotes, a number without."""
    return repr(told_id(name) if isinstance(name, str) else name)


class UnsurprisedError(ValueError):
    """Base of all errors that the library raises on purpose; a ``ValueError``."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy has the same message, and notes (add_note) of its own.
        said = {name: list(value) if type(value) is list else value
                for name, value in vars(self).items()}  # fmt: skip
        return type(self), self.args, said


class CallError(UnsurprisedError):
    """A call that cannot be answered: an argument is missing, unknown, or fits no other."""

    def __init__(self, message: str) -> None:
        # What is expected and what to do stand at the end.
        super().__init__(shortened(message, _MOST_CALL, tail=_MOST_CALL // 2))


class UnitError(CallError, TypeError):
    """A base for a measure that has no unit; a ``TypeError`` too, as for any unknown keyword."""


class StateError(UnsurprisedError):
    """A state that cannot be read or merged: altered bytes, another version, other settings."""


@dataclass(frozen=True)
class Place:
    """Where in the input something was found; what is unknown stays ``None``.

    ``file`` is the argument's name where the input is arrays. ``id`` is what a row is called that
    has no number: those of a frame in an engine, whose partitions have no order.
    """

    file: str | None = None
    row: int | tuple[int, ...] | None = None
    column: str | None = None
    id: int | str | None = None

    def __str__(self) -> str:
        row = self.row[0] if isinstance(self.row, tuple) and len(self.row) == 1 else self.row
        parts = [
            "standard input" if self.file == STANDARD_INPUT else self.file,
            None if row is None else f"row {row}",
            None if self.id is None else f"the row with id {told_id(self.id)}",
            None if self.column is None else f"column {shortened(self.column, _MOST_NAME)!r}",
        ]
        return ", ".join(part for part in parts if part)


class InputError(UnsurprisedError):
    """Data that cannot mean what it is said to mean.

    The message reads ``place: found (note); expected …; remedy``. Rows are counted from 0.
    """

    def __init__(
        self,
        found: str,
        *,
        expected: str | None = None,
        remedy: str | None = None,
        place: Place | None = None,
        note: str | None = None,
    ) -> None:
        self.found, self.expected, self.remedy, self.note = found, expected, remedy, note
        self.place = place or Place()
        super().__init__(self._message())

    def _message(self) -> str:
        where = str(self.place)
        found = shortened(self.found, _MOST_FOUND)
        text = f"{where}: {found}" if where else found
        if self.note:
            text += f" ({shortened(self.note, _MOST_FOUND)})"
        if self.expected:
            text += f"; expected {shortened(self.expected, _MOST_EXPECTED)}"
        if self.remedy:
            text += f"; {shortened(self.remedy, _MOST_REMEDY)}"
        return " ".join(text.split())

    def located(
        self,
        *,
        file: str | None = None,
        row: int | tuple[int, ...] | None = None,
        column: str | None = None,
    ) -> Self:
        """The same error with what is known of its place filled in."""
        known: dict[str, Any] = {
            name: value
            for name, value in (("file", file), ("row", row), ("column", column))
            if value is not None
        }
        return self._changed(place=replace(self.place, **known))

    def named(self, name: int | str | None) -> Self:
        """The same error with the id of its row in the place of its number."""
        return self._changed(place=replace(self.place, row=None, id=name))

    def noted(self, note: str) -> Self:
        """The same error with another note."""
        return self._changed(note=note)

    def _fields(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
            "place": self.place,
            "note": self.note,
        }

    def _changed(self, **fields: Any) -> Self:
        return type(self)(**{**self._fields(), **fields})

    def __reduce__(self) -> tuple[Any, ...]:
        *_, said = super().__reduce__()
        return _rebuild, (type(self), self._fields()), said


class SumsOffError(InputError):
    """Rows whose sums are off; how many is told for all of the input."""

    #: The note where the input cannot be read again to tell how many.
    first = "the first such row"

    @staticmethod
    def count(rows: int) -> str:
        """The note that tells how many."""
        return f"{rows:,} such {'row' if rows == 1 else 'rows'}, this is the first"


def _rebuild(kind: type[InputError], fields: dict[str, Any]) -> InputError:
    return kind(**fields)


class CalibrationWarning(UserWarning):
    """A calibrator that was fitted all the same, by a stated rule: its data have no one answer."""
