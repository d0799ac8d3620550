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
    return (3 * np.random.default_rng(seed).standard_normal((rows, classes))).astype(dtype)


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


@work("kl_divergence of logits, 16 × 128,256, float16")
def _kl_wide() -> Call:
    p, q = (us.Logits(logits(16, 128_256, "float16", seed)) for seed in (0, 1))
    return lambda: us.kl_divergence(p, q)


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


@work("scikit-learn: log_loss, 64 × 10")
def _log_loss() -> Call:
    from sklearn.metrics import log_loss

    labels, probs = predictions(64, 10)
    return lambda: log_loss(labels, probs, labels=range(10))


@work("Evaluator.update, 64 × 10")
def _update_small() -> Call:
    labels, probs = predictions(64, 10)
    evaluator = us.Evaluator(classes=list(range(10)))
    return lambda: evaluator.update(labels, probs)


@work("Evaluator.update, 640 times 64 × 10, and the bytes")
def _updates_small() -> Call:
    labels, probs = predictions(64, 10)
    names = list(range(10))

    def updated() -> bytes:
        evaluator = us.Evaluator(classes=names)
        for _ in range(640):
            evaluator.update(labels, probs)
        return evaluator.to_bytes()

    return updated


def _of_arrays(measure: str) -> Call:
    p, q = (predictions(64, 10, seed)[1] for seed in (0, 1))
    function = getattr(us, measure)
    return (lambda: function(p)) if measure == "entropy" else (lambda: function(p, q))


for _name in ("entropy", "kl_divergence", "cross_entropy"):
    WORKS[f"{_name} of arrays, 64 × 10"] = lambda name=_name: _of_arrays(name)


@work("Evaluator.update, 1,000,000 × 2")
def _update_two() -> Call:
    return _updates(1_000_000, 2)


@work("Evaluator.update, 500,000 × 10")
def _update_ten() -> Call:
    return _updates(500_000, 10)


def _pair(measure: str) -> Call:
    p, q = (us.Logits(logits(20_000, 100, seed=seed)) for seed in (0, 1))
    function = getattr(us, measure)
    return lambda: function(p, q)


for _name in ("kl_divergence", "total_variation", "cross_entropy", "hellinger_distance"):
    WORKS[f"{_name} of logits, 20,000 × 100"] = lambda name=_name: _pair(name)


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


#: What PyTorch's users write instead, in its operations; they neither check nor normalise.
_IN_TORCH: dict[str, Callable[[Any, Any], Any]] = {
    "entropy": lambda p, q: -(p * p.log()).sum(-1),
    "kl_divergence": lambda p, q: (p * (p.log() - q.log())).sum(-1),
    "cross_entropy": lambda p, q: -(p * q.log()).sum(-1),
}


def _of_tensors(measure: str, peer: bool) -> Call:
    import torch

    p, q = (torch.softmax(torch.from_numpy(logits(64, 10, seed=seed)), -1) for seed in (0, 1))
    if peer:
        formula = _IN_TORCH[measure]
        return lambda: formula(p, q)
    function = getattr(us, measure)
    return (lambda: function(p)) if measure == "entropy" else (lambda: function(p, q))


def _loss(rows: int, classes: int, peer: bool) -> Call:
    import torch

    from unsurprised.losses.torch import cross_entropy_loss

    z = torch.from_numpy(logits(rows, classes)).requires_grad_()
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, classes, rows))
    loss = torch.nn.functional.cross_entropy if peer else cross_entropy_loss
    return lambda: loss(z, labels).backward()


if find_spec("torch") is not None:
    for _peer in (False, True):
        _of = "torch: " if _peer else ""
        for _name in _IN_TORCH:
            WORKS[f"{_of}{_name} of tensors, 64 × 10"] = lambda name=_name, peer=_peer: _of_tensors(
                name, peer
            )
        for _rows, _classes in ((64, 10), (256, 1_000)):
            _title = f"{_of}cross_entropy_loss, forward and backward, {_rows} × {_classes:,}"
            WORKS[_title] = lambda rows=_rows, classes=_classes, peer=_peer: _loss(
                rows, classes, peer
            )


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
