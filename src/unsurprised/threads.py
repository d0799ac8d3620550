"""How many threads the library may use."""

from __future__ import annotations

import os

from unsurprised.errors import CallError

_VARIABLE = "UNSURPRISED_NUM_THREADS"


def thread_count() -> int:
    """``UNSURPRISED_NUM_THREADS`` where it is set, else the CPUs this process may run on."""
    text = os.environ.get(_VARIABLE, "").strip()
    if not text:
        if hasattr(os, "sched_getaffinity"):
            return max(1, len(os.sched_getaffinity(0)))
        return os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise CallError(f"{_VARIABLE}={text!r}; expected a whole number of at least 1")
    return int(text)
