"""Inputs of a loss between two distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import type_name
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.losses._divergences import TopK
from unsurprised.losses._inputs import (
    Fault,
    as_sums,
    bad_shares,
    check_logits,
    matrix,
    not_finite,
    place_of,
    raise_first,
    same_device,
)

Namespace = Any


@dataclass(slots=True)
class Pairs:
    """Rows of a student and of a teacher, classes last; ``indices`` where the teacher is top-k."""

    student: Array
    teacher: Array
    indices: Array | None
    sample_weight: Array | None
    shape: tuple[int, ...]


def laid_out_pairs(
    xp: Namespace,
    student: Array,
    teacher: Array | TopK | None,
    *,
    sample_weight: Array | None,
    axis: int,
    check: bool,
    probabilities: bool = False,
) -> Pairs:
    """The rows of a call as matrices, or an error that says what does not fit."""
    axis = check_logits(student, axis, "logits" if probabilities else "student")
    classes = int(student.shape[axis])
    shape = tuple(size for i, size in enumerate(student.shape) if i != axis)
    indices = None
    faults: list[Fault] = []
    values = None  # of a layer, which is looked at elsewhere
    if isinstance(teacher, TopK):
        values, indices = _top_k(xp, student, teacher, axis, check)
    elif teacher is not None:
        _check_teacher(student, teacher, probabilities)
        values = matrix(xp, teacher, axis)
        if check and probabilities:
            faults.append(bad_shares(xp, values, None, shape, "target"))
        elif check:
            faults.append(_bad_scores(xp, values, sample_weight, shape))
    if sample_weight is not None and tuple(sample_weight.shape) != shape:
        raise CallError(
            f"sample_weight of shape {tuple(sample_weight.shape)} for rows of shape {shape}; "
            "expected a number for each row"
        )
    same_device(student, teacher=values, sample_weight=sample_weight)
    each = None if sample_weight is None else xp.reshape(sample_weight, (math.prod(shape),))
    if check:
        faults += not_finite(xp, each, "sample_weight")
        if indices is not None:
            faults += _bad_top_k(xp, values, indices, shape, classes)
        raise_first(xp, faults)
    rows = matrix(xp, student, axis) if hasattr(student, "__getitem__") else None
    return Pairs(rows, values, indices, as_sums(student, each), shape)


def sound_teacher(xp: Namespace, scores: Array, sample_weight: Array | None) -> Array:
    """Which rows state a distribution, or do not count."""
    sound = xp.isfinite(xp.amax(scores, axis=-1))
    if sample_weight is None or math.prod(sample_weight.shape) != len(sound):
        return sound
    return sound | (xp.reshape(sample_weight, (len(sound),)) == 0)


def _bad_scores(
    xp: Namespace, scores: Array, sample_weight: Array | None, shape: tuple[int, ...]
) -> Fault:
    """Rows of a teacher without a softmax."""

    def error(row: int) -> InputError:
        top = float(xp.amax(scores[row]))
        return InputError(
            "a row of logits that is −inf only" if top == -math.inf else f"found {top:g}",
            expected="finite numbers, or −inf for some of the classes",
            remedy="a sample_weight of 0 leaves the row out",
            place=Place("teacher", place_of(row, shape)),
        )

    return Fault(~sound_teacher(xp, scores, sample_weight), error)


def _check_teacher(student: Array, teacher: Array, probabilities: bool) -> None:
    names = ("logits", "target") if probabilities else ("student", "teacher")
    kind = type_name(teacher)
    if "float" not in kind or tuple(teacher.shape) != tuple(student.shape):
        raise CallError(
            f"{names[0]} of shape {tuple(student.shape)} and {names[1]} of shape "
            f"{tuple(teacher.shape)} and type {kind}; expected floats of the same shape"
            + ("" if probabilities else ", or TopK(log_probs, indices)")
        )


def _top_k(
    xp: Namespace, student: Array, teacher: TopK, axis: int, check: bool
) -> tuple[Array, Array]:
    log_probs, indices = teacher
    shape, classes = tuple(student.shape), student.shape[axis]
    expected = tuple("k" if i == axis else size for i, size in enumerate(shape))
    given = tuple(log_probs.shape)
    fits = len(given) == len(shape) and all(
        i == axis or size == shape[i] for i, size in enumerate(given)
    )
    if not fits or tuple(indices.shape) != given or not 0 < given[axis] <= classes:
        raise CallError(
            f"TopK of shapes {given} and {tuple(indices.shape)} for a student of shape {shape}; "
            f"expected ({', '.join(map(str, expected))}) for both, with k from 1 to {classes}"
        )
    if "int" not in type_name(indices) or "float" not in type_name(log_probs):
        raise CallError(
            f"TopK of types {type_name(log_probs)} and {type_name(indices)}; expected "
            "logarithms of a floating type and integers"
        )
    return matrix(xp, log_probs, axis), matrix(xp, indices, axis)


def _bad_top_k(
    xp: Namespace, log_probs: Array, indices: Array, shape: tuple[int, ...], classes: int
) -> list[Fault]:
    ordered = xp.sort(indices, axis=-1)
    ordered = ordered[0] if isinstance(ordered, tuple) else ordered
    sums = xp.sum(xp.exp(log_probs), axis=-1)

    def bad_index(expected: str) -> Callable[[int], InputError]:
        return lambda row: InputError(
            f"found the indices {indices[row].tolist()}",
            expected=expected,
            place=Place("teacher", place_of(row, shape)),
        )

    def bad_sum(row: int) -> InputError:
        return InputError(
            f"found log-probabilities of a total probability of {float(sums[row]):.6g}",
            expected="natural logarithms of probabilities that sum to at most 1",
            remedy="take the log-softmax over all classes before the top k",
            place=Place("teacher", place_of(row, shape)),
        )

    nothing = sums == 0 if indices.shape[-1] == classes else sums < 0
    of_classes = f"0 to {classes - 1}, the indices of {classes} classes"
    return [
        Fault(xp.any((indices < 0) | (indices >= classes), axis=-1), bad_index(of_classes)),
        Fault(xp.any(ordered[:, 1:] == ordered[:, :-1], axis=-1), bad_index("each class once")),
        Fault(~(sums <= 1 + DEFAULT_TOLERANCE), bad_sum),
        Fault(nothing, bad_sum),  # and no other class is left
    ]
