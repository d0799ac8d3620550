"""Engines that repeat, drop, mix up and reorder tasks."""

from __future__ import annotations

import random
import threading
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


class UnsteadyPool(Executor):
    """Runs what waits in any order, and some of it twice, or not at all."""

    def __init__(self, actions: list[str], seed: int, workers: int = 1) -> None:
        self.actions, self.random = actions, random.Random(seed)
        self.waiting: list[tuple[str, Future[Any], Any, str]] = []
        self._max_workers, self.told = workers, 0
        self.changed, self.over = threading.Condition(), False
        self.thread = threading.Thread(target=self._work)

    def __enter__(self) -> UnsteadyPool:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self.changed:
            self.over = True
            self.changed.notify()
        self.thread.join()

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self.changed:
            action = self.actions[self.told % len(self.actions)]
            self.waiting.append((action, future, work, given[0]))
            self.told += 1
            self.changed.notify()
        return future

    def _work(self) -> None:
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.over or self.waiting)
                if not self.waiting:
                    return
                place = self.random.randrange(len(self.waiting))
                action, future, work, task = self.waiting.pop(place)
            if not future.set_running_or_notify_cancel():
                continue
            if action == "twice":
                work(task)
            if action in ("run", "twice"):
                future.set_result(work(task))
            elif action == "nothing":
                future.set_result(None)
            else:
                future.set_exception(BrokenProcessPool("a process was terminated abruptly"))
