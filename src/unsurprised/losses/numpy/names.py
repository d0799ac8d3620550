"""Names beside losses, which go by position: names that say another order are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from unsurprised.arrays.containers import Container, taken_apart
from unsurprised.arrays.row_order import refuse_keys, refuse_other_orders
from unsurprised.class_names.names import are_positions, key_of, listed
from unsurprised.errors import CallError

_Names = tuple[str, ...] | None


def refuse_other_names(*, weight: Any = None, **arguments: Any) -> None:
    """Raise where arguments name classes or rows in another order than the first of them.

    ``weight`` is one number a class, ``sample_weight`` one a row.
    """
    refuse_keys(arguments.get("sample_weight"), "sample_weight")
    parts = {name: _parts(values, name) for name, values in arguments.items()}
    (first, rows), *others = parts.items()
    ours = _columns(rows)
    for name, part in others:
        theirs = _columns(part)
        if ours and theirs and [*map(key_of, ours)] != [*map(key_of, theirs)]:
            raise CallError(
                f"{name} names the classes {listed(theirs, 4)}, {first} {listed(ours, 4)}: by name "
                f"or by position? Losses go by position; expected one order: "
                f"{name}[list({first}.columns)], or {name}.to_numpy()"
            )
    refuse_other_orders(
        {name: values for name, values in arguments.items() if not isinstance(values, Mapping)}
    )
    _refuse_other_weight(weight, ours, first)


def _refuse_other_weight(weight: Any, ours: _Names, first: str) -> None:
    if isinstance(weight, Mapping):
        raise CallError(
            "weight is a dictionary, and losses go by position; expected a list in the order of "
            f"the columns of {first}: [weight[name] for name in …]"
        )
    part = _parts(weight, "weight")
    names = None if part is None or np.ndim(part.values) != 1 else part.columns
    if not names:
        return
    if [*map(key_of, names)] == [*map(key_of, ours)] if ours else are_positions(names):
        return
    raise CallError(
        f"weight names the classes {listed(names, 4)}, {first} {listed(ours or (), 4)}: by name or "
        "by position? Losses go by position; expected weights in the order of the columns of "
        f"{first}, without names: weight.to_numpy()"
    )


def _parts(values: Any, name: str) -> Container | None:
    return None if values is None or isinstance(values, np.ndarray) else taken_apart(values, name)


def _columns(part: Container | None) -> _Names:
    """The names of the classes of rows; those along a series are its rows'."""
    return None if part is None or np.ndim(part.values) != 2 else part.columns
