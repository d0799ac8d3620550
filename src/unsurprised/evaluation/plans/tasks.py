"""A task: text in, bytes out, so that it runs wherever the library is installed.

What goes wrong with the data comes back as a value, not as an exception: engines try those again,
and what reaches the caller is then a text about a traceback.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unsurprised.copies import Record
from unsurprised.errors import StateError, UnsurprisedError
from unsurprised.evaluation.plans.share import written
from unsurprised.evaluation.plans.work import Work
from unsurprised.float_errors import own_float_errors
from unsurprised.states.serial import sensible
from unsurprised.threads import at_most


@dataclass(frozen=True, slots=True)
class Done(Record):
    """What a task has found: a state of the splits it was told, or an error."""

    splits: tuple[int, ...]
    state: bytes = b""
    zero_seen: bool = False
    error: UnsurprisedError | None = None
    #: Of a task that counts: rows whose sums are off, and whether all rows were read.
    off: int = 0
    all_read: bool = True


def task_of(work: Work, numbers: Sequence[int]) -> str:
    """What a task is told that evaluates some splits."""
    from unsurprised import __version__

    return written({"unsurprised": __version__, "work": work.only(numbers).said()})


def run(task: str) -> Done:
    """Evaluate the splits of a task in one thread."""

    def evaluated(work: Work, splits: tuple[int, ...]) -> Done:
        evaluator, zero_seen = work.evaluate()
        return Done(splits, evaluator.to_bytes(), zero_seen)

    return done_of(task, evaluated)


def count_off(task: str, column: str | None) -> Done:
    """How many rows of the splits of a task have sums that are off."""

    def counted(work: Work, splits: tuple[int, ...]) -> Done:
        off, all_read = work.sums_off(column)
        return Done(splits, off=off, all_read=all_read)

    return done_of(task, counted)


@own_float_errors
def done_of(task: str, do: Callable[[Work, tuple[int, ...]], Done]) -> Done:
    """Do the work of a task in one thread; what is wrong with the data is part of the answer."""
    splits: tuple[int, ...] = ()
    try:
        work = _work_of(task)
        splits = tuple(work.splits)
        with at_most(1):
            return do(work, splits)
    except UnsurprisedError as error:
        return Done(splits, error=error)


def _work_of(task: str) -> Work:
    from unsurprised import __version__

    said = json.loads(task)
    if said["unsurprised"] != __version__:
        raise StateError(
            f"the task comes from unsurprised {said['unsurprised']}, and the worker has "
            f"unsurprised {__version__}; install one release on all machines"
        )
    with sensible():
        return Work.of_said(said["work"])
