"""What importing ``evaluate`` adds to NumPy: ``python -m benchmarks.import_time``."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.machine import description, in_words
from benchmarks.processes import Summary, run

LARGEST_MS = 60
RESULTS = Path(__file__).parent / "results"
HEAVY = ("torch", "jax", "pyarrow", "altair", "typer", "scipy.stats")


def measure(runs: int) -> dict[str, Summary]:
    """Milliseconds of fresh processes that import nothing, NumPy, and NumPy and unsurprised."""
    programs = {
        "nothing": "pass",
        "numpy": "import numpy",
        "numpy and unsurprised": "import numpy, unsurprised",
        "numpy and evaluate": "import numpy; from unsurprised import evaluate",
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
    looked_for = f"*(m for m in {HEAVY!r} if m in sys.modules)"
    program = f"import sys; from unsurprised import evaluate; print({looked_for})"
    return run(["-c", program]).output.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=21)
    runs = max(11, parser.parse_args().runs)
    results = measure(runs)
    table = markdown(results, runs)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "import_time.md").write_text(table, encoding="utf-8")
    print(table)


def markdown(results: dict[str, Summary], runs: int) -> str:
    """A table, what it was measured on and what it says."""
    machine = in_words(description())
    added = results["numpy and evaluate"].median - results["numpy"].median
    rows = [f"| {name} | {summary} |" for name, summary in results.items()]
    return "\n".join(
        [
            "## What `import unsurprised` costs",
            "",
            f"Median (smallest to largest) of {runs} fresh processes each, in turns "
            "(`python -m benchmarks.import_time`).",
            "",
            f"Measured on: {machine}",
            "",
            "| imports | ms |",
            "|---|---|",
            *rows,
            "",
            "Public names are imported when they are asked for. "
            f"evaluate adds {added:.1f} ms to NumPy (aim: {LARGEST_MS}); heavy libraries that "
            f"come along: {' '.join(heavy_imports()) or 'none'}.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
