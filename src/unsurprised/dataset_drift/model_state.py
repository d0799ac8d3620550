"""What a model's predictions say of themselves: their entropy, and what their labels cost."""

from __future__ import annotations

import base64
import json
import math
from fractions import Fraction
from typing import Any

import numpy as np

from unsurprised.batches import Batch
from unsurprised.errors import InputError, Place, StateError
from unsurprised.forms import Labels
from unsurprised.measures import cross_entropy, entropy, surprisal
from unsurprised.states import Moments
from unsurprised.states.moments import UNIT
from unsurprised.states.serial import must_match
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import student_t

_ENTROPY, _COST = "entropy of the predictions", "cross-entropy"


class ModelState:
    """Exact sums over the rows of the predictions' entropy, and of the labels' surprisal.

    Parameters
    ----------
    label, pred : str
        The columns; of states that are merged or compared they are the same.
    """

    def __init__(self, label: str, pred: str) -> None:
        self.label, self.pred = label, pred
        #: Rows whose label the model held impossible.
        self.impossible = 0
        self.moments: dict[str, Moments] = {
            name: Moments(["value"]) for name in (_ENTROPY, *([_COST] if label else []))
        }

    def update_batch(self, batch: Batch) -> ModelState:
        """Add the rows of a batch of predictions."""
        if batch.size:
            try:
                self._measure(batch)
            except InputError as error:
                raise _of_batch(batch, error) from None
        return self

    def _measure(self, batch: Batch) -> None:
        self._add(_ENTROPY, np.asarray(entropy(batch.model), dtype=np.float64))
        if self.label:
            truth: Any = batch.truth
            costs = (
                surprisal(batch.model, at=truth.indices())
                if isinstance(truth, Labels)
                else cross_entropy(truth, batch.model)
            )
            values = np.asarray(costs, dtype=np.float64)
            finite = np.isfinite(values)
            self.impossible += int((~finite).sum())
            self._add(_COST, values[finite])

    def _add(self, name: str, values: Any) -> None:
        if len(values):
            values = np.ascontiguousarray(values)
            self.moments[name].update({"value": values}, rows=len(values))

    def merge(self, other: ModelState) -> ModelState:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("predictions", [self.label, self.pred], [other.label, other.pred])
        for name, moments in self.moments.items():
            moments.merge(other.moments[name])
        self.impossible += other.impossible
        return self

    def to_bytes(self) -> bytes:
        """The state as JSON, in UTF-8."""
        return json.dumps(self.said()).encode()

    def merge_bytes(self, data: bytes) -> None:
        """Add the rows of another's bytes."""
        self.merge(ModelState.of_said(json.loads(data)))

    def estimates(self) -> dict[str, Estimate]:
        """The mean of each over the rows, in bits."""
        found = {name: _mean(moments) for name, moments in self.moments.items()}
        if self.impossible:
            rows = found[_COST].rows + self.impossible
            found[_COST] = Estimate(math.inf, math.inf, math.inf, "bits", rows)
        return found

    def said(self) -> dict[str, Any]:
        """The state as a dictionary that JSON holds."""
        return {
            "label": self.label,
            "pred": self.pred,
            "impossible": self.impossible,
            "moments": {
                name: base64.b64encode(moments.to_bytes()).decode()
                for name, moments in self.moments.items()
            },
        }

    @classmethod
    def of_said(cls, told: dict[str, Any]) -> ModelState:
        """The state that :meth:`said` told."""
        state = cls(str(told["label"]), str(told["pred"]))
        state.impossible = told["impossible"]
        if type(state.impossible) is not int or told["moments"].keys() != state.moments.keys():
            raise StateError("the base's predictions hold other figures than these have")
        for name, text in told["moments"].items():
            moments = Moments.from_bytes(base64.b64decode(text, validate=True))
            must_match("Moments", moments.settings(), state.moments[name].settings())
            state.moments[name] = moments
        return state


def _of_batch(batch: Batch, error: InputError) -> InputError:
    """An error of a measure, which counts rows within the batch, with its place in the file."""
    row = np.ravel(0 if error.place.row is None else error.place.row)[:1]
    column = batch.columns.get("truth" if error.place.file == "p" else "model")
    place = Place(batch.file, int(batch.numbers_of(row)[0]), column)
    return type(error)(**{**error._fields(), "place": place})


def _mean(moments: Moments) -> Estimate:
    """The mean of independent rows, with Student's interval; NaN of no row."""
    if not moments.cells():
        return Estimate(math.nan, math.nan, math.nan, "bits", 0)
    total, squares, _, counted = (Fraction(number, 1 << -UNIT) for number in moments.result())
    rows = int(counted)
    mean = total / rows
    if rows < 2:
        return Estimate(float(mean), math.nan, math.nan, "bits", rows)
    variance = max(float((squares - total * mean) / (rows - 1)), 0.0)
    half = student_t(rows - 1.0) * math.sqrt(variance / rows)
    value = float(mean)
    return Estimate(value, value - half, value + half, "bits", rows)
