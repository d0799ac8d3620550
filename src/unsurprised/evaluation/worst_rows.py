"""The rows of largest surprisal, and their records."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.batches import Batch
from unsurprised.evaluation.counting import counting_rows, some_of
from unsurprised.evaluation.row_scores import RowScores
from unsurprised.measures import surprisal
from unsurprised.measures._numpy_engine import is_log, kernel_rows, threads_for
from unsurprised.states.hashing import ids_at, numbers_of
from unsurprised.states.topk import Entry, TopK

#: How many of a row's most likely classes are kept.
_LEADERS = 3


def entries_of(batch: Batch, facts: RowScores) -> Callable[[NDArray[np.int64]], list[Entry]]:
    """Makes the entries of the worst rows, for the few rows that need one."""

    def entries(rows: NDArray[np.int64]) -> list[Entry]:
        labels, tops, top_bits = facts.labels, facts.top, facts.top_surprisal
        named = batch.ids.named
        return [
            Entry(
                value=float(facts.surprisal[row]),
                id=name,
                file_index=0 if named else batch.file_index,
                file=None if named else batch.file,
                label=None if labels is None else int(labels[row]),
                top=None if tops is None else int(tops[row]),
                top_surprisal=None if top_bits is None else float(top_bits[row]),
                leaders=first,
            )
            for row, name, first in zip(
                rows.tolist(), ids_at(batch, rows), _leaders(batch, rows, top_bits), strict=True
            )
        ]

    return entries


def _leaders(
    batch: Batch, rows: NDArray[np.int64], top_bits: Values | None
) -> list[tuple[tuple[int, float], ...]]:
    """The most likely classes of some rows and their surprisals."""
    if batch.model is None or top_bits is None or not len(rows):
        return [()] * len(rows)
    model, values = batch.model, batch.model.rows(-1).values
    count = min(_LEADERS, values.shape[-1])
    places, bits = np.empty((len(rows), count), dtype=np.int64), np.empty((len(rows), count))
    threads = threads_for(len(rows) * values.shape[-1])
    _kernels.leaders(kernel_rows(model, values), rows, top_bits[rows], count, places, bits, threads)
    if not is_log(model):  # what these cost does not follow from the top's alone
        chosen = values[rows]
        again = np.broadcast_to(chosen[:, None, :], (len(rows), count, chosen.shape[-1]))
        bits = np.asarray(
            surprisal(model.with_array(HostArray(again, model.array.dtype)), at=places)
        )
    return [
        tuple(zip(which, costs, strict=True))
        for which, costs in zip(places.tolist(), bits.tolist(), strict=True)
    ]


def add_worst(
    worst: TopK,
    worst_finite: TopK,
    surprisal: Values,
    entries: Callable[[NDArray[np.int64]], list[Entry]],
    batch: Batch,
) -> None:
    """Add the rows of a batch to the worst, and to the worst finite ones once some are infinite."""
    numbers, counting = numbers_of(batch), counting_rows(batch)

    def add(state: TopK, rows: NDArray[np.int64]) -> None:
        state.update(
            surprisal[rows],
            lambda some: entries(rows[some]),
            None if numbers is None else lambda some: numbers(rows[some]),
        )

    most = np.max(some_of(surprisal, counting), initial=0.0)
    before, infinite = any_infinite(worst), bool(most == np.inf)
    if infinite and not before:
        worst_finite.merge(worst)
    if counting is None:
        worst.update(surprisal, entries, numbers)
    else:
        add(worst, np.flatnonzero(counting))
    if infinite or before:
        finite = np.isfinite(surprisal)
        add(worst_finite, np.flatnonzero(finite if counting is None else finite & counting))


def any_infinite(worst: TopK) -> bool:
    """Whether the worst row is infinite."""
    found = worst.result()
    return bool(found) and found[0].value == np.inf
