"""Time and memory of ``unsurprised evaluate`` beside a bare decode of the same file.

    python -m benchmarks.evaluate_file [--rows 20000000] [--runs 5] [--folder DIR]

Plain, and with all it has: two columns of slices (which a first look reads too).
Every number is of a fresh process, start of Python and imports included, unless it says "loop".
The commands take turns; the files are in the page cache after a first run that is not counted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.machine import description, in_words
from benchmarks.processes import Summary, run

SMALL_ROWS = 2_000_000, 5_000_000
#: What the project holds itself to.
LARGEST_RATIO, LARGEST_PEAK_MB = 1.5, 400
LARGEST_RATIO_SLICED, LARGEST_PEAK_SLICED_MB = 4.0, 600


def measure(path: Path, runs: int) -> dict[str, Summary]:
    """Seconds and peak megabytes of each command on one file, and the ratios of their times."""
    columns: dict[str, list[float]] = {}
    for turn in range(runs + 1):
        decode = run(["-m", "benchmarks.decode", str(path)])
        thrifty = run(["-m", "benchmarks.decode", str(path), "--thrifty"])
        evaluate = run(["-m", "unsurprised", "evaluate", str(path)])
        others = run(["-m", "benchmarks.log_loss_of_file", str(path)])
        if turn == 0:
            continue
        loop = float(decode.output)
        values = {
            "decode, loop [s]": loop,
            "decode [s]": decode.seconds,
            "thrifty decode [s]": thrifty.seconds,
            "evaluate [s]": evaluate.seconds,
            "evaluate / decode": evaluate.seconds / decode.seconds,
            "evaluate / decode loop": evaluate.seconds / loop,
            "evaluate / thrifty decode": evaluate.seconds / thrifty.seconds,
            "evaluate, CPU [s]": evaluate.cpu_seconds,
            "Polars and scikit-learn's log_loss, CPU [s]": others.cpu_seconds,
            "evaluate / these, CPU": evaluate.cpu_seconds / others.cpu_seconds,
            "evaluate / these": evaluate.seconds / others.seconds,
            "decode peak [MB]": decode.peak_bytes / 1e6,
            "thrifty decode peak [MB]": thrifty.peak_bytes / 1e6,
            "evaluate peak [MB]": evaluate.peak_bytes / 1e6,
        }
        for name, value in values.items():
            columns.setdefault(name, []).append(value)
    return {name: Summary.of(values) for name, values in columns.items()}


def measure_sliced(path: Path, runs: int) -> dict[str, Summary]:
    """The same of a file with two columns more, by which the rows are sliced."""
    columns: dict[str, list[float]] = {}
    for turn in range(runs + 1):
        decode = run(["-m", "benchmarks.decode", str(path)])
        slices = ["--by", "country", "--by", "age"]
        evaluate = run(["-m", "unsurprised", "evaluate", str(path), *slices])
        if turn == 0:
            continue
        values = {
            "decode with slice columns [s]": decode.seconds,
            "evaluate by two columns [s]": evaluate.seconds,
            "evaluate by two columns / decode": evaluate.seconds / decode.seconds,
            "evaluate by two columns peak [MB]": evaluate.peak_bytes / 1e6,
        }
        for name, value in values.items():
            columns.setdefault(name, []).append(value)
    return {name: Summary.of(values) for name, values in columns.items()}


def predictions(rows: int, folder: Path, *, sliced: bool = False) -> Path:
    """The file with so many rows, made if it is not there; by a process of its own."""
    path = folder / f"predictions-{rows}{'-sliced' * sliced}.parquet"
    if not path.exists():
        print(f"making {path} …", flush=True)
        more = ["--sliced"] * sliced
        run(["-m", "benchmarks.make_predictions", str(rows), str(path), *more])
    return path


def markdown(results: dict[int, dict[str, Summary]], runs: int) -> str:
    """A table with one column a file, and what it was measured on."""
    machine = in_words(description())
    head = " | ".join(f"{rows:,} rows" for rows in results)
    lines = [
        "## `unsurprised evaluate` beside a bare decode",
        "",
        f"Median (smallest to largest) of {runs} runs in turns. Fresh processes, start and imports "
        "included, except *loop*: the decoding loop alone. The decode is "
        "`iter_batches(use_threads=True)` of every column with pyarrow's defaults; it computes "
        "nothing. Evaluate prints its whole report, the ledger included. *Thrifty* is the same "
        "with `pre_buffer=False, buffer_size=1 << 20`, as evaluate reads. *These* are Polars' "
        "read and scikit-learn's `log_loss`, which is one number of the report. The files are in "
        "the page cache.",
        "",
        f"Measured on: {machine}",
        "",
        f"| | {head} |",
        f"|---|{'---|' * len(results)}",
    ]
    for name in next(iter(results.values())):
        cells = " | ".join(str(summary[name]) for summary in results.values())
        lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + "\n"


def verdict(results: dict[int, dict[str, Summary]]) -> str:
    """Whether the aims are met, by the file with the most rows."""
    largest = results[max(results)]
    ratio, peak = largest["evaluate / decode"].median, largest["evaluate peak [MB]"].high
    strict = largest["evaluate / thrifty decode"].median
    sliced = largest["evaluate by two columns / decode"].median
    sliced_peak = largest["evaluate by two columns peak [MB]"].high
    return (
        f"evaluate takes {ratio:.2f} × the decode ({strict:.2f} × the thrifty one; "
        f"aim: {LARGEST_RATIO}) and {peak:.0f} MB at the peak (aim: {LARGEST_PEAK_MB}); "
        f"by two columns {sliced:.2f} × (aim: {LARGEST_RATIO_SLICED}) and "
        f"{sliced_peak:.0f} MB (aim: {LARGEST_PEAK_SLICED_MB})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "unsurprised-benchmarks"
    )
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    results = {
        rows: {
            **measure(predictions(rows, options.folder), options.runs),
            **measure_sliced(predictions(rows, options.folder, sliced=True), options.runs),
        }
        for rows in sorted({*SMALL_ROWS, options.rows})
    }
    table = markdown(results, options.runs)
    options.results.mkdir(parents=True, exist_ok=True)
    record = {
        "machine": description(),
        "runs": options.runs,
        "results": {
            str(rows): {name: asdict(summary) for name, summary in result.items()}
            for rows, result in results.items()
        },
    }
    (options.results / "evaluate_file.json").write_text(json.dumps(record, indent=2) + "\n")
    (options.results / "evaluate_file.md").write_text(table, encoding="utf-8")
    print(table)
    print(verdict(results))


if __name__ == "__main__":
    main()
