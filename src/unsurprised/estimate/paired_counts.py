"""Two samples of categories, counted beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError
from unsurprised.estimate.columns import KINDS, categories_of, refuse_unsaid_counts, whole_counts
from unsurprised.forms import Counts, Form, Labels
from unsurprised.measures._alignment import aligned
from unsurprised.states.categories import CategoryCounts

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class PairedCounts:
    """Rows of each category in both samples; each category has some in one of them."""

    first: Whole
    second: Whole

    @classmethod
    def of(cls, first: Any, second: Any, names: tuple[str, str]) -> PairedCounts:
        """Of columns of categories, counts in one order, or counts by name."""
        if isinstance(first, Counts) and isinstance(second, Counts):
            first, second = _by_name(first, second, names)
        (kind, one), (other_kind, other) = _counted(first, names[0]), _counted(second, names[1])
        if kind != other_kind:
            raise CallError(
                f"{names[0]} holds {kind}, {names[1]} {other_kind}; expected the same categories, "
                "called the same"
            )
        if isinstance(one, np.ndarray):
            found = _of_vectors(one, other, names)
        else:
            every = sorted({*one, *other})
            found = np.array([[each.get(name, 0) for name in every] for each in (one, other)])
        found = found[:, found.sum(axis=0) > 0].astype(np.int64)
        return cls(found[0], found[1])


def _by_name(first: Counts, second: Counts, names: tuple[str, str]) -> Sequence[Form]:
    """Counts with their categories in one order; what one of them does not name has 0 there."""
    for counts, name in zip((first, second), names, strict=True):
        whole_counts(counts, name, 1)
    return aligned((first, second), axis=-1)


def _of_vectors(one: Any, other: Any, names: tuple[str, str]) -> NDArray[Any]:
    if len(one) != len(other):
        raise CallError(
            f"{names[0]} has {len(one):,} counts, {names[1]} {len(other):,}; expected one for each "
            "category in both, 0 where there is none"
        )
    return np.stack([one, other])


def _counted(values: Any, name: str) -> tuple[str, Any]:
    """What the categories are called, and how often each is there."""
    if isinstance(values, Counts):
        return "counts", whole_counts(values, name, 1)
    if isinstance(values, CategoryCounts):
        if not values.rows or not values.complete:
            raise CallError(
                f"{name} is CategoryCounts that keeps {len(values.result()):,} categories of "
                f"{values.rows:,} rows; expected some rows, and all of their categories"
            )
        return "counts by name", values.result()
    refuse_unsaid_counts(values, name)
    column = categories_of(values, name)
    distinct, counts = np.unique(column, return_counts=True)
    found = dict(zip(distinct.tolist(), counts.tolist(), strict=True))
    return KINDS[column.dtype.kind], found


def are_categories(values: Any) -> bool:
    """Whether a sample is of categories, not of numbers."""
    if isinstance(values, Counts | Labels | CategoryCounts | str | bytes | Iterator):
        return True
    if isinstance(values, np.ndarray):
        return values.dtype.kind not in "fcO"
    return hasattr(values, "__len__") and len(values) > 0 and _plain_kind(values) not in "fcO"


def _plain_kind(values: Any) -> str:
    try:
        return host_array(values, "x").kind
    except (CallError, ValueError, TypeError):
        return "O"
