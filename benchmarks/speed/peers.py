"""What one would call instead, written as its users write it: torch, SciPy, scikit-learn, JAX."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.speed.rows import Rows

MODULES = ("torch", "jax", "scipy", "sklearn", "python")


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to do the works that it knows; arrays become its own outside of what is timed."""

    name: str
    take: Callable[[Rows], Any]
    calls: Mapping[str, Callable[[Any], object]]
    #: How many times its time ours is to be beaten by; ``None`` where nothing was promised.
    aim: float | None
    #: Works in which it does not answer the same question, and why.
    but: Mapping[str, str]


def peers(threads: int) -> Iterator[Peer]:
    """Those that are installed."""
    for name in MODULES:
        try:
            module = import_module(f"benchmarks.speed.peer_{name}")
        except ModuleNotFoundError:
            print(f"{name} is missing: pip install '.[benchmarks]'", file=sys.stderr, flush=True)
            continue
        yield module.peer(threads)
