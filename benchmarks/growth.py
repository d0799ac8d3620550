"""How the time grows with the number of classes and with the number of rows.

    python -m benchmarks.growth [--quick]

Writes ``benchmarks/results/growth.json`` and, from that alone, the plot ``growth.svg`` that the
page on performance shows. ``--quick`` measures fewer sizes and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import timeit
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import unsurprised as us
from benchmarks.growth_plot import plot
from benchmarks.machine import description
from benchmarks.processes import Summary
from benchmarks.speed.bandwidth import Reader
from benchmarks.speed.rows import Rows, logits, probs

RESULTS = Path(__file__).parent / "results"

WORKS: dict[str, tuple[Callable[..., Rows], Callable[[Rows], object]]] = {
    "surprisal from logits": (logits, lambda r: us.surprisal(us.Logits(r.p), at=r.y)),
    "entropy from logits": (logits, lambda r: us.entropy(us.Logits(r.p))),
    "KL between logits": (logits, lambda r: us.kl_divergence(us.Logits(r.p), us.Logits(r.q))),
    "entropy of probabilities": (probs, lambda r: us.entropy(r.p)),
    "KL of probabilities": (probs, lambda r: us.kl_divergence(r.p, r.q)),
}

#: 64 MB as float32.
ELEMENTS = 1 << 24
#: Rows of fewer classes go through a kernel of their own, which the numbers around it show.
SWITCH = 64
CLASSES = sorted(
    {1 << power for power in range(1, 21)}
    | {3, 5, 10, 24, 48, 100, 1_000, 10_000, 100_000}
    | {SWITCH - 1, SWITCH + 1, 2 * SWITCH - 1, 2 * SWITCH + 1}
)
FEW_CLASSES = [2, 10, SWITCH - 1, SWITCH, 1_024, 32_768, 1 << 20]

ROW_CLASSES = 10
ROWS = [digit * 10**power for power in range(6) for digit in (1, 2, 5)] + [10**6]
FEW_ROWS = [1, 100, 10_000, 10**6]

#: At most so many runs, or so many seconds of them, but never fewer than three.
REPEATS, LEAST_REPEATS, SECONDS = 5, 3, 0.5
#: A run of short calls takes so long at least.
LEAST_SECONDS = 0.02


def nanoseconds(call: Callable[[], object], elements: int) -> Summary:
    """Time an element of some runs, each of as many calls as a clock can tell."""
    timer = timeit.Timer(call)
    timer.timeit(1)
    first = timer.timeit(1)
    calls = max(1, int(LEAST_SECONDS / first))
    runs = min(REPEATS, max(LEAST_REPEATS, int(SECONDS / (calls * first))))
    return Summary.of([1e9 * timer.timeit(calls) / calls / elements for _ in range(runs)])


def measured(classes: int, elements: int) -> Iterator[dict[str, Any]]:
    """Every work on so many elements in rows of so many classes."""
    made: dict[Callable[..., Rows], Rows] = {}
    for work, (make, call) in WORKS.items():
        if make not in made:
            made[make] = make(elements, classes, "float32")
        rows = made[make]
        found = nanoseconds(partial(call, rows), rows.p.size)
        print(f"{work}, K = {classes:,}, {len(rows):,} rows: {found} ns an element", flush=True)
        yield {"work": work, "classes": classes, "rows": len(rows), "ns": asdict(found)}


def report(quick: bool) -> dict[str, Any]:
    """Both growths, and how long a bare read of an element takes."""
    os.environ["UNSURPRISED_NUM_THREADS"] = "1"  # looked at in each call
    read = Reader(ELEMENTS, 1)
    rates = [read.rate() for _ in range(REPEATS)]
    return {
        "machine": description(),
        "read": asdict(Summary.of(rates)),
        "elements": ELEMENTS,
        "by_classes": [
            line
            for classes in (FEW_CLASSES if quick else CLASSES)
            for line in measured(classes, ELEMENTS)
        ],
        "by_rows": [
            line
            for rows in (FEW_ROWS if quick else ROWS)
            for line in measured(ROW_CLASSES, rows * ROW_CLASSES)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer sizes, and nothing is written")
    parser.add_argument(
        "--results", type=Path, help="where to write instead; with --quick too", metavar="FOLDER"
    )
    options = parser.parse_args()
    record = report(options.quick)
    folder = options.results or (None if options.quick else RESULTS)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(record, indent=1)
        (folder / "growth.json").write_text(text + "\n", encoding="utf-8")
        (folder / "growth.svg").write_text(plot(record), encoding="utf-8")


if __name__ == "__main__":
    main()
