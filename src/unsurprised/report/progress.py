"""A progress bar on standard error: only on a terminal, and only for work of a second or more."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from unsurprised.writing.interruption import Ended

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE = 1.0
#: In fewer columns numbers take the place of the bar.
_NARROW = 80


class RowProgress:
    """Counts rows from any thread and shows them once the work takes longer than a second.

    An interrupt that leaves it as a context gets a note of how far the work was.

    Parameters
    ----------
    total : int or None
        How many rows there are, where that is known.
    quiet : bool
        Whether to show nothing on a terminal either.
    estimate : function, optional
        About how many rows there are, where that is not known; called once there is a bar.
    noun : str, default "rows"
        What is counted.
    """

    def __init__(
        self,
        total: int | None,
        *,
        quiet: bool = False,
        estimate: Callable[[], int | None] | None = None,
        noun: str = "rows",
    ) -> None:
        self._total, self._estimate, self._noun = total, estimate, noun
        self._about: int | None = None
        self._done = 0
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._visible = not quiet and sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, rows: int) -> None:
        """Count ``rows`` more as done."""
        with self._lock:
            self._done += rows
            if self._visible and time.monotonic() >= self._began + _PATIENCE:
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
        if isinstance(error, Ended | KeyboardInterrupt):
            error.add_note(f"after {self._counted()}{self._share()}; nothing was written")

    def _show(self) -> None:
        if self._bar is None:
            self._bar, self._task = _started()
            self._about = self._estimate() if self._estimate is not None else None
        about = self._about if self._about and self._about > self._done else None
        whole = self._whole or about
        if self._task is not None:
            self._bar.update(
                self._task,
                completed=self._done,
                total=whole,
                counted=self._counted(about),
                pace=pace(self._done, whole, time.monotonic() - self._began, self._noun),
            )

    @property
    def _whole(self) -> int | None:
        """The rows of as many passes as were begun: large files are read a second time."""
        return self._total and self._total * max(1, -(-self._done // self._total))

    def _counted(self, about: int | None = None) -> str:
        of = f" of {self._whole:,}" if self._whole else ""
        of = f" of about {about:,}" if about else of
        return f"{self._done:,}{of} {self._noun}"

    def _share(self) -> str:
        return f" ({100 * self._done // self._whole} %)" if self._whole else ""


def pace(done: int, total: int | None, seconds: float, noun: str = "rows") -> str:
    """Rows a second, and how long the rest of them takes at that pace.

    >>> pace(1000, 4000, 2.0), pace(1000, None, 2.0)
    ('500 rows/s, 0:06 left', '500 rows/s')
    """
    rate = done / seconds if seconds > 0 else 0.0
    if not total or not rate:
        return f"{rate:,.0f} {noun}/s"
    minutes, rest = divmod(round((total - done) / rate), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{rate:,.0f} {noun}/s, {clock} left"


def _started() -> tuple[Progress, TaskID]:
    from rich.console import Console  # costs 50 ms that short work never pays
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    console = Console(stderr=True)
    wide = console.width >= _NARROW
    counted, pace = (  # of what does not fit the bar gives way
        TextColumn(text, table_column=Column(no_wrap=wide, overflow="fold"))
        for text in ("{task.fields[counted]}", "{task.fields[pace]}")
    )
    bar = Progress(
        counted,
        *([BarColumn()] if wide else []),
        pace,
        console=console,
        transient=True,
    )
    task = bar.add_task("rows", total=None, counted="", pace="")
    bar.start()
    return bar, task
