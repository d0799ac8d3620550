"""The tasks of a plan: what is done with the rows of some of its splits."""

from __future__ import annotations

from collections.abc import Callable

from unsurprised.engines.tasks import Done, done_of
from unsurprised.evaluation.plans.work import Work


def run(task: str) -> Done:
    """Evaluate the splits of a task in one thread."""

    def evaluated(work: Work) -> Done:
        evaluator, rows = work.evaluate()
        return Done(tuple(work.splits), evaluator.to_bytes(), rows.said())

    return done_of_work(task, evaluated)


def count_off(task: str, column: str | None) -> Done:
    """How many rows of the splits of a task have sums that are off."""

    def counted(work: Work) -> Done:
        off, all_read = work.sums_off(column)
        return Done(tuple(work.splits), facts={"off": off, "all_read": all_read})

    return done_of_work(task, counted)


def done_of_work(task: str, do: Callable[[Work], Done]) -> Done:
    """Do something with the rows of a task's splits."""
    return done_of(task, Work.of_said, do)
