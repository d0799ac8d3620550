"""Labels where a formula wants rows, and their indices where it wants those."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.arrays.libraries import (
    NUMPY,
    answer_type,
    device_of,
    is_in_main_memory,
    is_traced,
    namespace_of,
    to_numpy,
)
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Labels, Probs
from unsurprised.measures._numpy_engine import common_shape


def dense(labels: Labels, classes: int) -> Probs:
    """Labels as rows of probabilities, smoothing included."""
    share = labels.smoothing / classes
    if not is_elsewhere(labels):
        indices = checked_indices(labels, classes)
        rows = np.full((*indices.shape, classes), share)
        np.put_along_axis(rows, indices[..., None], share + (1.0 - labels.smoothing), axis=-1)
        return Probs(rows)
    indices = checked_indices(labels, classes)
    xp = namespace_of(indices)
    numbers = xp.arange(classes, dtype=indices.dtype, device=device_of(indices))
    kind = answer_type(xp, [])
    hit = xp.astype(numbers == indices[..., None], kind)
    return Probs(hit * (1.0 - labels.smoothing) + share)


def same_or_not(labels: Sequence[Labels]) -> Iterator[Probs]:
    """Labels of unknown classes as rows of a class for each argument: that of its first equal."""
    common_shape([label.shape for label in labels])
    indices = [own_indices(label) for label in labels]
    xp: Any = namespace_of(indices[0]) if is_elsewhere(labels[0]) else np
    for number, own in enumerate(indices):
        columns, before = [], None
        for other in indices[: number + 1]:
            same = other == own
            columns.append(same if before is None else same & ~before)
            before = same if before is None else before | same
        shape = np.broadcast_shapes(*(tuple(column.shape) for column in columns))
        nothing = xp.broadcast_to(columns[0] != columns[0], shape)
        columns = [xp.broadcast_to(column, shape) for column in columns]
        columns += [nothing] * (len(labels) - len(columns))
        hit = xp.stack(columns, axis=-1)
        kind = np.float64 if xp is NUMPY else answer_type(xp, [])
        yield Probs(xp.where(hit, xp.ones_like(hit, dtype=kind), 0.0))


def is_elsewhere(labels: Labels) -> bool:
    """Whether NumPy cannot look at the labels as they are."""
    return labels.given is not None and not is_in_main_memory(labels.given)


def checked_indices(labels: Labels, classes: int) -> Any:
    """The labels' indices, all of them within the classes; of their own library if elsewhere."""
    said = labels.class_count
    if said is not None and said != classes:
        raise CallError(
            f"Labels(…, classes={said}) for rows of {classes} classes; expected as many"
        )
    if not is_elsewhere(labels):
        return _indices_within(labels, classes)
    return _checked_elsewhere(labels, classes)


def _checked_elsewhere(labels: Labels, classes: int | None) -> Any:
    if labels.binding.integers is not None:
        raise CallError(
            "Labels(…, classes=[…]) binds integers by name, which needs their values in main "
            "memory; pass the indices of the classes"
        )
    if not is_traced(labels.given):
        _indices_within(labels.with_array(host_array(to_numpy(labels.given), "labels")), classes)
    return labels.given


def own_indices(labels: Labels) -> Any:
    """The labels' indices, all of them within the classes that they know of."""
    if not is_elsewhere(labels):
        return _indices_within(labels, labels.class_count)
    return _checked_elsewhere(labels, labels.class_count)


def _indices_within(labels: Labels, classes: int | None) -> NDArray[np.int64]:
    indices = labels.indices()
    # Seen without its sign, what is negative is too large.
    outside = indices < 0 if classes is None else indices.view(np.uint64) >= classes
    if np.count_nonzero(outside):  # three times as fast as any() where there are few
        expected = "at least 0, the index of a class"
        if classes is not None:
            expected = f"0 to {classes - 1}, the index of one of {classes} classes"
        first = tuple(int(i) for i in np.argwhere(outside)[0])
        raise InputError(
            f"found the label {int(indices[first])}",
            expected=expected,
            place=Place(row=first or None),
        )
    return indices
