"""What an engine says of work that it has lost, in one line."""

from __future__ import annotations

import re

from unsurprised.errors import StateError

#: What stands at the end of a text about a traceback, as Ray and Spark hand on.
_RAISED = re.compile(r"^ .*\n(\w[\w.]*: .*)", re.MULTILINE)


def told_of(error: BaseException) -> str:
    r"""An exception in a few words, whatever its library makes of it.

    Examples
    --------
    >>> told_of(RuntimeError("a task failed:\n  File …, line 1\nOSError: no such disk"))
    'OSError: no such disk'
    """
    raised = _RAISED.search(str(error))
    told = raised.group(1) if raised else f"{type(error).__name__}: {error}"
    return " ".join(told.split())[:200].rstrip(". ")


def refuse_no_library(error: BaseException) -> None:
    """Raise if a worker ended because it could not import the library."""
    if "No module named 'unsurprised" in str(error):
        raise StateError(
            "a worker of the engine has no unsurprised; install one release on all machines"
        ) from None
