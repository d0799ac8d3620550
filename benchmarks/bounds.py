"""What stands in the way where a call is slower than one would like: measured, in one process.

    python -m benchmarks.bounds [--seconds 0.5] [--write]

Each line has a call of ours and what it cannot do without: another library's work, the steps of the
interpreter, products of matrices, exponentials. Both are timed in turns, the best of some. Do
nothing else on the machine meanwhile. ``--write`` keeps the table for the documentation.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import unsurprised as us
from benchmarks import waits
from benchmarks.against import told_time
from benchmarks.machine import description, in_words
from benchmarks.processes import compiled

Call = Callable[[], Any]
KEPT = Path(__file__).parent / "results" / "bounds.md"
#: By the name of the work in ``benchmarks.waits``: what it cannot do without, and how to do that.
BOUNDS: dict[str, tuple[str, Callable[[], Call]]] = {}
_TURNS = 5


def bound(of: str, what: str) -> Callable[[Callable[[], Call]], Callable[[], Call]]:
    """Take a function that makes a call into the table."""

    def named(make: Callable[[], Call]) -> Callable[[], Call]:
        BOUNDS[of] = (what, make)
        return make

    return named


@bound("cross_entropy of tensors, 64 × 10", "PyTorch hands out two tensors and takes one in")
def _tensors() -> Call:
    import torch

    p, q = (torch.rand(64, 10) for _ in range(2))
    return lambda: (p.detach().numpy(), q.detach().numpy(), torch.from_numpy(np.empty(64)))


@bound(
    "cross_entropy_loss, forward and backward, 64 × 10",
    "a torch.autograd.Function that computes nothing, forward and backward",
)
def _function() -> Call:
    import torch

    class Nothing(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, z: Any) -> Any:
            context.gradient = z.new_zeros(z.shape)
            return z.new_zeros(())

        @staticmethod
        def backward(context: Any, _: Any) -> Any:
            return context.gradient

    z = torch.zeros(64, 10, requires_grad=True)
    return lambda: Nothing.apply(z).backward()


@bound(
    "evaluate(y, P).cross_entropy, 64 × 10",
    "as many calls of a Python function that does nothing",
)
def _calls() -> Call:
    call, calls = waits.WORKS["evaluate(y, P).cross_entropy, 64 × 10"](), 0
    call()

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    call()
    sys.setprofile(None)

    def nothing(_: Any) -> None:
        pass

    def all_of_them() -> None:
        for _ in range(calls):
            nothing(None)

    return all_of_them


def _both_models(rows: int, classes: int, dtype: str) -> tuple[Any, Any]:
    return tuple(us.Logits(waits.logits(rows, classes, dtype, seed)) for seed in (0, 1))  # type: ignore[return-value]


@bound(
    "kl_divergence of logits, 16 × 128,256, float16",
    "the entropies of both: one exponential a class each",
)
def _entropies() -> Call:
    both = _both_models(16, 128_256, "float16")
    return lambda: [us.entropy(one) for one in both]


@bound(
    "js_divergence of logits, 16 × 128,256, float16",
    "the entropies of both, and that of as many probabilities: a logarithm a class",
)
def _and_logarithms() -> Call:
    both = _both_models(16, 128_256, "float16")
    shares = np.random.default_rng(0).dirichlet(np.ones(128_256), 16).astype(np.float32)
    return lambda: ([us.entropy(one) for one in both], us.entropy(shares))


@bound(
    "total_variation of logits, 16 × 128,256, float16",
    "log-sum-exp of both twice: totals first, then the shares to compare",
)
def _totals_twice() -> Call:
    both, at = _both_models(16, 128_256, "float16"), np.zeros(16, dtype=np.int64)
    return lambda: [us.surprisal(one, at=at) for one in (*both, *both)]


@bound("StructuredScaling, 10,000 × 100", "its products of matrices alone, by the BLAS")
def _products() -> Call:
    """Recorded in a first run: which, of what precision."""
    made: list[tuple[Any, Any]] = []
    whole, product = waits.WORKS["StructuredScaling, 10,000 × 100"](), np.matmul

    def recorded(left: Any, right: Any) -> Any:
        made.append((left, right))
        return product(left, right)

    np.matmul = recorded  # type: ignore[assignment]
    try:
        whole()
    finally:
        np.matmul = product  # type: ignore[assignment]
    from concurrent.futures import ThreadPoolExecutor

    from threadpoolctl import threadpool_limits

    def side_by_side() -> None:
        with (
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(us.get_num_threads()) as pool,
        ):
            list(pool.map(lambda some: [product(*each) for each in some], runs))

    runs = [made[at : at + 64] for at in range(0, len(made), 64)]
    return side_by_side


@bound("unsurprised evaluate digits.parquet, the process", "its imports of other libraries")
def _imports() -> Call:
    return waits.PEERS[
        "unsurprised evaluate digits.parquet, the process", "its imports of others"
    ]()


@bound("evaluate of a csv file, 100,000 × 10", "pyarrow's read of the file")
def _read_csv() -> Call:
    from pyarrow import csv

    return waits._file("csv", waits._write_csv, csv.read_csv)


@bound("evaluate of a jsonl file, 100,000 × 10", "pyarrow's read of the file")
def _read_lines() -> Call:
    from pyarrow import json

    return waits._file("jsonl", waits._write_lines, json.read_json)


@bound(
    "evaluate with the ledger, 200,000 × 10",
    "a sort of the probabilities of each class and of the top one, on one thread",
)
def _sorts() -> Call:
    probs = waits.predictions(200_000, 10)[1]
    columns = [*np.ascontiguousarray(probs.T), probs.max(axis=1)]
    return lambda: [np.sort(column) for column in columns]


def table(seconds: float) -> str:
    """A line for each work that has a bound."""
    lines = [
        "| | ours | what it cannot do without | takes | ours ÷ that |",
        "|---|---|---|---|---|",
    ]
    for name, (what, make) in BOUNDS.items():
        calls = waits.WORKS[name](), make()
        best = [float("inf")] * 2
        for _ in range(_TURNS):
            for place, call in enumerate(calls):
                best[place] = min(best[place], waits.best(call, seconds / _TURNS))
        ours, least = best
        lines.append(
            f"| {name} | {told_time(ours)} | {what} | {told_time(least)} | {ours / least:.1f} × |"
        )
        print(lines[-1], file=sys.stderr)
    return "\n".join(lines)


def kept(found: str) -> str:
    """The table as the documentation includes it."""
    machine = in_words(description())
    return f"""## What stands in the way

Measured on: {machine}

{found}
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=0.5, help="for each line and side")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {KEPT.name}")
    options = parser.parse_args()
    os.environ.update(compiled())
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    found = table(options.seconds)
    print(found)
    if options.write:
        KEPT.write_text(kept(found), encoding="utf-8")


if __name__ == "__main__":
    main()
