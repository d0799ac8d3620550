"""Threads and processes: misuse is told, and whoever merges loses nothing, not a byte."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from copies_examples import (
    categories,
    counts,
    evaluator,
    hashes,
    histogram,
    keyed,
    sample,
    sums,
    top,
)
from copies_rows import BINS, NAMES, SIZE, part, rows
from test_copies import WAYS

import unsurprised as us
from unsurprised import states
from unsurprised.alone import OneAtATime

PARTS = 8


def forks(test: Any) -> Any:
    """Forks while there are threads, of which Python warns, and JAX where it is imported."""
    for warning in ("DeprecationWarning", "RuntimeWarning"):
        test = pytest.mark.filterwarnings(f"ignore:.*fork.*:{warning}")(test)
    return test


@pytest.fixture(scope="module")
def whole() -> bytes:
    made = us.Evaluator(classes=NAMES, bins=BINS)
    for number in range(PARTS):
        made.update(**rows(SIZE, number))
    return made.to_bytes()


def merged(parts: list[us.Evaluator]) -> bytes:
    first, *others = parts
    for other in others:
        first.merge(other)
    return first.to_bytes()


def test_eight_threads_each_with_its_own_lose_nothing(whole: bytes) -> None:
    with ThreadPoolExecutor(PARTS) as pool:
        assert merged(list(pool.map(part, range(PARTS)))) == whole


#: Processes that begin anew import all there is; two of them say as much as eight do.
@forks
@pytest.mark.parametrize(("method", "workers"), [("fork", 8), ("spawn", 2), ("forkserver", 2)])
def test_processes_lose_nothing(method: str, workers: int, whole: bytes) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system does not {method}")
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        assert merged(list(pool.map(part, range(PARTS)))) == whole


@forks
def test_joblib_loses_nothing(whole: bytes) -> None:
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend="multiprocessing"):
        found = joblib.Parallel(n_jobs=2)(joblib.delayed(part)(k) for k in range(PARTS))
    assert merged(list(found)) == whole


class Waiting:
    """Rows that wait within an update until they are let go."""

    def __init__(self, rows: Any) -> None:
        self.rows, self.reached, self.go = rows, threading.Event(), threading.Event()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        self.reached.set()
        assert self.go.wait(30)
        return np.asarray(self.rows, dtype=dtype)


@contextmanager
def within_update(one: us.Evaluator) -> Iterator[None]:
    """Another thread is within an update of the evaluator."""
    slow = Waiting([[0.5, 0.5]])
    thread = threading.Thread(target=one.update, args=([0], slow))
    thread.start()
    assert slow.reached.wait(30)
    try:
        yield
    finally:
        slow.go.set()
        thread.join()


ENTRIES: dict[str, Callable[[us.Evaluator], Any]] = {
    "update": lambda one: one.update([1], [[0.5, 0.5]]),
    "merge": lambda one: one.merge(us.Evaluator()),
    "merge into another": lambda one: us.Evaluator().merge(one),
    "result": lambda one: one.result(),
    "sample": lambda one: one.sample(),
    "to_bytes": lambda one: one.to_bytes(),
    "a copy": WAYS["copy"],
    "a pickle": WAYS["pickle 5"],
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_second_thread_is_told(entry: str) -> None:
    one = us.Evaluator().update([0], [[0.25, 0.75]])
    before = one.to_bytes()
    with within_update(one):
        with pytest.raises(us.CallError) as caught:
            ENTRIES[entry](one)
        message = str(caught.value)
        assert message.startswith("this Evaluator is entered by a second thread while the first")
        assert "within its update; expected one Evaluator a thread" in message
        assert "one.merge(other)" in message and "\n" not in message
        assert one.rows == 1  # to look how far it is, is allowed
    assert one.rows == 2 and one.to_bytes() != before
    ENTRIES[entry](one)


def test_what_is_not_refused_is_not_lost() -> None:
    """Eight threads on one evaluator: each update is either in it or told."""
    one, told, probs = us.Evaluator(), [0] * PARTS, np.full((500, 2), 0.5)
    labels, start = np.zeros(500, dtype=int), threading.Barrier(PARTS)

    def work(number: int) -> None:
        start.wait()
        for _ in range(40):
            try:
                one.update(labels, probs)
            except us.CallError:
                told[number] += 1

    threads = [threading.Thread(target=work, args=(k,)) for k in range(PARTS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert sum(told) > 0
    assert one.rows == one.result().rows == 500 * (40 * PARTS - sum(told))


STATES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "Sums": (sums, lambda one: one.update(hashes(1), {"x": np.array([1.0])})),
    "Moments": (
        lambda: states.Moments(["x"]),
        lambda one: one.update({"x": np.array([1.0])}, rows=1),
    ),
    "Histogram": (histogram, lambda one: one.update(np.array([1.0]))),
    "KeyedSums": (keyed, lambda one: one.update(["a"], np.array([0]), {"x": np.array([1.0])})),
    "CategoryCounts": (categories, lambda one: one.update(["a"])),
    "ClassCounts": (counts, lambda one: one.update(hashes(1), np.array([0]))),
    "Confusion": (
        lambda: states.Confusion(2),
        lambda one: one.update(np.array([0]), np.array([1], "i4")),
    ),
    "TopK": (top, lambda one: one.update(np.array([1.0]), lambda _: [])),
    "Sample": (sample, lambda one: one.update(hashes(1), np.array([0]), np.full((1, 2), 0.5))),
    "Distinct": (states.Distinct, lambda one: one.update(hashes(1))),
    "Extremes": (states.Extremes, lambda one: one.update("votes", 1.0, 2.0)),
    "Product": (lambda: states.Product({"a": histogram()}), lambda one: one.to_bytes()),
}


def test_every_state_is_here() -> None:
    ours = {name for name in states.__all__ if issubclass_of(getattr(states, name))}
    assert ours == set(STATES)


def issubclass_of(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, OneAtATime)


@pytest.mark.parametrize("name", STATES)
def test_states_are_entered_by_one(name: str) -> None:
    make, enter = STATES[name]
    one, other = make(), make()
    one._turn.pop()  # as a method does that is entered
    for tried in (enter, lambda held: held.merge(other), other.merge, lambda held: held.to_bytes()):
        with pytest.raises(us.CallError, match=f"this {name} may lack rows|this {name} is entered"):
            tried(one)
    one._turn.append(None)
    enter(one)
    assert one.merge(one).to_bytes() == one.to_bytes()  # with itself: entered once


def test_a_state_that_failed_is_free_again() -> None:
    one = evaluator()
    with pytest.raises(us.InputError):
        one.update(["ant"], [[0.5, 0.75, 0.25]])
    with pytest.raises(us.StateError):
        one.merge(us.Evaluator().update([0], [[0.5, 0.5]]))
    assert one.merge(evaluator()).rows == 120


def test_an_interrupt_on_the_way_in_leaves_it_free() -> None:
    class Interrupted(list[None]):
        def pop(self, *_: Any) -> None:
            super().pop()
            if not told:
                told.append(True)
                raise KeyboardInterrupt

    told: list[bool] = []
    one = us.Evaluator()
    one._turn = Interrupted([None])
    with pytest.raises(KeyboardInterrupt):
        one.update([0], [[0.5, 0.5]])
    assert one.update([0], [[0.5, 0.5]]).rows == 1


def test_an_update_that_is_entered_from_within_is_told() -> None:
    """As by a signal's handler, or by data that call the evaluator as they are read."""
    one = us.Evaluator().update([0], [[0.5, 0.5]])

    class Calls:
        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            one.update([0], [[0.5, 0.5]])
            return np.array([[0.5, 0.5]])

    with pytest.raises(us.CallError, match="entered again from within its own update"):
        one.update([0], Calls())
    assert one.update([1], [[0.5, 0.5]]).rows == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@forks
def test_a_fork_within_an_update_neither_hangs_nor_lies() -> None:
    """In the child nobody is within the update any more, and nobody knows how far it came."""
    one, free = us.Evaluator().update([0], [[0.25, 0.75]]), us.Evaluator()
    with within_update(one):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                signal.alarm(20)
                assert free.update([0], [[0.5, 0.5]]).result().rows == 1
                try:
                    one.result()
                except us.CallError as error:
                    wanted = "may lack rows: a thread was within its update when the process"
                    code = 0 if wanted in str(error) else 2
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert one.result().rows == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@forks
def test_a_result_that_is_computed_while_the_process_forks() -> None:
    """The child computes it again, instead of waiting for a thread that it does not have."""
    from unsurprised.later import Later

    started, go = threading.Event(), threading.Event()
    parent = os.getpid()

    def compute() -> dict[str, Any]:
        if os.getpid() == parent:
            started.set()
            assert go.wait(30)
        return {"notes": ("computed",)}

    later = Later(compute)
    thread = threading.Thread(target=later.found)
    thread.start()
    assert started.wait(30)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        os._exit(0 if later.found() == {"notes": ("computed",)} else 1)
    _, status = os.waitpid(child, 0)
    go.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0


def test_the_kernels_own_tables_are_not_torn() -> None:
    """They work without the GIL: a second thread is told, and what was not told is counted."""
    from unsurprised import _kernels

    table, tally = _kernels.ExactTable(4), _kernels.Tally(4)
    slots, ones = np.zeros(200_000, dtype=np.int64), np.ones(200_000)
    tops, told = np.zeros(200_000, dtype=np.int32), [0, 0]
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        for _ in range(20):
            for place, add in enumerate(
                (lambda: table.add(slots, ones), lambda: tally.add_pairs(slots, tops, 0, 4))
            ):
                try:
                    add()
                except RuntimeError as error:
                    assert "second thread" in str(error)
                    told[place] += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total, counted = np.empty(4), np.empty(4, dtype=np.int64)
    table.rounded(total)
    tally.counts(counted)
    assert total[0] == 200_000 * (80 - told[0])
    assert counted[0] == 200_000 * (80 - told[1])
    table.merge(table)
    table.rounded(total)
    assert total[0] == 2 * 200_000 * (80 - told[0])
