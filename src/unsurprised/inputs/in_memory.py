"""Arrays in, a batch out: what ``evaluate(y_true, y_pred)`` means by its arguments."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import taken_apart, torch_rows
from unsurprised.arrays.host import HostArray, host_array
from unsurprised.arrays.row_order import NamedRows, refuse_keys, refuse_other_orders
from unsurprised.batches import Batch, RowIds
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.names import class_of_column, key_of
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import (
    DEFAULT_TOLERANCE,
    DistributionForm,
    Form,
    Labels,
    Logits,
    Probs,
)
from unsurprised.inputs.binary import two_columns
from unsurprised.inputs.bound_truth import bound_truth, chosen, flat_rows, kept_rows
from unsurprised.inputs.handed import Handed, Meaning, class_names, seen_labels_of
from unsurprised.inputs.row_values import checked_weights, row_names, slice_values
from unsurprised.inputs.truths import Beside, HandedTruth, Mask, beside, handed_truth
from unsurprised.interpretation import BOUND_BY, Interpretation

#: In which order the arguments come, for whoever has mixed them up.
TRUTH_FIRST = (
    "the truth comes first: evaluate(y_true, y_pred), as in scikit-learn; torchmetrics has the "
    "reverse order"
)


_COLUMNS = {"truth": "y_true", "model": "y_pred", "weights": "weights", "ids": "ids"}


def batch_from_arrays(
    y_true: Any,
    y_pred: Any,
    meaning: Meaning | None = None,
    *,
    weights: Any = None,
    ids: Any = None,
    by: Mapping[str, Any] | None = None,
    cluster: Any = None,
    first_row: int = 0,
    order: str = TRUTH_FIRST,
    whole: bool = True,
) -> Batch:
    """One batch of all rows, leading dimensions flattened.

    ``order`` is for errors; ``whole`` tells that no other rows belong to these.
    """
    said = meaning or Meaning()
    model, plain, masked, title = _prediction(y_pred, said, order)
    truth = handed_truth(y_true)
    along = {"weights": weights, "ids": ids, "cluster": cluster}
    along |= {f"by[{name!r}]": values for name, values in (by or {}).items()}
    _refuse_other_orders(truth, model, said.axis, along)
    lie = beside(truth, model, multilabel=said.multilabel)
    size = math.prod(lie.leading)
    shares = None if weights is None else _weights_of(weights, lie.leading, size)
    after = _named_after(truth, model, title, said) if lie.single else None
    spoken = replace(said, positive=after) if after and not said.positive else said
    names = class_names(truth, model, spoken, lie)
    binding = Binding(
        2 if lie.single else model.shape[-1],
        None if names is None else names.names,
        ordered=names is None or names.ordered,
        stated=names is None or names.stated,
        positive=None if said.positive is None else str(said.positive),
        named_after=after,
    )
    handed = Handed(truth, model, size, lie.single, plain, binding, names)
    kept = kept_rows(handed, lie, said, shares, _missing_rows(truth.missing, masked, size))
    found, means = bound_truth(handed, lie, said, kept)
    # Labels say themselves that their integers count from 0, and names need no start.
    plain_numbers = truth.array is not None and truth.array.kind in "biuf"
    is_unsaid = binding.is_open and plain_numbers
    unsaid = binding if is_unsaid and size and _without_zero(found) else None
    if whole and unsaid is not None:
        unsaid.refuse_unsaid_start()
    return _without(
        Batch(
            size=size if kept is None else int(kept.sum()),
            truth=found,
            model=_model(handed, said, kept),
            weights=shares,
            ids=RowIds(None if ids is None else row_names(ids, size, "ids")),
            by={str(n): slice_values(v, size, n) for n, v in (by or {}).items()},
            clusters=None if cluster is None else RowIds(row_names(cluster, size, "cluster")),
            first_row=first_row,
            columns=dict(_COLUMNS),
            classes=binding.names,
            unsaid_start=unsaid,
            spoken_of=binding.spoken_of,
            reading=_reading(handed, lie, means),
        ),
        kept,
    )


def _named_after(
    truth: HandedTruth, model: DistributionForm, title: str | int | None, said: Meaning
) -> str | None:
    """The class that a single column of predictions is named after."""
    name = model.names[0] if model.names is not None and len(model.names) == 1 else title
    seen = seen_labels_of(truth)
    if name is None or seen is None:
        return None
    if isinstance(name, int) and name == 0 and said.positive is None and seen.kind != "text":
        raise CallError(
            "y_pred is a column called 0: the probability of class 0, or of class 1 in a column "
            "without a name? Expected one reading: positive=0 for class 0, "
            "y_pred.to_numpy() for class 1"
        )
    name = str(name)
    keys = set(map(key_of, said.classes)) if said.classes is not None else seen.keys
    text = seen.kind == "text" or said.classes is not None
    after = class_of_column(name, keys, text=text)
    if after is not None and said.positive is not None and key_of(after) != key_of(said.positive):
        raise CallError(
            f"y_pred is named after the class {after!r}, and positive is "
            f"{said.positive!r}; expected "
            "one class that the numbers speak of: leave positive out, or pass the other column"
        )
    return after


def _without_zero(truth: Labels | DistributionForm) -> bool:
    return isinstance(truth, Labels) and bool((truth.indices() > 0).all())


def model_from(
    y_pred: Any,
    *,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    order: str = TRUTH_FIRST,
) -> DistributionForm:
    """What the model says: a form as it is, a plain array as :class:`Probs`."""
    return _prediction(y_pred, Meaning(normalize=normalize, tolerance=tolerance), order)[0]


def _prediction(
    y_pred: Any, said: Meaning, order: str
) -> tuple[DistributionForm, bool, Mask | None, str | int | None]:
    """The predictions, classes last; whether nobody said what they are; what is missing; a name."""
    scores = None if type(y_pred) in (np.ndarray, list) else torch_rows(y_pred)
    form = Logits(scores) if scores is not None else y_pred
    if isinstance(form, DistributionForm):
        return _classes_last(form, said), False, None, form.title
    if isinstance(form, Form):
        raise CallError(
            f"y_pred is {y_pred!r}; expected the model's numbers for every class: Probs, Logits or "
            f"LogProbs ({order})"
        )
    parts = taken_apart(y_pred, "y_pred")
    array = host_array(y_pred if parts is None else parts.values, "y_pred")
    if array.kind in "iubUT" and array.values.size:
        raise CallError(
            f"y_pred holds {array.dtype}: predicted classes? Expected probabilities, one for every "
            f"class ({order})"
        )
    found = Probs(array, normalize=said.normalize, tolerance=said.tolerance)
    masked = None
    if parts is not None:
        named = len(array.shape) > 1 or isinstance(y_pred, Mapping)
        found.names, found.index = parts.columns if named else None, parts.index
        found.class_index = parts.class_index if named else None
        if isinstance(y_pred, Mapping) and len(array.shape) == 1:
            found.index = parts.columns
        masked = parts.missing
    return _classes_last(found, said), True, masked, None if parts is None else parts.title


def _classes_last(form: DistributionForm, said: Meaning) -> DistributionForm:
    return form if said.axis == -1 else form.with_classes_last(said.axis)


def _refuse_other_orders(
    truth: HandedTruth, model: DistributionForm, axis: int, along: Mapping[str, Any]
) -> None:
    """Refuse arguments whose rows are called alike and stand in another order."""
    ours, theirs = truth.index, model.index
    both = isinstance(ours, tuple) and isinstance(theirs, tuple)
    if both and ours != theirs and set(ours) == set(theirs):
        raise CallError(
            "y_true and y_pred are dictionaries whose keys stand in another order: by key or by "
            "position? Expected one order: {key: y_pred[key] for key in y_true}"
        )
    where = "index" if axis in (-1, len(model.shape) - 1) else "columns"
    refuse_other_orders({"y_true": _rows(ours), "y_pred": _rows(theirs, where), **along})


def _rows(names: Any, where: str = "index") -> NamedRows | None:
    if names is None:
        return None
    return NamedRows(names, "keys" if isinstance(names, tuple) else where)


def _missing_rows(truth: Mask | None, model: Mask | None, size: int) -> Mask | None:
    """Rows without a value somewhere."""
    found = [mask.reshape(size, -1).any(axis=1) for mask in (truth, model) if mask is not None]
    return np.logical_or.reduce(found) if found else None


def _weights_of(weights: Any, leading: tuple[int, ...], size: int) -> NDArray[np.float64]:
    """Weights of all rows; of many yes or no, those of the rows that they stand in will do."""
    refuse_keys(weights, "weights")
    array = host_array(weights, "weights")
    if len(leading) > 1 and array.shape == leading[:-1]:
        array = HostArray(np.repeat(array.values.reshape(-1), leading[-1]), array.dtype)
    return checked_weights(array, size)


def _model(handed: Handed, said: Meaning, kept: Mask | None) -> DistributionForm:
    """The predictions of the rows that are kept, a column for each class in their order."""
    model = handed.model
    if handed.single:
        numbers = HostArray(chosen(model.array.values.reshape(-1), kept), model.array.dtype)
        if handed.plain and not said.multilabel:
            _refuse_classes(numbers)
        one = handed.binding.spoken_of
        pair = two_columns(model.kind, numbers, tolerance=model.tolerance)
        if one == 0:
            pair = pair.with_array(HostArray(pair.array.values[:, ::-1], pair.array.dtype))
        return pair
    flat = flat_rows(model, handed.size, kept)
    if handed.names is not None and handed.names.turned:
        values = flat.array.values[:, list(handed.names.order)]
        flat = flat.with_array(HostArray(values, flat.array.dtype))
    return flat


def _refuse_classes(numbers: HostArray) -> None:
    """Raise for one number a row that is never anything but 0 and 1."""
    values = numbers.as_float64()
    if len(values) > 1 and ((values == 0) | (values == 1)).all():
        raise InputError(
            "these are 0 and 1 only: predicted classes?",
            expected="the probability of class 1 in each row",
            remedy="if they are probabilities all the same, say so: Probs(y_pred) (--kind probs)",
            place=Place(column="y_pred"),
        )


def _without(batch: Batch, kept: Mask | None) -> Batch:
    """The batch with what belongs to its rows alone, of those that are kept."""
    if kept is None:
        return batch
    numbers = np.flatnonzero(kept).astype(np.int64)

    def ids(held: RowIds | None) -> RowIds | None:
        return held and RowIds(None if held.values is None else held.values[kept])

    return replace(
        batch,
        weights=None if batch.weights is None else batch.weights[kept],
        ids=ids(batch.ids) or RowIds(),
        clusters=ids(batch.clusters),
        by={name: column.part(numbers) for name, column in batch.by.items()},
        row_numbers=numbers + batch.first_row,
        skipped=len(kept) - len(numbers),
    )


def _reading(handed: Handed, lie: Beside, means: str) -> Interpretation:
    """What was taken for what."""
    count, names = handed.binding.count, handed.names
    if lie.single:
        one = handed.binding.spoken_of
        name = f"class {one}" if names is None else f"class {names.names[one]!r}"
        layout = f"one number a row: {name} of two"
    else:
        layout = f"{count} columns"
    bound = None
    if means == "labels":
        seen = seen_labels_of(handed.truth)
        named = (
            seen is not None and seen.kind in ("text", "bool") and handed.binding.names is not None
        )
        bound = "name" if named else handed.binding.by
    return Interpretation(
        truth="y_true",
        truth_means=means,
        prediction="y_pred",
        prediction_means=handed.model.kind,
        layout=layout,
        classes_from="by position" if names is None else names.origin,
        bound_by=None if bound is None else BOUND_BY[bound],
    )
