"""Answers that are distributions: their classes and rows are called as those of the arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from unsurprised.arrays.host import checked_axis
from unsurprised.arrays.same_kind import like
from unsurprised.forms import DistributionForm, Form, Labels

F = TypeVar("F", bound=DistributionForm)


def named(found: F, forms: Sequence[Form], rows: Sequence[DistributionForm], axis: int = -1) -> F:
    """``found`` with the names of ``forms``, of which ``rows`` have their classes in one order."""
    first, shape = forms[0], found.shape
    is_last = checked_axis(axis, shape) == len(shape) - 1
    if isinstance(first, Labels):
        found.index = first.index if is_last and shape[:-1] == first.shape else None
    elif shape == first.shape:
        found.names, found.index, found.title = first.names, first.index, first.title
    names = next((row.names for row in rows if row.names is not None), _classes_of(forms))
    if names is None:
        return found
    if is_last:
        found.names = names
    elif len(shape) == 2 and found.index is None:
        found.index = names
    return found


def _classes_of(forms: Sequence[Form]) -> tuple[str, ...] | None:
    """The names that labels give to the classes."""
    stated = [form.classes for form in forms if isinstance(form, Labels)]
    return next((names for names in stated if isinstance(names, tuple)), None)


def as_given(given: Any, form: Form, found: DistributionForm) -> Any:
    """The answer in the kind of container that the rows came in; the form for all other kinds."""
    if given is form or found.given is not None or found.names != form.names:
        return found
    if found.shape != form.shape:
        return found
    container = like(given, found.array.values, found.names)
    return found if container is None else container
