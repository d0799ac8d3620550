"""Columns of Arrow arrays → a batch of forms, views of the same memory wherever it allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.arrow.encodings import as_numpy, without_encodings
from unsurprised.arrow.kinds import stands_for
from unsurprised.batches import LARGEST_WEIGHT, Batch, RowIds
from unsurprised.class_names.names import key_of
from unsurprised.errors import InputError, Place
from unsurprised.forms import Counts, DistributionForm, Labels, Logits, LogProbs, Probs
from unsurprised.inputs.binary import two_columns
from unsurprised.inputs.truths import refuse_rows_off
from unsurprised.sources.classes import Classes
from unsurprised.sources.columns import Roles
from unsurprised.sources.guard import located
from unsurprised.sources.labels import indices_of
from unsurprised.sources.logprobs import check_logprobs, refuse_placeholders
from unsurprised.sources.maps import matrix_of_map
from unsurprised.sources.nulls import complete
from unsurprised.sources.numbers import (
    equal_to,
    matrix,
    numbers,
    packed,
    refuse,
    valid,
    with_nan,
)
from unsurprised.sources.options import Options
from unsurprised.sources.slices import slice_column
from unsurprised.sources.text_units import (
    UNKNOWN_TOKENS,
    list_totals,
    unit_values,
    unknown_rows,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Conversion:
    """How a record batch becomes a :class:`Batch`."""

    roles: Roles
    classes: Classes
    options: Options
    #: "labels", "shares of class 1", "distributions" or "counts".
    truth_means: str = "labels"

    @cached_property
    def columns(self) -> dict[str, str]:
        """The columns in use, and what each is for; built once, since there may be thousands."""
        roles = self.roles
        named = dict.fromkeys(roles.label_columns, "truth")
        if roles.label is not None:
            named[roles.label] = "label"
        named |= dict.fromkeys(roles.pred, "pred")
        for role, name in (("pred", roles.logprob), ("weight", roles.weight), ("id", roles.id)):
            if name is not None:
                named.setdefault(name, role)
        if roles.cluster is not None:
            named.setdefault(roles.cluster, "id")
        for name in roles.units.values():
            named.setdefault(name, "units")
        for name in roles.by:
            named.setdefault(name, "by")
        return named

    def batch(self, record: pa.RecordBatch, first_row: int, **where: Any) -> Batch:
        """One batch.

        Raises
        ------
        InputError
            With the first wrong row of the first wrong column, counted in ``record``.
        """
        record = without_encodings(record)
        used = [name for name in record.schema.names if self.columns[name] != "by"]
        if self.roles.of_lists:  # of whose entries some may be null
            used = [name for name in used if name != self.roles.logprob]
        rows, kept = complete(record, used, self.options.nulls, left_out=self._left_out(record))
        try:
            parts = self._parts(rows)
        except InputError as error:
            row = error.place.row
            if kept is None or not isinstance(row, int):
                raise
            raise error.located(row=int(kept[row])) from None
        return Batch(
            size=rows.num_rows,
            first_row=first_row,
            row_numbers=None if kept is None else kept + first_row,
            skipped=record.num_rows - rows.num_rows,
            columns=self._names(),
            **parts,
            **where,
        )

    def _parts(self, rows: pa.RecordBatch) -> dict[str, Any]:
        roles = self.roles
        parts: dict[str, Any] = {}
        if roles.pred:
            parts["model"] = self._model(rows)
        if roles.label is not None or roles.label_columns:
            parts["truth"] = self._truth(rows)
            _refuse_many_yes_or_no(parts["truth"], parts.get("model"), roles)
        if roles.logprob is not None and roles.of_lists:
            parts |= self._lists(rows)
        elif roles.logprob is not None:
            parts["logprob"] = _at(roles.logprob, _logprobs, rows)
            if roles.units:
                parts["units"] = self._units(rows)
        if roles.weight is not None:
            parts["weights"] = _at(roles.weight, _weights, rows)
        if roles.id is not None:
            parts["ids"] = RowIds(_at(roles.id, ids_in, rows))
        if roles.cluster is not None:
            parts["clusters"] = RowIds(_at(roles.cluster, ids_in, rows))
        if roles.by:
            parts["by"] = {name: _at(name, slice_column, rows) for name in roles.by}
        return parts

    def _lists(self, rows: pa.RecordBatch) -> dict[str, Any]:
        """The log-probability of each row's document, and its units."""
        name, unknown = self.roles.logprob or "", self.options.unknown
        sums, known, missing = _at(name, lambda column: list_totals(column, unknown), rows)
        units = {"tokens": known.astype(np.float64), **self._units(rows)}
        return {"logprob": sums, "units": {**units, UNKNOWN_TOKENS: missing.astype(np.float64)}}

    def _units(self, rows: pa.RecordBatch) -> dict[str, NDArray[np.float64]]:
        """How many of each unit every row has; a row of a cluster is a token of a document."""
        pieces = self.roles.cluster is not None and not self.roles.of_lists
        found = {"tokens": np.ones(rows.num_rows)} if pieces else {}
        for unit, name in self.roles.units.items():
            found[unit] = _at(name, partial(unit_values, unit=unit, pieces=pieces), rows)
        return found

    def _left_out(self, record: pa.RecordBatch) -> NDArray[np.bool_] | None:
        """Rows that are left out without a word: ignored labels, unmatched ones, and rows of weight
        0 that hold no legal value.
        """  # noqa: D205
        roles, found = self.roles, []
        label = None if roles.label is None else record.column(roles.label)
        if self.options.ignore_index is not None and label is not None:
            found.append(equal_to(label, self.options.ignore_index))
        if self.options.join == "inner" and label is not None:
            found.append(np.asarray(label.is_null().to_numpy(zero_copy_only=False)))
        if roles.units and roles.logprob is not None and not roles.of_lists:
            unknown = _at(roles.logprob, lambda c: unknown_rows(c, self.options.unknown), record)
            if unknown.any():
                found.append(unknown)
        if roles.weight is not None:
            idle = equal_to(record.column(roles.weight), 0)
            if idle.any():
                found.append(idle & self._illegal(record, idle))
        return np.logical_or.reduce(found) if found else None

    def _illegal(self, record: pa.RecordBatch, idle: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows of weight 0 hold a null, no number or no class."""
        found = np.zeros(len(idle), dtype=bool)
        for name, role in self.columns.items():
            if role in ("pred", "label", "truth") and name in record.schema.names:
                found |= ~valid(record.column(name))
        for name, role in self.columns.items():
            if role in ("pred", "truth") and name in record.schema.names:
                found |= with_nan(record.column(name))
        if self.roles.label is not None and self.truth_means == "labels":
            rows = np.flatnonzero(idle & ~found)
            found[rows] = ~self._known(record.column(self.roles.label).take(pa.array(rows)))
        return found

    def _known(self, labels: pa.Array) -> NDArray[np.bool_]:
        """Which labels name a class; the values that there are, are few."""
        if pa.types.is_dictionary(labels.type):
            labels = labels.dictionary_decode()
        if pa.types.is_nested(labels.type):  # Arrow finds no values of such
            return np.zeros(len(labels), dtype=bool)
        values = labels.unique()
        good = []
        for index in range(len(values)):
            try:
                indices_of(values.slice(index, 1), self.classes)
                good.append(index)
            except InputError:
                continue
        known = pc.is_in(labels, value_set=values.take(pa.array(good, pa.int64())))
        return np.asarray(known.to_numpy(zero_copy_only=False), dtype=bool)

    def _names(self) -> dict[str, str]:
        roles = self.roles
        names = {
            "truth": roles.label or (roles.choices["label"] if roles.label_columns else None),
            "model": roles.model_name if roles.pred else roles.logprob,
            "weights": roles.weight,
            "ids": roles.id,
        }
        return {part: name for part, name in names.items() if name is not None}

    def _truth(self, rows: pa.RecordBatch) -> Labels | DistributionForm:
        roles, classes = self.roles, self.classes
        if self.truth_means == "labels":
            assert roles.label is not None
            indices = _at(roles.label, lambda c: indices_of(c, classes), rows)
            return Labels(indices, classes=classes.count)
        if self.truth_means == "shares of class 1":
            assert roles.label is not None
            return self._two(_at(roles.label, _shares, rows), "probs")
        if roles.label is None:
            columns = [rows.column(name) for name in roles.label_columns]
            matrix = packed(columns, roles.label_columns)
        else:
            matrix = _at(roles.label, lambda c: self._matrix(c, floats=True), rows)
        if self.truth_means == "counts":
            return Counts(matrix)
        options = self.options
        return Probs(matrix, normalize=options.normalize, tolerance=options.tolerance)

    def _two(self, values: NDArray[Any], kind: str) -> DistributionForm:
        """One number a row as rows of two, the class that it speaks of where it stands."""
        rows = two_columns(kind, values, tolerance=self.options.tolerance)
        if self.classes.binding.spoken_of == 1:
            return rows
        return rows.with_array(HostArray(rows.array.values[:, ::-1], rows.array.dtype))

    def _model(self, rows: pa.RecordBatch) -> DistributionForm:
        roles, options = self.roles, self.options
        if roles.layout == "number":
            return _at(roles.pred[0], lambda c: self._two(numbers(c), roles.kind), rows)
        if roles.layout == "list":
            matrix = _at(roles.pred[0], lambda c: self._matrix(c, floats=True), rows)
        elif roles.layout == "map":
            matrix = _at(roles.pred[0], self._mapped, rows)
        else:
            matrix = packed([rows.column(name) for name in roles.pred], roles.pred)
        if roles.kind == "logits":
            return Logits(matrix)
        if roles.kind == "logprobs" and matrix.dtype.kind == "f":
            with located(None, roles.pred[0]):
                refuse_placeholders(matrix)
        form = LogProbs if roles.kind == "logprobs" else Probs
        return form(matrix, normalize=options.normalize, tolerance=options.tolerance)

    def _matrix(self, column: pa.Array, *, floats: bool) -> NDArray[Any]:
        # Without a first row there is no count, and then no row either.
        count, origin = self.classes.count, self.classes.origin
        return matrix(column, max(count, 1), origin if count else "at least one", floats=floats)

    def _mapped(self, column: pa.Array) -> NDArray[Any]:
        names, options = self.roles.keys, self.options
        if not pa.types.is_struct(column.type):
            return matrix_of_map(
                column, names, self.roles.kind, options.tolerance, normalize=options.normalize
            )
        children = {
            key_of(field.name): child
            for field, child in zip(column.type, column.flatten(), strict=True)
        }
        return packed([children[key_of(name)] for name in names], names)


def _refuse_many_yes_or_no(truth: Any, model: DistributionForm | None, roles: Roles) -> None:
    """Raise for rows of 0 and 1 beside predictions that do not sum to one."""
    if model is None or isinstance(truth, Labels) or model.normalize or model.kind == "logits":
        return
    numbers = truth.array.as_float64()
    # Row by row, so that no other row of a batch decides what is said.
    binary = ((numbers == 0) | (numbers == 1)).all(axis=-1)
    try:
        refuse_rows_off(model, binary)
    except InputError as error:
        row = error.place.row
        place = Place(row=row[0] if isinstance(row, tuple) else row, column=roles.model_name)
        raise InputError(
            error.found, expected=error.expected, remedy=error.remedy, place=place
        ) from None


def _at(name: str, read: Callable[[Any], T], rows: pa.RecordBatch) -> T:
    try:
        return read(rows.column(name))
    except InputError as error:
        raise error if error.place.column else error.located(column=name) from None


def _shares(column: pa.Array) -> NDArray[np.float64]:
    values = np.asarray(numbers(column), dtype=np.float64)
    refuse(values, ~((values >= 0) & (values <= 1)), "a share of class 1, from 0 to 1")
    return values


def _weights(column: pa.Array) -> NDArray[np.float64]:
    values = np.asarray(numbers(column), dtype=np.float64)
    wrong = ~((values >= 0) & (values <= LARGEST_WEIGHT))
    refuse(values, wrong, f"a weight from 0 to {LARGEST_WEIGHT:g}")
    return values


def _logprobs(column: pa.Array) -> NDArray[np.float64]:
    values = np.asarray(numbers(column), dtype=np.float64)
    check_logprobs(values)
    return values


def ids_in(column: pa.Array) -> Any:
    """Int64, or names as ``large_string``; uint64, which may not fit, are names."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = stands_for(column.type)
    if kind == "integer" and not pa.types.is_uint64(column.type):
        return as_numpy(column).astype(np.int64, copy=False)
    if kind in ("integer", "text"):
        return column.cast(pa.large_string())
    raise InputError(
        f"found {column.type}",
        expected="integers or names",
        remedy="cast it to text",
        place=Place(row=0 if len(column) else None),
    )
