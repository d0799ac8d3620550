"""Columns of any kind as what neighbours are counted by: categories, atoms, and numbers on a scale.

An atom is a value that repeats although others are continuous, such as the zero of a column of
rainfall. Numbers that were rounded get their digits back at random, uniform within the cell that
each was rounded to: what they share with another column stays the same to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.arrays.containers import taken_apart
from unsurprised.errors import CallError, InputError, Place
from unsurprised.estimate.columns import NO_COLUMNS, column_of, host_column, number_text
from unsurprised.estimate.scales import Codes, DistinctNumbers, NumberSettings, on_scale
from unsurprised.forms import Form

#: What holds names by row, or no column at all, of which an error says so.
_CATEGORIES = (str, bytes, bytearray, Form, *NO_COLUMNS)

#: Numbers whose differences are surely finite.
LARGEST = 2.0**1000
#: The most coordinates that neighbours are looked for in.
MOST_DIMENSIONS = 32


@dataclass(frozen=True)
class Variable:
    """A column: a category, an atom or "continuous" for each row, and numbers for the last."""

    codes: Codes
    #: The code of rows that are continuous; −1 where none is.
    rest: int
    #: Numbers by row and dimension, on their scale; those of atoms are not looked at.
    values: Values | None
    kind: str
    notes: tuple[str, ...] = ()
    #: How many categories exist, where that was said.
    categories: int | None = None
    #: Which rows had the same numbers before noise parted them; None where none had.
    same: Codes | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.codes)

    @property
    def is_discrete(self) -> bool:
        """Whether no row is continuous."""
        return self.values is None

    @property
    def is_continuous(self) -> bool:
        """Whether every row is."""
        return self.values is not None and not (self.codes != self.rest).any()

    @property
    def is_constant(self) -> bool:
        """Whether all rows are the same."""
        return bool((self.codes == self.codes[0]).all()) and (
            self.codes[0] != self.rest or bool((self.numbers == self.numbers[0]).all())
        )

    @property
    def numbers(self) -> Values:
        """Numbers by row and dimension, of which a column of categories has none."""
        return np.empty((self.rows, 0)) if self.values is None else self.values

    @property
    def dimensions(self) -> int:
        """How many numbers a continuous row has."""
        return int(self.numbers.shape[1])

    def at(self, rows: NDArray[Any]) -> Variable:
        """Some of the rows, or all in another order."""
        values = None if self.values is None else np.ascontiguousarray(self.values[rows])
        same = None if self.same is None else self.same[rows]
        return replace(self, codes=self.codes[rows], values=values, same=same)


@dataclass(frozen=True)
class Columns:
    """Two columns of the same rows, and what is known beside them."""

    x: Variable
    y: Variable
    given: Variable | None
    #: Categories that are known beside ``given``.
    within: Codes | None = None

    @property
    def all(self) -> tuple[Variable, ...]:
        """Those that there are."""
        return (self.x, self.y) if self.given is None else (self.x, self.y, self.given)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.x.rows

    @property
    def dimensions(self) -> int:
        """How many numbers a row has in all columns together."""
        return sum(part.dimensions for part in self.all)

    def at(self, rows: NDArray[Any]) -> Columns:
        """Some of the rows."""
        given = None if self.given is None else self.given.at(rows)
        within = None if self.within is None else self.within[rows]
        return Columns(self.x.at(rows), self.y.at(rows), given, within)

    def with_x_at(self, rows: NDArray[Any]) -> Columns:
        """The rows with those of x in another order."""
        return replace(self, x=self.x.at(rows))

    def with_y_at(self, rows: NDArray[Any]) -> Columns:
        """The rows with those of y in another order."""
        return replace(self, y=self.y.at(rows))


def variable_of(
    values: Any, place: str, settings: NumberSettings, name: str | None = None
) -> Variable:
    """A column of whatever kind; an error names the row that is none.

    Its noise is that of its place, "x", "y" or "given".
    """
    name = place if name is None else name
    settings = replace(settings, place=place)
    if values is None or isinstance(values, _CATEGORIES):
        return _of_categories(values, name, settings, None)
    if isinstance(values, Iterator):
        values = list(values)
    parts = taken_apart(values, name)
    missing = None if parts is None or parts.missing is None else parts.missing
    plain = values if parts is None else parts.values
    if missing is not None and not missing.any():
        missing = None
    if missing is not None and np.ndim(missing) != 1:
        raise CallError(f"{name} has nulls in a table of numbers; expected a number everywhere")
    array = host_column(plain, name)
    if settings.no_numbers or array.kind not in ("iuf" if settings.all_numbers else "f"):
        if array.values.ndim == 2 and array.kind in "iu":
            raise CallError(
                f"{name} has the shape {array.shape} and holds {array.dtype}; expected one "
                "category for each row, or numbers as floats: numbers of several dimensions"
            )
        return _of_categories(plain if missing is None else array.values, name, settings, missing)
    numbers = array.as_float64() + 0.0  # one zero, not two
    if numbers.shape == (0,):
        raise CallError(f"{name} is empty; expected at least one row")
    if numbers.ndim not in (1, 2) or 0 in numbers.shape:
        raise CallError(
            f"{name} has the shape {array.shape}; expected a number for each row, or (rows, "
            "dimensions)"
        )
    _refuse_no_numbers(numbers, missing, name)
    if numbers.ndim == 2 and numbers.shape[1] > 1:
        return _of_vectors(numbers, name, settings)
    return _of_numbers(numbers.reshape(len(numbers)), missing, name, settings)


def _of_categories(
    values: Any, name: str, settings: NumberSettings, missing: NDArray[np.bool_] | None
) -> Variable:
    if settings.all_numbers:
        raise CallError(
            f"{name} holds no numbers; expected numbers for KSG: method='auto' or 'ross' takes "
            "categories too"
        )
    if missing is None:
        column = column_of(values, name)
        notes = many_categories(name, column.seen, len(column.codes))
        return Variable(column.codes, -1, None, "discrete", notes, column.categories)
    known = np.asarray(values)[~missing]
    codes = np.zeros(len(missing), dtype=np.int64)
    if len(known):
        codes[~missing] = column_of(known, name).codes + 1
    return Variable(codes, -1, None, "discrete", (_nulls(missing, name),))


def many_categories(name: str, seen: int, rows: int) -> tuple[str, ...]:
    """What to say of categories that are more likely numbers."""
    if 2 * seen > rows > 10:
        return (f"{name}: {seen:,} categories in {rows:,} rows; numbers are passed as floats",)
    return ()


def _nulls(missing: NDArray[np.bool_], name: str) -> str:
    return f"{name}: nulls ({int(missing.sum()):,}) are a category of their own"


def _refuse_no_numbers(numbers: Values, missing: NDArray[np.bool_] | None, name: str) -> None:
    wrong = ~(np.abs(numbers) <= LARGEST)
    if missing is not None:
        wrong &= ~missing
    if not wrong.any():
        return
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    raise InputError(
        f"found {number_text(float(numbers[at]))} in a column of numbers",
        expected="numbers of at most 2¹⁰⁰⁰ in size",
        remedy="leave such rows out, or pass None for what is missing: nulls are a category",
        place=Place(file=name, row=at[0] if len(at) == 1 else at),
    )


def _of_vectors(numbers: Values, name: str, settings: NumberSettings) -> Variable:
    """Numbers of several dimensions, each on a scale of its own; none of them is an atom."""
    if numbers.shape[1] > MOST_DIMENSIONS:
        raise CallError(
            f"{name} has {numbers.shape[1]} dimensions; expected at most {MOST_DIMENSIONS}, beyond "
            "which no neighbour is near"
        )
    everywhere = np.ones(len(numbers), dtype=np.bool_)
    columns: list[Values] = []
    notes: list[str] = []
    for dimension in range(numbers.shape[1]):
        title = f"{name}[:, {dimension}]"
        runs = DistinctNumbers.of(numbers[:, dimension])
        found = on_scale(
            runs, numbers[:, dimension], settings, title, continuous=everywhere, dimension=dimension
        )
        columns.append(found.values)
        notes += found.notes
    kind = f"continuous, {numbers.shape[1]} dimensions"
    codes = np.zeros(len(numbers), dtype=np.int64)
    distinct, same = np.unique(numbers, axis=0, return_inverse=True)
    parted = None if len(distinct) == len(numbers) else same.reshape(-1)
    return Variable(codes, 0, np.stack(columns, axis=1), kind, tuple(notes), same=parted)


def _of_numbers(
    numbers: Values, missing: NDArray[np.bool_] | None, name: str, settings: NumberSettings
) -> Variable:
    known = np.ones(len(numbers), dtype=np.bool_) if missing is None else ~missing
    notes: tuple[str, ...] = () if missing is None else (_nulls(missing, name),)
    if not known.any():
        return Variable(np.zeros(len(numbers), dtype=np.int64), -1, None, "discrete", notes)
    runs = DistinctNumbers.of(numbers[known])
    if missing is None and len(runs.distinct) == 1:
        return Variable(np.zeros(len(numbers), dtype=np.int64), -1, None, "constant")
    atoms = runs.atoms(settings)
    codes = np.zeros(len(numbers), dtype=np.int64)
    if len(atoms):
        at = np.searchsorted(atoms, numbers)
        is_atom = atoms[np.minimum(at, len(atoms) - 1)] == numbers
        codes = np.where(is_atom, at + 1, 0)
    codes[~known] = len(atoms) + 1
    continuous = codes == 0
    if not continuous.any():
        codes -= codes.min()
        return Variable(codes, -1, None, "discrete", notes)
    rest = runs if missing is None and not len(atoms) else DistinctNumbers.of(numbers[continuous])
    found = on_scale(rest, numbers, settings, name, continuous=continuous)
    kind = f"continuous{found.kind}"
    if len(atoms):
        named = " and ".join(f"{atom:g}" for atom in atoms[:3]) + (" …" if len(atoms) > 3 else "")
        kind = f"atom at {named} and {kind}" if len(atoms) == 1 else f"atoms at {named} and {kind}"
    same = np.unique(numbers, return_inverse=True)[1] if rest.has_ties and not found.kind else None
    if missing is not None:
        kind += ", and nulls"
    return Variable(codes, 0, found.values[:, None], kind, (*notes, *found.notes), same=same)
