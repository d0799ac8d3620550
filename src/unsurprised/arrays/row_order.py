"""Rows with the same names in another order: an error, never a silent choice."""

from __future__ import annotations

from typing import Any

from unsurprised.errors import CallError


def refuse_other_order(first: Any, other: Any, name: str, other_name: str) -> None:
    """Raise where two indices of pandas hold the same rows in another order."""
    if len(first) != len(other) or first.equals(other):
        return
    try:
        same = first.sort_values().equals(other.sort_values())
    except TypeError:  # names that have no order
        same = set(first) == set(other)
    if same:
        raise CallError(
            f"the index of {other_name} holds the rows of {name} in another order: by index or by "
            f"position? Expected one order; by index pass {other_name}.loc[{name}.index], by "
            f"position {other_name}.to_numpy()"
        )
