"""Run the training example, and keep what it showed for the page on training.

python -m benchmarks.training
"""

from __future__ import annotations

import io
import runpy
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SHOWN = (0, 1, 2, 5, 10, 20, 40, 60)


def main() -> None:
    """Write the plot and the table."""
    script = runpy.run_path(str(ROOT / "examples" / "train_digits.py"))
    console = Console(file=io.StringIO(), width=88)
    plot = RESULTS / "training.svg"
    epochs = script["main"]([str(plot)], console)
    plot.write_text(plot.read_text(encoding="utf-8").rstrip() + "\n", encoding="utf-8")
    lines = [
        "| epoch | train | validation | discrimination | miscalibration | temperature |",
        "|---|---|---|---|---|---|",
    ]
    for number in SHOWN:
        epoch = epochs[number]
        split = epoch.split
        costs = (epoch.train.value, epoch.validation.value)
        cells = [f"{bits:.4f}" for bits in (*costs, split.discrimination, split.miscalibration)]
        lines.append(f"| {number} | {' | '.join(cells)} | {split.temperature:.2f} |")
    text = "\n".join([*lines, "", script["conclusion"](epochs), ""])
    (RESULTS / "training.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
