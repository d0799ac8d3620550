"""Several others beside one base, as one JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unsurprised.language_models.result import Fidelity

NAME = "unsurprised.fidelities/1"


def as_dict(found: Sequence[Fidelity]) -> dict[str, Any]:
    """The result of each other, in the order in which they were given.

    Parameters
    ----------
    found : sequence of Fidelity
        One for each other.
    """
    return {"schema": NAME, "others": [one.as_dict() for one in found]}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of :func:`as_dict`.

    Examples
    --------
    >>> json_schema()["required"]
    ['schema', 'others']
    """
    own = Fidelity.json_schema()
    parts = own.pop("$defs")
    dialect, _ = own.pop("$schema"), own.pop("$id")
    return {
        "$schema": dialect,
        "$id": NAME,
        "title": "unsurprised fidelity BASE OTHER OTHER… --json",
        "description": "Several language models beside one base, token by token.",
        "type": "object",
        "properties": {
            "schema": {"description": "name and version of this schema", "const": NAME},
            "others": {
                "description": "what is found of each other, in the order of the command",
                "type": "array",
                "items": {"$ref": "#/$defs/fidelity"},
            },
        },
        "required": ["schema", "others"],
        "$defs": {"fidelity": own, **parts},
    }
