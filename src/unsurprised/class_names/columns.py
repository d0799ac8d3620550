"""Columns of predictions → classes: which name each column has, and in which order they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unsurprised.class_names.names import (
    are_positions,
    differences,
    integer_of,
    key_of,
    listed,
    no_and_yes,
    places_of,
    same_names,
    without_stem,
)
from unsurprised.errors import CallError

#: The origin of names that nobody said.
FROM_COLUMNS = "from the columns' names"


@dataclass(frozen=True, slots=True)
class SeenLabels:
    """What a look at the labels tells: their kind, and some of the values that there are."""

    #: "integer", "text", "bool", or None where there are no labels.
    kind: str | None = None
    keys: frozenset[str] = frozenset()

    @classmethod
    def of(cls, kind: str | None, values: Sequence[Any]) -> SeenLabels:
        """From values as they are."""
        return cls(kind, frozenset(map(key_of, values)))

    def fit(self, names: Sequence[str]) -> bool:
        """Whether these names may be those of the classes."""
        if len(set(map(key_of, names))) < len(names) or "" in names:
            return False
        if self.kind == "integer":
            return all(integer_of(name) is not None for name in names)
        if self.kind == "bool":
            return no_and_yes(names) is not None
        return self.kind == "text" and bool(self.keys) and self.keys <= set(map(key_of, names))


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The classes in their order, and which column each is."""

    names: tuple[str, ...]
    #: The place of each class among the columns.
    order: tuple[int, ...]
    #: Where the names come from.
    origin: str
    #: Whether the order of the classes was said by the caller.
    ordered: bool

    @property
    def stated(self) -> bool:
        """Whether the caller or the file said what the classes are."""
        return self.origin != FROM_COLUMNS

    @property
    def turned(self) -> bool:
        """Whether columns have to change places."""
        return self.order != tuple(range(len(self.order)))


def named_columns(
    columns: Sequence[str],
    labels: SeenLabels,
    given: Sequence[str] | None = None,
    *,
    stated: Sequence[str] | None = None,
    told: bool = False,
    prefix: str = "",
) -> NamedColumns:
    """Bind columns to the names of classes.

    Parameters
    ----------
    columns : sequence of str
        Their names, as they come.
    labels : SeenLabels
        What is known of the labels that will be looked up among the names.
    given : sequence of str, optional
        The classes that the caller named (``classes=``), in the caller's order.
    stated : sequence of str, optional
        The classes that the file's metadata name.
    told : bool, default False
        Whether the caller named the columns one by one, so that ``given`` goes with them one to
        one.
    prefix : str, default ""
        What all columns are known to begin with.

    Examples
    --------
    >>> labels = SeenLabels.of("text", ["cat", "dog"])
    >>> named_columns(["P(dog)", "P(cat)"], labels).names
    ('dog', 'cat')
    >>> named_columns(["P(dog)", "P(cat)"], labels, ["cat", "dog"]).order
    (1, 0)
    >>> named_columns(["p2", "p9"], labels, ["dog", "cat"], told=True).names
    ('dog', 'cat')
    """
    names = bare_names(columns, labels, prefix)
    choices = [names, *_readings(columns, prefix)]
    if given is not None:
        for choice in choices:
            if same_names(choice, given):
                return _in_order(choice, given, "as given", ordered=True)
        return _one_to_one(columns, choices, given, told=told)
    for choice in choices:
        if stated is not None and same_names(choice, stated):
            return _in_order(choice, stated, "from the file's metadata", ordered=True)
    if len(set(map(key_of, names))) < len(names):
        raise CallError(
            f"two columns name one class: {listed(names)}; expected a column for each class, or "
            "the columns and what they mean, pred={'CLASS': 'COLUMN'} (--pred CLASS=COLUMN,…)"
        )
    return NamedColumns(names, tuple(range(len(names))), FROM_COLUMNS, told)


def bare_names(columns: Sequence[str], labels: SeenLabels, prefix: str = "") -> tuple[str, ...]:
    """The names of the classes that columns bear: the ones that the labels fit, else the first."""
    readings = _readings(columns, prefix)
    return next((names for names in readings if labels.fit(names)), readings[0])


def _readings(columns: Sequence[str], prefix: str) -> list[tuple[str, ...]]:
    plain = tuple(name.removeprefix(prefix) for name in columns)
    bare = without_stem(plain) if len(plain) > 1 else plain
    return [plain] if bare == plain or "" in bare else [plain, bare]


def _in_order(
    names: Sequence[str], wanted: Sequence[str], origin: str, *, ordered: bool
) -> NamedColumns:
    places = places_of(names)
    order = tuple(places[key_of(name)] for name in wanted)
    return NamedColumns(tuple(wanted), order, origin, ordered)


def _one_to_one(
    columns: Sequence[str],
    choices: Sequence[Sequence[str]],
    given: Sequence[str],
    *,
    told: bool,
) -> NamedColumns:
    """Classes that the columns do not bear: by number, or in the order in which both were told."""
    if len(given) == len(columns):
        for names in choices:
            numbers = [integer_of(name) for name in names]
            if sorted(n for n in numbers if n is not None) == list(range(len(given))):
                places = {number: place for place, number in enumerate(numbers)}
                order = tuple(places[k] for k in range(len(given)))
                return NamedColumns(tuple(given), order, "as given, by the columns' numbers", True)
        if told and not _contradicts(choices, given):
            return NamedColumns(
                tuple(given), tuple(range(len(given))), "as given, one a column", True
            )
    found = choices[-1]
    raise CallError(
        f"the columns' classes differ: {differences(found, given)}; expected the classes "
        "of classes "
        f"(--classes): {listed(given)}; or say which column is which: pred={{'CLASS': "
        "'COLUMN', …} (--pred CLASS=COLUMN,…)"
    )


def _contradicts(choices: Sequence[Sequence[str]], given: Sequence[str]) -> bool:
    """Whether a column bears the name of a class other than the one it would be taken for."""
    places = places_of(given)
    return any(
        places.get(key_of(name), place) != place
        for names in choices
        for place, name in enumerate(names)
        if not are_positions(names)
    )
