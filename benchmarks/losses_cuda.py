"""The losses on a GPU beside PyTorch's and other libraries' kernels; see ``benchmarks.losses``.

One process a line, each loss in turn and again: the time of a forward and backward pass between two
CUDA events, the allocator's peak, and how far loss and gradients are from those of float64.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.machine import description
from benchmarks.processes import Summary

RESULTS = Path(__file__).parent / "results"
MIB = 2**20

PACKAGES = ("torch", "triton", "liger-kernel", "cut-cross-entropy")

CASES = [
    *(("loss", *sizes, kind) for sizes in ((4096, 32_000), (512, 131_072), (8192, 131_072))
      for kind in ("float32", "bfloat16")),
    ("layer", 4096, 1024, 131_072, "float32"),
    ("layer", 4096, 1024, 131_072, "bfloat16"),
    ("layer", 8192, 4096, 128_256, "bfloat16"),
]  # fmt: skip
QUICK = [("loss", 64, 32_000, "float32"), ("layer", 512, 64, 8192, "bfloat16")]

NAMES = {
    "loss": {
        "torch": "`torch.nn.functional.cross_entropy`",
        "torch_compiled": "the same under `torch.compile`",
        "liger": "Liger-Kernel's `LigerCrossEntropyLoss`",
        "ours": "`cross_entropy_loss`",
        "ours_unchecked": "the same with `check=False`",
    },
    "layer": {
        "torch": "PyTorch's `linear` and `cross_entropy`",
        "torch_compiled": "the same under `torch.compile`",
        "liger": "Liger-Kernel's `LigerFusedLinearCrossEntropyLoss`",
        "cut": "Cut Cross-Entropy's `linear_cross_entropy`",
        "cut_exact": "Cut Cross-Entropy's with `filter_eps=None`",
        "ours": "`linear_cross_entropy_loss`",
    },
}


def measure(given: argparse.Namespace) -> None:
    """Measure, write, print."""
    lines = [measured(case, given.rounds) for case in (QUICK if given.quick else CASES)]
    machine = description(PACKAGES)
    machine["gpu"] = lines[0]["gpu"]
    text = page(lines, machine)
    print(text)
    if not given.quick:
        made = {"machine": machine, "lines": lines}
        (RESULTS / "losses-cuda.json").write_text(json.dumps(made, indent=1) + "\n")
        (RESULTS / "losses-cuda.md").write_text(text)


def measured(case: tuple[Any, ...], rounds: int) -> dict[str, Any]:
    """One line, by a process of its own."""
    arguments = ["-m", "benchmarks.losses_cuda_worker", str(rounds), *map(str, case)]
    output = subprocess.run([sys.executable, *arguments], stdout=subprocess.PIPE, check=True).stdout
    line: dict[str, Any] = json.loads(output.splitlines()[-1])
    print(json.dumps(line), file=sys.stderr)
    return line


def page(lines: list[dict[str, Any]], machine: dict[str, str]) -> str:
    """The table, and what it says."""
    versions = ", ".join(f"{name} {machine[name]}" for name in PACKAGES)
    rows = [
        "## Losses on a GPU",
        "",
        f"Forward and backward on one {machine['gpu']}; {versions}. Memory is the allocator's peak "
        "less that of the inputs; the gradients that a call returns are part of it. Errors are "
        "relative to float64: of the loss, and of the norm of all gradients the difference's.",
        "",
        "| of | type | loss | time | peak extra memory | error of the loss | of the gradients |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        for name, found in line["losses"].items():
            cells = [title(line), line["type"], NAMES[line["work"]][name]]
            if "milliseconds" in found:
                cells += [f"{Summary.of(found['milliseconds'])} ms"]
                cells += [f"{found['extra'] / MIB:,.0f} MiB"]
                cells += [f"{found[part]:.1e}" for part in ("loss_error", "gradient_error")]
            else:
                cells += [found["missing"], "", "", ""]
            rows.append(f"| {' | '.join(cells)} |")
    rows += ["", "Times are medians (smallest to largest).", "", *map(sentence, lines), ""]
    return "\n".join(rows)


def title(line: dict[str, Any]) -> str:
    """The sizes."""
    return " × ".join(f"{size:,}" for size in line["sizes"])


#: Those that never make all logits of a layer.
THRIFTY = ("liger", "cut", "cut_exact")


def sentence(line: dict[str, Any]) -> str:
    """What a line says."""
    losses, gradients = line["losses"], line["gradients"]
    times = {
        name: Summary.of(found["milliseconds"]).median
        for name, found in losses.items()
        if "milliseconds" in found
    }
    text = f"- {title(line)}, {line['type']}: "
    eager, compiled = (times[name] / times["ours"] for name in ("torch", "torch_compiled"))
    text += f"{eager:.2f} times as fast as PyTorch, {compiled:.2f} times as fast as it compiled"
    if line["work"] == "layer":
        extra = (losses["ours"]["extra"] - gradients) / (losses["torch"]["extra"] - gradients)
        thrifty = [name for name in THRIFTY if name in times]
        text += _beside(line, times, thrifty)
        return f"{text}; beyond the gradients {extra:.3f} of PyTorch's memory."
    text += _beside(line, times, ["liger"] if "liger" in times else [])
    floor = 3000 * gradients / line["copy"]
    alone = {name: Summary.of(losses[name]["graph"]).median for name in ("torch", "ours_unchecked")}
    return (
        f"{text}. Reading the logits twice and writing the gradient once takes {floor:.3f} ms at "
        f"the speed of a copy, which is {floor / times['ours']:.0%} of our call and "
        f"{floor / alone['ours_unchecked']:.0%} of its kernels alone in a CUDA graph "
        f"({alone['ours_unchecked']:.3f} ms; PyTorch's {alone['torch']:.3f} ms)."
    )


def _beside(line: dict[str, Any], times: dict[str, float], others: list[str]) -> str:
    """How fast ours is beside the fastest of some."""
    if not others:
        return ""
    best = min(others, key=lambda name: times[name])
    ratio, name = times[best] / times["ours"], NAMES[line["work"]][best]
    return f", {ratio:.2f} times as fast as {name}"
