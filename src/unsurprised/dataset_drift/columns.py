"""The columns of two data sets: which are compared, what is found, which have drifted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from unsurprised.dataset_drift.apart import apart_of, compared_as, only_in
from unsurprised.dataset_drift.base import DriftBase
from unsurprised.dataset_drift.cells import ColumnCells, cells_of
from unsurprised.dataset_drift.column_state import ColumnState
from unsurprised.dataset_drift.result import (
    REASONS,
    CellShift,
    ColumnApart,
    ColumnDrift,
    Drift,
    Parts,
)
from unsurprised.errors import InputError
from unsurprised.estimate.two_samples import CountsDivergence, divergence_of
from unsurprised.statistics.jackknife import q_values

#: Cells, and names of new or vanished categories, that a result lists of a column.
_MOST_CELLS, _MOST_NAMES = 64, 50
#: At least so many permutations; with many columns, as many as let one column be found.
_LEAST = 999

Pair = tuple[ColumnState, ColumnState]


def compared(base: DriftBase, new: DriftBase, fdr: float, nulls: str) -> Drift:
    """The columns of two data sets, compared or said why not."""
    for state, name in ((base, "base"), (new, "new data set")):
        if not state.rows:
            raise InputError(f"the {name} holds no row", expected="rows to compare")
    apart = [only_in(base.columns[n], base=True) for n in base.columns if n not in new.columns]
    apart += [only_in(new.columns[n], base=False) for n in new.columns if n not in base.columns]
    if len(apart) == len(base.columns) + len(new.columns):
        raise InputError(
            f"no column is in both: the base has {_listed(base)}, the new data set {_listed(new)}",
            expected="two data sets with columns of the same names",
        )
    pairs: list[tuple[Pair, ColumnCells]] = []
    for name in (name for name in base.columns if name in new.columns):
        pair = compared_as(base.columns[name], new.columns[name])
        found = apart_of(*pair)
        if found is None:
            cells = cells_of(*pair, nulls=nulls == "category")
            found = _uncompared(name, cells)
        if found is None:
            pairs.append((pair, cells))
        else:
            apart.append(found)
    columns = _tested(pairs, fdr)
    apart.sort(key=lambda column: (REASONS.index(column.reason), column.name))
    return Drift(base.rows, new.rows, fdr, tuple(columns), tuple(apart), nulls=nulls)


def _listed(state: DriftBase) -> str:
    names = [repr(name[:40]) for name in state.columns]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _uncompared(name: str, cells: ColumnCells) -> ColumnApart | None:
    """Why cells are not compared where nulls are skipped: no value, or one value, is left."""
    if not cells.base.sum() or not cells.new.sum():
        side = "base" if not cells.base.sum() else "new data set"
        return ColumnApart(name, "empty", f"no value in the {side}")
    if len(cells.base) == 1:
        return ColumnApart(name, "constant", f"always {cells.names[0]}, where it is not null")
    return None


def _tested(pairs: Sequence[tuple[Pair, ColumnCells]], fdr: float) -> list[ColumnDrift]:
    """Those that drifted first, then by bits."""
    permutations = max(_LEAST, math.ceil(2 * len(pairs) / fdr) - 1)
    found = [divergence_of(cells.base, cells.new, permutations) for _, cells in pairs]
    adjusted = q_values(np.array([each.p_value for each in found]))
    columns = [
        _column(pair, cells, each, q, fdr)
        for (pair, cells), each, q in zip(pairs, found, adjusted.tolist(), strict=True)
    ]
    return sorted(columns, key=lambda one: (not one.drifted, -one.drift.value, one.name))


def _column(
    pair: Pair, cells: ColumnCells, found: CountsDivergence, q_value: float, fdr: float
) -> ColumnDrift:
    base, new = pair
    shifts = [
        CellShift(name, kind, in_base, in_new, bits)
        for name, kind, in_base, in_new, bits in zip(
            cells.names, cells.kinds, cells.base.tolist(), cells.new.tolist(),
            found.terms.tolist(), strict=True,
        )
    ]  # fmt: skip
    fresh = [shift for shift in shifts if shift.kind == "value" and not shift.base]
    gone = [shift for shift in shifts if shift.kind == "value" and not shift.new]
    return ColumnDrift(
        base.name,
        base.kind if base.kind != "empty" else new.kind,
        found.drift,
        found.p_value,
        q_value,
        q_value <= fdr,
        found.permutations,
        int(cells.base.sum()),
        int(cells.new.sum()),
        found.plugin,
        _parts(shifts, found.plugin, fresh, gone),
        (base.nulls + base.nans) / base.rows,
        (new.nulls + new.nans) / new.rows,
        _most_rows(fresh),
        _most_rows(gone),
        found.psi,
        found.psi_noise,
        len(shifts),
        _largest(shifts),
        _notes(base, new),
    )


def _parts(
    shifts: Sequence[CellShift], plugin: float, fresh: Sequence[CellShift],
    gone: Sequence[CellShift],
) -> Parts:  # fmt: skip
    nulls = math.fsum(shift.bits for shift in shifts if shift.kind == "null")
    new, vanished = (math.fsum(shift.bits for shift in part) for part in (fresh, gone))
    return Parts(nulls, new, vanished, max(plugin - nulls - new - vanished, 0.0))


def _most_rows(shifts: Sequence[CellShift]) -> tuple[CellShift, ...]:
    ordered = sorted(shifts, key=lambda shift: (-shift.base - shift.new, shift.name))
    return tuple(ordered[:_MOST_NAMES])


def _largest(shifts: Sequence[CellShift]) -> tuple[CellShift, ...]:
    """The cells with the most rows, in their order."""
    by_rows = sorted(range(len(shifts)), key=lambda at: -shifts[at].base - shifts[at].new)
    return tuple(shifts[at] for at in sorted(by_rows[:_MOST_CELLS]))


def _notes(base: ColumnState, new: ColumnState) -> tuple[str, ...]:
    notes = []
    if base.types != new.types and base.types and new.types:
        told = (" or ".join(state.types) for state in (base, new))
        notes.append("types: {} in the base, {} in the new data".format(*told))
    if base.kind in ("number", "time"):
        dropped = max(base.numbers.dropped, new.numbers.dropped)
        if dropped:
            digits = 53 - max(dropped - 1, 0)
            notes.append(f"more than 65,536 numbers: told apart by {digits} binary digits")
        infinite = sum(base.numbers.infinite) + sum(new.numbers.infinite)
        if infinite:
            notes.append(f"{infinite:,} rows are infinite, in cells of their own")
    elif not (base.categories.complete and new.categories.complete):
        notes.append(
            "more than 65,536 categories: those of the smallest hashes are compared, all others "
            "are one"
        )
    if base.nans or new.nans:
        notes.append(f"NaN counts as null: {base.nans:,} rows of the base, {new.nans:,} of the new")
    return tuple(notes)
