"""What ``import unsurprised`` adds to ``import numpy``: ``python -m benchmarks.import_time``."""

from __future__ import annotations

import argparse

from benchmarks.machine import description
from benchmarks.processes import Summary, run

LARGEST_MS = 60
HEAVY = ("torch", "jax", "pyarrow", "altair", "typer", "scipy.stats")


def measure(runs: int) -> dict[str, Summary]:
    """Milliseconds of fresh processes that import nothing, NumPy, and NumPy and unsurprised."""
    programs = {
        "nothing": "pass",
        "numpy": "import numpy",
        "numpy and unsurprised": "import numpy, unsurprised",
    }
    columns: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(runs + 1):
        for name, program in programs.items():
            seconds = run(["-c", program]).seconds
            if turn:
                columns[name].append(1000 * seconds)
    return {name: Summary.of(values) for name, values in columns.items()}


def heavy_imports() -> list[str]:
    """Which of the heavy libraries come along; none should."""
    program = f"import sys, unsurprised; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    return run(["-c", program]).output.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21)
    runs = max(11, parser.parse_args().runs)
    results = measure(runs)
    print(", ".join(f"{name} {value}" for name, value in description().items()))
    print(f"median (smallest to largest) of {runs} fresh processes each, in turns, in ms:")
    for name, summary in results.items():
        print(f"  {name:<22} {summary}")
    added = results["numpy and unsurprised"].median - results["numpy"].median
    print(f"unsurprised adds {added:.1f} ms (aim: {LARGEST_MS})")
    print(f"heavy libraries that come along: {' '.join(heavy_imports()) or 'none'}")


if __name__ == "__main__":
    main()
