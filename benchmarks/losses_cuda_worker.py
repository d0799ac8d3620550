"""One line of the losses on a GPU in a process of its own; see ``benchmarks.losses_cuda``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.losses_cuda import NAMES
from unsurprised.losses.torch import cross_entropy_loss, linear_cross_entropy_loss

#: Calls before memory is looked at.
WARM = 3
#: How long each loss is timed in a round, in milliseconds.
WARM_UP, TIMED = 50, 200

Call = Callable[..., Tensor]


def loss_of(work: str, name: str) -> Call:
    """A function of the logits and labels, or of hidden, weight and labels."""
    if name == "liger":
        from liger_kernel.transformers import (
            LigerCrossEntropyLoss,
            LigerFusedLinearCrossEntropyLoss,
        )

        if work == "loss":
            return LigerCrossEntropyLoss()
        layer = LigerFusedLinearCrossEntropyLoss()
        return lambda hidden, weight, labels: layer(weight, hidden, labels)
    if name.startswith("cut"):
        from cut_cross_entropy import linear_cross_entropy

        options = {"filter_eps": None} if name == "cut_exact" else {}
        return lambda *given: linear_cross_entropy(*given, **options)
    if name == "ours_unchecked":
        return lambda *given: cross_entropy_loss(*given, check=False)
    if name == "ours":
        return cross_entropy_loss if work == "loss" else linear_cross_entropy_loss
    call = functional.cross_entropy if work == "loss" else unfused
    return torch.compile(call) if name == "torch_compiled" else call


def unfused(hidden: Tensor, weight: Tensor, labels: Tensor) -> Tensor:
    """All logits, then their loss."""
    return functional.cross_entropy(functional.linear(hidden, weight), labels)


def inputs(work: str, sizes: list[int], kind: torch.dtype) -> list[Tensor]:
    """What has gradients, and the labels."""
    generator = torch.Generator("cuda").manual_seed(0)

    def normal(*shape: int, scale: float = 1.0) -> Tensor:
        made = torch.empty(shape, dtype=kind, device="cuda")
        return made.normal_(std=scale, generator=generator).requires_grad_()

    labels = torch.randint(sizes[-1], sizes[:1], device="cuda", generator=generator)
    if work == "loss":
        return [normal(*sizes, scale=3.0), labels]
    rows, width, classes = sizes
    return [normal(rows, width), normal(classes, width, scale=width**-0.5), labels]


def both_passes(call: Call, given: list[Tensor]) -> Tensor:
    """Forward and backward."""
    for leaf in given[:-1]:
        leaf.grad = None
    loss = call(*given)
    loss.backward()
    return loss.detach()


def milliseconds(work: Callable[[], object]) -> list[float]:
    """Of each of some repetitions, queued one after the other with cold caches between."""
    from triton.testing import do_bench

    times: list[float] = do_bench(work, warmup=WARM_UP, rep=TIMED, return_mode="all")
    return times


def copy_speed() -> float:
    """Bytes read and written in a second."""
    source = torch.empty(2**31, dtype=torch.uint8, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.numel() / (median(milliseconds(lambda: target.copy_(source))) / 1000)


class Exact:
    """The loss and its gradients in float64, of the same inputs."""

    def __init__(self, work: str, given: list[Tensor]) -> None:
        self._wide = [leaf.detach().double().requires_grad_() for leaf in given[:-1]]
        call = functional.cross_entropy if work == "loss" else unfused
        self._loss = both_passes(call, [*self._wide, given[-1]])

    def errors(self, call: Call, given: list[Tensor]) -> dict[str, float]:
        """How far another loss and its gradients are from it."""
        loss = both_passes(call, given)
        pairs = [(wide.grad, leaf.grad) for wide, leaf in zip(self._wide, given[:-1], strict=True)]
        off = sum((exact - found).square().sum() for exact, found in pairs)
        size = sum(exact.square().sum() for exact, _ in pairs)
        return {
            "loss_error": ((loss.double() - self._loss).abs() / self._loss).item(),
            "gradient_error": (off / size).sqrt().item(),
        }


def graphed(call: Call, given: list[Tensor]) -> list[float]:
    """The kernels alone: milliseconds of a CUDA graph of both passes."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        both_passes(call, given)
    found = milliseconds(graph.replay)
    for leaf in given[:-1]:
        leaf.grad = None
    return found


def measured(work: str, name: str, given: list[Tensor], exact: Exact) -> dict[str, Any]:
    """Time and memory of one loss, as they are now."""
    # Liger-Kernel writes the gradient over the logits.
    kept = given[0].detach().clone() if name == "liger" and work == "loss" else None
    try:
        call = loss_of(work, name)
        found: dict[str, Any] = exact.errors(call, given)
    except ImportError:
        return {"missing": "not installed"}
    except Exception as error:
        if name.startswith("ours"):
            raise
        print(name, repr(error)[:500], file=sys.stderr)
        return {"missing": "does not run"}
    for _ in range(WARM):
        both_passes(call, given)
    torch.cuda.synchronize()
    for leaf in given[:-1]:
        leaf.grad = None
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    both_passes(call, given)
    found["extra"] = torch.cuda.max_memory_allocated() - before
    found["milliseconds"] = milliseconds(lambda: both_passes(call, given))
    if work == "loss" and name in ("torch", "ours_unchecked"):
        found["graph"] = graphed(call, given)
    if kept is not None:
        given[0].detach().copy_(kept)
    return found


def main() -> None:
    """Print what was measured."""
    rounds, work, *sizes, kind = sys.argv[1:]
    given = inputs(work, [int(size) for size in sizes], getattr(torch, kind))
    copy = copy_speed()
    torch.cuda.empty_cache()
    exact = Exact(work, given)
    losses: dict[str, dict[str, Any]] = {}
    for _ in range(int(rounds)):
        for name in NAMES[work]:
            again = measured(work, name, given, exact)
            for part in ("milliseconds", "graph"):
                if part in again and name in losses:
                    again[part] = losses[name][part] + again[part]
            losses[name] = again
    for found in losses.values():
        for part in {"milliseconds", "graph"} & set(found):
            times = found[part]
            found[part] = [min(times), median(times), max(times)]
    line = {
        "work": work,
        "sizes": [int(size) for size in sizes],
        "type": kind,
        "gpu": torch.cuda.get_device_name(),
        "copy": copy,
        "gradients": sum(leaf.numel() * leaf.element_size() for leaf in given[:-1]),
        "losses": losses,
    }
    print(json.dumps(line))


if __name__ == "__main__":
    main()
