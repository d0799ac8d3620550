"""An engine that repeats, drops, mixes up and reorders tasks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any


class Unsteady(Executor):
    """Runs each task as it is told, once all have come: in any order, twice, or not at all."""

    _max_workers = 1

    def __init__(self, actions: list[str], order: list[int]) -> None:
        self.actions, self.order = actions, order
        self.tasks: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks.append((future, work, given))
        if len(self.tasks) == len(self.actions):
            for place in self.order:
                self.end(place)
        return future

    def end(self, place: int) -> None:
        future, work, given = self.tasks[place]
        action = self.actions[place]
        if not future.set_running_or_notify_cancel():
            return
        if action == "twice":
            work(*given)
        if action in ("run", "twice"):
            future.set_result(work(*given))
        elif action == "another":
            _, other, task = self.tasks[(place + 1) % len(self.tasks)]
            future.set_result(other(*task))
        elif action == "nothing":
            future.set_result(None)
        else:
            future.set_exception(BrokenProcessPool("a process was terminated abruptly"))
