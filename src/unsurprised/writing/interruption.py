"""Signals that end a process end it in order: what was begun is cleaned up, by exceptions."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

#: A keyboard's interrupt, the request to end, and a terminal that goes away; Windows has no last.
SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
#: How soon a signal comes again whose exception was swallowed, as in a destructor.
_AGAIN = 0.02
#: How many seconds the end may take before another signal ends the process at once.
_PATIENCE = 5.0
_ended_at = 0.0


class Ended(BaseException):
    """A signal asked the process to end.

    No ``Exception``, nor a ``KeyboardInterrupt``, so that nothing on the way takes it for its own.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def code(self) -> int:
        """The exit code that shells report for a program that ended by this signal."""
        return 128 + self.number


def end_in_order() -> None:
    """Let the signals that end a process raise :class:`Ended` in the main thread.

    For programs, not for libraries. A signal that the parent ignored (``nohup``) stays ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler, _end):
            signal.signal(number, _end)
    sys.unraisablehook = _raised_again


def _end(number: int, _: FrameType | None) -> None:
    global _ended_at  # noqa: PLW0603
    _ended_at = time.monotonic()
    for other in SIGNALS:  # once is enough: the rest is cleaning up
        if signal.getsignal(other) is _end:
            signal.signal(other, _ended_already)
    raise Ended(number)


def _ended_already(number: int, _: FrameType | None) -> None:
    """Leave the cleaning up alone, unless it takes too long; the next run sweeps what is left."""
    if time.monotonic() - _ended_at > _PATIENCE:
        os._exit(128 + number)


def _raised_again(unraisable: Any) -> None:
    """Send a signal again whose exception went nowhere; other such exceptions are told as ever."""
    error = unraisable.exc_value
    if not isinstance(error, Ended):
        sys.__unraisablehook__(unraisable)
        return
    for number in SIGNALS:
        if signal.getsignal(number) is _ended_already:
            signal.signal(number, _end)
    again = threading.Timer(_AGAIN, os.kill, (os.getpid(), error.number))
    again.daemon = True
    again.start()


@contextmanager
def held_back() -> Iterator[None]:
    """Signals that arrive inside are handled at its end; only where their handlers are Python's."""
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers never run here
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    held = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in held:
        signal.signal(number, lambda number, _: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
