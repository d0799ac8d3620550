"""Calls that are repeated, with a yardstick beside each of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.processes import Summary

LEAST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured."""

    #: Elements of an array: as float32 well past the caches in either.
    elements: int
    #: At most so many runs, and about so many seconds (but never fewer than three runs).
    runs: int
    seconds: float
    #: What takes longer than this for all the rows is given a part of them.
    slow_seconds: float


FULL = Effort(elements=1 << 26, runs=7, seconds=0.4, slow_seconds=0.3)
QUICK = Effort(elements=3 << 22, runs=3, seconds=0.1, slow_seconds=0.05)


@dataclass(frozen=True, slots=True)
class Times:
    """What some runs took."""

    walls: tuple[float, ...]
    #: Processor time over wall-clock time: how many threads really ran.
    cores: float

    @property
    def seconds(self) -> Summary:
        return Summary.of(self.walls)


def once(call: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and processor seconds of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def repeated(
    call: Callable[[], object], effort: Effort, before: Callable[[], object] = lambda: None
) -> Times:
    """Run ``call``, which was called before, again and again; ``before`` ahead of each time."""
    walls: list[float] = []
    cpus: list[float] = []
    begin = time.perf_counter()
    while len(walls) < effort.runs:
        before()
        wall, cpu = once(call)
        walls.append(wall)
        cpus.append(cpu)
        if len(walls) >= LEAST_RUNS and time.perf_counter() - begin > effort.seconds:
            break
    return Times(tuple(walls), statistics.median(cpus) / statistics.median(walls))
