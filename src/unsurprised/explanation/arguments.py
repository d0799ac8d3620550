"""What ``explain(p, q)`` means by its arguments: rows, what happened, and names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised.arrays.host import HostArray
from unsurprised.arrays.libraries import is_traced, to_numpy
from unsurprised.class_names.columns import SeenLabels, named_columns
from unsurprised.class_names.names import differences, key_of, places_of, repeated, same_names
from unsurprised.class_names.orders import names_in_order
from unsurprised.errors import CallError, InputError
from unsurprised.forms import DistributionForm, Form, Labels, as_form
from unsurprised.measures._alignment import aligned
from unsurprised.measures._array_engine import copied
from unsurprised.measures._labels import checked_indices, dense, is_elsewhere

_MOST_LISTED = 20


@dataclass(frozen=True)
class Subject:
    """The rows to explain, on the host and of one dimension, and the names of their outcomes."""

    p: DistributionForm
    q: DistributionForm | None
    #: The index of what happened, where ``p`` stands for one outcome.
    happened: int | None
    names: tuple[str, ...]


def subject_of(p: Any, q: Any, names: Any) -> Subject:
    """The rows and names that the caller means; classes that have names are bound by them."""
    given = [_labels_or_rows(p)] if q is None else [_labels_or_rows(p), as_form(q)]
    for argument, form in zip("pq", given, strict=False):
        _check_single(form, argument)
    sides = _by_name(given, names)
    rows = {
        argument: _row(form, argument)
        for argument, form in zip("pq", sides, strict=False)
        if isinstance(form, DistributionForm)
    }
    classes = _count([row.shape[-1] for row in rows.values()])
    own = next((row.names for row in rows.values() if row.names is not None), None)
    named = _names(names, own, given, classes)
    order = None if own is None or names is None else _order(own, named)
    full: dict[str, DistributionForm] = {}
    happened = None
    for argument, form in zip("pq", sides, strict=False):
        if argument in rows:
            full[argument] = _by_position(rows[argument], order)
            continue
        assert isinstance(form, Labels)
        index = _index(form if names is None else _among(form, named), named)
        full[argument] = dense(Labels(index, smoothing=form.smoothing), classes)
        if argument == "p" and not form.smoothing:
            happened = index
    return Subject(full["p"], full.get("q"), happened, named)


def _by_name(sides: list[Form], names: Any) -> Sequence[Form]:
    """The rows with their classes in one order; what happened too, if no other order is said."""
    if names is None:
        with _remedies_of_explain():
            return aligned(sides, axis=-1)
    rows = iter(aligned([form for form in sides if isinstance(form, DistributionForm)], axis=-1))
    return [next(rows) if isinstance(form, DistributionForm) else form for form in sides]


@contextmanager
def _remedies_of_explain() -> Iterator[None]:
    """Let an error about labels name what ``explain`` takes."""
    try:
        yield
    except InputError as error:
        remedy = (error.remedy or "").replace("classes=", "names=")
        if "positive=" in remedy:
            remedy = "say it by its name, or the order of the outcomes: names=[…] (--names)"
        raise InputError(error.found, expected=error.expected, remedy=remedy or None) from None


def _count(known: list[int]) -> int:
    if not known:
        raise CallError(
            "a label alone is no distribution; expected the model's row too: "
            "explain(label, row), or explain(row)"
        )
    if len(set(known)) > 1:
        raise CallError(f"p has {known[0]} outcomes and q has {known[1]}; expected as many in both")
    return known[0]


def _labels_or_rows(p: Any) -> Form:
    """A form; an integer or a name is what happened."""
    if isinstance(p, Form):
        return p
    if isinstance(p, (str, int, np.integer, np.bool_)):
        return Labels(p)
    kind = str(getattr(p, "dtype", ""))
    if getattr(p, "shape", None) == () and any(word in kind for word in ("int", "bool", "<U")):
        return Labels(p)
    return as_form(p)


def _check_single(form: Form, argument: str) -> None:
    if form.given is not None and is_traced(form.given):
        raise CallError(
            "what is traced has no values yet to explain; call it outside of jit or vmap"
        )
    shape = form.shape if isinstance(form, Labels) else form.shape[:-1]
    rows = int(np.prod(shape, dtype=np.int64))
    if rows != 1:
        raise CallError(
            f"{argument} is {form!r}, {rows:,} rows; expected one row: pass one of them, "
            f"such as {argument}[0]"
        )


def _row(form: DistributionForm, argument: str) -> DistributionForm:
    row = copied(form)
    if row.shape[-1] == 0:
        raise CallError(f"{argument} is {form!r}, without an outcome; expected at least one")
    return row.with_array(HostArray(row.array.values.reshape(-1), row.array.dtype))


def _by_position(row: DistributionForm, order: Sequence[int] | None) -> DistributionForm:
    """The row in the order of its outcomes, bound from here on by their places."""
    values = row.array.values if order is None else row.array.values[list(order)]
    plain = row.with_array(HostArray(values, row.array.dtype))
    plain.names = plain.index = None
    return plain


def _names(
    names: Any, own: tuple[str, ...] | None, sides: list[Form], classes: int
) -> tuple[str, ...]:
    """What the outcomes are called: as was said, as the rows say, or as the labels do."""
    stated = [form.classes for form in sides if isinstance(form, Labels) and form.classes]
    for said in stated:
        if (count := said if isinstance(said, int) else len(said)) != classes:
            raise CallError(
                f"Labels(…, classes={count}) for a row of {classes} outcomes; expected as many"
            )
    if own is not None:
        _refuse_twice(own)
        return own if names is None else _checked_names(names, classes)
    known = [tuple(map(str, said)) for said in stated if isinstance(said, tuple)]
    if names is not None:
        known.insert(0, _checked_names(names, classes))
    if not known:
        return tuple(map(str, range(classes)))
    if len(set(known)) > 1:
        raise CallError("the names of the classes differ; expected the same in the same order")
    return known[0]


def _refuse_twice(names: tuple[str, ...]) -> None:
    twice = repeated(names)
    if twice is not None:
        raise CallError(
            f"two outcomes of a row are called {twice!r}; expected distinct names (index, columns "
            "or keys), or a plain array with names=[…]"
        )


def _order(own: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[int, ...]:
    """Where each outcome stands in rows with names of their own."""
    try:
        return named_columns(own, SeenLabels(), wanted).order
    except CallError:
        raise CallError(
            f"names= holds others than the row ({differences(wanted, own)}); expected the row's "
            "own names in the order wanted (--names), or a plain array, whose places names= calls"
        ) from None


def _checked_names(names: Any, classes: int) -> tuple[str, ...]:
    found = tuple(map(str, names_in_order(names, "names")))
    if len(found) != classes:
        raise CallError(
            f"names holds {len(found)} for {classes} outcomes; expected one each (--names)"
        )
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise CallError(f"names has {twice!r} twice; expected distinct names (--names)")
    return found


def _index(labels: Labels, names: tuple[str, ...]) -> int:
    """Which of so many outcomes a label is, by the names that it knows of, if any."""
    if not isinstance(labels.classes, tuple) and _is_text(labels):
        return _named(str(labels.array.values.reshape(-1)[0]), names)
    with _remedies_of_explain():
        indices = checked_indices(labels, len(names))
    index = int(np.asarray(to_numpy(indices) if is_elsewhere(labels) else indices).reshape(-1)[0])
    if not isinstance(labels.classes, tuple):
        return index
    return places_of(names)[key_of(labels.classes[index])]


def _is_text(labels: Labels) -> bool:
    return not is_elsewhere(labels) and labels.array.values.dtype.kind in "UT"


def _among(labels: Labels, names: tuple[str, ...]) -> Labels:
    """The labels, which know of the names that were said; those that know others are refused."""
    if isinstance(labels.classes, tuple):
        if not same_names(labels.classes, names):
            raise CallError(
                f"the names of the classes differ ({differences(labels.classes, names)}); expected "
                "those that names= says, in any order"
            )
        return labels
    values = labels.given if is_elsewhere(labels) else labels.array.values
    return Labels(values, smoothing=labels.smoothing, classes=names)


def _named(name: str, names: tuple[str, ...]) -> int:
    if name in names:
        return names.index(name)
    shown = ", ".join(map(repr, names[:_MOST_LISTED]))
    more = f", … ({len(names):,} in all)" if len(names) > _MOST_LISTED else ""
    raise InputError(f"found the unknown class {name!r}", expected=f"one of {shown}{more}")
