"""Interpretation of a source in words, and readings that are refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from unsurprised.arrow.kinds import stands_for
from unsurprised.errors import InputError, Place
from unsurprised.interpretation import BOUND_BY, Interpretation
from unsurprised.sources.classes import Classes
from unsurprised.sources.columns import Roles
from unsurprised.sources.convert import Conversion
from unsurprised.sources.look import all_rows, distinct, first_rows
from unsurprised.sources.numbers import numbers, valid
from unsurprised.sources.table import Table


def bound_how(kind: str, classes: Classes) -> str:
    """How labels that are no names find their classes, in words."""
    names = classes.names or ()
    if kind == "bool":
        no, yes = classes.binding.pair or (0, 1)
        return f"false: {names[no]!r}, true: {names[yes]!r}" if len(names) == 2 else "booleans"
    if classes.binding.by == "positive":
        no, yes = classes.binding.pair or (0, 1)
        return f"0: {names[no]!r}, 1: {names[yes]!r}"
    return f"integers: {_BINDINGS[classes.binding.by]}"


_BINDINGS = {
    "position": "positions among the classes",
    "name": "the classes' names",
    "metadata": "positions among the names in the file's metadata",
}


def interpretation_of(tables: Sequence[Table], conversion: Conversion) -> Interpretation:
    """The record of it."""
    roles, classes = conversion.roles, conversion.classes
    first = next(table for table in tables if not table.empty)
    means, bound = conversion.truth_means, None
    if roles.logprob is not None:
        means = "log-probabilities of what happened"
    elif roles.label is not None and means == "labels":
        kind = stands_for(first.schema.field(roles.label).type)
        bound = "name" if kind == "text" else BOUND_BY[classes.binding.by]
    layout = "one number a row"
    if roles.layout == "columns":
        layout = f"{classes.count} columns"
    elif roles.layout in ("list", "map"):
        layout = f"{roles.layout} of {classes.count}"
    elif roles.layout == "number":
        one = classes.binding.spoken_of
        name = f"class {classes.names[one]!r}" if classes.names else "class 1"
        layout = f"one number a row: {name} of two"
    return Interpretation(
        truth=roles.label or roles.choices.get("label") or roles.logprob or "none",
        truth_means=means,
        prediction=roles.logprob or roles.model_name,
        prediction_means="logprobs" if roles.logprob else roles.kind,
        layout=layout,
        classes_from=classes.origin,
        bound_by=bound,
        left_aside=roles.left_aside,
    )


def refuse_predicted_classes(tables: Sequence[Table], name: str) -> None:
    """Raise for one number a row that is never anything but 0 and 1."""
    rows = 0
    for column in all_rows(tables, name, "pred"):
        values = np.asarray(numbers(column.filter(pa.array(valid(column)))), dtype=np.float64)
        if ((values != 0) & (values != 1)).any():
            return
        rows += len(values)
    if rows > 1:
        raise InputError(
            "these are 0 and 1 only: predicted classes?",
            expected="the probability of class 1 in each row",
            remedy="name the column of probabilities with pred=… (--pred); if these are "
            "probabilities "
            'all the same, say so with kind="probs" (--kind probs)',
            place=Place(tables[0].file, column=name),
        )


def refuse_confidence(table: Table, roles: Roles) -> None:
    """Raise for one number a row that seems to be the confidence of a predicted class beside it.

    Such a number is never below one half, whichever class it speaks of.
    """
    name, label = roles.pred[0], roles.label
    predicted = [
        other
        for other in roles.left_aside
        if stands_for(table.schema.field(other).type) != "floats"
    ]
    if label == "label" and name == "score":  # as pipelines write what they predicted
        predicted.append("label")
    names = dict.fromkeys([name, *predicted])
    rows = first_rows(table, {each: "pred" if each == name else "label" for each in names})
    if rows is None or not predicted:
        return
    values = np.asarray(numbers(rows.column(name).drop_null()), dtype=np.float64)
    if len(values) < 2 or not (values >= 0.5).all():
        return
    for other in predicted:
        if 1 < len(distinct(rows.column(other))) <= 2:
            raise InputError(
                f"every number is at least one half, and {other!r} holds both classes: the "
                "confidence "
                "of the predicted class, or the probability of class 1",
                expected="the probability of one class in each row",
                remedy='if it is that of class 1, say so with kind="probs" (--kind probs); '
                "from the "
                "confidence of a predicted class write 1 − it where the other class is predicted",
                place=Place(table.file, column=name),
            )
