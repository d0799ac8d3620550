"""Units of a text: what its bits are told for, each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unsurprised.class_names.names import listed
from unsurprised.errors import CallError

UNITS = ("tokens", "words", "bytes", "characters")
#: What servers write where they know no log-probability.
UNKNOWN = -9999.0


def units_told(units: Any) -> dict[str, str | None]:
    """What was said of units: the column of each; ``None``: the one that is called so.

    Examples
    --------
    >>> units_told(["bytes", "words=n_words"])
    {'bytes': None, 'words': 'n_words'}
    """
    if isinstance(units, Mapping):
        told = {str(unit): None if name is None else str(name) for unit, name in units.items()}
    else:
        names = [units] if isinstance(units, str) else list(units or ())
        parts = [part.strip() for name in names for part in str(name).split(",")]
        told = {}
        for part in parts:
            unit, _, column = part.partition("=")
            told[unit.strip()] = column.strip() or None
    for unit in told:
        if unit not in UNITS:
            raise CallError(
                f"units={unit!r}; expected some of {listed(UNITS)}, or which column holds one: "
                "bytes=text (--units)"
            )
    return told
