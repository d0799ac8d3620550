"""A task: text in, bytes out, so that it runs wherever the library is installed.

What goes wrong with the data comes back as a value, not as an exception: engines try those again,
and what reaches the caller is then a text about a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from unsurprised.copies import Record
from unsurprised.errors import StateError, UnsurprisedError
from unsurprised.float_errors import own_float_errors
from unsurprised.states.serial import sensible, written
from unsurprised.threads import at_most

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Done(Record):
    """What a task has found of the splits it was told, or an error."""

    splits: tuple[int, ...]
    state: bytes = b""
    #: What else there is to say, by name: plain values.
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: UnsurprisedError | None = None


def text_of(work: Mapping[str, Any]) -> str:
    """What a task is told, from work as plain values."""
    from unsurprised import __version__

    return written({"unsurprised": __version__, "work": work})


@own_float_errors
def done_of(task: str, read: Callable[[Any], Work], do: Callable[[Work], Done]) -> Done:
    """Do the work of a task in one thread; what is wrong with the data is part of the answer."""
    try:
        said = _work_in(task)
        with sensible():
            work = read(said)
        with at_most(1):
            return do(work)
    except UnsurprisedError as error:
        return Done((), error=error)


def _work_in(task: str) -> Any:
    from unsurprised import __version__

    said = json.loads(task)
    if said["unsurprised"] != __version__:
        raise StateError(
            f"the task comes from unsurprised {said['unsurprised']}, and the worker has "
            f"unsurprised {__version__}; install one release on all machines"
        )
    return said["work"]
