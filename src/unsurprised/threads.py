"""How many threads the library may use: the one place that knows."""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from unsurprised.errors import CallError

_VARIABLE = "UNSURPRISED_NUM_THREADS"

#: What a thread is called that waits for another machine, and may do so for ever: no end of the
#: process waits for it.
CONNECTING = "unsurprised-connecting"

#: What :func:`set_num_threads` was given last.
_chosen: int | None = None
#: What :func:`at_most` says in a thread.
_here = threading.local()


def set_num_threads(n: int | None) -> None:
    """Let the library use at most ``n`` threads at once, in each call.

    It holds for the whole process and for the calls that begin after it. No result depends on it,
    not by a bit.

    Parameters
    ----------
    n : int or None
        At least 1; with 1 nothing is split. None goes back to ``UNSURPRISED_NUM_THREADS``, or to
        all CPUs where that is not set.

    Raises
    ------
    CallError
        ``n`` is no whole number of at least 1.

    Examples
    --------
    >>> set_num_threads(1)
    >>> get_num_threads()
    1
    >>> set_num_threads(None)
    """
    global _chosen  # noqa: PLW0603
    _chosen = None if n is None else _checked(n)


def get_num_threads() -> int:
    """Number of threads that a call may use.

    Returns
    -------
    int
        What :func:`set_num_threads` was given; else ``UNSURPRISED_NUM_THREADS`` where it is set;
        else the number of CPUs that this process may run on.

    Raises
    ------
    CallError
        ``UNSURPRISED_NUM_THREADS`` is no whole number of at least 1.

    Examples
    --------
    >>> get_num_threads() >= 1
    True
    """
    here: int | None = getattr(_here, "most", None)
    if here is not None:
        return here
    if _chosen is not None:
        return _chosen
    text = os.environ.get(_VARIABLE, "").strip()
    if not text:
        if hasattr(os, "sched_getaffinity"):
            return max(1, len(os.sched_getaffinity(0)))
        return os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise CallError(f"{_VARIABLE}={text!r}; expected a whole number of at least 1")
    return int(text)


@contextmanager
def at_most(n: int | None) -> Iterator[None]:
    """Let what this thread calls use so many threads, for as long as the context is open.

    Many tasks within one process each say so for themselves; with None nothing is said.
    """
    before = getattr(_here, "most", None)
    _here.most = before if n is None else n
    try:
        yield
    finally:
        _here.most = before


def _checked(n: int) -> int:
    try:
        count = 0 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        count = 0
    if count < 1:
        raise CallError(
            f"set_num_threads({n!r}); expected a whole number of at least 1, or None for all CPUs"
        )
    return count


def is_lack_of_threads(error: BaseException) -> bool:
    """Whether a thread could not be started, for which there has to be memory too."""
    told = str(error)
    return isinstance(error, RuntimeError) and (
        "start new thread" in told or "Resource temporarily unavailable" in told
    )
