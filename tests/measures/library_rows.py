"""The rows that every array library is asked about: ordinary, and such as break formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
#: Rows by their condition; an array for every argument.
Table = dict[str, tuple[Values, ...]]

#: A share that a type holds with all its digits, whatever becomes of what is below the normal
#: numbers (JAX takes it for zero); and a small but plain change.
TINY = {"float64": 1e-300, "float32": 1e-34, "bfloat16": 1e-34, "float16": 1e-4}
STEP = {"float64": 2.0**-24, "float32": 2.0**-10, "bfloat16": 2.0**-4, "float16": 2.0**-6}


def table(group: str, kind: str, dtype: str) -> Table:
    """The rows of a group, as mass or as log scores, that are hardest for a floating type."""
    return rows_with(group, kind, TINY[dtype], STEP[dtype])


def rows_with(group: str, kind: str, tiny: float, step: float) -> Table:
    """The rows of a group with a tiny share and a small change to one's liking."""
    make = {"one": _one, "two": _two, "events": _events, "table": _tables, "several": _several}
    given = make[group](tiny, step)
    masses = {name: tuple(np.array(x, np.float64) for x in rows) for name, rows in given.items()}
    if kind != "logits":
        return masses
    with np.errstate(divide="ignore"):
        scores = {name: tuple(map(np.log, rows)) for name, rows in masses.items()}
    # Of what sum the scores' exponentials are says nothing, so others take the place of those.
    return scores | {"of any sum": _far_apart(group)}


def stacked(rows: Table) -> tuple[Values, ...]:
    """All conditions as the rows of one array for every argument."""
    return tuple(np.stack(side) for side in zip(*rows.values(), strict=True))


def _one(tiny: float, step: float) -> dict[str, Any]:
    return {
        "ordinary": ([0.2, 0.5, 0.25, 0.05],),
        "even": ([0.25, 0.25, 0.25, 0.25],),
        "some impossible": ([0.5, 0.0, 0.375, 0.125],),
        "certain": ([0.0, 1.0, 0.0, 0.0],),
        "nearly certain": ([tiny, 1.0, 0.0, step],),
        "of all sizes": ([tiny, 64 * tiny, 0.75, 0.25],),
        "nearly even": ([0.25, 0.25 + step, 0.25, 0.25 - step],),
        "of any sum": ([3.0, 1.0, 2.0, 10.0],),
    }


def _two(tiny: float, step: float) -> dict[str, Any]:
    ordinary = [0.2, 0.5, 0.25, 0.05]
    return {
        "ordinary": (ordinary, [0.125, 0.1, 0.7, 0.075]),
        "equal": (ordinary, ordinary),
        "close": (ordinary, [0.2, 0.5 + step, 0.25 - step, 0.05]),
        "some unexpected": ([0.5, 0.0, 0.375, 0.125], ordinary),
        "some denied": (ordinary, [0.5, 0.0, 0.375, 0.125]),
        "some impossible in both": ([0.5, 0.0, 0.375, 0.125], [0.25, 0.0, 0.5, 0.25]),
        "disjoint": ([0.75, 0.25, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]),
        "certain, and rightly": ([0.0, 1.0, 0.0, 0.0], [tiny, 1.0, step, 0.0]),
        "certain, and wrongly": ([1.0, tiny, 0.0, 0.0], [tiny, 1.0, 0.0, 0.0]),
        "tiny shares": ([tiny, 64 * tiny, 0.75, 0.25], [64 * tiny, tiny, 0.5, 0.5]),
        "of any sum": ([3.0, 1.0, 2.0, 10.0], [0.375, 0.125, 0.25, 1.25]),
    }


def _events(tiny: float, step: float) -> dict[str, Any]:
    return {"events": ([0.0, tiny, step, 0.25, 0.375, 0.5, 0.75, 1 - step, 1.0],)}


def _tables(tiny: float, step: float) -> dict[str, Any]:
    return {
        "ordinary": ([[0.125, 0.3, 0.05], [0.2, 0.075, 0.25]],),
        "independent": (np.outer([0.25, 0.75], [0.5, 0.125, 0.375]),),
        "nearly independent": ([[0.125, 0.125 + step, 0.25], [0.125, 0.125 - step, 0.25]],),
        "one decides the other": ([[0.25, 0.0, 0.25], [0.0, 0.5, 0.0]],),
        "an empty row": ([[0.25, 0.5, 0.25], [0.0, 0.0, 0.0]],),
        "an empty column": ([[0.25, 0.0, 0.125], [0.5, 0.0, 0.125]],),
        "one cell": ([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]],),
        "tiny shares": ([[tiny, 0.5, 64 * tiny], [0.25, 16 * tiny, 0.25]],),
        "of any sum": ([[3.0, 1.0, 2.0], [10.0, 7.0, 1.0]],),
    }


def _several(tiny: float, step: float) -> dict[str, Any]:
    mixed = np.array([[[3.0, 1, 2], [4, 2, 2]], [[1, 5, 1], [2, 1, 8]]])
    empty = np.zeros((2, 3))
    nearly = [[0.125, 0.125 + step, 0.0], [0.125, 0.125 - step, 0.0]]
    corner = [[0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]
    return {
        "ordinary": (mixed / 32,),
        "nearly independent": ([nearly, nearly[::-1]],),
        "one decided by two": ([[[0.25, 0, 0], [0, 0.25, 0]], [[0, 0.25, 0], [0.25, 0, 0]]],),
        "all alike": ([corner, np.array(corner)[::-1, [1, 0, 2]]],),
        "one cell": ([empty, [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]],),
        "tiny shares": (np.where(mixed < 2, tiny, mixed / 27),),
        "of any sum": (mixed,),
    }


def _far_apart(group: str) -> tuple[Values, ...]:
    """Scores that no logarithm of a share would be."""
    p, q = np.array([60.0, 0.0, 0.5, -15.0]), np.array([-30.0, 4.0, 12.0, 300.0])
    several = np.arange(12.0).reshape(2, 2, 3) ** 2 / 2
    return {
        "one": (p,),
        "two": (p, q),
        "table": (np.array([[60.0, 0.0, 0.5], [-15.0, 3.0, 50.0]]),),
        "several": (several,),
    }[group]
