"""Orders that a caller says: of classes, columns, models. A set has none, a mapping one of two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MappingView, Sequence, Set
from typing import Any

import numpy as np

from unsurprised.errors import CallError

_MOST_SHOWN = 4


def in_order(values: Any, option: str) -> list[Any]:
    """What was listed, in its order; an error for what has none.

    Examples
    --------
    >>> in_order(("new", "old"), "names")
    ['new', 'old']
    """
    if isinstance(values, str | bytes):
        raise CallError(f"{option}={values!r} is one text; expected a list of names")
    if isinstance(values, Set) and not isinstance(values, MappingView | Sequence):
        shown = _shown(sorted(values, key=str))
        raise CallError(
            f"{option} is a {type(values).__name__}, which has no order; expected a list in the "
            f"order that is meant, such as {option}=[{shown}]"
        )
    if isinstance(values, Mapping):
        raise CallError(
            f"{option} is a {type(values).__name__}; expected a list in the order that is meant, "
            f"such as {option}=[{_shown(list(values))}]"
        )
    if not isinstance(values, Iterable):
        raise CallError(f"{option}={values!r}; expected a list of names")
    tolist = getattr(values, "tolist", None) or getattr(values, "to_list", None)
    return list(values if tolist is None else tolist())


def names_in_order(names: Any, option: str) -> list[Any]:
    """Names of classes in their order, which a mapping from or to their places says too.

    Examples
    --------
    >>> names_in_order({"dog": 1, "cat": 0}, "classes"), names_in_order({1: "b", 0: "a"}, "classes")
    (['cat', 'dog'], ['a', 'b'])
    """
    if isinstance(names, Mapping):
        return _by_place(names, option)
    found = in_order(names, option)
    if hasattr(names, "to_dict") and hasattr(names, "index"):
        _refuse_other_index(dict(zip(names.index, found, strict=True)), found, option)
    return found


def _by_place(names: Mapping[Any, Any], option: str) -> list[Any]:
    readings = _readings(names)
    if not names:
        return []
    if not readings:
        raise CallError(
            f"{option} is a {type(names).__name__}, and neither its values nor its keys are the "
            f"integers 0 to {len(names) - 1}; expected a list, the names in the order of the "
            "columns, or a mapping from name to place or from place to name"
        )
    if len(readings) > 1 and [*map(str, readings[0])] != [*map(str, readings[1])]:
        raise CallError(
            f"{option} maps integers to integers: names at their places, {_shown(readings[0])}, or "
            f"places and their names, {_shown(readings[1])}? Expected a list, the names in the "
            "order of the columns"
        )
    return readings[0]


def _readings(names: Mapping[Any, Any]) -> list[list[Any]]:
    """The names by their places, where the values are places, and where the keys are."""
    keys, values = list(names), list(names.values())
    readings = []
    for places, called in ((values, keys), (keys, values)):
        if _are_places(places):
            at = dict(zip(map(int, places), called, strict=True))
            readings.append([at[place] for place in range(len(at))])
    return readings


def _are_places(numbers: list[Any]) -> bool:
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in numbers)
    return whole and sorted(numbers) == list(range(len(numbers)))


def _refuse_other_index(pairs: Mapping[Any, Any], listed: list[Any], option: str) -> None:
    """Raise where the index of a series says another order than that in which it stands."""
    if len(pairs) < len(listed):
        return
    other = next((names for names in _readings(pairs) if names != listed), None)
    if other is not None:
        raise CallError(
            f"{option} is a Series: its values as they stand, {_shown(listed)}, or by its index, "
            f"{_shown(other)}? Expected a list: {option}.tolist() as they stand"
        )


def _shown(names: Sequence[Any]) -> str:
    more = ", …" if len(names) > _MOST_SHOWN else ""
    return ", ".join(repr(str(name)) for name in names[:_MOST_SHOWN]) + more
