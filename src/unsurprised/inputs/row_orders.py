"""Arguments of the same rows, each as it was handed in: the order of their names must be one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unsurprised.arrays.row_order import refuse_other_order


def refuse_other_rows(handed: Mapping[str, Any]) -> None:
    """Raise where arguments of pandas hold the rows of the first of them in another order."""
    refuse_other_indices({name: getattr(value, "index", None) for name, value in handed.items()})


def refuse_other_indices(indices: Mapping[str, Any]) -> None:
    """The same of indices; what is none of pandas (a list's method, nothing) is passed over."""
    known = [(name, index) for name, index in indices.items() if hasattr(index, "sort_values")]
    for name, index in known[1:]:
        refuse_other_order(known[0][1], index, known[0][0], name)
