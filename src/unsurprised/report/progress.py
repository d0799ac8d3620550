"""A progress bar on standard error: only on a terminal, and only for work of a second or more."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0


class RowProgress:
    """Counts rows from any thread and shows them once the work takes longer than a second.

    Parameters
    ----------
    total : int or None
        How many rows there are, where that is known.
    """

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = 0
        self._lock = threading.Lock()
        self._shown_from = time.monotonic() + _PATIENCE
        self._visible = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, rows: int) -> None:
        """Count ``rows`` more as done."""
        with self._lock:
            self._done += rows
            if self._visible and time.monotonic() >= self._shown_from:
                self._show()

    def __enter__(self) -> RowProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._visible = False
            if self._bar is not None:
                self._bar.stop()

    def _show(self) -> None:
        if self._bar is None:
            self._bar, self._task = _started(self._total)
        if self._task is not None:
            self._bar.update(self._task, completed=self._done)


def _started(total: int | None) -> tuple[Progress, TaskID]:
    from rich.console import Console  # costs 50 ms that short work never pays
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.completed:,.0f} rows"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("rows", total=total)
    bar.start()
    return bar, task
