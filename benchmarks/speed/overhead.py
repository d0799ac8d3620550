"""What a call costs where there is next to nothing to compute."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

import unsurprised as us
from benchmarks.processes import Summary

REPEATS = 7


def overhead(quick: bool) -> list[dict[str, Any]]:
    """Microseconds of each call, beside SciPy's, and the most that it is to take."""
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.3, 0.3, 0.4])
    seconds = 0.02 if quick else 0.1
    return [
        {
            "call": "entropy([0.5, 0.5])",
            "aim": 5.0,
            "ours": asdict(_microseconds(lambda: us.entropy([0.5, 0.5]), seconds)),
            "scipy": _scipy([0.5, 0.5], None, seconds),
        },
        {
            "call": "kl_divergence(p, q)",
            "aim": 8.0,
            "ours": asdict(_microseconds(lambda: us.kl_divergence(p, q), seconds)),
            "scipy": _scipy(p, q, seconds),
        },
    ]


def _scipy(p: Any, q: Any, seconds: float) -> dict[str, float] | None:
    try:
        from scipy.stats import entropy
    except ModuleNotFoundError:
        return None
    return asdict(_microseconds(lambda: entropy(p, q), seconds))


def _microseconds(call: Callable[[], object], seconds: float) -> Summary:
    timer = timeit.Timer(call)
    timer.timeit(100)
    calls = max(10, int(seconds / (timer.timeit(100) / 100)))
    return Summary.of([1e6 * timer.timeit(calls) / calls for _ in range(REPEATS)])
