"""Records of the rows of largest surprisal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import Batch
from unsurprised.evaluation.row_scores import RowScores
from unsurprised.measures import surprisal
from unsurprised.states.hashing import ids_at
from unsurprised.states.topk import Entry

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
                rows.tolist(), ids_at(batch, rows), _leaders(batch, rows), strict=True
            )
        ]

    return entries


def _leaders(batch: Batch, rows: NDArray[np.int64]) -> list[tuple[tuple[int, float], ...]]:
    """The most likely classes of some rows and their surprisals."""
    if batch.model is None or not len(rows):
        return [()] * len(rows)
    model = batch.model.with_array(batch.model.rows(-1)[rows])
    order = np.argsort(-model.array.as_float64(), axis=1, kind="stable")[:, :_LEADERS]
    bits = [np.asarray(surprisal(model, at=order[:, place])) for place in range(order.shape[1])]
    return [
        tuple((int(order[row, place]), float(column[row])) for place, column in enumerate(bits))
        for row in range(len(rows))
    ]
