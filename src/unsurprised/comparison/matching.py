"""Which rows of two models are the same, by id or by place; what does not match is said."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.scored import Rows
from unsurprised.errors import InputError

_SHOWN = 5


def matched(base: Rows, new: Rows, names: tuple[str, str], join: str) -> tuple[Rows, Rows, int]:
    """The rows of both in the order of the base's, and how many have no match.

    Rows with ids are matched by these, others by their place.

    Raises
    ------
    InputError
        Ids that occur twice, rows without a match (unless ``join`` is "inner"), other truths.
    """
    if (base.ids is None) != (new.ids is None):
        without = names[0] if base.ids is None else names[1]
        raise InputError(
            f"the rows of {without} have no ids, those of the other have",
            expected="ids in both, or in none",
            remedy="say which column holds them: --id COLUMN",
        )
    if base.ids is None:
        if len(base) != len(new):
            raise InputError(
                f"found {len(base):,} rows in {names[0]} and {len(new):,} in {names[1]}",
                expected="the same rows in both, in the same order",
                remedy="match them by id: --id COLUMN",
            )
        left, right, unmatched = base, new, 0
    else:
        left, right, unmatched = _by_id(base, new, names, join)
    _same_truth(left, right, names)
    return left, right, unmatched


def _by_id(base: Rows, new: Rows, names: tuple[str, str], join: str) -> tuple[Rows, Rows, int]:
    for rows, name in ((base, names[0]), (new, names[1])):
        _refuse_twice(rows, name)
    order = np.argsort(new.hashes, kind="stable")
    ordered = new.hashes[order]
    place = np.minimum(np.searchsorted(ordered, base.hashes), len(ordered) - 1)
    found = ordered[place] == base.hashes
    partner = order[place]
    met = np.zeros(len(new), dtype=bool)
    met[partner[found]] = True
    missing, extra = np.flatnonzero(~found), np.flatnonzero(~met)
    if (len(missing) or len(extra)) and (join != "inner" or not found.any()):
        told = []
        if len(missing):
            told.append(f"{len(missing):,} of {names[0]} are not in {names[1]} "
                        f"({_listed(base, missing)})")  # fmt: skip
        if len(extra):
            told.append(f"{len(extra):,} of {names[1]} are not in {names[0]} "
                        f"({_listed(new, extra)})")  # fmt: skip
        raise InputError(
            f"ids do not match: {' and '.join(told)}",
            expected="the same rows in both",
            remedy="to compare only the rows that are in both, say --join inner"
            if found.any()
            else "see whether --id names the same ids in both",
        )
    kept = np.flatnonzero(found)
    return base.take(kept), new.take(partner[kept]), len(missing) + len(extra)


def _refuse_twice(rows: Rows, name: str) -> None:
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


def _listed(rows: Rows, which: NDArray[np.int64]) -> str:
    shown = ", ".join(repr(rows.name(int(row))) for row in which[:_SHOWN])
    return shown + (", …" if len(which) > _SHOWN else "")


def _same_truth(left: Rows, right: Rows, names: tuple[str, str]) -> None:
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
