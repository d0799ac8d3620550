"""Connecting to what schedules: within seconds, or not at all, and without a word of its own."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, TypeVar

from unsurprised.errors import CallError, shortened
from unsurprised.threads import CONNECTING
from unsurprised.writing.interruption import SIGNALS

#: What a connection may take, and what a first answer of the address may take of that.
SECONDS = 10.0
_ANSWER_SECONDS = 4.0
_MOST = 160
_STAMP = re.compile(r"^\[[^\]]*\] (\S+:\d+: )?")

Connection = TypeVar("Connection")


def not_installed(library: str, extra: str) -> CallError:
    """The error where an engine's library is not installed."""
    return CallError(f'{library} is not installed; pip install "unsurprised[{extra}]"')


def in_time(
    connect: Callable[[], Connection], failed: str, remedy: str, seconds: float = SECONDS
) -> Connection:
    """What ``connect`` returns; an error once it has failed, or has taken too long.

    Engines try again for minutes, or for ever, and have no limit that holds for all of it. So it
    runs in a thread of its own, which is left behind where it does not end.

    Parameters
    ----------
    connect : function
        Connects.
    failed, remedy : str
        What the error says before and behind the reason.
    seconds : float
        How long to wait.
    """
    found: list[Connection] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            found.append(connect())
        except BaseException as error:  # an exit of the library's too
            errors.append(error)

    with _unprinted() as printed, _handlers_kept():
        thread = threading.Thread(target=run, name=CONNECTING, daemon=True)
        thread.start()
        thread.join(seconds)
        last = "" if found else _last_line(printed)
    if found:
        return found[0]
    if errors and isinstance(errors[0], CallError | MemoryError):
        raise errors[0]
    why = _reason(errors[0]) if errors else f"no answer within {seconds:.0f} seconds"
    said = f" ({shortened(last, _MOST)})" if last else ""
    raise CallError(f"{failed}: {shortened(why, _MOST)}{said}; {remedy}") from None


def _reason(error: BaseException) -> str:
    """The first sentence of what a library says, and of which kind it is."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    sentence = " ".join(str(error).split()).partition(". ")[0].rstrip(".")
    return f"{type(error).__name__}: {sentence}" if sentence else type(error).__name__


def refuse_silent(address: str) -> None:
    """Raise unless something listens at HOST:PORT; what it is, its library finds out."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS):
        pass


@contextmanager
def unheard() -> Iterator[None]:
    """What engines log and warn of is not printed: errors say in one line what went wrong."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Signals end a command in order afterwards too: libraries set handlers of their own, in C."""
    if threading.current_thread() is not threading.main_thread():
        yield  # none may be set here
        return
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)


@contextmanager
def _unprinted() -> Iterator[IO[bytes]]:
    """What threads and processes that begin inside print, which no setting of theirs holds back.

    It goes to a file that has no name, for whoever wants to know why they ended.
    """
    numbers = (1, 2)
    with tempfile.TemporaryFile() as said:
        _flush()
        kept = [os.dup(number) for number in numbers]
        try:
            for number in numbers:
                os.dup2(said.fileno(), number)
            yield said
        finally:
            _flush()
            for number, copy in zip(numbers, kept, strict=True):
                os.dup2(copy, number)
                os.close(copy)


def _last_line(printed: IO[bytes]) -> str:
    """The last line, without the time and the place in a source that it may begin with."""
    printed.seek(0)
    lines = printed.read().decode("utf-8", "replace").strip().splitlines()
    return _STAMP.sub("", lines[-1].strip()) if lines else ""


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
