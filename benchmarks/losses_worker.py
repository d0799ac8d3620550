"""One loss in a process of its own; see ``benchmarks.losses``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from unsurprised.losses.torch import cross_entropy_loss, linear_cross_entropy_loss

REPEATS = {"loss": 3, "layer": 1}

Call = Callable[[], Tensor]


def memory(field: str) -> int:
    """A line of ``/proc/self/status``, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(field)


def case(work: str, name: str, sizes: list[str]) -> tuple[Call, list[Tensor]]:
    """A call, and what has gradients."""
    torch.manual_seed(0)
    kind = getattr(torch, sizes[-1])
    shape = [int(size) for size in sizes[:-1]]
    labels = torch.randint(shape[-1], (shape[0],))
    if work == "loss":
        logits = torch.empty(shape, dtype=kind).normal_(std=3).requires_grad_()
        loss = {"torch": functional.cross_entropy, "ours": cross_entropy_loss}[name]
        return lambda: loss(logits, labels), [logits]
    rows, width, classes = shape
    hidden = torch.empty(rows, width, dtype=kind).normal_().requires_grad_()
    layer = torch.empty(classes, width, dtype=kind).normal_(std=width**-0.5).requires_grad_()
    if name == "ours":
        return lambda: linear_cross_entropy_loss(hidden, layer, labels), [hidden, layer]
    options = None if name == "torch" else torch.nn.LinearCrossEntropyOptions()
    return (
        lambda: functional.linear_cross_entropy(hidden, layer, labels, options=options),
        [hidden, layer],
    )


def once(call: Call, leaves: list[Tensor]) -> float:
    """Seconds of a forward and backward pass."""
    for leaf in leaves:
        leaf.grad = None
    started = time.perf_counter()
    call().backward()
    return time.perf_counter() - started


def main() -> None:
    """Print what was measured."""
    work, name, *sizes = sys.argv[1:]
    small = ["64", "16", "8192", sizes[-1]] if work == "layer" else ["64", "8192", sizes[-1]]
    once(*case(work, name, small))  # what is loaded and started at the first call
    call, leaves = case(work, name, sizes)
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak is that of now
    seconds = [once(call, leaves)]
    extra = memory("VmHWM") - before
    seconds += [once(call, leaves) for _ in range(REPEATS[work])]
    gradients = sum(leaf.numel() * leaf.element_size() for leaf in leaves)
    found = {"seconds": seconds[1:] or seconds, "extra": extra, "gradients": gradients}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
