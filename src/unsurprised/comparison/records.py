"""Scored rows as records: one piece of a file holds all that is known of the rows of some buckets.

So whoever reads these alone, from a store or a disk that is shared, asks once, not once a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.runs import Run, RunColumn, narrowed
from unsurprised.comparison.unnamed import SpoolFile


class InRecords:
    """The runs of a spool as records, the ids behind them, and where each run's buckets begin.

    Parameters
    ----------
    runs : sequence of Run
        How the rows lie now.
    file : SpoolFile
        Where.
    said : callable
        What the spool says of runs.
    """

    def __init__(
        self, runs: Sequence[Run], file: SpoolFile, said: Callable[[Iterable[Run]], dict[str, Any]]
    ) -> None:
        self._runs, self._file = runs, file
        self._records = [_record_of(run) for run in runs]
        lying, at = [], 0
        for run, record in zip(runs, self._records, strict=True):
            lying.append(_as_records(run, record, at))
            at += _size_of(run, record)
        #: How many bytes lie before the first of the buckets, and in all.
        self.held = self.size = at
        self._buckets = [narrowed(run.buckets) for run in runs if run.buckets is not None]
        self.size += sum(buckets.nbytes for buckets in self._buckets)
        self._said, self._lying = said, lying

    def said(self) -> dict[str, Any]:
        """How the rows lie in :meth:`pieces`, as a spool says it."""
        return self._said(self._lying)

    def pieces(self) -> Iterator[bytes]:
        """The rows, and where the buckets of each run begin."""
        for run, record in zip(self._runs, self._records, strict=True):
            beside = self._beside(run)
            rows = np.empty(run.rows, dtype=record)
            for name in record.names or ():
                if beside is not None:
                    rows[name] = run.field(name, beside)
                else:
                    rows[name] = self._read(run.columns[name].offset, run.rows, record[name])
            yield rows.tobytes()
            if "ids" in run.columns:
                ids = run.columns["ids"]
                yield self._read(ids.offset, _ids_of(run), ids.dtype).tobytes()
            if run.texts is not None:
                yield self._read(*run.texts, np.dtype(np.uint8)).tobytes()
        for buckets in self._buckets:
            yield buckets.tobytes()

    def _beside(self, run: Run) -> NDArray[np.uint8] | None:
        """The rows of a run that lie as records already."""
        if not run.step:
            return None
        read = self._read(run.begin, run.rows * run.step, np.dtype(np.uint8))
        return read.reshape(run.rows, run.step)

    def _read(self, offset: int, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        values = np.empty(count, dtype=dtype)
        self._file.fill(offset, values)
        return values


def _record_of(run: Run) -> np.dtype[Any]:
    """What is known of a row but for its id."""
    return np.dtype([(name, held.dtype) for name, held in run.columns.items() if name != "ids"])


def _as_records(run: Run, record: np.dtype[Any], at: int) -> Run:
    """A run whose records begin somewhere."""
    columns = {}
    behind = at + run.rows * record.itemsize
    for name, held in run.columns.items():
        offset = behind if name == "ids" else at + record.fields[name][1]  # type: ignore[index]
        columns[name] = RunColumn(offset, held.dtype)
    texts = run.texts
    if texts is not None:
        texts = behind + _ids_of(run) * run.columns["ids"].dtype.itemsize, texts[1]
    return replace(run, columns=columns, texts=texts, step=record.itemsize)


def _size_of(run: Run, record: np.dtype[Any]) -> int:
    size = run.rows * record.itemsize + (0 if run.texts is None else run.texts[1])
    if "ids" in run.columns:
        size += _ids_of(run) * run.columns["ids"].dtype.itemsize
    return size


def _ids_of(run: Run) -> int:
    """How many numbers stand for ids: of texts, where each begins, and the end."""
    return run.rows + (run.texts is not None)
