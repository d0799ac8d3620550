"""One table of rows for every array library, and what each measure is given of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from unsurprised.measures.registry import MEASURES, Measure

#: Measures of three variables and more.
SEVERAL = (
    "conditional_mutual_information",
    "dual_total_correlation",
    "interaction_information",
    "total_correlation",
)


def shown(value: object) -> str:
    """A parameter in the name of a test, the same in every process: no address in memory."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


CASES: list[tuple[str, Mapping[str, Any]]] = [
    (name, at)
    for name, measure in MEASURES.items()
    if measure.traceable and measure.family != "labels"
    for at in measure.parameters
]

#: Two labellings of data-dependent many labels: no array library can trace their shape.
EXEMPT = {name for name, measure in MEASURES.items() if measure.family == "labels"}

ROWS = 6


def ordinary(measure: Measure) -> tuple[np.ndarray, ...]:
    """Rows (or tables) of ordinary probabilities, the first axis leading."""
    rng = np.random.default_rng(11)
    if measure.family == "events":
        return (rng.random((ROWS, 5)),)
    if measure.family == "joint":
        sizes = (2, 3, 4) if measure.name in SEVERAL else (3, 4)
        cells = rng.dirichlet(np.ones(int(np.prod(sizes))), ROWS)
        return (cells.reshape(ROWS, *sizes),)
    count = 2 if measure.family == "two" else 1
    return tuple(rng.dirichlet(np.ones(5), ROWS) for _ in range(count))


INF = np.inf
#: Rows that have been the end of many a gradient. Nothing is below 1e-300, as some compilers take
#: what is below the normal floats for zero.
HARD_ROWS = [
    [0.5, 0.0, 0.5],
    [1.0, 0.0, 0.0],
    [1.0, 1e-30, 0.0],
    [1.0, 1e-300, 1e-290],
    [1 / 3, 1 / 3, 1 / 3],
]
HARD_PAIRS = [
    ([0.2, 0.5, 0.3], [0.2, 0.5, 0.3]),
    ([0.5, 0.0, 0.5], [0.2, 0.5, 0.3]),
    ([0.2, 0.5, 0.3], [0.5, 0.0, 0.5]),
    ([0.5, 0.0, 0.5], [0.3, 0.0, 0.7]),
    ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]),
    ([0.2, 0.5, 0.3], [0.2, 0.5 + 1e-12, 0.3 - 1e-12]),
    ([1.0, 1e-300, 1e-290], [1.0, 1e-290, 1e-300]),
]
HARD_TABLES = [
    [[0.125, 0.375], [0.125, 0.375]],
    [[0.5, 0.0], [0.0, 0.5]],
    [[0.5, 0.5], [0.0, 0.0]],
    [[1.0, 0.0], [0.0, 0.0]],
    [[0.3, 0.2], [0.1, 0.4]],
]


def hard(measure: Measure) -> tuple[np.ndarray, ...]:
    """The rows on which others answer NaN."""
    if measure.family == "events":
        return (np.array([[0.0, 0.5, 1.0], [1e-300, 1 - 1e-16, 0.3]]),)
    if measure.family == "one":
        return (np.array(HARD_ROWS),)
    if measure.family == "two":
        return np.array([p for p, _ in HARD_PAIRS]), np.array([q for _, q in HARD_PAIRS])
    tables = np.array(HARD_TABLES)
    if measure.name in SEVERAL:
        xor = np.array([[[0.25, 0.0], [0.0, 0.25]], [[0.0, 0.25], [0.25, 0.0]]])
        halves = np.stack([tables / 2, tables[::-1] / 2], axis=-1)
        return (np.concatenate([halves, xor[None]]),)
    return (tables,)


def on_tables(measure: Measure, at: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters, with the axes of the variables counted from the last."""
    found = dict(at)
    if measure.name == "conditional_mutual_information" and "given" in at:
        found["given"] = -3
    elif measure.name in SEVERAL[1:]:
        found["axis"] = (-3, -2, -1)
    elif measure.name == "joint_entropy":
        found["axis"] = (-2, -1)
    return found
