"""The whole set of figures of two models' logits beside one read of the files, and beside PyTorch.

    python -m benchmarks.fidelity [--rows 2000] [--vocabulary 128256] [--times 5] [--folder DIR]
                                  [--llama perplexity.cpp]

Makes two files of float16 in a temporary folder (half a gigabyte each by default) and removes
them. Every work has a process of its own; imports are not timed. With a copy of llama.cpp's
``tools/perplexity/perplexity.cpp`` its own statistics are measured too. Do nothing else on the
machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import fidelity_kld
from benchmarks.machine import description, in_words
from benchmarks.processes import run

#: What the project holds itself to: of a read, megabytes, and PyTorch's KL alone over ours.
LARGEST_RATIO, LARGEST_MB, LEAST_FASTER = 2.5, 200, 6.0

WORKS = {
    "read": "`np.load` of both files",
    "read_thrifty": "a read of both, a MiB at a time",
    "fidelity_of_files": "`us.fidelity` of the files",
    "fidelity_of_mapped": "`us.fidelity` of the mapped arrays",
    "torch_kl": "PyTorch, KL alone",
}

Lines = dict[str, dict[str, Any]]


def measure(folder: Path, rows: int, vocabulary: int, times: int) -> tuple[Lines, Lines]:
    """What each work takes with the files in the page cache, and from the disk."""
    size = ["--rows", str(rows), "--vocabulary", str(vocabulary)]
    worker = ["-m", "benchmarks.fidelity_worker"]
    run([*worker, "make", str(folder), *size])
    warm, cold = {}, {}
    for name, title in WORKS.items():
        many = str(times if name != "torch_kl" else 3)
        done = run([*worker, name, str(folder), "--times", many])
        warm[name] = json.loads(done.output)
        print(f"{title}: {warm[name]}", flush=True)
    for name in ("read_thrifty", "fidelity_of_files"):
        done = run([*worker, name, str(folder), "--times", "2", "--cold"])
        cold[name] = json.loads(done.output)
        print(f"{WORKS[name]}, from the disk: {cold[name]}", flush=True)
    return warm, cold


def markdown(record: dict[str, Any]) -> str:
    """A table of the record, and what it says of the aims."""
    machine = in_words(record["machine"])
    warm, cold = record["warm"], record["cold"]
    lines = [
        "## All figures of fidelity beside one read, and beside PyTorch's KL",
        "",
        f"Two files of {record['rows']:,} × {record['vocabulary']:,} float16, "
        f"{record['bytes'] / 1e6:,.0f} MB together. The fastest of {record['times']} runs in a "
        "process (PyTorch: of 3), files in the page cache unless it says *disk*; *own* is the "
        "memory that a run came to own, mapped pages of files aside.",
        "",
        f"Measured on: {machine}",
        "",
        "| | seconds | CPU seconds | own memory [MB] | KL [bits a token] |",
        "|---|---|---|---|---|",
    ]
    for name, found in warm.items():
        own = f"{found['own'] / 1e6:,.0f}"
        answer = "" if found["answer"] is None else f"{found['answer']:.7f}"
        lines.append(
            f"| {WORKS[name]} | {found['seconds']:.3f} | {found['cpu']:.3f} | {own} | {answer} |"
        )
    lines += [
        f"| {WORKS[name]}, disk | {found['seconds']:.3f} | {found['cpu']:.3f} | | |"
        for name, found in cold.items()
    ]
    more = ["", *fidelity_kld.lines(record["kld"])] if "kld" in record else []
    return "\n".join([*lines, "", sentence(warm, cold), *more]) + "\n"


def sentence(warm: Lines, cold: Lines) -> str:
    """How far the aims are reached."""
    ours, read, thrifty = (warm[name] for name in ("fidelity_of_mapped", "read", "read_thrifty"))
    by_disk = cold["fidelity_of_files"]["seconds"] / cold["read_thrifty"]["seconds"]
    peak = max(warm[name]["own"] for name in ("fidelity_of_files", "fidelity_of_mapped")) / 1e6
    return (
        f"All figures of mapped arrays take {ours['seconds'] / read['seconds']:.1f} × as long as "
        f"`np.load` of both files and {ours['seconds'] / thrifty['seconds']:.1f} × as long as the "
        f"fastest read from the page cache; from the disk {by_disk:.1f} × as long as a read of it "
        f"(aim: {LARGEST_RATIO} × one read). They own {peak:.0f} MB (aim: {LARGEST_MB}), and "
        f"PyTorch's KL alone takes {warm['torch_kl']['cpu'] / ours['cpu']:.1f} × their CPU seconds "
        f"(aim: {LEAST_FASTER:.0f} ×)."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--vocabulary", type=int, default=128_256)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made")
    parser.add_argument("--llama", type=Path, help="llama.cpp's tools/perplexity/perplexity.cpp")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    size = (options.rows, options.vocabulary)
    with tempfile.TemporaryDirectory(prefix="fidelity-", dir=options.folder) as folder:
        warm, cold = measure(Path(folder), *size, options.times)
        files = [Path(folder) / name for name in ("base.npy", "other.npy")]
        total = sum(file.stat().st_size for file in files)
    kld = beside_llama(options.llama, options.folder, options.vocabulary)
    record = {
        "machine": description(("torch",)),
        "rows": options.rows,
        "vocabulary": options.vocabulary,
        "bytes": total,
        "times": options.times,
        "warm": warm,
        "cold": cold,
        **kld,
    }
    (options.results / "fidelity.json").write_text(json.dumps(record, indent=1) + "\n")
    (options.results / "fidelity.md").write_text(markdown(record), encoding="utf-8")
    print(sentence(warm, cold))
    for line in fidelity_kld.lines(kld["kld"]) if kld else ():
        print(line)


def beside_llama(source: Path | None, folder: Path | None, vocabulary: int) -> dict[str, Any]:
    """The part of the record that is of ``.kld`` files, where llama.cpp's source is given."""
    if source is None:
        return {}
    with tempfile.TemporaryDirectory(prefix="fidelity-kld-", dir=folder) as made:
        return {"kld": fidelity_kld.measure(Path(made), source, vocabulary)}


if __name__ == "__main__":
    main()
