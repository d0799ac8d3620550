"""Which rows of two models are the same, by id or by place; what does not match is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.scored import ScoredRows
from unsurprised.errors import InputError

_SHOWN = 5


def matched(
    models: Sequence[ScoredRows], names: Sequence[str], join: str
) -> tuple[list[ScoredRows], int]:
    """The rows of all models that are the same, in the base's order, and how many are not in all.

    Those of the others are put into that order where they are.

    Rows with ids are matched by these, others by their place.

    Raises
    ------
    InputError
        Ids that occur twice, rows without a match (unless ``join`` is "inner"), other truths.
    """
    base, *others = models
    for rows, name in zip(others, names[1:], strict=True):
        _same_naming(base, rows, (names[0], name))
    left_out = 0
    if base.ids is None:
        found = list(models)
    else:
        for rows, name in zip(models, names, strict=True):
            _refuse_twice(rows, name)
        if join == "inner":
            found, left_out = _in_all(models, names)
        else:
            found = _in_order(models, names)
    for rows, name in zip(found[1:], names[1:], strict=True):
        _same_truth(found[0], rows, (names[0], name))
    return [found[0], *(_sharing(found[0], rows) for rows in found[1:])], left_out


def _sharing(base: ScoredRows, new: ScoredRows) -> ScoredRows:
    """The new model's rows, with what the base has too held once."""
    named: dict[str, Any] = {} if base.ids is None else {"hashes": base.hashes, "ids": base.ids}
    both = base.labels is not None and new.labels is not None
    return replace(new, labels=base.labels if both else new.labels, **named)


def _same_naming(base: ScoredRows, new: ScoredRows, names: tuple[str, str]) -> None:
    if (base.ids is None) != (new.ids is None):
        without = names[0] if base.ids is None else names[1]
        raise InputError(
            f"the rows of {without} have no ids, those of the other have",
            expected="ids in both, or in none",
            remedy="say which column holds them: --id COLUMN",
        )
    if base.ids is None and len(base) != len(new):
        raise InputError(
            f"found {len(base):,} rows in {names[0]} and {len(new):,} in {names[1]}",
            expected="the same rows in both, in the same order",
            remedy="match them by id: --id COLUMN",
        )


def _in_all(models: Sequence[ScoredRows], names: Sequence[str]) -> tuple[list[ScoredRows], int]:
    common, met = models[0].hashes, models[0].hashes
    for rows, name in zip(models[1:], names[1:], strict=True):
        if not np.isin(rows.hashes, models[0].hashes).any():
            raise _strangers(models[0], rows, (names[0], name))
        common, met = np.intersect1d(common, rows.hashes), np.union1d(met, rows.hashes)
    if not len(common):
        raise InputError(
            f"no row is in all of {', '.join(names)}",
            expected="ids that the models share",
            remedy="compare two at a time",
        )
    kept = [rows.take(np.flatnonzero(np.isin(rows.hashes, common))) for rows in models]
    return _in_order(kept, names), len(met) - len(common)


def _in_order(models: Sequence[ScoredRows], names: Sequence[str]) -> list[ScoredRows]:
    """All in the order of the first."""
    base, *others = models
    return [base, *(_partners(base, rows, (names[0], name))
                    for rows, name in zip(others, names[1:], strict=True))]  # fmt: skip


def _partners(base: ScoredRows, new: ScoredRows, names: tuple[str, str]) -> ScoredRows:
    """The new model's rows in the order of the base's."""
    order = np.argsort(new.hashes, kind="stable")
    ordered = new.hashes[order]
    place = np.minimum(np.searchsorted(ordered, base.hashes), len(ordered) - 1)
    if len(base) != len(new) or not np.array_equal(ordered[place], base.hashes):
        raise _strangers(base, new, names)
    return new.reorder(order[place])


def _strangers(base: ScoredRows, new: ScoredRows, names: tuple[str, str]) -> InputError:
    missing = np.flatnonzero(~np.isin(base.hashes, new.hashes))
    extra = np.flatnonzero(~np.isin(new.hashes, base.hashes))
    told = []
    if len(missing):
        told.append(f"{len(missing):,} of {names[0]} are not in {names[1]} "
                    f"({_listed(base, missing)})")  # fmt: skip
    if len(extra):
        told.append(f"{len(extra):,} of {names[1]} are not in {names[0]} "
                    f"({_listed(new, extra)})")  # fmt: skip
    return InputError(
        f"ids do not match: {' and '.join(told)}",
        expected="the same rows in both",
        remedy="to compare only the rows that are in both, say --join inner"
        if len(missing) < len(base)
        else "see whether --id names the same ids in both",
    )


def _refuse_twice(rows: ScoredRows, name: str) -> None:
    order = np.argsort(rows.hashes, kind="stable")
    ordered = rows.hashes[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(again):
        first = np.sort(order[again + 1])
        raise InputError(
            f"{len(again):,} {'row has' if len(again) == 1 else 'rows have'} an id that occurred "
            f"before in {name} ({_listed(rows, first)})",
            expected="ids that name one row each",
            remedy="leave the repeated rows out, or name a column of unique ids: --id COLUMN",
        )


def _listed(rows: ScoredRows, which: NDArray[np.int64]) -> str:
    shown = ", ".join(repr(rows.name(int(row))) for row in which[:_SHOWN])
    return shown + (", …" if len(which) > _SHOWN else "")


def _same_truth(left: ScoredRows, right: ScoredRows, names: tuple[str, str]) -> None:
    wrong: Any = None
    if left.labels is not None and right.labels is not None:
        wrong = left.labels != right.labels
    elif left.truth_entropy is not None and right.truth_entropy is not None:
        wrong = ~np.isclose(left.truth_entropy, right.truth_entropy, rtol=1e-6, atol=1e-6)
    if wrong is not None and wrong.any():
        row = int(np.argmax(wrong))
        count = int(wrong.sum())
        raise InputError(
            f"the truth differs between {names[0]} and {names[1]} in {count:,} "
            f"{'row' if count == 1 else 'rows'} (the first is row {left.name(row)!r})",
            expected="the same truth in both",
            remedy="match rows by id (--id COLUMN), or bind labels by class names (--classes)",
        )
