"""A data set as a state: the counts of all its columns, saved as JSON, merged in any order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from unsurprised.alone import alone, beside
from unsurprised.dataset_drift.column_state import ColumnState, whole
from unsurprised.dataset_drift.model_state import ModelState
from unsurprised.dataset_drift.share import DriftShare
from unsurprised.errors import CallError, StateError, shortened
from unsurprised.states.serial import ByBytes, written

SCHEMA = "unsurprised.drift_base/1"

#: What reading raises of JSON that is no base.
_NO_BASE = (
    LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip


class DriftBase(ByBytes):
    """What a comparison has to know of a data set: how often each value of each column was seen.

    Of each column up to 65,536 different values are kept with their exact counts. Of more numbers
    as many leading digits are kept as tell that many apart; of more names those of the smallest
    hashes. So the state is bounded, and neither the order of the rows nor how they are split shows
    in its bytes.

    Parameters
    ----------
    columns : sequence of str
        The names of the columns.

    Examples
    --------
    >>> one = DriftBase(["a"]).update(pa.record_batch({"a": [1, 2]}))
    >>> other = DriftBase(["a"]).update(pa.record_batch({"a": [2, None]}))
    >>> both = one.merge(other)
    >>> both.rows, both.columns["a"].numbers.result()
    (4, ([1, 2], [1, 2]))
    >>> DriftBase.from_json(both.to_json()).to_json() == both.to_json()
    True
    """

    def __init__(self, columns: Sequence[str] = ()) -> None:
        self.rows = 0
        #: The state of each column, by name.
        self.columns: dict[str, ColumnState] = {name: ColumnState(name) for name in columns}
        #: What predictions say of themselves, where some were read.
        self.model: ModelState | None = None
        #: Which plan the rows are of, and which of its splits came in; None of other rows.
        self.share: DriftShare | None = None

    @alone
    def update(self, batch: pa.RecordBatch) -> DriftBase:
        """Add the rows of a batch that holds all columns."""
        if self.share is not None:
            raise CallError(
                "this state holds splits of a plan, and takes no other rows; expected a DriftBase "
                "of its own for these"
            )
        self._same(batch.schema.names)
        for name, state in self.columns.items():
            state.update(batch.column(name))
        self.rows += batch.num_rows
        return self

    @alone
    def merge(self, other: DriftBase) -> DriftBase:
        """Add the rows of another state; associative and commutative to the byte.

        Raises
        ------
        StateError
            The states hold other columns or kinds of values, are of two plans, or one split of a
            plan is in both.
        """
        with beside(self, other):
            share = self._joined_share(other)
            if self.is_blank:
                self.columns = {name: ColumnState(name) for name in other.columns}
                self.model = other.model and ModelState(other.model.label, other.model.pred)
            if not other.is_blank:
                self._add(other)
            self.share = share
        return self

    @property
    def is_blank(self) -> bool:
        """Whether the state knows nothing of any row, not even its columns."""
        return not self.columns and not self.rows

    def _joined_share(self, other: DriftBase) -> DriftShare | None:
        """What both have seen of their plan."""
        if self.share is not None and other.share is not None:
            return self.share.joined(other.share)
        if (self.share is None) == (other.share is None) or (
            self.is_blank if self.share is None else other.is_blank
        ):
            return self.share or other.share
        raise StateError(
            "one of two states that are merged holds splits of a plan, and the other one does "
            "not, so nothing tells whether rows came in twice; expected states of one plan"
        )

    def _add(self, other: DriftBase) -> None:
        self._same(other.columns)
        if (self.model is None) != (other.model is None):
            raise StateError("one part of a data set holds predictions, and another none")
        if self.model is not None and other.model is not None:
            self.model.merge(other.model)
        for name, state in self.columns.items():
            state.merge(other.columns[name])
        self.rows += other.rows

    def _same(self, names: Iterable[str]) -> None:
        mine, theirs = set(self.columns), set(names)
        if mine != theirs:
            apart = ", ".join(repr(shortened(name, 60)) for name in sorted(mine ^ theirs)[:4])
            raise StateError(
                f"two parts of a data set differ in the columns {apart}; expected the same columns "
                "in all parts"
            )

    @alone
    def to_json(self) -> str:
        """The state as JSON; equal for equal rows in any order and any parts."""
        columns = [self.columns[name].said() for name in sorted(self.columns)]
        lines = ",\n".join(
            json.dumps(column, ensure_ascii=False, separators=(",", ":")) for column in columns
        )
        told = "" if self.share is None else f',"plan":{written(self.share.said())}'
        told += "" if self.model is None else f',"model":{json.dumps(self.model.said())}'
        return f'{{"schema":"{SCHEMA}","rows":{self.rows}{told},"columns":[\n{lines}\n]}}\n'

    def to_bytes(self) -> bytes:
        """The JSON of the state, in UTF-8."""
        return self.to_json().encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> DriftBase:
        """The state that :meth:`to_bytes` wrote."""
        return cls.from_json(data)

    @classmethod
    def from_json(cls, text: str | bytes) -> DriftBase:
        """The state that :meth:`to_json` wrote.

        Raises
        ------
        StateError
            The text is none, or holds counts that no rows have.
        """
        try:
            told: dict[str, Any] = json.loads(text)
            if told["schema"] != SCHEMA:
                raise StateError(
                    f"the schema is {shortened(repr(told['schema']), 60)}; expected {SCHEMA!r}"
                )
            state = cls()
            state.rows = whole(told["rows"], "rows")
            if "plan" in told:
                state.share = DriftShare.of_said(told["plan"])
            if "model" in told:
                state.model = ModelState.of_said(told["model"])
            for column in told["columns"]:
                made = ColumnState.of_said(column)
                if made.name in state.columns or made.rows != state.rows:
                    raise StateError(f"the base's column {made.name!r} is there twice, or cut")
                state.columns[made.name] = made
        except StateError:
            raise
        except _NO_BASE as error:
            said = shortened(" ".join(repr(error).split()), 120)
            raise StateError(
                f"this is no base that unsurprised drift saved, or it was cut: {said}"
            ) from None
        return state
