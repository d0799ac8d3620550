"""The tasks of a frame: a partition's batches in, the bytes of what was found of them out."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from unsurprised.engines.tasks import Done, done_of
from unsurprised.evaluation.frames.look import look_of
from unsurprised.evaluation.frames.work import FrameWork
from unsurprised.sources.recipes import options_of_said


def look(batches: Iterator[pa.RecordBatch], task: str) -> bytes:
    """Look at a partition."""
    return _done(done_of(task, options_of_said, lambda options: look_of(batches, options)))


def evaluate(batches: Iterator[pa.RecordBatch], task: str) -> bytes:
    """Evaluate a partition."""
    return done_with(task, lambda work: work.evaluate(batches))


def find_id(batches: Iterator[pa.RecordBatch], task: str, wanted: int) -> bytes:
    """Find an id by its hash."""
    return done_with(task, lambda work: work.ids_with(batches, wanted))


def done_with(task: str, do: Callable[[FrameWork], Done]) -> bytes:
    """Do something with a partition, in one thread; what is wrong with it is part of the answer."""
    return _done(done_of(task, FrameWork.of_said, do))


def _done(done: Done) -> bytes:
    return pickle.dumps(done)


def done_in(data: bytes) -> Done:
    """What a task has found."""
    found: Any = pickle.loads(data)
    assert isinstance(found, Done)
    return found
