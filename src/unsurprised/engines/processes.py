"""Processes of this machine, which end with the work, however that ends."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.resource_tracker import ensure_running
from typing import Any, ClassVar

from unsurprised.threads import get_num_threads


class _Worker(SpawnProcess):
    """A process that an interrupt of the terminal leaves to its parent."""

    def start(self) -> None:
        """Begin, without interrupts."""
        with no_interrupts():
            super().start()


@contextmanager
def no_interrupts() -> Iterator[None]:
    """Interrupts of the terminal are kept from threads and processes that begin inside."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    ensure_running()  # which lets interrupts through again as it begins
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Workers(SpawnContext):
    Process: ClassVar[Any] = _Worker


@contextmanager
def started(count: int | None = None) -> Iterator[Executor]:
    """A pool of so many processes, by default one for each core that there is to use."""
    context = _Workers()
    followed, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count or get_num_threads(), context, _follow, (followed,))
    try:
        yield pool
    except BaseException:
        held.close()  # whose end the processes take for theirs, in the middle of a task too
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        held.close()
        followed.close()


def _follow(parent: Connection) -> None:
    """End this process when its parent lets go of a pipe, or ends itself, killed or not."""

    def wait() -> None:
        try:
            parent.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=wait, name="unsurprised-following", daemon=True).start()
