"""Limits on what a source may hold, checked before memory is spent on it."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.errors import InputError, Place


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of something that is read; above it a source is refused."""

    name: str
    most: int
    unit: str
    #: How else the same rows can be given.
    remedy: str

    def __str__(self) -> str:
        for size, word in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if self.unit == "bytes" and self.most % size == 0:
                return f"{self.most // size} {word}"
        return f"{self.most:,} {self.unit}"

    def check(self, size: int, place: Place | None = None) -> None:
        """Refuse what is larger.

        Examples
        --------
        >>> NESTING.check(3)
        >>> NESTING.check(99)
        Traceback (most recent call last):
        unsurprised.errors.InputError: nesting: found 99 levels; expected at most 32 levels; ...
        """
        if size > self.most:
            raise self.exceeded(f"{size:,} {self.unit}", place)

    def exceeded(self, found: str, place: Place | None = None) -> InputError:
        """The error for what is larger; ``found`` is how large, as far as that is known."""
        return InputError(
            f"{self.name}: found {found}",
            expected=f"at most {self}",
            remedy=self.remedy,
            place=place,
        )


_COLUMNAR = "write such rows as Parquet, Arrow or npz"

LINE = Limit("row of text", 64 << 20, "bytes", _COLUMNAR)
HEADER = Limit("first line of a CSV file", 4 << 20, "bytes", "shorten the names of the columns")
COLUMNS = Limit(
    "columns",
    100_000,
    "columns",
    "write the prediction as one column of lists, or as a two-dimensional array",
)
CLASSES = Limit("classes", 1 << 22, "classes", "merge rare classes, or evaluate by logprob")
NAME = Limit("name", 1 << 16, "bytes", "shorten it")
NAMES = Limit(
    "names of the classes", 256 << 20, "bytes", "shorten them, or leave them out: classes by index"
)
NESTING = Limit("nesting", 32, "levels", "write the values that are used into columns of their own")
HELD = Limit(
    "array in Fortran's order within an npz file",
    1 << 30,
    "bytes",
    "save np.ascontiguousarray(array), or the array alone by np.save",
)

LIMITS = (LINE, HEADER, COLUMNS, CLASSES, NAME, NAMES, NESTING, HELD)
