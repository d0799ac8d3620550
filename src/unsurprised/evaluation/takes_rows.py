"""Rows on their way into the states of an evaluation: small batches wait for each other."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from unsurprised.arrays.host import Scratch
from unsurprised.batches import Batch
from unsurprised.class_names.binding import Binding
from unsurprised.errors import StateError
from unsurprised.evaluation.small_batches import SmallBatches
from unsurprised.evaluation.states import States
from unsurprised.evaluation.worst_rows import entries_of
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import Labels
from unsurprised.later import Later
from unsurprised.states.hashing import hashes_of
from unsurprised.states.serial import ByBytes


class TakesRows(ByBytes):
    """Base of the evaluator: its states, and the small batches that they have yet to take in."""

    _held: States | None
    _few: SmallBatches | None
    _scratch: Scratch
    _rows: int
    _left_out: int
    _waiting: list[weakref.ref[Later]]
    _unsaid_start: Binding | None
    #: Whether the rows are those of a plan's splits.
    of_plan = False

    def _refuse_mixed(self, other: TakesRows) -> None:
        """Raise where one holds the rows of a plan and the other does not."""
        if self.of_plan != other.of_plan:
            raise StateError(
                "one of two evaluators that are merged holds splits of a plan, and the other one "
                "does not, so nothing tells whether rows came in twice; expected states of one plan"
            )

    def _states_for(self, batch: Batch) -> States:
        """The states that take in a batch; an error where it is of another kind than theirs."""
        raise NotImplementedError

    @property
    def _next_row(self) -> int:
        """The number of the row that comes next."""
        return self._rows + self._left_out

    def _settle(self) -> None:
        """Answer what the last result still has to compute, before the states change."""
        for waiting in self._waiting:
            later = waiting()
            if later is not None:
                later.found()
        self._waiting = []

    @property
    def _states(self) -> States | None:
        """The states, with all rows that have come in."""
        if self._few is not None:
            own_float_errors(self._take_in)()
        return self._held

    def _add_like_the_last(self, y_true: Any, y_pred: Any, few: SmallBatches) -> bool:
        """Whether rows are handed in as the last ones were, and are now among them.

        What they mean is known then; what is wrong with them is told the other way.
        """
        found, first_row = few.read(y_true, y_pred), self._next_row
        if found is None or self._unsaid_start is not None or self._waiting:
            return False
        if not few.takes(len(found[1]), first_row):
            own_float_errors(self._take_in)()
        if (scored := few.score(*found)) is None:
            return False
        few.add(*found, scored, first_row)
        self._rows += len(found[1])
        return True

    def _add_to_few(self, batch: Batch) -> bool:
        """Add a batch to the small ones that wait; False where a row of it is not legal."""
        model, truth = batch.model, batch.truth
        assert model is not None
        assert isinstance(truth, Labels)
        few = self._few
        if few is None or not few.are_like(batch) or not few.takes(batch.size, batch.first_row):
            self._take_in()
            if few is None or not few.are_like(batch):
                few = SmallBatches(batch)
        rows, labels = model.rows(-1).values, np.ascontiguousarray(truth.indices())
        if (scored := few.score(rows, labels)) is None:
            return False
        self._states_for(batch)
        few.add(rows, labels, scored, batch.first_row)
        self._few = few
        return True

    def _take_in(self, *, put_off: bool = False) -> None:
        """Let the states take in the small batches that wait."""
        few, states = self._few, self._held
        if few is None or states is None or not few.size:
            return
        batch, facts = few.joined()
        hashes = hashes_of(batch, None if put_off else self._scratch)
        states.update(entries_of(batch, facts), batch, hashes, facts, put_off=put_off)
        if put_off:  # what comes next would be written over these rows
            self._few = None
