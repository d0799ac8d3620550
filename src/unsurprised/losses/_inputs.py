"""Input validation of the losses: shapes, types, values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from unsurprised.array_types import Array
from unsurprised.arrays.host import checked_axis
from unsurprised.arrays.libraries import type_name
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import DEFAULT_TOLERANCE

Namespace = Any


@dataclass(slots=True)
class Inputs:
    """Rows of logits, classes last, and what belongs to each of them.

    A target that is ignored, or out of range where nothing was checked, is replaced by one that
    can be computed with; ``ignored`` and ``invalid`` say which.
    """

    logits: Array
    target: Array
    weight: Array | None
    sample_weight: Array | None
    ignored: Array
    invalid: Array | None
    hard: bool
    shape: tuple[int, ...]

    def dead(self) -> Array:
        """Which rows are nothing."""
        if self.sample_weight is None:
            return self.ignored
        return self.ignored | (self.sample_weight == 0)


class Fault(NamedTuple):
    """Where something is wrong (booleans), and what is to be said of the first such place."""

    where: Array
    error: Callable[[int], InputError]


def raise_first(xp: Namespace, faults: Sequence[Fault]) -> None:
    """The error of the first fault that is one; all are looked at in one go.

    The answer of a GPU is waited for, and everything that it has to do before.
    """
    if not faults:
        return
    found = [xp.any(fault.where) for fault in faults]
    anything = found[0]
    for one in found[1:]:
        anything = anything | one
    if not bool(anything):
        return
    for one, fault in zip(found, faults, strict=True):
        if bool(one):
            raise fault.error(int(xp.argmax(fault.where + 0)))


def laid_out(
    xp: Namespace,
    logits: Array,
    target: Array,
    *,
    weight: Array | None,
    sample_weight: Array | None,
    ignore_index: int,
    axis: int | None,
    check: bool,
) -> Inputs:
    """The rows of a call as a matrix, or an error that says what does not fit."""
    axis = check_logits(logits, _axis_of_classes(logits, target) if axis is None else axis)
    classes = int(logits.shape[axis])
    shape = tuple(size for i, size in enumerate(logits.shape) if i != axis)
    hard = _is_hard(logits, target, shape)
    _check_weights(weight, sample_weight, classes, shape)
    same_device(logits, target=target, weight=weight, sample_weight=sample_weight)
    # Of a layer whose logits are made in chunks there are only the shape and the type.
    rows = matrix(xp, logits, axis) if hasattr(logits, "__getitem__") else None
    count = math.prod(shape)
    faults: list[Fault] = []
    if hard:
        labels = xp.reshape(target, (count,))
        labels = labels if type_name(labels) in ("int32", "int64") else _as_index(xp, labels)
        ignored = labels == ignore_index
        outside = ((labels < 0) | (labels >= classes)) & ~ignored
        faults.append(_bad_labels(labels, outside, shape, classes))
        laid = xp.where(ignored | outside, 0, labels)
        invalid = None if check else outside
    else:
        laid = matrix(xp, target, axis)
        ignored = xp.all(laid == ignore_index, axis=-1)
        faults += [bad_shares(xp, laid, ignored, shape, "target")] if check else []
        laid = xp.where(ignored[:, None], 0.0, laid)
        invalid = None
    each = None if sample_weight is None else xp.reshape(sample_weight, (count,))
    if check:
        faults += not_finite(xp, weight, "weight") + not_finite(xp, each, "sample_weight")
        raise_first(xp, faults)
    weight, each = (as_sums(logits, values) for values in (weight, each))
    return Inputs(rows, laid, weight, each, ignored, invalid, hard, shape)


def matrix(xp: Namespace, array: Array, axis: int) -> Array:
    """``array`` as rows, with ``axis`` as the classes."""
    last = (
        array if axis % len(array.shape) == len(array.shape) - 1 else xp.moveaxis(array, axis, -1)
    )
    count = math.prod(last.shape[:-1])
    return last if len(last.shape) == 2 else xp.reshape(last, (count, last.shape[-1]))


def check_logits(logits: Array, axis: int, name: str = "logits") -> int:
    """Where the classes are, counted from the front."""
    kind = type_name(logits)
    if "float" not in kind:
        raise CallError(
            f"{name} of type {kind}; expected scores of a floating type: convert them, or pass "
            "what comes before the argmax"
        )
    if not logits.shape:
        raise CallError(f"{name} is a single number; expected rows, one score per class")
    axis = checked_axis(axis, tuple(logits.shape))
    if logits.shape[axis] == 0:
        raise CallError(f"{name} of shape {tuple(logits.shape)} has no class along axis {axis}")
    return axis


def _axis_of_classes(logits: Array, target: Array) -> int:
    """The last axis, unless the classes may as well be where PyTorch has them."""
    shape, given = tuple(logits.shape), tuple(target.shape)
    if len(shape) > 2 and (given == shape or given == shape[:-1] == (shape[0], *shape[2:])):
        raise CallError(
            f"logits of shape {shape} and a target of shape {given}: the classes may be along the "
            "last axis, or along axis 1 as in torch.nn.functional.cross_entropy; say which: "
            "axis=-1 or axis=1"
        )
    return -1


def check_dense(**arrays: Any) -> None:
    """An error for NumPy's masked arrays, whose masks would be lost, and for sparse ones."""
    for name, array in arrays.items():
        if hasattr(array, "todense") and not hasattr(array, "__array_interface__"):
            raise CallError(
                f"{name} is a sparse {type(array).__name__}; expected a dense array: "
                f"{name}.todense(), where what is not stored is a score of 0"
            )
        if hasattr(array, "mask") and hasattr(array, "filled"):
            raise CallError(
                f"{name} is a masked array; expected a plain one: {name}.filled(value), of logits "
                "with -inf for a class that is impossible, and a sample_weight of 0 for a row that "
                "does not count"
            )


def _is_hard(logits: Array, target: Array, rows: tuple[int, ...]) -> bool:
    kind, shape = type_name(target), tuple(target.shape)
    if "float" in kind and shape == tuple(logits.shape):
        return False
    if "int" in kind and shape == rows:
        return True
    by_axis_1 = (*logits.shape[:1], *logits.shape[2:])
    remedy = "; classes along axis 1 need axis=1" if shape == by_axis_1 != rows else ""
    raise CallError(
        f"logits of shape {tuple(logits.shape)} and a target of shape {shape} and type {kind}; "
        f"expected integers of shape {rows}, one label a row, or floats of the logits' shape, one "
        f"probability a class{remedy}"
    )


def _check_weights(
    weight: Array | None, sample_weight: Array | None, classes: int, rows: tuple[int, ...]
) -> None:
    if weight is not None and tuple(weight.shape) != (classes,):
        raise CallError(
            f"weight of shape {tuple(weight.shape)} for logits of {classes} classes; expected "
            f"({classes},), a number for each class"
        )
    if weight is not None and getattr(weight, "requires_grad", False):
        raise CallError(
            "weight requires a gradient, which the loss does not give; detach it: weight.detach()"
        )
    if sample_weight is not None and tuple(sample_weight.shape) != rows:
        raise CallError(
            f"sample_weight of shape {tuple(sample_weight.shape)} for rows of shape {rows}; "
            "expected a number for each row"
        )


def same_device(logits: Array, **others: Array | None) -> None:
    """An error where a tensor lies on another device than the logits."""
    if not hasattr(logits, "is_cuda"):  # only PyTorch leaves this to its users
        return
    for name, other in others.items():
        if other is not None and other.device != logits.device:
            raise CallError(
                f"logits on {logits.device} and {name} on {other.device}; expected both on one "
                f"device: {name}.to({str(logits.device)!r})"
            )


def as_sums(logits: Array, weights: Array | None) -> Array | None:
    """PyTorch's weights in the type of the logits' sums, so that a wider one widens no loss."""
    if weights is None or not hasattr(weights, "is_cuda"):
        return weights
    return weights.double() if type_name(logits) == "float64" else weights.float()


def _as_index(xp: Namespace, labels: Array) -> Array:
    """Labels of a narrow type could not be compared with an index beyond it."""
    if hasattr(labels, "long"):
        return labels.long()
    return labels.astype(xp.int64 if xp.__name__ == "numpy" else xp.int32)


def _bad_labels(labels: Array, bad: Array, shape: tuple[int, ...], classes: int) -> Fault:
    def error(row: int) -> InputError:
        return InputError(
            f"found the label {int(labels[row])}",
            expected=f"0 to {classes - 1}, the index of one of {classes} classes",
            remedy="ignore_index= names the label of rows that do not count",
            place=Place("target", place_of(row, shape)),
        )

    return Fault(bad, error)


def bad_shares(
    xp: Namespace, rows: Array, ignored: Array | None, shape: tuple[int, ...], name: str
) -> Fault:
    """Rows that are no distribution."""
    low = xp.where(rows >= 0, 0, 1)  # NaN too
    sums = xp.sum(rows if xp.__name__ == "numpy" else _wide(xp, rows), axis=-1)
    off = ~(abs(sums - 1) <= DEFAULT_TOLERANCE)
    negative = xp.sum(low, axis=-1) > 0
    bad = off | negative
    if ignored is not None:
        bad = bad & ~ignored

    def error(row: int) -> InputError:
        if bool(negative[row]):
            entry = float(rows[row][int(xp.argmax(low[row]))])
            found, remedy = f"found {entry:g} among probabilities", None
        else:
            found = f"found probabilities that sum to {float(sums[row]):.6g}"
            remedy = "divide each row by its sum if that is what is meant"
        return InputError(
            found,
            expected="a row of numbers of at least 0 that sum to 1",
            remedy=remedy,
            place=Place(name, place_of(row, shape)),
        )

    return Fault(bad, error)


def _wide(xp: Namespace, rows: Array) -> Array:
    return rows.float() if hasattr(rows, "float") and rows.element_size() < 4 else rows


def not_finite(xp: Namespace, values: Array | None, name: str) -> list[Fault]:
    """Weights that are no numbers."""
    if values is None or "float" not in type_name(values):
        return []

    def error(row: int) -> InputError:
        return InputError(
            f"found {float(values[row]):g}", expected="finite weights", place=Place(name, row)
        )

    return [Fault(~xp.isfinite(values), error)]


def place_of(row: int, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The row's index, one number for each dimension."""
    index: list[int] = []
    for size in reversed(shape):
        row, rest = divmod(row, size)
        index.insert(0, rest)
    return tuple(index) or None
