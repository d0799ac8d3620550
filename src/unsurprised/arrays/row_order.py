"""Rows with the same names in another order: an error, never a silent choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised.errors import CallError


@dataclass(frozen=True, slots=True)
class NamedRows:
    """What rows are called, and where that stands: pandas' index or columns, a dictionary's keys.

    Keys are a tuple of texts, all else is an index of pandas, whose own numbers are names too.
    """

    names: Any
    where: str = "index"


#: How an error speaks of them: what the argument has, by what rows then bind, where names are had,
#: and what puts an argument into the order of other names, or takes its own away.
_WORDS = {
    "index": ("the index of {} holds", "index", "{}.index", "{}.loc[{}]", "{}.to_numpy()"),
    "columns": ("the columns of {} hold", "name", "{}.columns", "{}[{}]", "{}.to_numpy()"),
    "keys": ("the keys of {} hold", "key", "list({})", "{{key: {}[key] for key in {}}}",
             "list({}.values())"),
}  # fmt: skip


def rows_in(given: Any) -> NamedRows | None:
    """What an argument of one entry a row calls its rows; None where it has no names for them."""
    if given is None or isinstance(given, NamedRows) or type(given) in (np.ndarray, list, tuple):
        return given if isinstance(given, NamedRows) else None
    if isinstance(given, Mapping):
        return NamedRows(tuple(map(str, given)), "keys")
    index = getattr(given, "index", None)
    return NamedRows(index) if hasattr(index, "get_indexer") else None


def rows_of_classes(given: Any, axis: int) -> NamedRows | None:
    """The same of numbers for every class, which lie along ``axis``; a dictionary's keys are these.

    >>> rows_of_classes({"cat": [0.5], "dog": [0.5]}, -1)
    """
    if isinstance(given, Mapping) or axis in (-1, 1):
        return None if isinstance(given, Mapping) else rows_in(given)
    columns = getattr(given, "class_index", getattr(given, "columns", None))
    return NamedRows(columns, "columns") if hasattr(columns, "get_indexer") else None


def refuse_other_orders(given: Mapping[str, Any]) -> None:
    """Raise where two arguments, by what they are called, have the same rows in another order.

    What is the same in every one, or other names altogether, goes by position.

    Examples
    --------
    >>> refuse_other_orders({"y": {"a": 0, "b": 1}, "p": {"b": 0.5, "a": 0.25}})
    Traceback (most recent call last):
        ...
    unsurprised.errors.CallError: the keys of p hold the rows of y in another order: by key or by \
position? Expected one order; by key pass {key: p[key] for key in list(y)}, by position \
list(p.values())
    """
    orders: list[tuple[str, NamedRows]] = []
    for name, one in given.items():
        rows = rows_in(one)
        if rows is None or any(_are_equal(known.names, rows.names) for _, known in orders):
            continue
        for known_name, known in orders:
            if _are_turned(known.names, rows.names):
                raise _refusal(known_name, known, name, rows)
        orders.append((name, rows))


def _are_equal(first: Any, other: Any) -> bool:
    if first is other or isinstance(first, tuple) or isinstance(other, tuple):
        return first is other or _texts(first) == _texts(other)
    return bool(first.equals(other))


def _are_turned(first: Any, other: Any) -> bool:
    """Whether names that are not equal are so in another order."""
    if len(first) != len(other):
        return False
    if isinstance(first, tuple) or isinstance(other, tuple):
        return Counter(_texts(first)) == Counter(_texts(other))
    first, other = _hashed(first), _hashed(other)
    distinct = first.unique()
    here, there = distinct.get_indexer(first), distinct.get_indexer(other)
    if (there < 0).any():
        return False
    return bool((np.bincount(here) == np.bincount(there, minlength=len(distinct))).all())


def _texts(names: Any) -> tuple[str, ...]:
    return names if isinstance(names, tuple) else tuple(map(str, names))


def _hashed(index: Any) -> Any:
    """An index that is looked up by equality: intervals that overlap are not by their own."""
    return index.astype(object) if type(index).__name__ == "IntervalIndex" else index


def _refusal(name: str, rows: NamedRows, other_name: str, others: NamedRows) -> CallError:
    holds, by, _, turned, plain = _WORDS[others.where]
    wanted = _WORDS[rows.where][2].format(name)
    return CallError(
        f"{holds.format(other_name)} the rows of {name} in another order: by {by} or by position? "
        f"Expected one order; by {by} pass {turned.format(other_name, wanted)}, by position "
        f"{plain.format(other_name)}"
    )


def refuse_keys(values: Any, what: str) -> None:
    """Raise for a dictionary where a value for each row is expected."""
    if isinstance(values, Mapping):
        raise CallError(
            f"{what} is a dictionary: rows are told by their place, and have no keys; expected a "
            f"value a row, in the order of the rows: [{what}[key] for key in …], or, if it holds "
            f"them in this order, list({what}.values())"
        )
