"""What users wait for, as calls of the public functions: timed by ``benchmarks.against``.

    python benchmarks/waits.py [--only REGEX] [--seconds 0.5]

Run as a file it is timed with whatever ``unsurprised`` the interpreter has, of today or of an older
commit, and prints the best of some calls in seconds, one JSON object for all. Works whose library
is not installed, and those that a commit does not know, are left out.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import unsurprised as us

Call = Callable[[], Any]
#: Makes the data, and then the call that is timed.
Work = Callable[[], Call]
WORKS: dict[str, Work] = {}


def work(name: str) -> Callable[[Work], Work]:
    """Take a function into the table."""

    def named(make: Work) -> Work:
        WORKS[name] = make
        return make

    return named


def logits(rows: int, classes: int, dtype: str = "float32", seed: int = 0) -> np.ndarray:
    """Of a model that is right more often than not."""
    made = 3 * np.random.default_rng(seed).standard_normal((rows, classes))
    if dtype != "bfloat16":
        return made.astype(dtype)
    import ml_dtypes

    return made.astype(ml_dtypes.bfloat16)


def predictions(rows: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that they were drawn from, made too sure."""
    z = logits(rows, classes, "float64", seed)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    random = np.random.default_rng(seed + 1)
    labels = np.minimum((p.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1), classes - 1)
    sure = p**1.5
    return labels, sure / sure.sum(axis=1, keepdims=True)


def of_labels(rows: int, classes: int) -> tuple[np.ndarray, us.Logits]:
    """Labels at random beside logits."""
    labels = np.random.default_rng(2).integers(0, classes, rows)
    return labels, us.Logits(logits(rows, classes))


@work("evaluate(Logits, Logits), 16 × 128,256, float16")
def _evaluate_wide() -> Call:
    p, q = (us.Logits(logits(16, 128_256, "float16", seed)) for seed in (0, 1))
    return lambda: us.evaluate(p, q, ledger=False)


@work("surprisal of logits at labels, 64 × 32,000")
def _surprisal() -> Call:
    labels, model = of_labels(64, 32_000)
    return lambda: us.surprisal(model, at=labels)


@work("evaluate(labels, Logits), 64 × 32,000")
def _evaluate_labels() -> Call:
    labels, model = of_labels(64, 32_000)
    return lambda: us.evaluate(labels, model, ledger=False)


@work("evaluate without the ledger, 200 × 10,000")
def _many_classes() -> Call:
    labels, probs = predictions(200, 10_000)
    return lambda: us.evaluate(labels, probs, ledger=False)


@work("evaluate with the ledger, 20,000 × 10")
def _ledger() -> Call:
    labels, probs = predictions(20_000, 10)
    return lambda: us.evaluate(labels, probs).ledger


@work("compare, 20,000 × 10")
def _compare() -> Call:
    labels, probs = predictions(20_000, 10)
    other = predictions(20_000, 10, 5)[1]
    mixed = 0.9 * probs + 0.1 * other
    return lambda: us.compare(labels, probs, mixed)


@work("check of two models, 20,000 × 10")
def _check() -> Call:
    labels, probs = predictions(20_000, 10)
    mixed = 0.9 * probs + 0.1 * predictions(20_000, 10, 5)[1]
    return lambda: us.check(labels, probs, mixed)


@work("evaluate(y, P).cross_entropy, 64 × 10")
def _small() -> Call:
    labels, probs = predictions(64, 10)
    return lambda: us.evaluate(labels, probs).cross_entropy


def _updates(rows: int, classes: int) -> Call:
    labels, probs = predictions(rows, classes)
    names = list(range(classes))
    return lambda: us.Evaluator(classes=names).update(labels, probs)


@work("Evaluator.update, 64 × 10")
def _update_small() -> Call:
    labels, probs = predictions(64, 10)
    evaluator = us.Evaluator(classes=list(range(10)))
    return lambda: evaluator.update(labels, probs)


@work("Evaluator.update, 1,000,000 × 2")
def _update_two() -> Call:
    return _updates(1_000_000, 2)


@work("Evaluator.update, 500,000 × 10")
def _update_ten() -> Call:
    return _updates(500_000, 10)


def _pair(measure: str, rows: int, classes: int, dtype: str) -> Call:
    p, q = (us.Logits(logits(rows, classes, dtype, seed)) for seed in (0, 1))
    function = getattr(us, measure)
    return lambda: function(p, q)


#: KL the other way is KL of both exchanged, and takes as long; Jeffreys' is both.
_OF_PAIRS = (
    "kl_divergence",
    "js_divergence",
    "jeffreys_divergence",
    "cross_entropy",
    "total_variation",
    "hellinger_distance",
    "bhattacharyya_distance",
)
_PAIRS = ((20_000, 100, "float32"), (1_000, 1_000, "bfloat16"), (16, 128_256, "float16"))

for _name in _OF_PAIRS:
    for _shape in _PAIRS:
        _said = f"{_name} of logits, {_shape[0]:,} × {_shape[1]:,}"
        if _shape[2] != "float32":
            _said += f", {_shape[2]}"
        WORKS[_said] = lambda name=_name, shape=_shape: _pair(name, *shape)


def _file(suffix: str, write: Callable[[Any, Path], None]) -> Call:
    import pyarrow as pa

    labels, probs = predictions(100_000, 10)
    columns = {"label": labels, **{f"p_{k}": probs[:, k] for k in range(10)}}
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / f"predictions.{suffix}"
    write(pa.table(columns), path)
    return lambda held=folder: us.evaluate(path, ledger=False)


def _write_parquet(table: Any, path: Path) -> None:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, path)


def _write_csv(table: Any, path: Path) -> None:
    import pyarrow.csv

    pyarrow.csv.write_csv(table, path)


def _write_lines(table: Any, path: Path) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))


for _suffix, _write in (
    ("parquet", _write_parquet),
    ("csv", _write_csv),
    ("jsonl", _write_lines),
):
    WORKS[f"evaluate of a {_suffix} file, 100,000 × 10"] = lambda suffix=_suffix, write=_write: (
        _file(suffix, write)
    )


def _of_tensors(measure: str) -> Call:
    import torch

    p, q = (torch.softmax(torch.from_numpy(logits(64, 10, seed=seed)), -1) for seed in (0, 1))
    function = getattr(us, measure)
    return (lambda: function(p)) if measure == "entropy" else (lambda: function(p, q))


def _loss() -> Call:
    import torch

    from unsurprised.losses.torch import cross_entropy_loss

    z = torch.from_numpy(logits(64, 10)).requires_grad_()
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 10, 64))
    return lambda: cross_entropy_loss(z, labels).backward()


if find_spec("torch") is not None:
    for _name in ("entropy", "kl_divergence", "cross_entropy"):
        WORKS[f"{_name} of tensors, 64 × 10"] = lambda name=_name: _of_tensors(name)
    WORKS["cross_entropy_loss, forward and backward, 64 × 10"] = _loss


def best(call: Call, seconds: float) -> float:
    """The shortest of some calls, at least three of them."""
    call()
    shortest, began, done = float("inf"), time.perf_counter(), 0
    while done < 3 or time.perf_counter() - began < seconds:
        at = time.perf_counter()
        call()
        shortest, done = min(shortest, time.perf_counter() - at), done + 1
    return shortest


def timed(pattern: str, seconds: float) -> Iterator[tuple[str, float]]:
    """The works whose name matches, each with its best time."""
    for name, make in WORKS.items():
        if not re.search(pattern, name):
            continue
        try:
            yield name, best(make(), seconds)
        except (AttributeError, ImportError, TypeError):  # what this commit does not have
            continue


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="REGEX")
    parser.add_argument("--seconds", type=float, default=0.5)
    asked = parser.parse_args()
    print(json.dumps(dict(timed(asked.only, asked.seconds))))


if __name__ == "__main__":
    main()
