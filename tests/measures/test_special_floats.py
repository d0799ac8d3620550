"""An adversary picks the floats: rows of the hardest numbers, against mpmath."""

from __future__ import annotations

import math

import numpy as np
from bounds import check_pair, check_row
from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle import is_log

MASSES = [
    *(
        0.0,
        5e-324,
        1e-310,
        2.0**-1022,
        1e-300,
        2.0**-900,
        1e-160,
        1e-17,
        2.0**-53,
        1e-9,
        0.1,
        1 / 3,
    ),
    *(math.nextafter(0.5, 0), 0.5, math.nextafter(0.5, 1), math.nextafter(1, 0), 1.0, 3.0),
    *(math.nextafter(1, 2), 7.0, 2.0**53, 1e160, 2.0**900, 1e300, 1e306),
]
SCORES = [
    *(-math.inf, 0.0, -0.0, 5e-324, 1e-17, 0.1, -0.1, 1.0, math.nextafter(1, 2), -1.0, 36.7, -37.0),
    *(700.0, -708.4, 745.13, -745.2, 746.0, -746.1, 1e4, -1e4, 2.0**24, 2.0**24 + 1, 2.0**53),
    *(1e300, -1e300, 1e305, -1e305, 1 / 3, 100.1, 100.2),
]
NOISE = [0.0, 5e-324, 1e-300, 1e-16, 2.0**-52, -(2.0**-52), 1e-12, -1e-9, 1e-4, 1.0]


def _possible(kind: str, row: list[float]) -> bool:
    return max(row) > (-math.inf if is_log(kind) else 0.0)


@st.composite
def rows(draw: st.DrawFn, kind: str, classes: int) -> list[float]:
    entries = SCORES if is_log(kind) else MASSES
    distinct = draw(st.lists(st.sampled_from(entries), min_size=1, max_size=5))
    return draw(
        st.lists(st.sampled_from(distinct), min_size=classes, max_size=classes).filter(
            lambda row: _possible(kind, row)
        )
        if any(_possible(kind, [x]) for x in distinct)
        else st.just([1.0] * classes)
    )


@st.composite
def pairs(draw: st.DrawFn) -> tuple[tuple[str, str], list[float], list[float]]:
    kinds = draw(st.tuples(*[st.sampled_from(["probs", "logits"])] * 2))
    classes = draw(st.sampled_from([1, 2, 3, 4, 6, 66]))
    p = draw(rows(kinds[0], classes))
    if kinds[0] != kinds[1] or draw(st.booleans()):
        return kinds, p, draw(rows(kinds[1], classes))
    changes = draw(st.lists(st.sampled_from(NOISE), min_size=classes, max_size=classes))
    log = is_log(kinds[0])
    q = [x + c if log else abs(x * (1 + c)) for x, c in zip(p, changes, strict=True)]
    return kinds, p, q


@settings(max_examples=400, deadline=None, derandomize=True)
@given(pairs())
# A weight beside a top above 2^900 was no double, nor a difference of logits beyond 2^1023.
@example((("probs", "probs"), [0.5, 0.5], [1e300, 1e-300]))
@example((("logits", "logits"), [1e308, 1e308], [-1e308, -1e308]))
@example((("probs", "logits"), [2.0**900, 2.0**900], [0.0, 1e300]))
def test_special_floats(pair: tuple[tuple[str, str], list[float], list[float]]) -> None:
    kinds, p, q = pair
    check_row(kinds[0], p)
    check_pair(kinds, p, q)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.floats(min_value=0, max_value=1e300), min_size=1, max_size=4).filter(any),
    st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=4, max_size=4),
    st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_any_floats(masses: list[float], scores: list[float], dtype: type[np.floating]) -> None:
    with np.errstate(over="ignore"):
        logits = np.asarray(scores[: len(masses)]).astype(dtype)
    logits[~np.isfinite(logits)] = 3
    check_row("probs", masses)
    check_row("logits", logits)
    check_pair(("probs", "logits"), masses, logits)
    check_pair(("logits", "probs"), logits, masses)
