"""Time and peak memory of the losses, forward and backward, beside PyTorch's.

Each measurement is made in fresh processes, one loss after the other and again in turn: what a
call adds to the resident memory at most, as the kernel counts it (``VmHWM``), and then the time of
further calls. Results: ``benchmarks/results/losses.json`` and ``losses.md``; on a GPU
(``benchmarks.losses_cuda``) ``losses-cuda.json`` and ``losses-cuda.md``.

    python -m benchmarks.losses [--quick] [--device cuda]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import losses_cuda
from benchmarks.machine import description
from benchmarks.processes import Summary, run

RESULTS = Path(__file__).parent / "results"
MIB = 2**20

LOGITS = [(4096, 32_000), (512, 131_072)]
LAYER = (4096, 1024, 131_072)
QUICK_LOGITS, QUICK_LAYER = [(64, 32_000)], (128, 64, 8192)
TYPES = ("float32", "bfloat16")

LOSSES = {
    "torch": "`torch.nn.functional.cross_entropy`",
    "ours": "`cross_entropy_loss`",
}
LAYERS = {
    "torch": "`torch.nn.functional.linear_cross_entropy`",
    "torch_chunked": "the same, with `LinearCrossEntropyOptions()`",
    "ours": "`linear_cross_entropy_loss`",
}


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes; nothing is written")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    if given.device == "cuda":
        losses_cuda.measure(given)
        return
    logits = QUICK_LOGITS if given.quick else LOGITS
    layer = QUICK_LAYER if given.quick else LAYER
    cases = [("loss", (*sizes, kind), LOSSES) for sizes in logits for kind in TYPES]
    cases.append(("layer", (*layer, "float32"), LAYERS))
    lines = [measured(*case, given.rounds) for case in cases]
    machine = description(("torch",))
    text = page(lines, machine)
    print(text)
    if not given.quick:
        made = {"machine": machine, "lines": lines}
        (RESULTS / "losses.json").write_text(json.dumps(made, indent=1) + "\n")
        (RESULTS / "losses.md").write_text(text)


def measured(
    work: str, sizes: tuple[Any, ...], losses: dict[str, str], rounds: int
) -> dict[str, Any]:
    """One line: every loss in turn, as often as there are rounds."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in losses}
    for _ in range(rounds):
        for name in losses:
            arguments = ["-m", "benchmarks.losses_worker", work, name, *map(str, sizes)]
            found[name].append(json.loads(run(arguments).output))
            print(work, sizes, name, found[name][-1], file=sys.stderr)
    return {
        "work": work,
        "sizes": list(sizes),
        "gradients": found["ours"][0]["gradients"],
        "losses": {
            name: {
                "seconds": [s for each in runs for s in each["seconds"]],
                "extra": max(each["extra"] for each in runs),
            }
            for name, runs in found.items()
        },
    }


def page(lines: list[dict[str, Any]], machine: dict[str, str]) -> str:
    """The table, and what it says."""
    head = f"{machine['processor']}, {machine['cores']} cores; torch {machine['torch']}"
    rows = [
        "## Losses",
        "",
        f"Forward and backward on {head}, Python {machine['python']}. Memory is what a call adds "
        "to that of its inputs at most, as measured; the gradients that it returns are part of it.",
        "",
        "| of | type | loss | time | peak extra memory | gradients |",
        "|---|---|---|---|---|---|",
    ]
    for line in lines:
        names = LOSSES if line["work"] == "loss" else LAYERS
        *sizes, kind = line["sizes"]
        title = " × ".join(f"{size:,}" for size in sizes)
        for name, found in line["losses"].items():
            cells = [title, kind, names[name], f"{Summary.of(found['seconds'])} s"]
            cells += [f"{size / MIB:,.0f} MiB" for size in (found["extra"], line["gradients"])]
            rows.append(f"| {' | '.join(cells)} |")
    rows += ["", "Times are medians (smallest to largest).", "", *map(sentence, lines), ""]
    return "\n".join(rows)


def sentence(line: dict[str, Any]) -> str:
    """What a line says of the aims."""
    *sizes, kind = line["sizes"]
    title = " × ".join(f"{size:,}" for size in sizes)
    losses, gradients = line["losses"], line["gradients"]
    times = {name: Summary.of(found["seconds"]).median for name, found in losses.items()}
    own = losses["ours"]["extra"]
    if line["work"] == "loss":
        return (
            f"- {title}, {kind}: {times['torch'] / times['ours']:.2f} times as fast as PyTorch "
            f"(aim: 1); {own / gradients:.2f} times the gradient's memory (aim: 1), "
            f"PyTorch {losses['torch']['extra'] / gradients:.2f}."
        )
    peers = {name: time for name, time in times.items() if name != "ours"}
    share = (own - gradients) / (losses["torch"]["extra"] - gradients)
    return (
        f"- {title}, {kind}: {times['ours'] / min(peers.values()):.2f} times the time of PyTorch's "
        f"faster way (aim: 1.1); beyond the gradients {share:.3f} of the memory of its unfused way "
        "(aim: 0.05)."
    )


if __name__ == "__main__":
    main()
