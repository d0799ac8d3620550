"""Fresh processes, their time and their peak memory.

This module and those that drive it import nothing but the standard library: Linux counts the
memory of the process that starts another into the peak of the started one.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BYTECODE = Path(__file__).resolve().parents[1] / "build" / "bytecode"


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds by the clock and of all cores, peak memory in bytes, what it printed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Median, smallest and largest of some measurements."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


def compiled() -> dict[str, str]:
    """The environment of processes that find modules compiled, as those of an installed package.

    In a checkout there is no bytecode where Python is told to write none.
    """
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(_BYTECODE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def run(arguments: Sequence[str]) -> Run:
    """Run Python with ``arguments`` in a fresh process; an error if that fails."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen([sys.executable, *arguments], stdout=output, env=compiled())
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(arguments)}: exit code {child.returncode}")
        output.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        cpu = usage.ru_utime + usage.ru_stime
        return Run(seconds, cpu, usage.ru_maxrss * unit, output.read().decode())
