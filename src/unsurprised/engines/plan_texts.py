"""Plans as JSON: of one release, unaltered, and of one kind of work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from unsurprised.errors import StateError
from unsurprised.states.serial import written

#: Name and version of a plan's JSON: of predictions, and of all columns.
PREDICTIONS, COLUMNS = "unsurprised.plan/1", "unsurprised.drift_plan/1"

_COLUMNS_ALONE = (
    "the plan is of all columns, for drift alone; plan again without --drift (us.plan) for "
    "predictions"
)


def text_of_plan(schema: str, said: Mapping[str, Any], indent: int | None) -> str:
    """A plan as JSON."""
    return json.dumps({"schema": schema, **said}, indent=indent, allow_nan=False)


def digest_of_plan(said: Mapping[str, Any]) -> str:
    """A digest of all that a plan says, but for itself."""
    facts = {name: value for name, value in said["facts"].items() if name != "id"}
    return hashlib.sha256(written({**said, "facts": facts}).encode()).hexdigest()


def said_in_plan(text: str | bytes) -> Mapping[str, Any]:
    """What a plan says, of whichever kind it is.

    Raises
    ------
    StateError
        It is none, or another release wrote it.
    """
    from unsurprised import __version__

    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise StateError("this is no plan: it is no JSON; expected what to_json wrote") from None
    name = str(said.get("schema")).partition("/")[0] if isinstance(said, dict) else ""
    if name not in (each.partition("/")[0] for each in (PREDICTIONS, COLUMNS)):
        raise StateError("this is no plan; expected what to_json (unsurprised plan) wrote")
    if said["schema"] not in (PREDICTIONS, COLUMNS) or said.get("unsurprised") != __version__:
        raise StateError(
            f"the plan was written by unsurprised {said.get('unsurprised')}, and this is "
            f"unsurprised {__version__}; plan and evaluate with one release on all machines"
        )
    return MappingProxyType(said)


def refuse_columns_alone(said: Mapping[str, Any]) -> None:
    """Raise for a plan that knows nothing of predictions."""
    if said["schema"] != PREDICTIONS:
        raise StateError(_COLUMNS_ALONE)


def refuse_altered(planned: str, found: str) -> None:
    """Raise where a plan's digest is not that of what it says."""
    if planned != found:
        raise StateError("the plan was altered: its digest is wrong; make it again")
