"""Labels → classes: by name where both have names, by position as the last resort.

Arrays, frames and files bind through :class:`Binding` alike, so that the same labels beside the
same names mean the same by every route.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.class_names.names import (
    are_positions,
    as_r_writes,
    integer_of,
    key_of,
    listed,
    no_and_yes,
    places_of,
    same_names,
    words_beside,
)
from unsurprised.copies import Record
from unsurprised.errors import CallError, InputError, Place

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Binding(Record):
    """The classes in the order of the predictions, and which label stands for which.

    Examples
    --------
    >>> Binding(3, ("2", "0", "1")).of_integers(np.array([0, 2]))
    array([1, 0])
    >>> Binding(2, ("yes", "no")).of_booleans(np.array([True, False]))
    array([0, 1])
    """

    count: int
    names: tuple[str, ...] | None = None
    #: Whether the order of the names was said, and not only found: then a label may be a position.
    ordered: bool = True
    #: Whether the caller or the file said what the classes are, and not only columns are so called:
    #: then labels that are positions count from 0.
    stated: bool = True
    #: Whether the classes have places at all: those of maps have none.
    placed: bool = True
    #: The class that True and 1 stand for, where that was said.
    positive: str | None = None
    #: Names of the labels' integers in their order, where the file states them.
    label_names: tuple[str, ...] | None = None
    #: The class that the column of a single number a row is named after.
    named_after: str | None = None

    def __post_init__(self) -> None:
        if self.positive is None:
            return
        names = self.names or ("0", "1")
        if self.count not in (0, 2):
            raise CallError(
                f"positive={self.positive!r} is for two classes, and there are {self.count}; leave "
                "it out (--positive)"
            )
        if key_of(self.positive) not in map(key_of, names):
            raise CallError(
                f"positive={self.positive!r} is none of the classes {listed(names)}; expected one "
                "of them (--positive)"
            )

    @cached_property
    def places(self) -> dict[str, int]:
        """The index of each name by its key."""
        return places_of(self.names or ())

    @cached_property
    def pair(self) -> tuple[int, int] | None:
        """Which class 0 and False, and which 1 and True stand for; None where nothing tells."""
        if self.count != 2:
            return None
        if self.by == "positive":
            one = self.places[key_of(self.positive)]
            return 1 - one, one
        return (0, 1) if self.names is None else no_and_yes(self.names)

    @cached_property
    def spoken_of(self) -> int:
        """The class, of two, that a single number a row is the probability of."""
        if self.count != 2:
            return 1
        said = self.named_after if self.positive is None else self.positive
        if said is not None:
            return places_of(self.names or ("0", "1")).get(key_of(said), 1)
        return (self.pair or (0, 1))[1]

    @cached_property
    def by(self) -> str:
        """How integers bind: by "position", "name", "metadata", or as the caller said ("positive").

        Position is the last resort: for classes without names, or whose names are no numbers.
        """
        if self.names is None:
            return "position"
        if self.positive is not None and not any(integer_of(n) is not None for n in self.names):
            return "positive"
        if self.label_names is not None and same_names(self.label_names, self.names):
            return "metadata"
        return "name" if any(integer_of(n) is not None for n in self.names) else "position"

    @property
    def is_open(self) -> bool:
        """Whether integers are positions among columns, which may count from 0 or from 1."""
        if self.by != "position" or self.names is None or self.stated:
            return False
        return self.pair != (0, 1)

    @cached_property
    def integers(self) -> tuple[Indices, Indices] | None:
        """Integer labels, ascending, and the class of each; None where the label is the index."""
        if self.by == "position":
            return None
        if self.by == "metadata":
            pairs = [
                (k, self.places[key_of(name)]) for k, name in enumerate(self.label_names or ())
            ]
        elif self.by == "positive":
            pairs = list(enumerate(self.pair or ()))
        else:
            known = ((integer_of(name), index) for index, name in enumerate(self.names or ()))
            pairs = sorted((value, index) for value, index in known if value is not None)
        values, order = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
        same = len(values) == self.count and np.array_equal(values, order)
        return None if same and np.array_equal(values, np.arange(self.count)) else (values, order)

    def of_integers(self, values: Indices, *, checked: bool = True) -> Indices:
        """The class of each integer; an :class:`InputError` at the first that names none.

        Without ``checked``, positions are left to be checked where the rows are read.
        """
        if self.names is not None and self.by == "position":
            self._refuse_two_orders(values)
        table = self.integers
        if table is None:
            outside = (values < 0) | (values >= self.count) if checked and self.count else None
            if outside is not None and outside.any():
                raise self._outside(values, int(np.argmax(outside)))
            return values
        known, order = table
        where = np.minimum(np.searchsorted(known, values), len(known) - 1)
        wrong = known[where] != values
        if wrong.any():
            row = int(np.argmax(wrong))
            raise self.unknown(int(values[row]), row)
        indices: Indices = order[where]
        return indices

    def _refuse_two_orders(self, values: Indices) -> None:
        """Raise where positions may be counted in more than one order."""
        if self.count == 2 and self.placed:
            if not (self.pair == (0, 1) if self.pair is not None else self.ordered):
                self._ask(f"the labels are {_seen(values)}", "1")
            return
        self.refuse_unsaid_order("the labels are integers")

    def refuse_unsaid_order(self, found: str) -> None:
        """Raise where places among the classes may not be those of their sorted names."""
        names = self.names or ()
        if self.ordered or (self.placed and list(names) == sorted(names)):
            return
        order = ",".join(sorted(names)[:4]) + (",…" if self.count > 4 else "")
        places = ",".join(names[:4]) + (",…" if self.count > 4 else "")
        either = (
            f"classes=[{places}] (--classes {places}) for the order of the columns, " * self.placed
        )
        raise InputError(
            f"{found} beside the classes {listed(names, 4)}: places among the "
            + (
                "columns, or codes of the sorted names"
                if self.placed
                else "classes, which have none"
            ),
            expected="names, or an order of the classes that is said",
            remedy=f"say {either}classes=[{order}] (--classes {order}) for codes of sorted "
            "names, as "
            "label encoders and categories give them",
        )

    def knows(self, values: Indices) -> NDArray[np.bool_]:
        """Which integers name a class."""
        table = self.integers
        if table is not None:
            return np.isin(values, table[0])
        return (values >= 0) & ((values < self.count) | (self.count == 0))

    def of_booleans(self, values: NDArray[np.bool_]) -> Indices:
        """The class of each boolean; an error where the names do not tell which is true."""
        if self.names is None and self.count != 2:
            return values.astype(np.int64)
        pair = self.pair
        if pair is None and self.count != 2:
            raise CallError(
                f"the labels are true and false beside the {self.count} classes "
                f"{listed(self.names or ())}; expected the names of the classes"
            )
        if pair is None:
            self._ask("the labels are true and false", "true")
        no, yes = pair or (0, 1)
        return np.where(values, np.int64(yes), np.int64(no))

    def of_texts(self, values: Sequence[str]) -> list[int]:
        """The class of each of some distinct texts; −1 where one names none."""
        found = [self.places.get(key_of(value), -1) for value in values]
        if self.pair is not None and -1 in found:
            # "true" for a class that is called yes, 1 or True.
            for k, value in enumerate(values):
                said = no_and_yes([value, *words_beside(value)])
                if found[k] < 0 and said is not None:
                    found[k] = self.pair[1 if said[1] == 0 else 0]
        return found

    def unknown(self, value: Any, row: int | None) -> InputError:
        """The error of a label that names no class."""
        return InputError(
            f"found the unknown class {shown(value)}",
            expected=f"one of {listed(self.names or ())}",
            remedy=self._lead(value),
            place=Place(row=row),
        )

    def _lead(self, value: Any) -> str | None:
        names = list(self.names or ())
        if as_r_writes(value) in names:
            return (
                f"R writes it {as_r_writes(value)!r}: say the columns and what they mean, "
                "pred={'CLASS': 'COLUMN'} (--pred CLASS=COLUMN,…)"
            )
        integer = integer_of(value)
        if integer is None and are_positions(names):
            return (
                "the columns are but numbered: say the classes in their order, "
                "classes=[…] (--classes)"
            )
        if integer is not None and are_positions(names) and integer == len(names):
            return "if labels count from 1, name the classes so: classes=[1, 2, …] (--classes)"
        return None

    def _outside(self, values: Indices, row: int) -> InputError:
        return InputError(
            f"found label {values[row]}",
            expected=f"an index from 0 to {self.count - 1}, as there are {self.count} classes",
            remedy=other_counting(values, self.count),
            place=Place(row=row),
        )

    def refuse_unsaid_start(self) -> None:
        """Raise where the labels may count from 0 or from 1, for none of them is 0."""
        names = list(self.names or ())
        zero, one = (",".join(map(str, range(k, k + min(self.count, 3)))) for k in (0, 1))
        more = ",…" if self.count > 3 else ""
        raise InputError(
            f"the labels are integers without a 0 beside the classes {listed(names, 4)}: positions "
            "from 0, or codes from 1",
            expected="names, or the integers that stand for the classes",
            remedy=f"say what the columns are called in the labels: classes=[{zero}{more}] "
            f"(--classes {zero}{more}) or classes=[{one}{more}] (--classes {one}{more}), from 1",
        )

    def _ask(self, found: str, one: str) -> None:
        a, b = self.names or ("0", "1")
        told = (
            f"{(a, b)[self.pair[1]]!r} by its name" if self.pair else "and their names do not tell"
        )
        raise InputError(
            f"{found} beside the classes {a!r} and {b!r} in this order: {one} is {b!r} by "
            "position, "
            f"{told}",
            expected="the class that it stands for",
            remedy=f"say positive={b!r} (--positive {b}) or positive={a!r} (--positive {a})",
        )


def _seen(values: Indices) -> str:
    seen = np.unique(values[: 1 << 16])[:3].tolist()
    return " and ".join(map(str, seen)) or "integers"


def other_counting(values: Indices, count: int) -> str | None:
    """What to do with integer labels that are no positions, where they look like known codes."""
    seen = np.unique(values)
    if len(seen) and seen[0] == 1 and seen[-1] == count:
        return f"if labels count from 1, say classes=range(1, {count + 1}) (--classes 1,2,…)"
    if count == 2 and seen.tolist() in ([-1, 1], [-1]):
        return "if −1 is the first class and 1 the second, say classes=[-1, 1] (--classes=-1,1)"
    if len(seen) and seen[0] < 0 and (seen[1:] >= 0).all():
        return (
            f"if {seen[0]} marks rows to be left out, say ignore_index={seen[0]} "
            f"(--ignore-index={seen[0]})"
        )
    return None


def shown(value: Any) -> str:
    """A value for a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
