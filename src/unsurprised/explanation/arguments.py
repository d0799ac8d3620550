"""What ``explain(p, q)`` means by its arguments: rows, what happened, and names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised.arrays.host import HostArray
from unsurprised.arrays.libraries import is_traced, to_numpy
from unsurprised.errors import CallError, InputError
from unsurprised.forms import DistributionForm, Form, Labels, as_form
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
    """The rows and names that the caller means."""
    first = _labels_or_rows(p)
    sides = [first] if q is None else [first, as_form(q)]
    for argument, form in zip("pq", sides, strict=False):
        _check_single(form, argument)
    rows = [
        _row(form, argument) if isinstance(form, DistributionForm) else None
        for argument, form in zip("pq", sides, strict=False)
    ]
    classes = _count([row.shape[-1] for row in rows if row is not None])
    named = _names(names, sides, classes)
    full = [
        row if row is not None else _dense(form, named)
        for form, row in zip(sides, rows, strict=True)
    ]
    happened = None
    if isinstance(first, Labels) and not first.smoothing:
        happened = _index(first, named)
    return Subject(full[0], full[1] if len(full) > 1 else None, happened, named)


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


def _names(names: Any, sides: list[Form], classes: int) -> tuple[str, ...]:
    stated = [form.classes for form in sides if isinstance(form, Labels) and form.classes]
    for said in stated:
        if (count := said if isinstance(said, int) else len(said)) != classes:
            raise CallError(
                f"Labels(…, classes={count}) for a row of {classes} outcomes; expected as many"
            )
    known = [tuple(map(str, said)) for said in stated if isinstance(said, tuple)]
    if names is not None:
        known.insert(0, _checked_names(names, classes))
    if not known:
        return tuple(map(str, range(classes)))
    if len(set(known)) > 1:
        raise CallError("the names of the classes differ; expected the same in the same order")
    return known[0]


def _checked_names(names: Any, classes: int) -> tuple[str, ...]:
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        raise CallError(f"names={names!r}; expected a list of names, one for each outcome")
    found = tuple(map(str, names))
    if len(found) != classes:
        raise CallError(
            f"names holds {len(found)} for {classes} outcomes; expected one each (--names)"
        )
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise CallError(f"names has {twice!r} twice; expected distinct names (--names)")
    return found


def _index(labels: Labels, names: tuple[str, ...]) -> int:
    if not is_elsewhere(labels) and labels.array.values.dtype.kind in "UT":
        return _named(str(labels.array.values.reshape(-1)[0]), names)
    indices = checked_indices(labels, len(names))
    return int(np.asarray(to_numpy(indices) if is_elsewhere(labels) else indices).reshape(-1)[0])


def _named(name: str, names: tuple[str, ...]) -> int:
    if name in names:
        return names.index(name)
    shown = ", ".join(map(repr, names[:_MOST_LISTED]))
    more = f", … ({len(names):,} in all)" if len(names) > _MOST_LISTED else ""
    raise InputError(f"found the unknown class {name!r}", expected=f"one of {shown}{more}")


def _dense(form: Form, names: tuple[str, ...]) -> DistributionForm:
    assert isinstance(form, Labels)  # which alone are no rows
    return dense(Labels(_index(form, names), smoothing=form.smoothing), len(names))
