"""Arrays in, a batch out: what ``evaluate(y_true, y_pred)`` means by its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays import HostArray, host_array
from unsurprised.batches import LARGEST_WEIGHT, Batch, RowIds, SliceColumn
from unsurprised.binary import two_columns
from unsurprised.binding import Binding
from unsurprised.columns_to_classes import NamedColumns, SeenLabels, named_columns
from unsurprised.containers import taken_apart, torch_rows
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import (
    DEFAULT_TOLERANCE,
    DistributionForm,
    Form,
    Labels,
    Logits,
    Probs,
    indices_of_texts,
    whole_numbers,
)
from unsurprised.interpretation import BOUND_BY, Interpretation
from unsurprised.names import checked_names, key_of, listed, places_of, two_names
from unsurprised.row_order import refuse_other_order
from unsurprised.truths import (
    Beside,
    HandedTruth,
    Mask,
    beside,
    dense_truth,
    handed_truth,
    kind_of,
    refuse_fraction,
)

Values = NDArray[np.float64]

#: In which order the arguments come, for whoever has mixed them up.
TRUTH_FIRST = (
    "the truth comes first: evaluate(y_true, y_pred), as in scikit-learn; torchmetrics has the "
    "reverse order"
)

_COLUMNS = {"truth": "y_true", "model": "y_pred", "weights": "weights", "ids": "ids"}


@dataclass(frozen=True)
class Meaning:
    """What the caller says of arrays beyond handing them in.

    Parameters
    ----------
    classes : sequence of names, optional
        The classes in the order of the columns; or, where these have names, in the order wanted.
    positive : name, optional
        Of two classes the one that 1, True and a single number a row stand for.
    axis : int, default -1
        The axis of the predictions that the classes are on.
    multilabel : bool, default False
        Every entry is an outcome of its own, yes or no, and its prediction the probability of yes.
    ignore_index : int, optional
        The label of rows to be left out.
    normalize, tolerance
        As for :class:`~unsurprised.Probs`.
    """

    classes: Sequence[Any] | None = None
    positive: Any = None
    axis: int = -1
    multilabel: bool = False
    ignore_index: int | None = None
    normalize: bool = False
    tolerance: float = DEFAULT_TOLERANCE


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
    model, plain, masked = _prediction(y_pred, said, order)
    truth = handed_truth(y_true)
    _refuse_other_orders(y_true=truth.index, y_pred=model.index, weights=weights, ids=ids)
    lie = beside(truth, model, multilabel=said.multilabel)
    size = int(np.prod(lie.leading, dtype=np.int64))
    shares = None if weights is None else _weights_of(weights, lie.leading, size)
    names = _class_names(truth, model, said, lie)
    binding = Binding(
        2 if lie.single else model.shape[-1],
        None if names is None else names.names,
        ordered=names is None or names.ordered,
        stated=names is None or names.stated,
        positive=None if said.positive is None else str(said.positive),
    )
    handed = _Handed(truth, model, size, lie.single, plain, binding, names)
    kept = _kept(handed, lie, said, shares, _missing_rows(truth.missing, masked, size))
    found, means = _truth(handed, lie, said, kept)
    if whole and binding.is_open and size and _without_zero(found):
        binding.refuse_unsaid_start()
    return _without(
        Batch(
            size=size if kept is None else int(kept.sum()),
            truth=found,
            model=_model(handed, said, kept),
            weights=shares,
            ids=RowIds(None if ids is None else _names(ids, size, "ids")),
            by={str(n): _slice_column(v, size, n) for n, v in (by or {}).items()},
            clusters=None if cluster is None else RowIds(_names(cluster, size, "cluster")),
            first_row=first_row,
            columns=dict(_COLUMNS),
            classes=binding.names,
            reading=_reading(handed, lie, means),
        ),
        kept,
    )


def _without_zero(truth: Labels | DistributionForm) -> bool:
    return isinstance(truth, Labels) and bool((truth.indices() > 0).all())


@dataclass(frozen=True, slots=True)
class _Handed:
    """Truth and predictions, and how the one's values find the other's classes."""

    truth: HandedTruth
    model: DistributionForm
    size: int
    single: bool
    plain: bool
    binding: Binding
    names: NamedColumns | None


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
) -> tuple[DistributionForm, bool, Mask | None]:
    """The predictions, classes last; whether nobody said what they are; and what is missing."""
    scores = None if type(y_pred) in (np.ndarray, list) else torch_rows(y_pred)
    form = Logits(scores) if scores is not None else y_pred
    if isinstance(form, DistributionForm):
        return _classes_last(form, said), False, None
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
        masked = parts.missing
    return _classes_last(found, said), True, masked


def _classes_last(form: DistributionForm, said: Meaning) -> DistributionForm:
    return form if said.axis == -1 else form.with_classes_last(said.axis)


def _refuse_other_orders(**indices: Any) -> None:
    """Refuse arguments whose rows are called alike and stand in another order."""
    known = {
        name: held if name.startswith("y_") else getattr(held, "index", None)
        for name, held in indices.items()
    }
    named = [(name, index) for name, index in known.items() if hasattr(index, "sort_values")]
    for name, index in named[1:]:
        refuse_other_order(named[0][1], index, named[0][0], name)


def _missing_rows(truth: Mask | None, model: Mask | None, size: int) -> Mask | None:
    """Rows without a value somewhere."""
    found = [mask.reshape(size, -1).any(axis=1) for mask in (truth, model) if mask is not None]
    return np.logical_or.reduce(found) if found else None


def _weights_of(weights: Any, leading: tuple[int, ...], size: int) -> NDArray[np.float64]:
    """Weights of all rows; of many yes or no, those of the rows that they stand in will do."""
    array = host_array(weights, "weights")
    if len(leading) > 1 and array.shape == leading[:-1]:
        array = HostArray(np.repeat(array.values.reshape(-1), leading[-1]), array.dtype)
    return checked_weights(array, size)


def _class_names(
    truth: HandedTruth, model: DistributionForm, said: Meaning, lie: Beside
) -> NamedColumns | None:
    """The names of the classes, and which column each is; None where they have none."""
    given = None if said.classes is None else checked_names(said.classes)
    if lie.single:
        names = given or _two_names(truth, said)
        if names is not None and len(names) != 2:
            raise CallError(
                f"{len(names)} class names for predictions of 2 classes, one number a row: "
                f"{listed(names)}"
            )
        return names and NamedColumns(names, (0, 1), "as given" if given else "the labels", True)
    if model.names is not None:
        return named_columns(model.names, _seen(truth, lie), given)
    if given is None and isinstance(truth.form, Labels):
        classes = truth.form.classes
        given = tuple(map(str, classes)) if isinstance(classes, tuple) else None
    if given is None:
        return None
    if len(given) != model.shape[-1]:
        raise CallError(
            f"{len(given)} class names for predictions of {model.shape[-1]} classes: "
            f"{', '.join(given[:10])}"
        )
    return NamedColumns(given, tuple(range(len(given))), "as given", ordered=True)


def _seen(truth: HandedTruth, lie: Beside) -> SeenLabels:
    """The labels, for the names that columns bear to be found in."""
    if lie.dense:
        return SeenLabels()
    array = truth.array if truth.form is None else truth.form.array
    assert array is not None
    kind = kind_of(array)
    if kind != "text":
        return SeenLabels("integer" if kind == "float" else kind)
    return SeenLabels.of(kind, np.unique(_known(array, truth.missing)).tolist())


def _known(array: HostArray, missing: Mask | None) -> NDArray[Any]:
    return array.values if missing is None else array.values[~missing]


def _two_names(truth: HandedTruth, said: Meaning) -> tuple[str, ...] | None:
    """The names of two classes by labels that are names, beside one number a row."""
    array = truth.array if truth.form is None else truth.form.array
    if isinstance(truth.form, Labels) and isinstance(truth.form.classes, tuple):
        return tuple(map(str, truth.form.classes))
    if array is None or kind_of(array) != "text" or not array.values.size:
        return None
    return two_names(map(str, np.unique(_known(array, truth.missing))), said.positive)


def _kept(
    handed: _Handed, lie: Beside, said: Meaning, weights: Values | None, missing: Mask | None
) -> Mask | None:
    """Which rows are kept: rows of weight 0 without a legal value are not, nor ignored labels."""
    left = np.zeros(handed.size, dtype=bool)
    labels = _plain_labels(handed, lie)
    if said.ignore_index is not None and labels is not None:
        left |= labels == said.ignore_index
    idle = None if weights is None else weights == 0
    if idle is not None and idle.any():
        bad = _not_a_number(handed) if missing is None else missing | _not_a_number(handed)
        if labels is not None:
            bad = bad | ~handed.binding.knows(labels)
        left |= idle & bad
    if missing is not None and (missing & ~left).any():
        raise InputError(
            "found no value (a null or a masked entry)",
            expected="a value in every row, or the weight 0",
            remedy="leave such rows out, or give them the weight 0",
            place=Place(row=int(np.argmax(missing & ~left))),
        )
    return ~left if left.any() else None


def _not_a_number(handed: _Handed) -> Mask:
    """Rows with a NaN, in the predictions or the truth."""
    arrays = [handed.model.array]
    if handed.truth.array is not None and handed.truth.array.kind == "f":
        arrays.append(handed.truth.array)
    found = np.zeros(handed.size, dtype=bool)
    for array in arrays:
        found |= np.isnan(array.as_float64()).reshape(handed.size, -1).any(axis=1)
    return found


def _plain_labels(handed: _Handed, lie: Beside) -> NDArray[Any] | None:
    """Labels as integers, where they are numbers; NaN is −1, which names no class by position."""
    array = handed.truth.array
    if lie.dense or array is None or kind_of(array) not in ("integer", "float"):
        return None
    values = array.as_float64() if array.kind == "f" else array.values
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(values), -1, values).astype(np.int64).reshape(-1)


def _truth(
    handed: _Handed, lie: Beside, said: Meaning, kept: Mask | None
) -> tuple[Labels | DistributionForm, str]:
    """The truth of the rows that are kept, flat, and what it is."""
    if lie.dense:
        return _dense(handed, said, kept)
    truth, count = handed.truth, handed.binding.count
    if isinstance(truth.form, Labels):
        indices = _chosen(_of_form(truth.form, handed), kept)
        return Labels(indices, smoothing=truth.form.smoothing, classes=count), "labels"
    array = truth.array
    assert array is not None
    values = HostArray(_chosen(array.values.reshape(-1), kept), array.dtype)
    try:
        shares = _shares(values, handed) if kind_of(array) == "float" else None
        if shares is not None:
            return shares, "shares of class 1"
        return Labels(_indices(values, handed.binding), classes=count), "labels"
    except InputError as error:
        row = error.place.row
        if kept is not None and isinstance(row, int):
            row = int(np.flatnonzero(kept)[row])
        raise error.located(row=row, column="y_true") from None


def _chosen(values: NDArray[Any], kept: Mask | None) -> NDArray[Any]:
    return values if kept is None else values[kept]


def _indices(values: HostArray, binding: Binding) -> NDArray[np.int64]:
    """The class of each plain label."""
    kind = kind_of(values)
    if not values.values.size:
        return np.zeros(0, dtype=np.int64)
    if kind == "text":
        if binding.names is None:
            raise CallError(
                "Labels(…) holds names; the order of the columns is not guessed: pass "
                "classes=[…], the names in the order of the columns"
            )
        return indices_of_texts(values.values, binding)
    if kind == "bool":
        return binding.of_booleans(values.values)
    if kind == "float":
        whole = whole_numbers(values)
        if whole is None and binding.names is not None:
            texts = values.as_float64().astype(str)
            if all(place >= 0 for place in binding.of_texts(np.unique(texts).tolist())):
                return indices_of_texts(texts, binding)
        if whole is None:
            refuse_fraction(values, binding.count)
            raise AssertionError("a fraction is refused")
        return binding.of_integers(whole.values, checked=False)
    if kind != "integer":
        raise CallError(f"y_true holds {values.dtype}; expected integers or names")
    # Their own bounds are checked where the rows are read.
    return binding.of_integers(Labels(values).indices(), checked=False)


def _of_form(form: Labels, handed: _Handed) -> NDArray[np.int64]:
    """The class of each label of a form, among those of the predictions."""
    names = handed.binding.names
    if not isinstance(form.classes, tuple):
        array = form.array
        if (
            form.given is None
            and array.kind in "iubUT"
            and (names is not None or array.kind in "UT")
        ):
            return _indices(HostArray(array.values.reshape(-1), array.dtype), handed.binding)
        return form.indices().reshape(-1)
    own = form.indices().reshape(-1)
    if names is None or tuple(map(key_of, names)) == tuple(map(key_of, form.classes)):
        return own
    places = places_of(names)
    try:
        order = np.array([places[key_of(name)] for name in form.classes], dtype=np.int64)
    except KeyError:
        raise CallError(
            f"Labels(…) has the classes {listed(form.classes)}, and y_pred {listed(names)}; "
            "expected the same names"
        ) from None
    return order[own]


def _shares(values: HostArray, handed: _Handed) -> Probs | None:
    """Shares of class 1 as rows of two; None for whole numbers, which are labels."""
    if handed.binding.count != 2 or whole_numbers(values) is not None:
        return None
    numbers = values.as_float64()
    if not ((numbers >= 0) & (numbers <= 1)).all():
        return None
    handed.binding.of_integers(np.zeros(1, dtype=np.int64))  # asks where no name tells which is 1
    one = (handed.binding.pair or (0, 1))[1]
    pair = (1 - numbers, numbers) if one == 1 else (numbers, 1 - numbers)
    return Probs(np.stack(pair, axis=-1))


def _dense(handed: _Handed, said: Meaning, kept: Mask | None) -> tuple[DistributionForm, str]:
    truth, width = handed.truth, handed.model.shape[-1]
    form = truth.form
    if not isinstance(form, DistributionForm):
        assert truth.array is not None
        form = dense_truth(truth.array, handed.model, normalize=said.normalize)
        form.names = truth.names
    flat = _flat_rows(form, handed.size, kept)
    order = None
    if truth.names is not None and handed.names is not None:
        order = named_columns(truth.names, SeenLabels(), handed.names.names).order
    elif handed.names is not None and form.shape[-1] == width and handed.names.turned:
        if not handed.names.ordered or handed.model.names is not None:
            order = handed.names.order  # a truth without names stands as the columns do
    if order is not None:
        flat = flat.with_array(HostArray(flat.array.values[:, list(order)], flat.array.dtype))
    return flat, "counts" if form.kind == "counts" else "distributions"


def _model(handed: _Handed, said: Meaning, kept: Mask | None) -> DistributionForm:
    """The predictions of the rows that are kept, a column for each class in their order."""
    model = handed.model
    if handed.single:
        numbers = HostArray(_chosen(model.array.values.reshape(-1), kept), model.array.dtype)
        if handed.plain and not said.multilabel:
            _refuse_classes(numbers)
        one = (handed.binding.pair or (0, 1))[1]
        pair = two_columns(model.kind, numbers, tolerance=model.tolerance)
        if one == 0:
            pair = pair.with_array(HostArray(pair.array.values[:, ::-1], pair.array.dtype))
        return pair
    flat = _flat_rows(model, handed.size, kept)
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


def _flat_rows(form: DistributionForm, size: int, kept: Mask | None = None) -> DistributionForm:
    rows = form.rows(-1)
    flat = rows.values.reshape(size, rows.shape[-1])
    return form.with_array(HostArray(_chosen(flat, kept), rows.dtype))


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


def _reading(handed: _Handed, lie: Beside, means: str) -> Interpretation:
    """What was taken for what."""
    count, names = handed.binding.count, handed.names
    if lie.single:
        one = (handed.binding.pair or (0, 1))[1]
        name = "class 1" if names is None else f"class {names.names[one]!r}"
        layout = f"one number a row: {name} of two"
    else:
        layout = f"{count} columns"
    bound = None
    if means == "labels":
        text = handed.truth.form is None and kind_of(handed.truth.array) in ("text",)  # type: ignore[arg-type]
        bound = "name" if text else handed.binding.by
    return Interpretation(
        truth="y_true",
        truth_means=means,
        prediction="y_pred",
        prediction_means=handed.model.kind,
        layout=layout,
        classes_from="by position" if names is None else names.origin,
        bound_by=None if bound is None else BOUND_BY[bound],
    )


def checked_weights(weights: Any, size: int, place: Place | None = None) -> NDArray[np.float64]:
    """Weights as float64: one a row, at least 0, finite and not beyond the largest."""
    values = np.ascontiguousarray(host_array(weights, "weights").as_float64()).reshape(-1)
    if len(values) != size:
        raise CallError(f"weights are {len(values)} numbers for {size} rows; expected one a row")
    legal = (values >= 0) & (values <= LARGEST_WEIGHT)
    if not legal.all():
        row = int(np.argmin(legal))
        raise InputError(
            f"found the weight {values[row]:.6g}",
            expected=f"a number from 0 to {LARGEST_WEIGHT:g}",
            remedy="weights are importance weights; rescale them, or drop the row",
            place=place or Place(row=row, column="weights"),
        )
    return values


def _names(values: Any, size: int, what: str) -> Any:
    """What rows or their clusters are called: one integer or string a row."""
    array = host_array(values, what).values.reshape(-1)
    if len(array) != size:
        raise CallError(f"{what} are {len(array)} values for {size} rows; expected one a row")
    if array.dtype.kind not in "iuUT":
        raise CallError(f"{what} hold {array.dtype}; expected integers or strings")
    if array.dtype.kind == "u" and size and array.max() > np.iinfo(np.int64).max:
        raise CallError(f"{what} hold an integer above 2⁶³ − 1; pass such {what} as strings")
    return array


def _slice_column(values: Any, size: int, name: str) -> SliceColumn:
    """What rows are sliced by: names, numbers or booleans."""
    what = f"by[{name!r}]"
    array = host_array(values, what)
    numbers = array.values.reshape(-1)
    if len(numbers) != size:
        raise CallError(f"{what} holds {len(numbers)} values for {size} rows; expected one a row")
    if array.dtype == "bfloat16" or numbers.dtype.kind == "f":
        return SliceColumn(numbers=array.as_float64().reshape(-1))
    if numbers.dtype.kind in "iu":
        return SliceColumn(numbers=numbers)
    if numbers.dtype.kind == "b":
        return SliceColumn(codes=numbers.astype(np.int32), names=("false", "true"))
    if numbers.dtype.kind not in "UT":
        raise CallError(f"{what} holds {numbers.dtype}; expected names, numbers or booleans")
    found, codes = np.unique(numbers, return_inverse=True)
    return SliceColumn(codes=codes.reshape(-1).astype(np.int32), names=tuple(map(str, found)))
