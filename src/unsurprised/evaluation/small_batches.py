"""Small batches, one after another: scored as they come, and added to the states together.

What adding rows to states costs beside the rows is so paid once for many batches. States are exact,
so that they are the same to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.arrays.host import HostArray
from unsurprised.arrays.libraries import memory_of
from unsurprised.batches import Batch
from unsurprised.class_names.binding import Binding
from unsurprised.evaluation.row_scores import BITS, RowScores
from unsurprised.forms import DistributionForm, Form, Labels
from unsurprised.inputs.handed import Meaning
from unsurprised.measures._numpy_engine import kernel_rows

#: How many rows wait, and of how many numbers; a batch that waits is a small part of them.
_ROWS, _NUMBERS, _PART = 1 << 12, 1 << 16, 8


def may_wait(batch: Batch) -> bool:
    """Whether a batch is small, and no more is known of its rows than their labels."""
    truth, model = batch.truth, batch.model
    if model is None or not 0 < batch.size <= _room(model.shape[-1]) // _PART:
        return False
    labelled = isinstance(truth, Labels) and not truth.smoothing
    alone = batch.weights is None and batch.clusters is None and not batch.by
    numbered = batch.ids.values is None and batch.row_numbers is None and batch.file is None
    return labelled and alone and numbered and batch.file_index == 0


def _room(classes: int) -> int:
    return min(_ROWS, _NUMBERS // classes)


class SmallBatches:
    """Rows of small batches that the states have yet to take in, like those of ``batch``."""

    def __init__(self, batch: Batch) -> None:
        assert batch.model is not None
        array = batch.model.array
        self.classes, self.width = batch.classes, array.shape[-1]
        room = _room(self.width)
        self._rows = np.empty((room, self.width), dtype=array.values.dtype)
        self._labels = np.empty(room, dtype=np.int64)
        self._surprisal, self._entropy, self._top_surprisal = (np.empty(room) for _ in range(3))
        self._top = np.empty(room, dtype=np.int32)
        #: The predictions without rows: what their numbers are.
        self._form = batch.model.with_array(HostArray(self._rows[:0], array.dtype))
        self._known: type | None = None
        self.first_row = self.size = 0
        self._largest_deviation = 0.0

    def are_like(self, batch: Batch) -> bool:
        """Whether the rows of a batch mean the same."""
        form, model = self._form, batch.model
        assert model is not None
        same = self.classes == batch.classes and self.width == model.shape[-1]
        return same and form.array.dtype == model.array.dtype and _same_meaning(form, model)

    def takes(self, rows: int, first_row: int) -> bool:
        """Whether there is room for more rows, and their numbers follow on the last one's."""
        follow = not self.size or first_row == self.first_row + self.size
        return follow and self.size + rows <= len(self._rows)

    def score(self, values: NDArray[Any], labels: NDArray[np.int64]) -> float | None:
        """Score rows that come next, for :meth:`add`; None where one of them is not legal."""
        at, end = self.size, self.size + len(values)
        found = _kernels.facts(
            kernel_rows(self._form, values),
            labels,
            BITS,
            self._surprisal[at:end],
            self._entropy[at:end],
            self._top_surprisal[at:end],
            self._top[at:end],
        )
        return None if found[0] >= 0 else found[3]

    def add(
        self, values: NDArray[Any], labels: NDArray[np.int64], deviation: float, first_row: int
    ) -> None:
        """Take in rows that were scored, whose sums are off by so much."""
        at, end = self.size, self.size + len(values)
        self._rows[at:end], self._labels[at:end] = values, labels
        if not at:
            self.first_row, self._largest_deviation = first_row, 0.0
        self._largest_deviation = max(self._largest_deviation, deviation)
        self.size = end

    def joined(self) -> tuple[Batch, RowScores]:
        """All rows as one batch, and their scores: views, which the next rows write over."""
        size, self.size = self.size, 0
        labels, top = self._labels[:size], self._top[:size]
        correct = np.empty(size, dtype=np.bool_)
        _kernels.agree(labels, top, correct)
        batch = Batch(
            size=size,
            truth=Labels(labels, classes=self.width),
            model=self._form.with_array(HostArray(self._rows[:size], self._form.array.dtype)),
            first_row=self.first_row,
            classes=self.classes,
        )
        facts = RowScores(
            surprisal=self._surprisal[:size],
            entropy=self._entropy[:size],
            top=top,
            top_surprisal=self._top_surprisal[:size],
            correct=correct,
            labels=labels,
            largest_deviation=self._largest_deviation,
        )
        return batch, facts

    def know(self, y_true: Any, y_pred: Any, said: Meaning) -> None:
        """Remember how the last rows were handed in, if others like them need no second look.

        They are matrices and integers that are the classes' own indices, whatever their values.
        """
        labels = memory_of(y_true)
        shaped = labels is not None and labels.ndim == 1 and len(np.shape(y_pred)) == 2
        asked = said.multilabel or said.ignore_index is not None or said.positive is not None
        own = Binding(self.width, self.classes).integers is None
        last = said.axis == -1 and self.width > 1
        self._known = type(y_pred) if shaped and own and last and not asked else None

    def read(self, y_true: Any, y_pred: Any) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
        """The rows and the labels of a batch that is like the last one; None of any other."""
        if type(y_pred) is not self._known:
            return None
        labels, values = memory_of(y_true), _values_of(y_pred, self._form)
        if labels is None or values is None or values.dtype != self._rows.dtype:
            return None
        rows = len(labels) if labels.ndim == 1 else 0
        fits = values.shape == (rows, self.width) and labels.dtype == np.int64 and rows > 0
        lies = values.flags.aligned and labels.flags.aligned and labels.flags.c_contiguous
        small = rows * _PART <= len(self._rows)
        return (values, labels) if fits and lies and small else None


def _values_of(y_pred: Any, form: DistributionForm) -> NDArray[Any] | None:
    if not isinstance(y_pred, Form):
        return memory_of(y_pred)
    if not isinstance(y_pred, DistributionForm) or not _same_meaning(form, y_pred):
        return None
    if y_pred.names is not None:
        return None
    if y_pred.given is not None:
        return memory_of(y_pred.given)
    return y_pred.array.values if y_pred.array.dtype == form.array.dtype else None


def _same_meaning(one: DistributionForm, other: DistributionForm) -> bool:
    same = type(one) is type(other) and one.normalize == other.normalize
    return same and one.tolerance == other.tolerance
