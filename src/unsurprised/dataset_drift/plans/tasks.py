"""The tasks of drift: rows of some splits in a collector, whose bytes are handed back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from unsurprised.dataset_drift.plans.work import ColumnsWork
from unsurprised.engines.tasks import Done, done_of
from unsurprised.evaluation.engine import Collector
from unsurprised.evaluation.plans.tasks import done_of_work
from unsurprised.evaluation.plans.work import Work


class Sent(Collector, Protocol):
    """A collector whose bytes another one of its kind takes in."""

    def to_bytes(self) -> bytes:
        """What it has collected."""

    def merge_bytes(self, data: bytes) -> None:
        """Add what another one has."""


def collect_columns(task: str, make: Callable[[], Sent]) -> Done:
    """All columns of the splits of a task, and how many rows."""

    def collected(work: ColumnsWork) -> Done:
        read: list[int] = []
        found = work.collected(make, read.append)
        return Done(tuple(work.splits), found.to_bytes(), {"rows": sum(read)})

    return done_of(task, ColumnsWork.of_said, collected)


def collect_predictions(task: str, make: Callable[[], Sent]) -> Done:
    """The predictions of the splits of a task, how many rows, and whether a label is 0."""

    def collected(work: Work) -> Done:
        read: list[int] = []
        found, rows = work.collected(make, read.append)
        facts = {"zero_seen": rows.zero_seen, "rows": sum(read)}
        return Done(tuple(work.splits), found.to_bytes(), facts)

    return done_of_work(task, collected)
