"""Python's own exact sum; neither NumPy nor SciPy nor torch has one."""

from __future__ import annotations

import math

from benchmarks.speed.peers import Peer


def peer(threads: int) -> Peer:
    calls = {"sum": lambda rows: math.fsum(rows.p)}
    return Peer("math.fsum", lambda rows: rows, calls, aim=None, but={})
